/* These are C: proc_errorf, proc_error_wrap and proc_trace_logf: stable Rust cannot define a function with variable
 * arguments. */
#define _GNU_SOURCE /* vasprintf */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

struct proc_cancel;
struct proc_error;
struct proc_error *proc_error_new(int code, const char *message);
bool proc_trace_enabled(void);
void proc_trace_log(struct proc_cancel *cancel, const char *category, const char *message);

struct proc_error *procession_wrap(struct proc_error *cause, const char *text);

struct proc_error *proc_errorf(int code, const char *format, ...);
struct proc_error *proc_error_wrap(struct proc_error *cause, const char *format, ...);
void proc_trace_logf(struct proc_cancel *cancel, const char *category, const char *format, ...);

/* NULL: there is no format, no memory, or an argument that is no text. */
static char *print(const char *format, va_list arguments) {
    char *message = NULL;
    if (format == NULL || vasprintf(&message, format, arguments) < 0)
        return NULL;
    return message;
}

struct proc_error *proc_errorf(int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *message = print(format, arguments);
    va_end(arguments);
    /* Unprinted, the format still says what failed. */
    struct proc_error *error = proc_error_new(code, message != NULL ? message : format);
    free(message);
    return error;
}

struct proc_error *proc_error_wrap(struct proc_error *cause, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = cause != NULL ? print(format, arguments) : NULL;
    va_end(arguments);
    struct proc_error *error = procession_wrap(cause, text != NULL ? text : format);
    free(text);
    return error;
}

void proc_trace_logf(struct proc_cancel *cancel, const char *category, const char *format, ...) {
    va_list arguments;
    if (!proc_trace_enabled())
        return;
    if (format == NULL)
        format = "proc_trace_logf: format is NULL";
    va_start(arguments, format);
    char *message = print(format, arguments);
    va_end(arguments);
    proc_trace_log(cancel, category, message != NULL ? message : format);
    free(message);
}
