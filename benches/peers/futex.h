/* futex.h: waiting in the kernel with nothing in between, for C programs. */
#ifndef FUTEX_H
#define FUTEX_H

#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline void futex_wait(atomic_uint *word, unsigned seen) {
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static inline void futex_wake(atomic_uint *word, int threads) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, threads, NULL, NULL, 0);
}

static inline void wait_while(atomic_uint *word, unsigned value) {
    while (atomic_load(word) == value)
        futex_wait(word, value);
}

/* Where `size` threads wait for each other, again and again. */
struct meeting {
    unsigned size;
    atomic_uint present;
    atomic_uint phase;
};

static inline void meet(struct meeting *meeting) {
    unsigned phase = atomic_load(&meeting->phase);
    if (atomic_fetch_add(&meeting->present, 1) + 1 < meeting->size) {
        wait_while(&meeting->phase, phase);
        return;
    }
    atomic_store(&meeting->present, 0);
    atomic_fetch_add(&meeting->phase, 1);
    futex_wake(&meeting->phase, INT_MAX);
}

#endif
