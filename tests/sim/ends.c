/* Ends in the way that is asked for: ends.c HOW. What procession-sim says of that, finds.sh knows. */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *say_last_word(void *data) {
    sleep(100000);
    puts("the last word");
    return data;
}

static void leave_main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, say_last_word, NULL);
    pthread_exit(NULL);
}

static void wait_for_nobody(void) {
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    sem_wait(&semaphore);
}

static void compute(void) {
    for (volatile int i = 0;; i++)
        ;
}

static void never_end(void) {
    for (;;)
        sleep(100000);
}

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "well";
    if (!strcmp(how, "status"))
        exit(7);
    if (!strcmp(how, "signal"))
        raise(SIGTERM);
    if (!strcmp(how, "nobody"))
        wait_for_nobody();
    if (!strcmp(how, "hang"))
        compute();
    if (!strcmp(how, "late"))
        never_end();
    if (!strcmp(how, "alone"))
        leave_main();
    printf("%s, and LD_PRELOAD is %s\n", how, getenv("LD_PRELOAD") ? "set" : "not set");
    return 0;
}
