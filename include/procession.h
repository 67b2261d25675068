/*
 * procession.h - structured concurrency for daemons
 *
 * A process is a C callback that runs with a cancel handle, blocks until its work is done or it is
 * cancelled, and may return an error. Combinators make big processes of small ones:
 *
 *     proc_concurrent    all at once; all errors
 *     proc_group         all at once; the first failure cancels the others
 *     proc_sequence      one after the other
 *     proc_task          a named unit of work
 *     proc_trace_region  a named interval in the trace
 *
 * proc_main runs one as the purpose of a program and turns signals into cancellation.
 *
 * Five rules hold everywhere:
 *
 * 1. Handing over. A non-const proc_impl * or proc_error * that you pass to a function becomes the
 *    callee's, each element of an array too, even if the call fails. Only the _ref functions leave
 *    it yours: keep your own reference with them first. So this leaks nothing:
 *        proc_main(proc_task("web", proc_new(serve, &server, NULL)))
 * 2. Returned pointers. Non-const: yours to release or to hand on. Const: borrowed, for as long as
 *    what it was got from lives.
 * 3. Cancel handles are always borrowed by the callee.
 * 4. Threads. Every function may be called from any thread at any time, from a callback too, unless
 *    it says otherwise. Only functions that say async-signal-safe may be called in signal handlers,
 *    and none in handlers of pthread_atfork.
 * 5. Bad input is never undefined and never silent. A constructor given something wrong returns a
 *    process that starts nothing and fails with EINVAL and a message that names function, argument
 *    and index, and so does every combinator above it. Where a handle is expected, NULL is allowed:
 *    it is released as nothing, and is neither an error nor cancelled.
 *
 * Durations are nanoseconds in an int64_t; negative is forever.
 *
 * Generated from src/ffi by cbindgen. Change the Rust, not this file.
 */

#ifndef PROCESSION_H
#define PROCESSION_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define PROC_API __attribute__((__visibility__("default")))
#define PROC_MUST_USE __attribute__((__warn_unused_result__))
#define PROC_PRINTF(string, first) __attribute__((__format__(__printf__, string, first)))
#else
#define PROC_API
#define PROC_MUST_USE
#define PROC_PRINTF(string, first)
#endif

/* Durations, in nanoseconds. */
#define PROC_FOREVER INT64_C(-1)
#define PROC_MS(n) (INT64_C(1000000) * (n))
#define PROC_SECONDS(n) (INT64_C(1000000000) * (n))

/* What a caller sets up: proc_config config = PROC_CONFIG_INIT; */
#define PROC_CONFIG_INIT {sizeof(proc_config), 0, SIZE_MAX, PROC_SECONDS(30), NULL, NULL, NULL, NULL, 0}
#define PROC_TRACE_HOOKS_INIT {sizeof(proc_trace_hooks), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL}
#define PROC_STATS_INIT {sizeof(proc_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
/* The options of proc_main, to begin with: proc_main_options options = PROC_MAIN_OPTIONS_INIT; */
#define PROC_MAIN_OPTIONS_INIT {sizeof(proc_main_options), NULL, 0, 0, PROC_FOREVER, 0, false, NULL}

/* The combinators with their children as arguments: PROC_GROUP(a, b, c). At least one. */
#ifndef __cplusplus
#define PROC_CHILDREN(combine, ...) \
    combine((proc_impl *const[]){__VA_ARGS__}, \
            sizeof((proc_impl *const[]){__VA_ARGS__}) / sizeof(proc_impl *))
#else
#include <initializer_list>
#define PROC_CHILDREN(combine, ...) \
    ([](std::initializer_list<proc_impl *> children) { \
        return combine(children.begin(), children.size()); \
    }({__VA_ARGS__}))
#endif
#define PROC_CONCURRENT(...) PROC_CHILDREN(proc_concurrent, __VA_ARGS__)
#define PROC_GROUP(...) PROC_CHILDREN(proc_group, __VA_ARGS__)
#define PROC_SEQUENCE(...) PROC_CHILDREN(proc_sequence, __VA_ARGS__)


/**
 * The smallest `stack_size` in a `proc_config`.
 */
#define PROC_MIN_STACK_SIZE 16384

/**
 * The longest `thread_name_prefix`, in bytes.
 */
#define PROC_MAX_NAME_PREFIX 10

/**
 * The major version of this header.
 */
#define PROC_VERSION_MAJOR 0

/**
 * The minor version of this header. While the major version is 0, each one is an ABI of its own.
 */
#define PROC_VERSION_MINOR 1

/**
 * The patch version of this header.
 */
#define PROC_VERSION_PATCH 0

/**
 * How many combinators may be nested around a callback. Deeper is bad input, with ELOOP.
 *
 * Running a tree takes less than 1 KiB of the calling thread's stack for each level of it, besides
 * what the callbacks take; releasing one takes no more for a deep tree than for a flat one.
 */
#define PROC_MAX_DEPTH 1000

/**
 * How `proc_dump` writes.
 */
typedef enum {
    /**
     * For people: a line a process, as `pstree` draws a tree.
     */
    PROC_DUMP_TEXT,
    /**
     * For programs: one JSON object on one line, as docs/dump.schema.json describes it.
     */
    PROC_DUMP_JSON,
} proc_dump_format;

/**
 * A cancel handle: the context that a process runs in. It says once, and for good, that the process
 * should stop, and why. Handles form a tree: cancelling one cancels all below it.
 *
 * What runs in a `proc_task` is given a handle that knows this task. Otherwise it is the one around the
 * task: cancelling either cancels both.
 *
 * Ownership: reference counted, and always borrowed by what it is passed to. The one that a callback
 * receives is valid until the callback returns; `proc_cancel_ref` keeps it longer.
 *
 * Threads: may be used from several threads at the same time.
 */
typedef struct proc_cancel proc_cancel;

/**
 * An error: what a process that failed returns. NULL is success. It never changes.
 *
 * Three kinds: a *failure* has a code and a message; a *task error* says in which task its cause
 * happened; a *multi error* lists the errors of processes that ran side by side.
 *
 * Ownership: reference counted. A function that takes a non-const `proc_error *` takes over one
 * reference, which `proc_error_ref` makes. What accessors return as const is borrowed from the
 * error and lives as long as it.
 *
 * Threads: may be used from several threads at the same time.
 */
typedef struct proc_error proc_error;

/**
 * A hook on a cancel handle: a function to call when that is cancelled (`proc_on_cancel`).
 *
 * Ownership: yours, until you remove it, once, with `proc_hook_remove`.
 *
 * Threads: any thread may remove it.
 */
typedef struct proc_hook proc_hook;

/**
 * A process: a description of something to run. It is a callback (`proc_new`), or a combinator made
 * of other processes. It never changes, and the same one may run many times and at the same time.
 *
 * Ownership: reference counted. A function that takes a non-const `proc_impl *` takes over one
 * reference, which `proc_ref` makes.
 *
 * Threads: may be used from several threads at the same time.
 */
typedef struct proc_impl proc_impl;

/**
 * A job: a process that runs without blocking who started it (`proc_start`).
 *
 * Ownership: yours, until you join it, once, with `proc_job_join`.
 *
 * Threads: any thread may ask, wait for and join it.
 */
