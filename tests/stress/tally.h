/* tally.h: the sums of one round, and the errors of its leaves and cancellations, each of which carries a payload. */
#ifndef TALLY_H
#define TALLY_H

#include "check.h"

/* What a leaf notes is compared with what the results of the runs show. */
typedef struct tally {
    atomic_size_t trees;
    atomic_size_t starts; /* noted by leaves */
    atomic_size_t ends;
    atomic_size_t started; /* shown by results */
    atomic_size_t skipped; /* the sequence had ended */
    atomic_size_t denied;  /* no thread could be had */
    atomic_size_t cancellations;
} tally;

static tally round_tally;

/* Released when its error is; kept for the round, so that a second release is seen and not undefined. */
typedef struct payload {
    atomic_int destroyed;
    struct payload *next;
} payload;

static _Atomic(payload *) payloads;

static inline void payload_destroy(void *data) {
    CHECK_INT(atomic_fetch_add(&((payload *)data)->destroyed, 1), 0);
}

/* An error of the test's own. The library has none with a payload. */
static inline proc_error *own_error(int code) {
    payload *made = calloc(1, sizeof *made);
    made->next = payloads;
    while (!atomic_compare_exchange_weak(&payloads, &made->next, made))
        ;
    return proc_error_with_payload(code, "an error of the stress test", made, payload_destroy);
}

/* When nothing of the round is left: each error has been released, and so its payload, once. */
static inline void payloads_settle(void) {
    size_t made = 0, destroyed = 0;
    for (payload *next, *p = atomic_exchange(&payloads, NULL); p; p = next) {
        next = p->next;
        made++;
        destroyed += (size_t)p->destroyed;
        free(p);
    }
    CHECK_INT((long long)destroyed, (long long)made);
}

#endif
