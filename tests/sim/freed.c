/* Memory that is freed too early: who is asked for an answer frees it when it has been told, and not when it has been read. Repaired: whoever asks frees it. */
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

static sem_t told;
static int is_repaired;

static void *answer(void *place) {
    int **answer = place;
    int *made = malloc(sizeof *made);
    if (made)
        *made = 42;
    *answer = made;
    sem_post(&told);
    if (!is_repaired)
        free(made);
    return NULL;
}

int main(int argc, char **argv) {
    (void)argv;
    is_repaired = argc > 1;
    int *read;
    pthread_t thread;
    sem_init(&told, 0, 0);
    pthread_create(&thread, NULL, answer, &read);
    sem_wait(&told);
    int status = !read || *read != 42;
    if (is_repaired)
        free(read);
    pthread_join(thread, NULL);
    return status;
}
