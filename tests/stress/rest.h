/* rest.h: what is left of the library when nothing of it runs: its threads, and its memory.
 *
 * All threads of this program but the main one have been joined, so the others are the library's: the sentinel, and workers.
 */
#ifndef REST_H
#define REST_H

#include "asleep.h"
#include "blocks.h"
#include "interpose.h"
#include "meeting.h"
#include "pace.h"
#include "tasks.h"
#include <sys/mman.h>

static inline long library_threads(void) { return tasks_now() - 1; }

static proc_error *come(proc_cancel *cancel, void *user_data) {
    meet(user_data, cancel);
    return NULL;
}

enum { SETTLING_NS = 2000000000 };

/* Whether it is so many, or will be soon. Between two looks the sentinel seems to be asleep, and still has what it noted at the
 * last one; where there is more to run than processors, that may take a while. What is leaked stays. */
static inline bool settles_at(long wanted, long (*count)(void)) {
    int64_t end = now_ns() + SETTLING_NS;
    while (count() != wanted && now_ns() < end)
        sched_yield();
    return count() == wanted;
}

/* Has so many leaves meet. Each but the caller's takes a thread. */
static inline void rendezvous(size_t size) {
    meeting all;
    meeting_init(&all, size);
    proc_impl **impls = calloc(size, sizeof *impls), *one = proc_new(come, &all, NULL);
    for (size_t i = 0; i < size; i++)
        impls[i] = proc_ref(one);
    proc_unref(one);
    CHECK_OK(proc_run(proc_group(impls, size), NULL));
    meeting_reset(&all);
    free(impls);
}

/* The threads that are left are parked, but for the sentinel: each can be lent, and so no further one is needed. */
static inline void check_parked(void) {
    wait_until_others_sleep();
    long threads = library_threads();
    threads_left = 0;
    if (threads > 1 && order_is_seen())
        rendezvous((size_t)threads);
    threads_left = -1;
    wait_until_others_sleep();
    CHECK(!order_is_seen() || settles_at(threads, library_threads));
}

static inline void check_nothing_runs(void) {
    char text[100] = "";
    int file = memfd_create("dump", MFD_CLOEXEC);
    CHECK_OK(proc_dump(file, PROC_DUMP_JSON));
    CHECK(pread(file, text, sizeof text - 1, 0) > 0);
    CHECK_STR(text, "{\"processes\":[]}\n");
    CHECK(proc_current() == NULL);
    close(file);
}

/* What the library has when it is at rest. */
typedef struct rest {
    long blocks, threads;
} rest;

static rest rest_before;
static long blocks_a_worker;

/* A thread's slot keeps rooms for its next handle and its next fan-out, with some blocks each, and whether it has them at a look
 * depends on what was last run there. So many may be there or not, which is more than was ever seen; and so many are leaked by
 * a test that wants that to be noticed. */
enum { ROOMS = 1000, LEAKED = 2 * ROOMS };

static inline void leak_handles(void) {
    for (int i = 0; i < LEAKED; i++)
        if (!proc_cancel_new(NULL))
            abort();
}

static inline rest rest_now(void) {
    wait_until_others_sleep();
    return (rest){.blocks = blocks_of_library(), .threads = library_threads()};
}

enum { CALLERS = 128 };

static proc_error *wait_for_callers(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    GATE_MEET((gate *)user_data, CALLERS);
    return NULL;
}

static void *call(void *user_data) {
    return proc_run(proc_new(wait_for_callers, user_data, NULL), NULL);
}

/* The library keeps a slot for each thread of the program that ran something at the same time as others. When there are more
 * than the rounds need, none is added. */
static inline void fill_slots(void) {
    pthread_t callers[CALLERS];
    gate all;
    gate_init(&all);
    for (int i = 0; i < CALLERS; i++)
        CHECK_INT(pthread_create(&callers[i], NULL, call, &all), 0);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(callers[i], NULL);
}

static proc_error *keep_handle(proc_cancel *cancel, void *user_data) {
    *(proc_cancel **)user_data = proc_cancel_ref(cancel);
    return NULL;
}

/* There is one error for all groups that end while somebody keeps their handle. */
static inline void end_group_with_handle_kept(void) {
    proc_cancel *kept = NULL;
    CHECK_OK(proc_run(PROC_GROUP(proc_new(keep_handle, &kept, NULL)), NULL));
    CHECK(proc_cancelled(kept));
    proc_cancel_unref(kept);
}

/* The library notes cancellations of several handles while they are under way, and who waits from inside of what. */
static proc_error *cancel_below(proc_cancel *cancel, void *unused) {
    (void)unused;
    proc_cancel *above = proc_cancel_new(NULL), *below = proc_cancel_new(above);
    proc_job *job = proc_start(proc_sequence(NULL, 0), below, NULL, NULL);
    proc_cancel_trigger(above, NULL);
    CHECK(proc_job_wait(job, PROC_FOREVER));
    proc_cancel_unref(below);
    proc_cancel_unref(above);
    (void)cancel;
    return proc_job_join(job);
}

/* After a first round, so that what is made once and kept is there. Two looks, with more workers at the second one, show how
 * many blocks a worker has. */
static inline void rest_begin(void) {
    if (!blocks_are_counted())
        return;
    fill_slots();
    end_group_with_handle_kept();
    CHECK_OK(proc_run(proc_new(cancel_below, NULL, NULL), NULL));
    /* Its listener keeps what it has. In a short round none may come to run. */
    CHECK_OK(proc_main(proc_sequence(NULL, 0)));
    rest first = rest_now();
    rendezvous((size_t)first.threads + 8);
    rest_before = rest_now();
    long added = rest_before.threads - first.threads;
    if (CHECK(added > 0))
        blocks_a_worker = (rest_before.blocks - first.blocks) / added;
}

/* More than the rooms may be. */
static inline long blocks_leaked(void) {
    rest now = rest_now();
    long workers_added = now.threads - rest_before.threads;
    long more = now.blocks - rest_before.blocks - blocks_a_worker * workers_added;
    return labs(more) <= ROOMS ? 0 : more;
}

/* Nothing was leaked: the blocks are those of the beginning, more or less those of the workers that have come or gone, and the
 * rooms. The sanitizers and valgrind find each block that is leaked. */
static inline void rest_check(void) {
    if (!blocks_are_counted())
        return;
    if (!CHECK(settles_at(0, blocks_leaked)))
        fprintf(stderr, "  the library has %ld blocks more than it should have\n", blocks_leaked());
}

/* Threads without work end after a while. Nobody tells when, so this looks now and then; the case is bounded in time. */
static inline void wait_until_gone(void) {
    while (library_threads() > 0)
        sleep(1);
}

#endif
