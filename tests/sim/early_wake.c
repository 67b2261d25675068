/* An early wake: who waits takes what has woken him for what he waits for. Repaired: he looks again. */
#include "arrival.h"
#include <assert.h>

static void *await(void *data) {
    pthread_mutex_lock(&mutex);
    if (!has_arrived)
        pthread_cond_wait(&arrived, &mutex);
    while (is_repaired && !has_arrived)
        pthread_cond_wait(&arrived, &mutex);
    assert(has_arrived);
    pthread_mutex_unlock(&mutex);
    return data;
}
