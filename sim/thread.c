/* Threads that threads of a run make: they are real ones, in the same run. */
#include "taken.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

struct thread {
    pthread_t id;
    void *guest;
    void *(*code)(void *);
    void *data;
    bool is_detached, has_left, is_cancelled;
    const void *sleeps_at;
    struct thread *next;
};

static struct thread *threads;
size_t sim_threads;

static __thread struct thread *self;
static pthread_key_t at_end;

static void forget(struct thread *thread) {
    TAKE_OUT(threads, thread);
    free(thread);
}

static struct thread *find(pthread_t id) {
    struct thread *thread = threads;
    while (thread && !pthread_equal(thread->id, id))
        thread = thread->next;
    return thread;
}

bool sim_is_cancelled(void) {
    bool is_cancelled = self && self->is_cancelled;
    if (is_cancelled)
        self->is_cancelled = false; /* If it does not listen, it sleeps on. */
    return is_cancelled;
}

static void note_sleep(const void *at) {
    if (self)
        self->sleeps_at = at;
}

void sim_sleep(const void *at, uint64_t until, const char *words, const void *object) {
    note_sleep(at);
    sim_wait(at, until, words, object, 0);
    note_sleep(NULL);
}

/* Runs after all other destructors of the thread's data: it goes to the end of their row as long as there is another round of them. */
static void on_end(void *rounds) {
    uintptr_t left = (uintptr_t)rounds - 1;
    if (left > 0) {
        pthread_setspecific(at_end, (void *)left);
        return;
    }
    struct thread *thread = self;
    void *guest = thread->guest;
    self = NULL;
    thread->has_left = true;
    sim_threads--;
    sim_table->wake(thread);
    sim_table->wake(&sim_threads);
    if (thread->is_detached)
        forget(thread);
    sim_table->end(guest);
}

static void *begin(void *data) {
    struct thread *thread = data;
    self = thread;
    sim_name_thread((const void *)(uintptr_t)thread->code, NULL);
    sim_table->begin(thread->guest, sim_this_thread());
    pthread_setspecific(at_end, (void *)(uintptr_t)PTHREAD_DESTRUCTOR_ITERATIONS);
    return thread->code(thread->data);
}

__attribute__((constructor(102))) static void load(void) { pthread_key_create(&at_end, on_end); }

static bool is_detached(const pthread_attr_t *attributes) {
    int state = PTHREAD_CREATE_JOINABLE;
    if (attributes)
        pthread_attr_getdetachstate(attributes, &state);
    return state == PTHREAD_CREATE_DETACHED;
}

static int create(pthread_t *id, const pthread_attr_t *attributes, void *(*code)(void *),
                  void *data) {
    void *guest = sim_table->invite();
    struct thread *thread = calloc(1, sizeof *thread);
    if (!guest || !thread) {
        free(thread);
        return EAGAIN;
    }
    *thread = (struct thread){.guest = guest, .code = code, .data = data, .next = threads};
    thread->is_detached = is_detached(attributes);
    int error = NEXT(pthread_create)(id, attributes, begin, thread);
    if (error) {
        sim_table->retract(guest);
        free(thread);
        return error;
    }
    thread->id = *id;
    threads = thread;
    sim_threads++;
    sim_table->change_thread();
    return 0;
}

EXPORT int pthread_create(pthread_t *restrict id, const pthread_attr_t *restrict attributes,
                          void *(*code)(void *), void *restrict data) {
    return TAKES_OVER() ? create(id, attributes, code, data)
                        : NEXT(pthread_create)(id, attributes, code, data);
}

/* Returns 0 when it has ended, or if it is none of a run, or the calling one. */
static int await_end(pthread_t id, uint64_t until) {
    struct thread *thread = pthread_equal(id, pthread_self()) ? NULL : find(id);
    while (thread && !thread->has_left) {
        if (sim_is_past(until))
            return ETIMEDOUT;
        sim_sleep(thread, until, "the end of the thread that runs",
                  (const void *)(uintptr_t)thread->code);
        pthread_testcancel();
    }
    if (thread)
        forget(thread);
    return 0;
}

EXPORT int pthread_join(pthread_t id, void **result) {
    if (TAKES_OVER())
        await_end(id, SIM_NEVER);
    return NEXT(pthread_join)(id, result);
}

EXPORT int pthread_tryjoin_np(pthread_t id, void **result) {
    struct thread *thread = TAKES_OVER() ? find(id) : NULL;
    if (!thread)
        return NEXT(pthread_tryjoin_np)(id, result);
    if (!thread->has_left)
        return EBUSY;
    forget(thread);
    return NEXT(pthread_join)(id, result);
}

EXPORT int pthread_timedjoin_np(pthread_t id, void **result, const struct timespec *until) {
    if (!TAKES_OVER())
        return NEXT(pthread_timedjoin_np)(id, result, until);
    if (!sim_is_time(until))
        return EINVAL;
    int error = await_end(id, sim_moment(CLOCK_REALTIME, until));
    return error ? error : NEXT(pthread_join)(id, result);
}

EXPORT int pthread_detach(pthread_t id) {
    struct thread *thread = TAKES_OVER() ? find(id) : NULL;
    if (thread && thread->has_left)
        forget(thread);
    else if (thread)
        thread->is_detached = true;
    return NEXT(pthread_detach)(id);
}

EXPORT int pthread_cancel(pthread_t id) {
    struct thread *thread = TAKES_OVER() ? find(id) : NULL;
    int result = NEXT(pthread_cancel)(id);
    if (thread && !thread->has_left) {
        thread->is_cancelled = true;
        if (thread->sleeps_at)
            sim_table->wake(thread->sleeps_at);
    }
    return result;
}
