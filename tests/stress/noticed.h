/* noticed.h: the test itself, with a fault put in, must fail: its role `faulty_role` makes the one whose number a variable of
 * the environment has.
 */
#ifndef NOTICED_H
#define NOTICED_H

#include "child.h"

/* It fails, and says these words. */
static inline void check_noticed(const char *variable, int fault, const char *words) {
    char number[20];
    snprintf(number, sizeof number, "%d", fault);
    setenv(variable, number, 1);
    child c = child_start("faulty_role");
    child_end(&c);
    CHECK(WIFEXITED(c.status) && WEXITSTATUS(c.status) != 0);
    CHECK_HAS(c.text, words);
}

#endif