typedef struct proc_job proc_job;

/**
 * A region of the trace that was begun by hand (`proc_region_begin`).
 *
 * Ownership: yours, until you end it, once, with `proc_region_end`.
 *
 * Threads: of the one on which it began.
 */
typedef struct proc_region proc_region;

/**
 * The code of a process. It blocks until its work is done, or until `cancel` asks it to stop.
 *
 * It must return. Leaving it by a C++ exception, `pthread_exit` or a cancelled thread ends the program
 * with a message that names its tasks; leaving it by `longjmp` is undefined. It may call every
 * function of this library. It may fork; the child must not return from the callback (which
 * ends it with a message), but call `exec` or `_exit`. Before that it may run processes of its own, with
 * handles of its own.
 *
 * Threads: runs on the thread that runs the process, or on one of the library's. Those have the
 * system's default stack, at least 2 MiB (or what `proc_configure` was told), and all signals blocked that
 * are not caused by what the thread itself computes: a write to a closed pipe fails with EPIPE there, where it
 * may raise SIGPIPE on a thread of yours (ignore SIGPIPE), and what a thread sends itself by `raise` waits for
 * ever (use `kill`). A child that is forked there lets all signals in, and so does what it executes. A program
 * that is started there by `posix_spawn` inherits the mask, unless it is given an empty one
 * (POSIX_SPAWN_SETSIGMASK); one that is started by `system`, `popen` or `vfork` inherits it.
 * They inherit the affinity and scheduling of the thread that needed them first. If the same
 * process runs several times at once, so does its callback, with the same `user_data`.
 *
 * @param cancel     borrowed until the callback returns; never NULL.
 * @param user_data  what `proc_new` was given.
 * @return NULL on success, else an error, which the caller owns.
 */
typedef proc_error *(*proc_fn)(proc_cancel *cancel, void *user_data);

/**
 * Releases `user_data`, exactly once, after its last use, on the thread that ended that use. It must
 * return, as a callback must.
 */
typedef void (*proc_destroy_fn)(void *user_data);

/**
 * How a program wants to be stopped: for `proc_main_with`. Begin with PROC_MAIN_OPTIONS_INIT, which sets the size
 * and the defaults, and change what you want to be different.
 *
 * Ownership: yours, and borrowed until `proc_main_with` returns.
 */
typedef struct proc_main_options {
    /**
     * sizeof(proc_main_options): programs of older headers go on working.
     */
    size_t size;
    /**
     * What asks the program to stop. NULL, with a count of 0: SIGINT and SIGTERM. Not NULL, with a count of
     * 0: nothing does.
     */
    const int *signals;
    /**
     * How many `signals`.
     */
    size_t signal_count;
    /**
     * How long it goes on between the signal and the cancellation, in nanoseconds: `proc_draining` is true at
     * once, so that nobody is sent here any more, and whoever is still sent is served. Default 0; negative
     * (PROC_FOREVER): until the second signal.
     */
    int64_t drain_ns;
    /**
     * How long it may take after that cancellation, in nanoseconds, before it is ended as if by the signal.
     * Default PROC_FOREVER.
     */
    int64_t grace_ns;
    /**
     * Prints the live tree to standard error, as `proc_dump` does, each time it comes; it stops nothing.
     * Default 0: none.
     */
    int dump_signal;
    /**
     * Whether to tell the service manager: the protocol of sd_notify. Default false.
     */
    bool notify;
    /**
     * Where to store which signal stopped the program, 0 if none did, also if the call fails. NULL: nowhere.
     */
    int *signal_out;
} proc_main_options;

/**
 * What the library does and has done, in numbers. PROC_STATS_INIT sets the size and all else to 0.
 *
 * What ends in `_total` only ever grows, from 0 at the start of the program, and in a child of `fork`
 * from 0 again. The rest is as it is at the moment. A *process* here is one run of a callback, since that
 * is what runs; combinators are not counted, and neither is what was not started.
 */
typedef struct proc_stats {
    /**
     * sizeof(proc_stats), which the caller sets: programs of older headers go on working.
     */
    size_t size;
    /**
     * Threads of the library that there are.
     */
    uint64_t threads_live;
    /**
     * Of these, how many are parked until there is work for them. (The one that watches over children
     * that nobody runs yet is not among them.)
     */
    uint64_t threads_idle;
    /**
     * The most that there were at the same time.
     */
    uint64_t threads_peak;
    /**
     * Threads that were made.
     */
    uint64_t threads_created_total;
    /**
     * Threads that the system did not give when they were asked for; several for the same purpose, if it
     * was asked several times.
     */
    uint64_t threads_denied_total;
    /**
     * Callbacks that run, on threads of the program too; also those that wait, and those that are in a
     * `proc_run` of their own.
     */
    uint64_t processes_running;
    /**
     * Callbacks that were called.
     */
    uint64_t processes_started_total;
    /**
     * Callbacks that returned an error, that of their cancellation included.
     */
    uint64_t processes_failed_total;
    /**
     * Tasks that run.
     */
    uint64_t tasks_running;
    /**
     * Tasks that were begun.
     */
    uint64_t tasks_started_total;
    /**
     * Tasks whose process returned an error.
     */
    uint64_t tasks_failed_total;
    /**
     * Runs of a `proc_concurrent` or `proc_group` of two children or more.
     */
    uint64_t fan_outs_total;
    /**
     * Threads of the library that came to help with such a run; also those that found nothing left to do.
     */
    uint64_t helpers_total;
    /**
     * Cancellations: by `proc_cancel_trigger`, a signal, a child's failure, or the end of a group whose handle
     * somebody keeps. Handles that were cancelled along with one above them are not counted.
     */
    uint64_t cancellations_total;
} proc_stats;

/**
 * What the library calls on its threads (`proc_config`). It must return, as a callback must.
 */
typedef void (*proc_thread_fn)(void *user_data);

/**
 * Choices for the threads of the library. PROC_CONFIG_INIT sets the size and the defaults.
 *
 * Ownership: all of it is yours, and is copied, but for `user_data`, which must be there as long as the
 * program.
 */
