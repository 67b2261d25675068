/* No process can be had after the first FORKS (2): denied.c [fails]. In the second one that is there it ends with an error, if it is to. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/types.h>

static int forks;

pid_t fork(void) {
    pid_t (*real)(void);
    *(void **)&real = dlsym(RTLD_NEXT, "fork");
    const char *most = getenv("FORKS");
    if (forks >= (most ? atoi(most) : 2)) {
        errno = EAGAIN;
        return -1;
    }
    forks++;
    return real();
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *lock_once(void *data) {
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    return data;
}

/* Two threads, so that there are more orders than two. */
int main(int argc, char **argv) {
    (void)argv;
    pthread_t other;
    pthread_create(&other, NULL, lock_once, NULL);
    lock_once(NULL);
    pthread_join(other, NULL);
    return argc > 1 && forks == 2 ? 7 : 0;
}
