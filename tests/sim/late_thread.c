/* A late thread: what it sets is taken for set after a sleep. Repaired: it is joined before. */
#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

static bool is_set;

static void *set(void *data) {
    is_set = true;
    return data;
}

int main(int argc, char **argv) {
    (void)argv;
    bool is_repaired = argc > 1;
    pthread_t thread;
    pthread_create(&thread, NULL, set, NULL);
    if (is_repaired)
        pthread_join(thread, NULL);
    else
        usleep(100000);
    assert(is_set);
    if (!is_repaired)
        pthread_join(thread, NULL);
    return 0;
}
