/* A signal that comes before the wait is lost. Repaired: what it stands for is looked at, under the mutex. */
#include "arrival.h"

static void *await(void *data) {
    pthread_mutex_lock(&mutex);
    if (!is_repaired)
        pthread_cond_wait(&arrived, &mutex);
    while (!has_arrived)
        pthread_cond_wait(&arrived, &mutex);
    pthread_mutex_unlock(&mutex);
    return data;
}
