/* Order: a thread uses what its maker sets after it has made it. Repaired: before. */
#include <pthread.h>
#include <stdbool.h>

static const int *shared;
static const int one = 1;

static void *use(void *data) { return *shared == 1 ? data : NULL; }

int main(int argc, char **argv) {
    (void)argv;
    bool is_repaired = argc > 1;
    pthread_t thread;
    if (is_repaired)
        shared = &one;
    pthread_create(&thread, NULL, use, NULL);
    shared = &one;
    pthread_join(thread, NULL);
    return 0;
}
