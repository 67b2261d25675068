/* The body of proc_errorf: stable Rust cannot define a function with variable arguments. */
#define _GNU_SOURCE /* vasprintf */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

struct proc_error;
struct proc_error *proc_error_new(int code, const char *message);
struct proc_error *procession_errorf(int code, const char *format, ...);

struct proc_error *procession_errorf(int code, const char *format, ...) {
    char *message = NULL;
    if (format != NULL) {
        va_list arguments;
        va_start(arguments, format);
        if (vasprintf(&message, format, arguments) < 0)
            message = NULL; /* No memory, or an argument that is no text. */
        va_end(arguments);
    }
    /* Unprinted, the format still says what failed. */
    struct proc_error *error = proc_error_new(code, message != NULL ? message : format);
    free(message);
    return error;
}
