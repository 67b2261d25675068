/* A library with a malloc that takes a lock, as many have. No other thread may go on there, for the simulation itself calls it under its locks. */
#include <pthread.h>
#include <stddef.h>

void *__libc_malloc(size_t size); /* NOLINT(bugprone-reserved-identifier) */
void __libc_free(void *memory);   /* NOLINT(bugprone-reserved-identifier) */
void *malloc(size_t size);
void free(void *memory);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void *malloc(size_t size) {
    pthread_mutex_lock(&mutex);
    void *memory = __libc_malloc(size);
    pthread_mutex_unlock(&mutex);
    return memory;
}

void free(void *memory) {
    pthread_mutex_lock(&mutex);
    __libc_free(memory);
    pthread_mutex_unlock(&mutex);
}