typedef struct proc_config {
    /**
     * sizeof(proc_config): programs of older headers go on working.
     */
    size_t size;
    /**
     * How many bytes of its stack a thread has for callbacks. What the library itself needs comes on top of
     * that, so that the deepest tree runs with any size: 1 MiB of address space, of which no more is used
     * than the tree needs. The thread-local data of the program's libraries comes out of it if it is larger
     * than 32 KiB. At least PROC_MIN_STACK_SIZE; 0, the default: the whole stack has the size that the
     * system gives threads (`ulimit -s`), but 2 MiB at least.
     */
    size_t stack_size;
    /**
     * How many threads are kept that have nothing to do; one more that has nothing to do ends. Default:
     * any number. The one that watches over children that nobody runs yet is not among them.
     */
    size_t max_idle_threads;
    /**
     * How long such a thread is kept, in nanoseconds; negative: for ever. Default: 30 seconds.
     */
    int64_t idle_timeout_ns;
    /**
     * What the threads are called: this, and inside of a task this, a slash, and as much of the end of the
     * task's name as fits into 15 bytes. At most PROC_MAX_NAME_PREFIX bytes. NULL or "", the default:
     * inside of a task its name alone, else "procession".
     */
    const char *thread_name_prefix;
    /**
     * Called on each thread of the library before anything else, for what runtimes must be told of
     * foreign threads; may be NULL, the default. Processes may be waiting for the thread, so it must not
     * wait for any.
     */
    proc_thread_fn on_thread_start;
    /**
     * Called on each thread of the library that ends, after everything else; may be NULL, the default.
     * Threads that are there when the program ends just end with it.
     */
    proc_thread_fn on_thread_stop;
    /**
     * Passed to both as it is; may be NULL.
     */
    void *user_data;
    /**
     * How many bytes of memory the flight recorder has, which always records then, at some 40 ns an
     * event: `proc_trace_snapshot` writes what it holds. At least 2 MiB are taken, some 60,000 events; none
     * of it before it is needed. 0, the default: it is off.
     */
    size_t flight_recorder_size;
} proc_config;

/**
 * A task as hooks are told of it.
 *
 * Ownership: borrowed, until the hook returns.
 */
typedef struct proc_trace_task {
    /**
     * Its number (`proc_trace_task_id`).
     */
    uint64_t id;
    /**
     * Its name.
     */
    const char *task_type;
    /**
     * What `task_begin` has returned for it; NULL if it began before these hooks were set, and after
     * its `task_end`.
     */
    void *word;
} proc_trace_task;

/**
 * Hooks: what is to be called as things happen. PROC_TRACE_HOOKS_INIT sets the size, and NULL for all else:
 * each may be NULL.
 *
 * `task` is the task in which something happens, NULL outside of tasks. All that is passed is borrowed until the
 * hook returns.
 *
 * A hook is called on the thread on which it happens, which waits for it, so it should be short. No lock of
 * the library is held. It may call every function of this library but `proc_trace_set_hooks`; what it does itself
 * is not told to hooks. It must return, as a callback must.
 *
 * Threads: hooks are called on many threads at the same time.
 *
 * Ownership: the struct is copied. `user_data` must be there until other hooks have been set.
 */
typedef struct proc_trace_hooks {
    /**
     * sizeof(proc_trace_hooks): programs of older headers go on working.
     */
    size_t size;
    /**
     * A task begins. What this returns is the task's `word`: anything of yours. `parent` is the innermost task
     * around it.
     */
    void *(*task_begin)(const proc_trace_task *task, const proc_trace_task *parent, void *user_data);
    /**
     * A task ends. `error` is what it has failed with; NULL: it has not, or only passes on why it was cancelled.
     * `cause` is why it was cancelled; NULL: it was not. Its `word` is not passed after that; but who kept a handle
     * of the task may be in another hook with it at this moment.
     */
    void (*task_end)(const proc_trace_task *task, const proc_error *error, const proc_error *cause, void *user_data);
    /**
     * A region begins. On one thread, no two have the same number.
     */
    void (*region_begin)(const proc_trace_task *task, uint64_t region, const char *region_type, void *user_data);
    /**
     * The region of that number ends, which has begun on this thread, perhaps before these hooks were set.
     */
    void (*region_end)(uint64_t region, void *user_data);
    /**
     * Something is said (`proc_trace_log`). The category is "" if there is none.
     */
    void (*log)(const proc_trace_task *task, const char *category, const char *message, void *user_data);
    /**
     * Here, something is started that other threads may run: several children of a combinator, or a job.
     */
    void (*spawn)(const proc_trace_task *task, uint64_t spawn, void *user_data);
    /**
     * Here, on another thread, a child of that spawn is run, or the job.
     */
    void (*arrive)(const proc_trace_task *task, uint64_t spawn, void *user_data);
    /**
     * Passed to all of them as it is; may be NULL.
     */
    void *user_data;
} proc_trace_hooks;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/* ------------------------------------------------------------------------------------------------
 * Processes
 * ------------------------------------------------------------------------------------------------ */

/**
 * Makes a process of a callback.
 *
 * Ownership: the result is yours. `user_data` is the process's until `destroy` is called with it,
 * which is after the last run and the last reference have ended.
 *
 * @param fn         the callback; NULL is bad input.
 * @param user_data  passed to the callback as it is; may be NULL.
 * @param destroy    releases `user_data`, exactly once, also if the call fails; may be NULL.
 * @return never NULL. After bad input, a process that starts nothing and fails with EINVAL.
 */
PROC_API proc_impl *proc_new(proc_fn fn, void *user_data, proc_destroy_fn destroy);

/**
 * Makes another reference to a process.
 *
 * @param impl  stays yours; may be NULL.
 * @return the same process, as a reference of its own; NULL for NULL.
 */
PROC_API proc_impl *proc_ref(proc_impl *impl);

/**
 * Releases one reference to a process. With the last one go its children and its `user_data`.
 *
 * @param impl  may be NULL.
 */
PROC_API void proc_unref(proc_impl *impl);

/**
 * Runs all children at the same time, truly: a child may wait for any other of them. Returns when
 * all have completed, with all their errors, in order of completion.
 *
 * The calling thread runs children itself, and threads of the library join in as they are needed,
 * so that a child that does not block costs no thread, and one child alone never does. If no
 * thread can be had for a child for 100 ms, that child fails with EAGAIN and is not started.
 *
 * Ownership: takes over one reference of each child; the array stays yours.
 *
 * @param impls  the children. NULL in it, or NULL with a count, is bad input.
 * @param count  how many; 0 makes a process that succeeds at once.
 * @return never NULL. After bad input, also in a child, a process that starts nothing and fails with
 *         EINVAL; nested deeper than PROC_MAX_DEPTH, with ELOOP.
 */
PROC_API proc_impl *proc_concurrent(proc_impl *const *impls, size_t count);

/**
 * Like `proc_concurrent`, and the first child to fail cancels the others; all are waited for, and
 * those not yet started are started too and see the cancelled handle.
 *
 * The children run below a cancel handle of the group's own, whose cause is the first failing
 * child's error. It is cancelled before the group returns, on success too.
 *
 * Children that return that cause (`proc_cancel_error`) because they were asked to stop are its
 * echo: the group lists the cause once, not once for each of them. All other errors are listed.
 *
 * Ownership: takes over one reference of each child; the array stays yours.
 *
 * @param impls  the children. NULL in it, or NULL with a count, is bad input.
 * @param count  how many; 0 makes a process that succeeds at once.
 * @return as for `proc_concurrent`.
 */
PROC_API proc_impl *proc_group(proc_impl *const *impls, size_t count);

/**
 * Runs one child after the other, on the calling thread. The first error ends it, and the children
 * after that one are not started.
 *
 * Cancellation does not skip a child: it sees the cancelled handle, so children that clean up still
 * run. But an error is an error: after a child that returns `proc_cancel_error`, none is started. A
 * child that others clean up after returns NULL when it has stopped as asked. What must run
 * after a failure too, run it in a callback: `proc_run` the one, then the other, and return the error.
 *
 * Ownership: takes over one reference of each child; the array stays yours.
 *
 * @param impls  the children. NULL in it, or NULL with a count, is bad input.
 * @param count  how many; 0 makes a process that succeeds at once.
 * @return as for `proc_concurrent`.
 */
