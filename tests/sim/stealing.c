/* A queue of work, of which the owner takes from one end, without the lock as long as there is more than one item, and a thief from the
 * other. The owner looks and takes in two steps; in between the thief may have taken all the rest. Repaired: always with the lock. */
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

enum { ITEMS = 4 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int head, tail, taken[ITEMS];
static bool is_repaired;

static void put(void) {
    pthread_mutex_lock(&lock);
    tail++;
    pthread_mutex_unlock(&lock);
}

static void take(void) {
    bool is_alone = !is_repaired && tail - head > 1;
    if (is_alone)
        sched_yield(); /* Stands for an atomic operation of the real one. */
    else
        pthread_mutex_lock(&lock);
    if (is_alone || head < tail)
        taken[--tail]++;
    if (!is_alone)
        pthread_mutex_unlock(&lock);
}

static void *steal(void *data) {
    for (int i = 0; i < 2; i++) {
        pthread_mutex_lock(&lock);
        if (head < tail)
            taken[head++]++;
        pthread_mutex_unlock(&lock);
    }
    return data;
}

int main(int argc, char **argv) {
    (void)argv;
    is_repaired = argc > 1;
    for (int i = 0; i < 2; i++)
        put();
    pthread_t thief;
    pthread_create(&thief, NULL, steal, NULL);
    for (int i = 0; i < 2; i++)
        take();
    pthread_join(thief, NULL);
    for (int i = 0; i < ITEMS; i++)
        assert(taken[i] <= 1);
    return 0;
}
