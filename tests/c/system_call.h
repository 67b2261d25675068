/* system_call.h: for a test whose own `syscall` takes the place of the C library's: what that was called with, and the real one. */
#ifndef SYSTEM_CALL_H
#define SYSTEM_CALL_H

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>

typedef struct system_call {
    long number;
    long arguments[6]; /* as many as any call has; the last ones may be anything */
} system_call;

static inline system_call system_call_of(long number, va_list arguments) {
    system_call call = {.number = number};
    for (int i = 0; i < 6; i++)
        call.arguments[i] = va_arg(arguments, long);
    return call;
}

/* errno is as the call leaves it. */
static inline long system_call_real(const system_call *call) {
    typedef long function(long, ...);
    static function *_Atomic real;
    if (!real) {
        int former = errno;
        function *found;
        *(void **)&found = dlsym(RTLD_NEXT, "syscall");
        real = found;
        errno = former;
    }
    const long *a = call->arguments;
    return real(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

#endif