PROC_API proc_impl *proc_sequence(proc_impl *const *impls, size_t count);

/**
 * Makes a process a task: a named unit of work. If it fails, it fails with a task error, whose text
 * begins with the name.
 *
 * A thread of the library carries the name of the innermost task that it runs: 15 bytes of it, the
 * tail (`proc_configure` can put something before it). Your own threads are never renamed.
 *
 * Ownership: takes over one reference of `impl`; the name is copied.
 *
 * @param task_type  the name, the same for all tasks of a kind; NULL is bad input.
 * @param impl       what to run; NULL is bad input.
 * @return as for `proc_concurrent`.
 */
PROC_API proc_impl *proc_task(const char *task_type, proc_impl *impl);

/**
 * Makes a process a named interval in the trace, on one thread. Its errors are passed on as they are.
 *
 * Ownership: takes over one reference of `impl`; the name is copied.
 *
 * @param region_type  the name, the same for all regions of a kind; NULL is bad input.
 * @param impl         what to run; NULL is bad input.
 * @return as for `proc_concurrent`.
 */
PROC_API proc_impl *proc_trace_region(const char *region_type, proc_impl *impl);

/* ------------------------------------------------------------------------------------------------
 * Running
 * ------------------------------------------------------------------------------------------------ */

/**
 * Runs a process and returns when it has completed. May be called from a callback.
 *
 * Ownership: takes over one reference of `impl`; the returned error is yours.
 *
 * Threads: the process runs on the calling thread, and on threads of the library where it needs
 * more than one. When it returns, nothing of it runs any more, and if the reference was the last
 * one, each `destroy` in it has been called.
 *
 * @param impl    what to run. NULL fails with EINVAL.
 * @param cancel  the handle to run under; NULL makes a new one, which nothing cancels.
 * @return NULL on success, else the process's error.
 */
PROC_API proc_error *proc_run(proc_impl *impl, proc_cancel *cancel);

/**
 * Runs a process as the purpose of a program, and returns when it has completed.
 *
 * The first SIGINT or SIGTERM cancels the process, with a cause of code EINTR that names the signal;
 * the process is waited for. A second signal ends the program at once, in the way the signal would
 * have by default (for process 1 of a container, with exit status 128 plus its number). That holds
 * if the program ignored, blocked or handled the signals before, too. The former signal
 * dispositions are back when it returns; a signal that came too late to cancel the process is
 * then sent again.
 *
 * If the environment has PROCESSION_TRACE, that names a file, and a trace of the process is written to it, as
 * between `proc_trace_start` and `proc_trace_stop`. What is wrong with it is said on standard error, and
 * changes nothing else. A program that runs with more rights than who started it takes no notice of it.
 *
 * Ownership: takes over one reference of `impl`; the returned error is yours.
 *
 * Threads: may be called from any thread, but by one at a time: a second one fails with EBUSY, and
 * with EAGAIN if no thread can be had to wait for signals. In both cases nothing was started.
 *
 * @param impl  what to run. NULL fails with EINVAL.
 * @return the process's error as it is. An error that only passes on the signal's cancellation is
 *         none: NULL.
 */
PROC_API proc_error *proc_main(proc_impl *impl);

/**
 * What `main` should return. Prints "PROGRAM: MESSAGE" to standard error if there is an error.
 *
 * Ownership: takes the error over.
 *
 * @param error  what `proc_main` or `proc_run` returned; NULL is success.
 * @return 0 for NULL, else 1.
 */
PROC_API int proc_exit_status(proc_error *error);

/* ------------------------------------------------------------------------------------------------
 * Errors
 * ------------------------------------------------------------------------------------------------ */

/**
 * Makes an error.
 *
 * Ownership: the result is yours; the message is copied.
 *
 * @param code     an `errno` value, or any other number of your own. 0 is no failure: it becomes -1.
 * @param message  UTF-8 (what is not is replaced by U+FFFD); NULL stands for `strerror(code)`.
 * @return never NULL.
 */
PROC_API PROC_MUST_USE proc_error *proc_error_new(int code, const char *message);

/**
 * Makes an error that carries something of your own.
 *
 * Ownership: the result is yours; the message is copied; the payload is the error's until `destroy`
 * is called with it, when the last reference to the error is released.
 *
 * @param code     as for `proc_error_new`.
 * @param message  as for `proc_error_new`.
 * @param payload  what `proc_error_payload` returns; may be NULL.
 * @param destroy  releases the payload, exactly once; may be NULL.
 * @return never NULL.
 */
PROC_API
PROC_MUST_USE
proc_error *proc_error_with_payload(int code,
                                    const char *message,
                                    void *payload,
                                    proc_destroy_fn destroy);

/**
 * Makes an error that carries something of your own, and says of what type it is.
 *
 * In a program of several parts, a payload may be anybody's. `proc_error_find_payload` finds those of
 * one type, wherever they were made, so that nobody takes another's for his own.
 *
 * Ownership: the result is yours; message and type are copied; the payload is the error's until
 * `destroy` is called with it, when the last reference to the error is released.
 *
 * @param code          as for `proc_error_new`.
 * @param message       as for `proc_error_new`.
 * @param payload_type  a name that no other type of payload has; NULL: of no type.
 * @param payload       what `proc_error_payload` returns; may be NULL.
 * @param destroy       releases the payload, exactly once; may be NULL.
 * @return never NULL.
 */
PROC_API
PROC_MUST_USE
proc_error *proc_error_with_typed_payload(int code,
                                          const char *message,
                                          const char *payload_type,
                                          void *payload,
                                          proc_destroy_fn destroy);

/**
 * Makes an error with a message as `printf` would print it.
 *
 * Ownership: the result is yours; format and arguments are only read.
 *
 * @param code    as for `proc_error_new`.
 * @param format  as for `printf`; NULL stands for `strerror(code)`.
 * @return never NULL.
 *
 */
PROC_API PROC_MUST_USE proc_error *proc_errorf(int code, const char *format, ...) PROC_PRINTF(2, 3);

/**
 * Makes an error of the calling thread's `errno`, with the text "WHAT: STRERROR".
 *
 * Ownership: the result is yours; the text is copied. `errno` is left as it is.
 *
 * @param what  what failed, for instance the function's name; NULL leaves it out.
 * @return never NULL.
 */
PROC_API PROC_MUST_USE proc_error *proc_errno(const char *what);

/**
 * Makes another reference to an error.
 *
 * @param error  stays yours; may be NULL.
 * @return the same error, as a reference of its own; NULL for NULL.
 */
PROC_API proc_error *proc_error_ref(proc_error *error);

/**
 * Releases one reference to an error. With the last one go its causes and its payload.
 *
 * @param error  may be NULL.
 */
PROC_API void proc_error_unref(proc_error *error);

/**
 * The code of an error: a task error's is its cause's, a multi error's that of its first.
 *
 * @param error  may be NULL.
 * @return never 0 but for NULL.
 */
