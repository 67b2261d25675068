/* nursery.h: nurseries whose bodies are functions of the test, with what they have to say to each other. */
#ifndef NURSERY_H
#define NURSERY_H

#include "leaf.h"

/* Runs a nursery with that body. */
static inline proc_error *nursery_run(proc_nursery_fn body, void *user_data, proc_cancel *cancel,
                                      const proc_nursery_options *options) {
    return proc_run(proc_with_nursery(body, user_data, NULL, options), cancel);
}

/* What a child needs that spawns others. */
typedef struct nursed {
    proc_nursery *nursery;
    size_t count;
    atomic_int runs;
    gate *gate;
} nursed;

static inline proc_error *nursed_count(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    ((nursed *)user_data)->runs++;
    return NULL;
}

static inline proc_nursery_options limited(size_t limit) {
    proc_nursery_options options = PROC_NURSERY_OPTIONS_INIT;
    options.limit = limit;
    return options;
}

#endif
