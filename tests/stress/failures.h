/* failures.h: what an error is made of, found through tasks and multi errors. */
#ifndef FAILURES_H
#define FAILURES_H

#include "tally.h"

/* Each failure as often as it is there; borrowed from the errors that were looked through. */
typedef struct failures {
    const proc_error **items;
    size_t count;
    size_t room;
} failures;

static inline void failures_push(failures *list, const proc_error *failure) {
    if (list->count == list->room) {
        list->room = list->room * 2 + 16;
        list->items = realloc(list->items, list->room * sizeof *list->items);
    }
    list->items[list->count++] = failure;
}

static inline void failures_add(failures *list, const proc_error *error) {
    const proc_error *cause = proc_error_cause(error);
    size_t count = proc_error_count(error);
    if (cause)
        failures_add(list, cause);
    else if (count == 1)
        failures_push(list, error);
    else
        for (size_t i = 0; i < count; i++)
            failures_add(list, proc_error_at(error, i));
}

static inline size_t failures_times(const failures *list, const proc_error *failure) {
    size_t times = 0;
    for (size_t i = 0; i < list->count; i++)
        times += list->items[i] == failure;
    return times;
}

/* Whether it says that a child could not be started. Errors of the test's own carry payloads. */
static inline bool is_denial(const proc_error *failure) {
    return proc_error_code(failure) == EAGAIN && !proc_error_payload(failure);
}

#endif