PROC_API int proc_error_code(const proc_error *error);

/**
 * The whole text of an error, in UTF-8. A task error's is "TASK_TYPE: TEXT"; a multi error's is
 * "N errors:" and then, for each, a line break, "- " and its text.
 *
 * @param error  may be NULL.
 * @return borrowed, never NULL; "success" for NULL.
 */
PROC_API const char *proc_error_message(const proc_error *error);

/**
 * The name of the task that failed.
 *
 * @param error  may be NULL.
 * @return borrowed; NULL if it is not a task error.
 */
PROC_API const char *proc_error_task_type(const proc_error *error);

/**
 * Why the task failed.
 *
 * @param error  may be NULL.
 * @return borrowed; NULL if it is not a task error.
 */
PROC_API const proc_error *proc_error_cause(const proc_error *error);

/**
 * How many errors there are side by side: in a multi error two or more, else one.
 *
 * @param error  may be NULL.
 * @return 0 for NULL.
 */
PROC_API size_t proc_error_count(const proc_error *error);

/**
 * One of the errors side by side, in order of completion: the first is the one that failed first.
 *
 * @param error  may be NULL.
 * @param index  from 0. A single error is itself at 0.
 * @return borrowed; NULL if there are not so many.
 */
PROC_API const proc_error *proc_error_at(const proc_error *error, size_t index);

/**
 * What an error carries (`proc_error_with_payload`): the error itself, else the cause of the task.
 *
 * @param error  may be NULL.
 * @return borrowed; NULL if there is none.
 */
PROC_API void *proc_error_payload(const proc_error *error);

/**
 * The first payload of this type: of the error itself or of one in it, depth first.
 *
 * @param error         may be NULL.
 * @param payload_type  what `proc_error_with_typed_payload` was given, letter by letter; may be NULL.
 * @return borrowed; NULL if there is none.
 */
PROC_API void *proc_error_find_payload(const proc_error *error, const char *payload_type);

/**
 * Whether an error, or any error in it, has this code.
 *
 * @param error  may be NULL.
 */
PROC_API bool proc_error_is(const proc_error *error, int code);

/**
 * The first task error with this name: the error itself or one in it, depth first.
 *
 * @param error      may be NULL.
 * @param task_type  may be NULL.
 * @return borrowed; NULL if there is none.
 */
PROC_API const proc_error *proc_error_find_task(const proc_error *error, const char *task_type);

/* ------------------------------------------------------------------------------------------------
 * Cancellation
 * ------------------------------------------------------------------------------------------------ */

/**
 * Makes a cancel handle.
 *
 * Ownership: the result is yours. The parent stays yours, and need not outlive the result.
 *
 * @param parent  cancels the new handle when it is cancelled; the new one is born cancelled if it
 *                is already. NULL: nothing above.
 * @return never NULL.
 */
PROC_API PROC_MUST_USE proc_cancel *proc_cancel_new(proc_cancel *parent);

/**
 * Makes another reference to a cancel handle, for instance to keep a callback's after it returns.
 *
 * @param cancel  stays what it was; may be NULL.
 * @return the same handle, as a reference of its own; NULL for NULL.
 */
PROC_API proc_cancel *proc_cancel_ref(proc_cancel *cancel);

/**
 * Releases one reference to a cancel handle. It does not cancel it.
 *
 * @param cancel  may be NULL.
 */
PROC_API void proc_cancel_unref(proc_cancel *cancel);

/**
 * Cancels a handle and all below it, wakes who waits on them, and calls their hooks (`proc_on_cancel`).
 * Only the first call counts: its cause stays. Does not wait for anybody to stop.
 *
 * Ownership: takes the cause over, whether or not it counts; the handle stays what it was.
 *
 * @param cancel  may be NULL: then only the cause is released.
 * @param cause   why; NULL stands for an error with code ECANCELED.
 */
PROC_API void proc_cancel_trigger(proc_cancel *cancel, proc_error *cause);

/**
 * Whether a handle is cancelled. Once it is, it stays so.
 *
 * Threads: async-signal-safe; costs one atomic load, on the handle of a task two.
 *
 * @param cancel  NULL is not cancelled.
 */
PROC_API bool proc_cancelled(const proc_cancel *cancel);

/**
 * Blocks until a handle is cancelled or the time is up. Signals do not end it.
 *
 * @param cancel      NULL returns false at once.
 * @param timeout_ns  nanoseconds, by the monotonic clock; negative is forever (PROC_FOREVER).
 * @return true: cancelled. false: the time is up, and it was not.
 */
PROC_API bool proc_wait(proc_cancel *cancel, int64_t timeout_ns);

/**
 * What a callback returns to say "stopped, as asked": the cause of the cancellation itself. Whoever
 * cancelled knows it for its own echo, and does not report it as a failure. To a sequence in between
 * it is an error like any other, which ends it.
 *
 * Ownership: the result is yours.
 *
 * @param cancel  may be NULL.
 * @return NULL if it is not cancelled.
 */
PROC_API PROC_MUST_USE proc_error *proc_cancel_error(const proc_cancel *cancel);

/**
 * Why a handle was cancelled. Of a group's it is the first failing child's error, of `proc_main`'s
 * an error with code EINTR that names the signal, of a handle below another its parent's cause.
 *
 * @param cancel  may be NULL.
 * @return borrowed from the handle; NULL if it is not cancelled.
 */
PROC_API const proc_error *proc_cancel_cause(const proc_cancel *cancel);

/**
 * The cancel handle of the innermost process that runs on the calling thread: what its callback was
 * given. For code deep below a callback to which the handle is not passed on.
 *
 * @return borrowed until that callback returns; NULL on a thread that runs no process.
 */
PROC_API PROC_MUST_USE proc_cancel *proc_current(void);

/**
 * The descriptor of a cancel handle, for poll, epoll and event loops: it is readable (POLLIN) once
 * the handle is cancelled, and stays so for good. It is made when first asked for, close-on-exec
 * and non-blocking, and there is one a handle, the same at every call.
 *
 * Wait for it to be readable, and do nothing else with it: there is nothing to read (`read` fails
 * with EAGAIN), it is not to be written to, shut down or closed. If the program has closed it all the
 * same, as daemons close all descriptors, files that it opens under the same number are left alone,
 * and the next call makes another one. A child of `fork` has to ask again too: the descriptor that
 * it inherits is its parent's.
 *
 * Ownership: the descriptor is the handle's, and is closed when the last reference to that is released.
 *
 * @param cancel  NULL is bad input.
 * @return the descriptor; -1 with `errno` EINVAL for NULL, or if none can be had, with that of
 *         `socket`: EMFILE, ENFILE, ENOMEM and so on. Then nothing has changed; a later call may succeed.
 */
PROC_API int proc_cancel_fd(proc_cancel *cancel);

