/* Atomicity over two locks: money is on its way between two accounts while somebody adds both up. Repaired: both are held. */
#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

static pthread_mutex_t locks[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
static int accounts[2] = {100, 100};
static bool is_repaired;

static void *transfer(void *data) {
    pthread_mutex_lock(&locks[0]);
    accounts[0] -= 10;
    if (!is_repaired)
        pthread_mutex_unlock(&locks[0]);
    pthread_mutex_lock(&locks[1]);
    accounts[1] += 10;
    pthread_mutex_unlock(&locks[1]);
    if (is_repaired)
        pthread_mutex_unlock(&locks[0]);
    return data;
}

static void *add_up(void *data) {
    pthread_mutex_lock(&locks[0]);
    pthread_mutex_lock(&locks[1]);
    assert(accounts[0] + accounts[1] == 200);
    pthread_mutex_unlock(&locks[1]);
    pthread_mutex_unlock(&locks[0]);
    return data;
}

int main(int argc, char **argv) {
    (void)argv;
    is_repaired = argc > 1;
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, transfer, NULL);
    pthread_create(&threads[1], NULL, add_up, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return 0;
}
