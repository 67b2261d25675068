/* Threads that allocate, by the malloc of allocator.c. */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

enum { THREADS = 3 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int *last;

static void *replace(void *unused) {
    int *made = malloc(sizeof *made);
    assert(made);
    pthread_mutex_lock(&mutex);
    free(last);
    last = made;
    pthread_mutex_unlock(&mutex);
    return unused;
}

int main(void) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, replace, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    free(last);
    return 0;
}
