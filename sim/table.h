/* What libprocession.so has for this library, as src/ffi/taken_over.rs says it.
 * It is not in the header, and may change with each version. */
#ifndef PROCESSION_SIM_TABLE_H
#define PROCESSION_SIM_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of each choice of a run, how many threads there were to choose from, and
 * which was taken; 0 is the usual one. */
enum { JOURNAL_MOST = 8192 };

struct journal {
    uint32_t planned, made;
    struct {
        uint32_t count, taken;
    } choices[JOURNAL_MOST];
};

struct table {
    size_t size;
    /* Whether the calling thread is in a run; and whether that has failed, so that nobody waits any more. */
    bool (*is_here)(void);
    bool (*is_wrecked)(void);
    /* Another thread may go on. */
    void (*change_thread)(void);
    /* Waits until somebody wakes who waits there, or the run has lasted so many nanoseconds; UINT64_MAX: for ever. */
    void (*wait)(const void *at, uint64_t until);
    void (*wake)(const void *at);
    /* When a wait that begins now wakes for no reason, by chance; UINT64_MAX: it does not. */
    uint64_t (*early_wake)(void);
    /* The calling thread has only asked for something, or yielded. Whether time is to go on, for nobody does anything else. */
    bool (*spins)(void);
    uint64_t (*passed)(void);
    uint64_t (*random)(void);
    /* The number in the run of a thread of the kernel's, or -1. */
    int (*number_of)(int thread);
    /* One more thread of the run, which the program makes; NULL: the run is over. It begins, and ends, or could not be made. */
    void *(*invite)(void);
    void (*begin)(const void *guest, int thread);
    void (*end)(void *guest);
    void (*retract)(void *guest);
    /* Who says what threads wait for, and hears of a failure. */
    void (*set_host)(void (*waits)(char *to, size_t size),
                     void (*on_failure)(const char *text, size_t length));
    /* The next run takes the choices that are planned there, and notes all. */
    void (*follow)(const struct journal *journal);
};

const struct table *procession_private_simulation(void);

#endif
