/* arrival.h: a program in which one thread awaits that the main one tells it something. How it does is the program's; any argument: repaired. */
#include <pthread.h>
#include <stdbool.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;
static bool is_repaired, has_arrived;

static void *await(void *data);

int main(int argc, char **argv) {
    (void)argv;
    is_repaired = argc > 1;
    pthread_t thread;
    pthread_create(&thread, NULL, await, NULL);
    pthread_mutex_lock(&mutex);
    has_arrived = true;
    pthread_mutex_unlock(&mutex);
    pthread_cond_signal(&arrived);
    pthread_join(thread, NULL);
    return 0;
}
