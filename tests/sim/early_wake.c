/* An early wake: who waits takes what has woken him for what he waits for. Repaired: he looks again. */
#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;
static bool is_repaired, has_arrived;

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

int main(int argc, char **argv) {
    (void)argv;
    is_repaired = argc > 1;
    pthread_t thread;
    pthread_create(&thread, NULL, await, NULL);
    pthread_mutex_lock(&mutex);
    has_arrived = true;
    pthread_cond_signal(&arrived);
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
    return 0;
}