/**
 * Blocks as `poll` does, and until a handle is cancelled. Signals do not end it: it goes on with
 * the time that is left.
 *
 * If the handle is cancelled, it fails with ECANCELED, also where files are ready; a callback then
 * returns `proc_cancel_error`. Each `revents` is written when the result is 0 or more, and when it is
 * ECANCELED: then it is 0. Otherwise the array is left as it is.
 *
 * It polls the descriptor of `proc_cancel_fd` beside the files, unless `count` is 0. If the program
 * closes that one while a thread waits here, this does not hear of the cancellation any more.
 *
 * @param cancel      NULL is never cancelled: only the files and the time count.
 * @param fds         as for `poll`; a negative `fd` is left out. NULL with a count is bad input.
 * @param count       at most 10,000, and less than RLIMIT_NOFILE. 0 only waits.
 * @param timeout_ns  nanoseconds, by the monotonic clock; 0 looks without waiting, negative is
 *                    forever (PROC_FOREVER).
 * @return how many files have `revents`; 0: the time is up. -1 with `errno` ECANCELED: cancelled; EINVAL:
 *         bad input; else as for `poll`, or for `proc_cancel_fd` (EMFILE and so on).
 */
PROC_API int proc_poll(proc_cancel *cancel, struct pollfd *fds, nfds_t count, int64_t timeout_ns);

/**
 * Has a function called when a handle is cancelled: for waits that only a function of their own can
 * interrupt. It is called exactly once, or never if the hook is removed before.
 *
 * It is called on the thread that cancels, which may be one of the library's (`proc_fn`), after the
 * handle and all below it have been cancelled; the hooks of a handle come before those of the handles
 * below. If the handle is cancelled already, it is called at once, on the calling thread.
 *
 * The thread that cancels waits for it, so it should be short. No lock of the library is held
 * meanwhile: it may call every function of this library, also to remove hooks (its own too), to cancel
 * and to release handles, and to run processes. It must return, as a callback must.
 *
 * Until it is removed, a hook holds the handle as a reference does: it is called if a handle above is
 * cancelled, and, on that of a group, when the group ends.
 *
 * Ownership: the hook is yours, until you remove it with `proc_hook_remove`, also after it was called.
 * `user_data` must be there until then.
 *
 * @param cancel     NULL is bad input.
 * @param fn         NULL is bad input.
 * @param user_data  passed to the function as it is; may be NULL.
 * @return the hook, which `fn` may run before you have it. After bad input NULL, with `errno` EINVAL, and
 *         `fn` is never called.
 */
PROC_API proc_hook *proc_on_cancel(proc_cancel *cancel, void (*fn)(void *user_data), void *user_data);

/**
 * Removes a hook and releases it. Once this has returned, its function is not running and never will.
 * If another thread runs it at this moment, this waits until that run is over.
 *
 * Called from within the function itself, or from what that calls, it returns at once: the function
 * runs to its end, and is not called again. Two functions that run at the same time must not remove each
 * other's hooks, since each would wait for the other.
 *
 * Ownership: takes the hook over.
 *
 * @param hook  may be NULL.
 */
PROC_API void proc_hook_remove(proc_hook *hook);

/* ------------------------------------------------------------------------------------------------
 * Jobs
 * ------------------------------------------------------------------------------------------------ */

/**
 * Starts a process and returns at once: for event loops, and for other languages, whose thread must not
 * wait. Every job is to be joined, once, by `proc_job_join`.
 *
 * Ownership: takes over one reference of `impl`; the result is yours until it is joined. `user_data` stays
 * yours, and is not used any more when the job has been joined.
 *
 * Threads: the process runs on a thread of the library from its beginning. If there is none to be had,
 * it fails with EAGAIN, and `on_done` runs on the calling thread before this returns.
 *
 * @param impl       what to run. NULL is bad input: the job fails with EINVAL.
 * @param cancel     the handle to run under: the job is cancelled with it. NULL makes a new one, which
 *                   nothing cancels.
 * @param on_done    runs exactly once, on a thread of the library, when the process has completed and
 *                   `proc_job_fd` is readable, and before a join returns. It must return, as a callback
 *                   must. May be NULL.
 * @param user_data  passed to `on_done` as it is.
 * @return never NULL.
 */
PROC_API
PROC_MUST_USE
proc_job *proc_start(proc_impl *impl,
                     proc_cancel *cancel,
                     void (*on_done)(void *user_data),
                     void *user_data);

/**
 * A descriptor that is readable once a job is complete, and stays so. It is made when it is first asked
 * for, and close-on-exec.
 *
 * Ownership: the job's; joining the job closes it.
 *
 * @param job  NULL is bad input.
 * @return -1 if there is none to be had, with `errno` as `proc_cancel_fd` sets it; EINVAL for NULL.
 */
PROC_API int proc_job_fd(proc_job *job);

/**
 * Blocks until a job is complete or the time is up. Signals do not end it. From inside of the job itself
 * it returns at once.
 *
 * @param job         NULL returns false at once.
 * @param timeout_ns  nanoseconds, by the monotonic clock; negative is forever (PROC_FOREVER).
 * @return true: complete, so joining it waits for no more than the end of `on_done`. false: the time is up,
 *         and it was not.
 */
PROC_API bool proc_job_wait(proc_job *job, int64_t timeout_ns);

/**
 * Whether the calling thread is inside of a job, which it therefore cannot join: it runs a callback that
 * is a part of the job, or `on_done`. For code that may be called from anywhere: where `proc_job_join`
 * returns EDEADLK, the process itself may have failed with that, and then the job has been released.
 *
 * @param job  NULL returns false.
 */
PROC_API bool proc_job_inside(const proc_job *job);

/**
 * Waits until a job is complete and `on_done` has returned, releases the job, and returns its error.
 *
 * A callback that is a part of the job, and `on_done`, cannot wait for it: then it fails with EDEADLK, and
 * the job stays yours, to be joined by somebody else. `proc_job_inside` tells beforehand.
 *
 * Ownership: takes the job over, but for EDEADLK; the returned error is yours.
 *
 * @param job  NULL fails with EINVAL.
 * @return NULL on success, else the process's error.
 */
PROC_API PROC_MUST_USE proc_error *proc_job_join(proc_job *job);

/* ------------------------------------------------------------------------------------------------
 * Daemons
 * ------------------------------------------------------------------------------------------------ */

/**
 * Runs a process as the purpose of a program as `proc_main` does, which is this with the defaults.
 *
 * The first of `signals` begins the stop: every handle below is draining (`proc_draining`); after `drain_ns` the
 * process is cancelled, with a cause of code EINTR that names the signal; and when `grace_ns` after that it
 * has still not completed, the live tree is written to standard error, which tells what still runs and
 * for how long, and the program ends in the way the signal would have ended it (for process 1 of a container, and
 * by signals that end nothing, with exit status 128 plus its number). If standard error does not take it, the
 * program ends after 2 seconds all the same. A second one of `signals` ends it so at any moment, at once.
 *
 * The grace period is that of a stop by a signal. Without one nothing ends the program: not after a cancellation
 * that is its own, and not when a group waits for its children after a failure. A signal that comes after such
 * a cancellation ends the drain time at once.
 *
 * With `notify`, the service manager that NOTIFY_SOCKET names (a path, or @ and the name of an abstract socket) is
 * told: READY=1, once, when the program is up (`proc_ready`); STOPPING=1 at the signal, or when the process
 * completes by itself; WATCHDOG=1 after each half of WATCHDOG_USEC (unless WATCHDOG_PID names another
 * process), until the process has completed, as long as the library is able to look at what runs; and with each
 * of these STATUS= with the number of tasks that run. Without NOTIFY_SOCKET nobody is told anything. What cannot
 * be sent within a second is not sent; the first time, standard error says why.
 *
 * A `proc_on_signal` for one of `signals`, or for `dump_signal`, hears of that too.
 *
 * Ownership: takes over one reference of `impl`; the returned error is yours.
 *
 * Threads: as for `proc_main`. The library has a thread wait for signals meanwhile, on which nothing of the
 * program runs.
 *
 * @param impl     what to run. NULL fails with EINVAL.
 * @param options  NULL stands for the defaults. What cannot be is bad input, with EINVAL: a `size` that
 *                 there never was, `signals` that is NULL with a count, numbers that are no signal, that cannot be
 *                 received (SIGKILL, SIGSTOP) or are faults (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS,
 *                 SIGABRT), one that is there twice, a `dump_signal` that is one of the `signals`.
 * @return as for `proc_main`.
 */
