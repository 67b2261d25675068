/* What all that take calls over have in common.
 *
 * A call is taken over if the thread is in a run, and the caller is neither libprocession.so itself nor the library that has malloc. Else it goes on to the
 * C library.
 *
 * Invariant: of the threads of a run one goes on at a time, and it stops only in `change_thread` and `wait_at`. So what only they use needs no lock.
 */
#ifndef PROCESSION_SIM_TAKEN_H
#define PROCESSION_SIM_TAKEN_H

#include "table.h"
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define EXPORT __attribute__((__visibility__("default")))

/* The same function of the C library, or of whoever comes next. */
#define NEXT(name)                                                                                 \
    ({                                                                                             \
        static _Atomic(void *) found;                                                              \
        (__typeof__(&name))sim_next(&found, #name);                                                \
    })
void *sim_next(_Atomic(void *) *found, const char *name);

extern const struct table *sim_table;

/* Whether this call is to be taken over. Then another thread may have gone on before. */
#define TAKES_OVER() sim_takes_over(__builtin_return_address(0))
bool sim_takes_over(const void *caller);

/* Wakes who waits there in a run, whether or not the calling thread is in it. */
#define WAKE(at) sim_wake(at, __builtin_return_address(0))
void sim_wake(const void *at, const void *caller);

/* Gives an object back by a function of the C library: who waits for it is woken, and another thread may go on. */
#define GIVE_BACK(name, object)                                                                    \
    ({                                                                                             \
        bool takes_over = TAKES_OVER();                                                            \
        int result = NEXT(name)(object);                                                           \
        WAKE((const void *)(object));                                                              \
        if (takes_over)                                                                            \
            sim_table->change_thread();                                                            \
        result;                                                                                    \
    })

/* Tries to take an object by a function of the C library, which another thread may do before. */
#define TRY(name, object)                                                                          \
    ({                                                                                             \
        bool takes_over = TAKES_OVER();                                                            \
        int result = NEXT(name)(object);                                                           \
        if (takes_over && result)                                                                  \
            sim_spin();                                                                            \
        result;                                                                                    \
    })

/* To be called where a call that is taken over only asks or yields. Who does nothing else, again and again, waits for something: so time goes
 * on, by a millisecond at a time, if nobody else can do anything but that. */
void sim_spin(void);

/* Takes `it` out of the list that begins there, if it is in it. */
#define TAKE_OUT(list, it)                                                                         \
    do {                                                                                           \
        __typeof__(list) *link = &(list);                                                          \
        while (*link && *link != (it))                                                             \
            link = &(*link)->next;                                                                 \
        if (*link)                                                                                 \
            *link = (it)->next;                                                                    \
    } while (0)

static const uint64_t SIM_NEVER = UINT64_MAX;

/* Waits at `at` for what the words say of an object, which a thread of the kernel's may hold (0: nobody). */
void sim_wait(const void *at, uint64_t until, const char *words, const void *object, int holder);

/* The same, and who cancels the calling thread wakes it. */
void sim_sleep(const void *at, uint64_t until, const char *words, const void *object);

/* What is written of all who wait, but for those without words. */
void sim_tell_waits(char *to, size_t size);

/* A run has failed: in a process that is one run, that ends it. */
void sim_on_failure(const char *text, size_t length);

/* What stands in the report of the calling thread: what it runs, or its name. */
void sim_name_thread(const void *code, const char *name);

/* When a moment of a clock is, in nanoseconds of the run. */
uint64_t sim_moment(clockid_t clock, const struct timespec *moment);
uint64_t sim_after(const struct timespec *time);
bool sim_is_time(const struct timespec *time);
static inline bool sim_is_past(uint64_t until) {
    return until != SIM_NEVER && until <= sim_table->passed();
}

/* Locks in a run, as the C library would; and unlocks. */
int sim_lock(pthread_mutex_t *mutex, uint64_t until);
int sim_unlock(pthread_mutex_t *mutex);

/* Whether somebody has cancelled the calling thread since it was asked last. */
bool sim_is_cancelled(void);

/* How many threads of the run go on that the program has made. */
extern size_t sim_threads;

/* The calling thread's number of the kernel's. */
int sim_this_thread(void);

#endif
