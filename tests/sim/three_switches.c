/* A reordering that needs three preemptions: two threads must take turns in the middle of what each does. Repaired: each does it at once. */
#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, whole = PTHREAD_MUTEX_INITIALIZER;
static int state;
static bool is_repaired;

/* Goes on from one state to the next. */
static void step(int from) {
    pthread_mutex_lock(&mutex);
    if (state == from)
        state++;
    pthread_mutex_unlock(&mutex);
}

static void steps(int first) {
    if (is_repaired)
        pthread_mutex_lock(&whole);
    step(first);
    step(first + 2);
    if (is_repaired)
        pthread_mutex_unlock(&whole);
}

static void *even(void *data) {
    steps(0);
    return data;
}

static void *odd(void *data) {
    steps(1);
    return data;
}

int main(int argc, char **argv) {
    (void)argv;
    is_repaired = argc > 1;
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, even, NULL);
    pthread_create(&threads[1], NULL, odd, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    assert(state < 4);
    return 0;
}