PROC_API proc_error *proc_main_with(proc_impl *impl, const proc_main_options *options);

/**
 * Whether a handle is cancelled or will be soon: `proc_main` was asked to stop. Then take no new work, and tell
 * whoever sends it, as an endpoint for readiness does. Once it is true, it stays so.
 *
 * It is true from the signal on, for every handle below the one of `proc_main`; `proc_main_options` says how long
 * before the cancellation that is.
 *
 * Threads: async-signal-safe; costs two atomic loads, on the handle of a task three.
 *
 * @param cancel  NULL is not draining.
 */
PROC_API bool proc_draining(const proc_cancel *cancel);

/**
 * Says that a process is up: its port is open, its data is loaded. The innermost `proc_service` that the handle
 * is in is up then; if it is in none, the program is.
 *
 * The program is up, and the service manager told so (READY=1, see `proc_main_with`), at the first call after
 * which no service is expected any more. So, in a program
 *
 * - without services: at the first call, whoever makes it.
 * - with services: when each of them has called it, or has succeeded. What is called outside of them does not
 *   count while one is expected.
 * - where nobody calls it: never. A service manager that waits for it (Type=notify) then takes the start for
 *   failed, which is better than to be told too early.
 *
 * Does not block; further calls do nothing.
 *
 * @param cancel  NULL, or a handle that is not below that of `proc_main`, does nothing.
 */
PROC_API void proc_ready(proc_cancel *cancel);

/**
 * Makes a process a task, as `proc_task` does, that will call `proc_ready`: the program is not up before it has.
 *
 * All services of a tree are expected from the moment at which it begins to run, those too that a sequence begins
 * later. That holds for the tree of `proc_main`, and for one that a callback runs below it. A service that
 * succeeds is up. One that fails is expected until its whole tree has ended; a callback may then run
 * another. Below `proc_on_signal`, and outside of `proc_main`, a service is a task like any other.
 *
 * Ownership: takes over one reference of `impl`; the name is copied.
 *
 * @param task_type  the name, the same for all tasks of a kind; NULL is bad input.
 * @param impl       what to run; NULL is bad input.
 * @return as for `proc_concurrent`.
 */
PROC_API proc_impl *proc_service(const char *task_type, proc_impl *impl);

/**
 * Makes a process that runs another one at each arrival of a signal, until it is cancelled: SIGHUP to load the
 * configuration again, and the like. Signals that arrive while that one runs count as one more.
 *
 * While it runs, the signal does nothing else: the disposition that the program had for it is back when it
 * returns. It is received even if all of the program's threads block it. Several of them for the same signal all
 * hear of it, and so does `proc_main` if it is one of its signals: then this has the drain time to react in, and
 * none if that is 0. It works without `proc_main`, too.
 *
 * It returns NULL when it was cancelled, also if the other process returned that cancellation's cause
 * (`proc_cancel_error`). An error of the other process ends it, with that error. It fails with EAGAIN if no
 * thread can be had to listen for signals.
 *
 * Ownership: takes over one reference of `impl`.
 *
 * @param signal_number  a number that is no signal, one that cannot be received (SIGKILL, SIGSTOP) and one
 *                       that is a fault (SIGSEGV and so on, see `proc_main_with`) are bad input.
 * @param impl           what to run; NULL is bad input.
 * @return as for `proc_concurrent`.
 */
PROC_API proc_impl *proc_on_signal(int signal_number, proc_impl *impl);

/* ------------------------------------------------------------------------------------------------
 * The live tree
 * ------------------------------------------------------------------------------------------------ */

/**
 * Writes every process that runs now, in the whole program, as a tree: of each its kind and name, its
 * thread, for how long it runs, what it does (runs, waits in a call of this library, joins its
 * children), since when its handle is cancelled and why, and how many of its children have not been
 * started. A callback is told by the address of its code. Ages are exact to some milliseconds.
 *
 * Each thread is seen at one moment, but not all at the same. Nobody is held up while it is written.
 *
 * Threads: any, at any time, from callbacks too; not in signal handlers.
 *
 * @param fd      written to until all is written, also if it is non-blocking. Stays yours.
 * @param format  PROC_DUMP_TEXT or PROC_DUMP_JSON; any other is bad input.
 * @return NULL, or an error with the `errno` of writing; EINVAL if the format is not known.
 */
PROC_API proc_error *proc_dump(int fd, proc_dump_format format);

/* ------------------------------------------------------------------------------------------------
 * Numbers
 * ------------------------------------------------------------------------------------------------ */

/**
 * Fills in what the library does and has done. The threads are looked at one after the other while they
 * run, so numbers that change fit together only roughly; when nothing runs, they are exact. No total is
 * ever smaller than it was.
 *
 * Costs the processes that run nothing, and who asks some 100 ns a thread; threads of the library neither
 * begin nor end meanwhile.
 *
 * @param stats  its `size` says how much of it there is, and stays. What is left of it beyond what this
 *               library knows becomes 0. NULL, or a size that was not set (less than that of `size`,
 *               more than 4096): nothing happens.
 */
PROC_API void proc_get_stats(proc_stats *stats);

/* ------------------------------------------------------------------------------------------------
 * Configuration
 * ------------------------------------------------------------------------------------------------ */

/**
 * Makes choices for the threads of the library, all of them: those that run callbacks, the one that watches
 * over children that nobody runs yet, and the one that listens for signals. They hold for the whole program.
 *
 * It must be called before the first run (`proc_run`, `proc_main`, `proc_start`) and the first trace; before
 * that it may be called again, and the last call counts. A child of `fork` has its parent's configuration, and may
 * change it until its own first run.
 *
 * @param config  NULL is bad input; so are a stack that is too small, a prefix that is too long, and anything
 *                that is set beyond what this version of the library knows.
 * @return NULL; EBUSY once something has run; EINVAL after bad input. Then nothing has changed.
 */
PROC_API proc_error *proc_configure(const proc_config *config);

/* ------------------------------------------------------------------------------------------------
 * Tracing
 * ------------------------------------------------------------------------------------------------ */

