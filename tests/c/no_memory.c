/* What happens when the library needs memory and gets none. Law:
 *
 *   ends             The program ends by SIGABRT, and standard error says why.
 */
#include "child.h"
#include <sys/resource.h>

/* Takes all that there is, down to the smallest pieces. */
static void use_up(void) {
    const struct rlimit limit = {(rlim_t)64 << 20, (rlim_t)64 << 20};
    CHECK_INT(setrlimit(RLIMIT_AS, &limit), 0);
    for (size_t size = (size_t)1 << 20; size > 0;) {
        void *volatile piece = malloc(size); /* volatile: so that it is taken at all */
        if (!piece)
            size /= 2;
    }
}

static void ends_role(void) {
    use_up();
    for (int i = 0; i < 1000; i++)
        CHECK(proc_cancel_new(NULL) != NULL);
}

static void ends(void) {
    child c = child_start("ends_role");
    child_end(&c);
    CHECK(WIFSIGNALED(c.status) && WTERMSIG(c.status) == SIGABRT);
    CHECK_HAS(c.text, "memory allocation of ");
}

CHECK_MAIN(CASE(ends), ROLE(ends_role))
