/* own_directory.h: cases that play in a directory of their own, which is removed after them, on a program that is given after the
 * name of the case: TEST CASE PROGRAM ARG…
 */
#ifndef OWN_DIRECTORY_H
#define OWN_DIRECTORY_H

#include "check.h"

/* The program, and what it is to be given first. */
static char **command;

static inline int check_in_own_directory(const check_case *cases, size_t count, int argc,
                                         char **argv) {
    char directory[] = "/tmp/example_test.XXXXXX", remove[64];
    command = argv + 2;
    if (argc < 3 || mkdtemp(directory) == NULL || chdir(directory) != 0)
        return 2;
    int status = check_main(cases, count, argv[1]);
    snprintf(remove, sizeof remove, "rm -r %s", directory);
    return system(remove) == 0 ? status : 1;
}

#endif
