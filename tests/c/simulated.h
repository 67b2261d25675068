/* simulated.h: programs for a simulation. */
#ifndef SIMULATED_H
#define SIMULATED_H

#include "check.h"

/* What a run has said, in order. */
typedef struct words {
    char text[8192];
    size_t length;
} words;

static inline void say(words *w, const char *word) {
    size_t room = sizeof w->text - w->length;
    int written = snprintf(w->text + w->length, room, "%s@%lld ", word, (long long)proc_now());
    if (written > 0 && (size_t)written < room)
        w->length += (size_t)written;
}

/* One run with that seed. */
static inline proc_error *simulate_seed(proc_simulation_fn program, void *data, uint64_t seed) {
    proc_simulation options = PROC_SIMULATION_INIT;
    options.seed = seed;
    return proc_simulate(program, data, &options);
}

/* The first of so many seeds that fails, each in a run of this process; 0: none. */
static inline uint64_t first_failing(proc_simulation_fn program, void *data, int schedule,
                                     uint64_t most) {
    for (uint64_t seed = 1; seed <= most; seed++) {
        proc_simulation options = PROC_SIMULATION_INIT;
        options.seed = seed;
        options.schedule = schedule;
        proc_error *error = proc_simulate(program, data, &options);
        if (error) {
            proc_error_unref(error);
            return seed;
        }
    }
    return 0;
}

/* The order that an error's text names. */
static inline void take_order(const char *text, char *order, size_t size) {
    const char *name = "PROCESSION_SCHEDULE=", *begin = strstr(text ? text : "", name);
    CHECK(begin != NULL);
    begin = begin ? begin + strlen(name) : "";
    snprintf(order, size, "%.*s", (int)strspn(begin, "0123456789:,-"), begin);
    size_t length = strlen(order);
    while (length > 1 && strchr(":,", order[length - 1]))
        order[--length] = 0;
}

static inline void check_simulation(proc_error *error, int code, const char *part, const char *file,
                                    int line) {
    check_int(proc_error_code(error), code, "the error's code", file, line);
    check_has(proc_error_message(error), part, "the error's message", file, line);
    proc_error_unref(error);
}

#define CHECK_SIMULATION(error, code, part)                                                        \
    check_simulation((error), (code), (part), __FILE__, __LINE__)

#endif
