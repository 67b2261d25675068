/* old_system.h: an older system, as the library sees it in this program: a C library that cannot have a new program begin without
 * descriptors, and a kernel without descriptors of processes, or with no way to close many at once.
 */
#ifndef OLD_SYSTEM_H
#define OLD_SYSTEM_H

#include "system_call.h"
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>

static atomic_bool old_library, no_pidfd, no_close_range;
static atomic_int pidfds_denied;

typedef void *find_symbol(void *, const char *);

static void *newest_dlsym(void) {
    static const char *const versions[] = {"GLIBC_2.34", "GLIBC_2.17", "GLIBC_2.2.5"};
    void *found = NULL;
    for (size_t i = 0; !found && i < sizeof versions / sizeof *versions; i++)
        found = dlvsym(RTLD_NEXT, "dlsym", versions[i]);
    return found;
}

void *dlsym(void *restrict handle, const char *restrict name) {
    static find_symbol *_Atomic real;
    if (!real) {
        find_symbol *found;
        *(void **)&found = newest_dlsym();
        real = found;
    }
    if (old_library && strncmp(name, "posix_spawn_", 12) == 0)
        return NULL;
    return real(handle, name);
}

long syscall(long number, ...) {
    va_list arguments;
    va_start(arguments, number);
    system_call call = system_call_of(number, arguments);
    va_end(arguments);
    if ((no_pidfd && number == SYS_pidfd_open && ++pidfds_denied) ||
        (no_close_range && number == SYS_close_range)) {
        errno = ENOSYS;
        return -1;
    }
    return system_call_real(&call);
}

#endif
