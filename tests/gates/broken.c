/* Does wrong on purpose what its argument names: broken leak|use_after_free|overflow */
#include <limits.h>
#include <procession.h>
#include <stdlib.h>
#include <string.h>

/* Several, for the address of the last one may still lie on the stack. */
static void leak(void) {
    for (int i = 0; i < 10; i++)
        proc_error_new(1, "an error that nobody releases");
}

static int use_after_free(void) {
    volatile int *memory = malloc(sizeof(int));
    free((void *)memory);
    return *memory;
}

static int overflow(void) {
    volatile int large = INT_MAX;
    return large + 1;
}

int main(int argc, char **argv) {
    const char *fault = argc > 1 ? argv[1] : "";
    if (strcmp(fault, "leak") == 0)
        leak();
    else if (strcmp(fault, "use_after_free") == 0)
        use_after_free();
    else if (strcmp(fault, "overflow") == 0)
        overflow();
    return 0;
}