/**
 * Begins to write what happens in the program to a file, which ui.perfetto.dev opens: tasks below the
 * tasks that they are in, regions and logs on their threads, and where one thread starts what another
 * one does. Times are those of CLOCK_MONOTONIC.
 *
 * What was recorded is written twice a second, so a program that is killed leaves a file that lacks
 * its last second at most. If the disk is slow or full, some 64 MiB are kept in memory; events that do not
 * fit are lost, and the counter "events lost" in the trace tells how many. A pipe is written as its reader
 * reads, and stopping the trace waits for him.
 *
 * A child of `fork` has no trace on: this one stays its parent's.
 *
 * Without a change to the program, PROCESSION_TRACE in the environment does the same (`proc_main`).
 *
 * Ownership: the path is copied; the returned error is yours.
 *
 * Threads: takes one thread of the library until the trace is stopped.
 *
 * @param path  the file, which is made, or emptied if there is one. NULL or "" fails with EINVAL.
 * @return NULL on success. EBUSY: a trace is on. EAGAIN: no thread can be had. Else why the file
 *         cannot be made.
 */
PROC_API proc_error *proc_trace_start(const char *path);

/**
 * Ends the trace. When it returns, everything that was recorded before is in the file, which is closed. What
 * still runs is shown in it as unfinished.
 *
 * Ownership: the returned error is yours.
 *
 * @return NULL if the file is complete. EINVAL: no trace is on. Else why the file is not what it should be:
 *         ENOSPC and the like, or EBADF if the program closed its descriptor, or ENOENT if it was deleted.
 */
PROC_API proc_error *proc_trace_stop(void);

/**
 * Whether anybody wants to know what happens: a trace, the flight recorder, hooks, or who has attached to a
 * static probe. Then it is worth the while to compose what they would be told.
 *
 * Threads: costs one atomic load.
 */
PROC_API bool proc_trace_enabled(void);

/**
 * The flight recorder: writes what was recorded last, and is in memory, to a file like that of a
 * trace. Recording goes on meanwhile.
 *
 * Ownership: as for `proc_trace_start`.
 *
 * @param path  as for `proc_trace_start`.
 * @return NULL if the file is complete. ENODATA: the flight recorder is off. EAGAIN: no thread can be had.
 *         Else why the file cannot be made or written.
 */
PROC_API proc_error *proc_trace_snapshot(const char *path);

/* ------------------------------------------------------------------------------------------------
 * Tasks, regions and logs by hand
 * ------------------------------------------------------------------------------------------------ */

/**
 * Begins a task by hand: for work that no process of its own does, such as one request of many. What runs
 * with the returned handle, or with one below it, is in this task: processes, tasks, regions and logs.
 *
 * Ownership: the name is copied. The handle is yours, until you end the task with `proc_task_end`.
 *
 * @param parent     the handle to be below; the task is in the one that this handle is in, or else in
 *                   that of the calling callback. NULL: nothing above cancels it.
 * @param task_type  the name, the same for all tasks of a kind. NULL is bad input.
 * @return never NULL. After bad input, a handle that is cancelled already, with a cause of code EINVAL that
 *         says so, and is in no task of its own.
 */
PROC_API PROC_MUST_USE proc_cancel *proc_task_begin(proc_cancel *parent, const char *task_type);

/**
 * Ends a task that was begun by hand, and releases its handle. It does not cancel it, and what was started
 * in it may go on.
 *
 * Ownership: takes the handle over; the error stays yours.
 *
 * Threads: any may end it.
 *
 * @param task   what `proc_task_begin` returned; may be NULL. If its task has ended, or was not begun by
 *               hand, it is only released, and the trace, if one is on, has a log that says so.
 * @param error  why it failed; NULL: it did not.
 */
PROC_API void proc_task_end(proc_cancel *task, const proc_error *error);

/**
 * Begins a region on the calling thread: a named interval in the trace.
 *
 * Ownership: the name is copied. The region is yours, until you end it with `proc_region_end`.
 *
 * Threads: costs one atomic load while nobody wants to know (`proc_trace_enabled`).
 *
 * @param cancel       says in which task the region is; NULL, or a handle in no task: in that of the calling
 *                     callback.
 * @param region_type  the name, the same for all regions of a kind. NULL is bad input.
 * @return NULL after bad input only, with `errno` EINVAL.
 */
PROC_API proc_region *proc_region_begin(proc_cancel *cancel, const char *region_type);

/**
 * Ends a region. Regions that were begun inside of it on the same thread, and have not ended, end with it.
 *
 * Ownership: takes the region over.
 *
 * Threads: to be called on the thread on which it began. On another one, or for a region that has ended, it
 * does nothing, and a region that nobody ends shows as unfinished.
 *
 * @param region  may be NULL.
 */
PROC_API void proc_region_end(proc_region *region);

/**
 * Says something in the trace, at this moment and on this thread.
 *
 * Threads: costs one atomic load while nobody wants to know (`proc_trace_enabled`).
 *
 * @param cancel    says in which task; as for `proc_region_begin`.
 * @param category  what kind of message it is, for those who look for them; NULL: none.
 * @param message   any text; what is longer than 64 KiB is cut, and ends with "…". NULL is bad input: the
 *                  trace then says that.
 */
PROC_API void proc_trace_log(proc_cancel *cancel, const char *category, const char *message);

/**
 * As `proc_trace_log`, with a message as `printf` would print it, which is composed only while somebody wants to
 * know.
 *
 * @param cancel    as for `proc_region_begin`.
 * @param category  as for `proc_trace_log`.
 * @param format    as for `printf`; NULL is bad input: the trace then says that.
 *
 */
PROC_API void proc_trace_logf(proc_cancel *cancel, const char *category, const char *format, ...) PROC_PRINTF(3, 4);

/**
 * The number of the task that a handle is in: the one that the trace has as `correlation_id` on all that
 * happens in the task. No other task of the program has it.
 *
 * @param cancel  may be NULL.
 * @return 0: it is in no task.
 */
PROC_API uint64_t proc_trace_task_id(const proc_cancel *cancel);

/**
 * Sets hooks in place of those that are set, if any are. When this returns, none of the former is running, and
 * none will be called any more: it waits for those that run. The words of tasks that still run then are passed to
 * nobody.
 *
 * They are called whether or not a trace is on, and make `proc_trace_enabled` true. A child of `fork` has its
 * parent's.
 *
 * @param hooks  NULL: none.
 * @return NULL on success. EDEADLK if it is called from within a hook: it would wait for itself. EINVAL after bad
 *         input: a size that was not set, or anything that is set beyond what this version of the library
 *         knows. Then nothing has changed.
 */
PROC_API proc_error *proc_trace_set_hooks(const proc_trace_hooks *hooks);

/* ------------------------------------------------------------------------------------------------
 * Version
 * ------------------------------------------------------------------------------------------------ */

/**
 * The version of the library that is running, as "MAJOR.MINOR.PATCH". The header that a program was
 * compiled with has PROC_VERSION_MAJOR, PROC_VERSION_MINOR and PROC_VERSION_PATCH.
 *
 * @return for the life of the program.
 */
PROC_API const char *proc_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* PROCESSION_H */
