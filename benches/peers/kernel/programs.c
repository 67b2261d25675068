/* Programs that are started one after the other: posix_spawn and waitpid, and nothing else. */
#define _GNU_SOURCE
#include "programs.h"
#include "../bench.h"
#include "../programs.h"
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

static void start_and_wait(void *unused) {
    char *const argv[] = {PROGRAM, NULL};
    pid_t pid;
    int status;
    (void)unused;
    if (posix_spawn(&pid, PROGRAM, NULL, NULL, argv, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || status != 0)
        exit(1);
}

void programs(int n, int repetitions) {
    for (int i = 0; i < repetitions; i++)
        print_figure(timed(start_and_wait, NULL, n) / n);
}
