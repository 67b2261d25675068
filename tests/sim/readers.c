/* Readers and a writer: what a reader has seen is not so any more when it comes back to write. Repaired: it looks again. */
#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static int made;
static bool is_repaired;

static void *make_once(void *data) {
    pthread_rwlock_rdlock(&lock);
    bool is_made = made > 0;
    pthread_rwlock_unlock(&lock);
    if (is_made)
        return data;
    pthread_rwlock_wrlock(&lock);
    if (!is_repaired || made == 0)
        made++;
    pthread_rwlock_unlock(&lock);
    return data;
}

int main(int argc, char **argv) {
    (void)argv;
    is_repaired = argc > 1;
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, make_once, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert(made == 1);
    return 0;
}
