/*
 * procession.h - structured concurrency for daemons
 *
 * A process is a C callback that runs with a cancel handle, blocks until its work is done or it is
 * cancelled, and may return an error. Combinators make big processes of small ones: all of them at once, one after
 * the other, as children come, with a limit, a deadline or a cleanup, again when they fail.
 *
 * proc_main runs one as the purpose of a program and turns signals into cancellation. proc_run runs one anywhere,
 * proc_start runs one as a job, which the caller need not wait for, and a channel hands items from thread to thread.
 * All functions are listed below.
 *
 * Five rules hold everywhere:
 *
 * 1. Handing over. A non-const proc_impl * or proc_error * that you pass to a function becomes the
 *    callee's, each element of an array too, even if the call fails. Only the _ref functions leave
 *    it yours: keep your own reference with them first. So this leaks nothing:
 *        proc_main(proc_task("web", proc_new(serve, &server, NULL)))
 * 2. Returned pointers. Non-const: yours to release or to hand on, unless the function says that it is
 *    borrowed. Const: borrowed, for as long as what it was got from lives.
 * 3. Cancel handles, nurseries, channels, promises and queues are borrowed by the callee, but for the _unref
 *    functions and proc_task_end, which release them.
 * 4. Threads. Every function may be called from any thread at any time, from a callback too, unless
 *    it says otherwise. Only functions that say async-signal-safe may be called in signal handlers,
 *    and none in handlers of pthread_atfork.
 * 5. Bad input is never undefined and never silent. A constructor given something wrong returns a
 *    process that starts nothing and fails with EINVAL and a message that names function, argument
 *    and index, and so does every combinator above it. NULL is allowed wherever something is released
 *    or asked: there, a NULL error is success, and a NULL cancel handle is never cancelled. Where
 *    NULL is bad input, the function says so.
 *
 * Durations are nanoseconds in an int64_t; a negative one is forever. Options are structs that begin with their size. A program in a
 * language without macros may fill such a struct with zeros and set the size: so where a duration of 0 would do harm, 0 stands for
 * the default, and PROC_AT_ONCE for no time.
 *
 * In the environment, PROCESSION_TRACE names a file for a trace (proc_main), and PROCESSION_EARLY_SIGNALS=1 is for process 1
 * (proc_early_signals). What a service manager says there is read by proc_main_with (NOTIFY_SOCKET and the like) and by
 * proc_listen_fds (LISTEN_FDS and the like).
 *
 * The library is for Linux on machines of 64 bits. If it cannot allocate memory, the program ends by SIGABRT, and standard
 * error says why. If no thread can be had, or no memory for one, this is an error instead (EAGAIN).
 *
 * Generated from src/ffi by cbindgen. Change the Rust, not this file.
 */

/*
 * Contents
 *
 * Processes
 *   proc_new                       Makes a process of a callback.
 *   proc_ref                       Makes another reference to a process.
 *   proc_unref                     Releases one reference to a process.
 *   proc_concurrent                Runs all children at the same time, and returns all their errors.
 *   proc_group                     Runs all children at the same time; the first failure cancels the others.
 *   proc_sequence                  Runs one child after the other, on the calling thread.
 *   proc_task                      Makes a process a task: a named unit of work.
 *   proc_trace_region              Makes a process a named interval in the trace, on one thread.
 *   proc_concurrent_limit          Like proc_concurrent, with at most limit children at the same time.
 *   proc_group_limit               Like proc_group, with at most limit children at the same time.
 *   proc_each                      Like proc_group_limit, for one callback that is called with each index from 0.
 *   proc_race                      Runs all children at the same time; the first to complete decides the result.
 *   proc_any                       Like proc_race, but the first child to succeed decides.
 *   proc_background                Makes a child that serves the other children: it is cancelled when they have ended.
 *
 * Running
 *   proc_run                       Runs a process and returns when it has completed.
 *   proc_main                      Runs a process as the purpose of a program, and returns when it has completed.
 *   proc_exit_status               Reports an error, if there is one, and gives what main should return.
 *
 * Errors
 *   proc_error_new                 Makes an error.
 *   proc_error_with_payload        Makes an error that carries something of your own.
 *   proc_error_with_typed_payload  Makes an error that carries something of your own, and says of what type it is.
 *   proc_errorf                    Makes an error with a message as printf would print it.
 *   proc_errno                     Makes an error of the calling thread's errno, with the text "WHAT: STRERROR".
 *   proc_error_wrap                Puts a text, as printf would print it, before that of an error: "TEXT: CAUSE".
 *   proc_error_merge               Makes one error of several: a multi error, or the only one that is left.
 *   proc_error_ref                 Makes another reference to an error.
 *   proc_error_unref               Releases one reference to an error.
 *   proc_error_code                The code of an error.
 *   proc_error_message             The whole text of an error, in UTF-8.
 *   proc_error_task_type           The name of the task that failed.
 *   proc_error_cause               Why the task failed, or the error that is wrapped in a text (proc_error_wrap).
 *   proc_error_count               How many errors there are side by side: in a multi error two or more, else one.
 *   proc_error_at                  One of the errors side by side.
 *   proc_error_payload             The payload of an error (proc_error_with_payload).
 *   proc_error_find_payload        The first payload of this type: of the error itself or of one in it, depth first.
 *   proc_error_is                  Whether an error, or any error in it, has this code.
 *   proc_error_is_echo             Whether an error only says "stopped, as asked".
 *   proc_error_find_task           The first task error with this name: the error itself or one in it, depth first.
 *
 * Cancellation
 *   proc_cancel_new                Makes a cancel handle.
 *   proc_cancel_new_any            Makes a cancel handle below several others: the first to be cancelled cancels it.
 *   proc_cancel_ref                Makes another reference to a cancel handle.
 *   proc_cancel_unref              Releases one reference to a cancel handle.
 *   proc_cancel_trigger            Cancels a handle and all below it.
 *   proc_cancelled                 Whether a handle is cancelled.
 *   proc_wait                      Blocks until a handle is cancelled or the time is up.
 *   proc_cancel_error              What a callback returns to say "stopped, as asked".
 *   proc_cancel_cause              Why a handle was cancelled.
 *   proc_current                   The cancel handle of the innermost process that runs on the calling thread.
 *   proc_on_cancel                 Has a function called when a handle is cancelled.
 *   proc_on_cancel_lent            Has a function called when a handle is cancelled, without keeping the handle.
 *   proc_hook_remove               Removes a hook and releases it.
 *
 * Files and sockets
 *   proc_read                      Reads available bytes; waits for some until a cancellation, or until the time is up.
 *   proc_write_all                 Writes all bytes; waits until a cancellation, or until the time is up.
 *   proc_accept                    Accepts a connection; waits for one until a cancellation, or until the time is up.
 *   proc_connect                   Connects a socket; waits until a cancellation, or until the time is up.
 *   proc_cancel_fd                 The descriptor of a cancel handle, for poll, epoll and event loops.
 *   proc_poll                      Waits for files as poll does, or until a handle is cancelled.
 *
 * What a cancellation does not reach
 *   proc_finally                   Runs a process, and then another one that cleans up, also if the first fails.
 *   proc_shield                    Runs a process that a cancellation from above reaches only after some time.
 *
 * Restarts and ordered stops
 *   proc_supervise                 Runs a process again when it fails, after a delay, up to a limit.
 *   proc_stack                     Runs services that depend on each other: they start in order and stop in reverse.
 *
 * Time
 *   proc_now                       The time of the clock that the library uses for all durations: CLOCK_MONOTONIC.
 *   proc_forever                   PROC_FOREVER, for languages that have no macros.
 *   proc_at_once                   PROC_AT_ONCE, for languages that have no macros.
 *   proc_delay                     Makes a process that waits, and then succeeds.
 *   proc_timeout                   Runs a process that is cancelled when its time is up.
 *   proc_cancel_new_timeout        Makes a cancel handle with a deadline.
 *   proc_cancel_remaining          How long it is until a deadline cancels a handle, its own or one above.
 *   proc_every                     Runs a process again and again, at each multiple of a period, until cancelled.
 *
 * Values
 *   proc_cancel_with_value         Makes a cancel handle that has a value, below another one.
 *   proc_with_value                Gives a value to all that runs in a process.
 *   proc_value                     The value that a handle has under a key.
 *
 * Channels
 *   proc_channel_new               Makes a channel: a bounded queue of items of one size.
 *   proc_channel_ref               Makes another reference to a channel.
 *   proc_channel_unref             Releases one reference to a channel.
 *   proc_channel_send              Sends an item; blocks while the channel is full.
 *   proc_channel_receive           Receives an item; blocks while the channel is empty.
 *   proc_channel_close             Closes a channel: from now on nothing can be sent.
 *   proc_channel_length            How many items are in a channel at this moment.
 *   proc_channel_fd                A descriptor that is readable while there is something to receive.
 *
 * Promises
 *   proc_promise_new               Makes a promise: something that somebody completes once, with success or an error.
 *   proc_promise_ref               Makes another reference to a promise.
 *   proc_promise_unref             Releases one reference to a promise.
 *   proc_promise_complete          Completes a promise, with success or with an error.
 *   proc_await                     Makes a process that completes as a promise does.
 *
 * Queues
 *   proc_queue_new                 Makes a queue of processes to run on a thread of your choice.
 *   proc_queue_ref                 Makes another reference to a queue.
 *   proc_queue_unref               Releases one reference to a queue.
 *   proc_on_queue                  Makes a process that runs another one in a queue.
 *   proc_queue_fd                  A descriptor that is readable while there is something to run in a queue.
 *   proc_queue_run                 Runs the processes in a queue, on the calling thread.
 *
 * Programs
 *   proc_child                     Makes a process that runs a program, and completes when the program has ended.
 *
 * Jobs
 *   proc_start                     Starts a process as a job, and returns at once.
 *   proc_job_fd                    A descriptor that is readable once a job is complete, and stays so.
 *   proc_job_wait                  Blocks until a job is complete or the time is up.
 *   proc_job_inside                Whether the calling thread is inside of a job, which it therefore cannot join.
 *   proc_job_join                  Waits until a job is complete, releases it, and returns its error.
 *
 * Work that comes while it runs
 *   proc_with_nursery              Makes a group whose children come while it runs: connections, requests, files.
 *   proc_spawn                     Spawns a child: hands a process over to a nursery, which runs it.
 *   proc_try_spawn                 As proc_spawn, but does not wait for a place.
 *   proc_nursery_wait              Blocks until no child of a nursery is left, or the time is up.
 *   proc_nursery_count             How many children of a nursery have not ended.
 *   proc_nursery_cancel            The handle that the children of a nursery run under.
 *   proc_nursery_ref               Makes another reference to a nursery, to keep it for longer than it runs.
 *   proc_nursery_unref             Releases one reference to a nursery.
 *
 * Daemons
 *   proc_main_with                 Runs a process as the purpose of a program, with options for its stop.
 *   proc_draining                  Whether a handle is cancelled or will be soon: the program was asked to stop.
 *   proc_drain_handle              A handle that is cancelled when another one begins to drain (proc_draining).
 *   proc_ready                     Says that a process is up: its port is open, its data is loaded.
 *   proc_alive                     Says that a service is alive, and will say so again within some time.
 *   proc_healthy                   Whether no service is late with its next proc_alive.
 *   proc_status                    Tells the service manager in words what the program does at this moment.
 *   proc_service                   Makes a process a task that says when it is up: a service.
 *   proc_on_signal                 Runs a process at each arrival of a signal, until it is cancelled.
 *   proc_listen_fds                The sockets that the service manager holds for the program (socket activation).
 *   proc_early_signals             From now on, keeps SIGINT and SIGTERM for proc_main.
 *
 * The live tree
 *   proc_dump                      Writes everything that runs now, in the whole program, as a tree.
 *
 * Numbers
 *   proc_get_stats                 Fills in numbers: what the library does, and what it has done.
 *
 * Configuration
 *   proc_configure                 Configures all threads of the library.
 *
 * Defaults without macros
 *   proc_main_options_init         Sets options to the values of PROC_MAIN_OPTIONS_INIT.
 *   proc_config_init               As proc_main_options_init, to the values of PROC_CONFIG_INIT.
 *   proc_nursery_options_init      As proc_main_options_init, to the values of PROC_NURSERY_OPTIONS_INIT.
 *   proc_supervise_options_init    As proc_main_options_init, to the values of PROC_SUPERVISE_OPTIONS_INIT.
 *   proc_child_options_init        As proc_main_options_init, to the values of PROC_CHILD_OPTIONS_INIT.
 *   proc_trace_hooks_init          As proc_main_options_init, to the values of PROC_TRACE_HOOKS_INIT.
 *   proc_stats_init                As proc_main_options_init, to the values of PROC_STATS_INIT.
 *   proc_simulation_init           As proc_main_options_init, to the values of PROC_SIMULATION_INIT.
 *
 * Tracing
 *   proc_trace_start               Begins to write what happens in the program to a file, for ui.perfetto.dev.
 *   proc_trace_stop                Ends the trace.
 *   proc_trace_enabled             Whether anything records what happens.
 *   proc_trace_snapshot            Writes the events in the flight recorder to a file like that of a trace.
 *
 * Tasks, regions and logs by hand
 *   proc_task_begin                Begins a task by hand, for work that is not a process of its own.
 *   proc_task_end                  Ends a task that was begun by hand, and releases its handle.
 *   proc_task_label                Gives a task a label, which tells it from others of its kind.
 *   proc_region_begin              Begins a region on the calling thread: a named interval in the trace.
 *   proc_region_end                Ends a region.
 *   proc_trace_log                 Writes a message to the trace, at this moment and on this thread.
 *   proc_trace_logf                As proc_trace_log, with a message as printf would print it.
 *   proc_trace_task_id             The number of the task that a handle is in.
 *
 * Simulation
 *   proc_simulate                  Runs a program in a simulation, in which a seed decides the order of its threads.
 *   proc_simulated                 Whether the calling thread is in a run of proc_simulate.
 *   proc_simulate_signal           Sends a signal to the program of a run, as if it came from outside.
 *   proc_yield                     A point at which another thread of a run may go on (proc_simulate).
 *   proc_trace_set_hooks           Sets hooks, and replaces the former ones.
 *
 * Version
 *   proc_version                   The version of the library that is running, as "MAJOR.MINOR.PATCH".
 *   proc_version_number            The version of the library that is running, as a number.
 *   proc_max_depth                 PROC_MAX_DEPTH of the library that is running.
 *   proc_min_stack_size            PROC_MIN_STACK_SIZE of the library that is running.
 *   proc_max_name_prefix           PROC_MAX_NAME_PREFIX of the library that is running.
 */

#ifndef PROCESSION_H
#define PROCESSION_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#if UINTPTR_MAX != UINT64_MAX
#error "procession needs a target of 64 bits"
#endif

#if defined(__GNUC__)
#define PROC_API __attribute__((__visibility__("default")))
#define PROC_MUST_USE __attribute__((__warn_unused_result__))
#define PROC_PRINTF(string, first) __attribute__((__format__(__printf__, string, first)))
#else
#define PROC_API
#define PROC_MUST_USE
#define PROC_PRINTF(string, first)
#endif

/* Declared as in <sys/socket.h>, which is not included: its names, such as `send`, may be names of your program. */
struct sockaddr;

/**
 * A duration that never ends. Every other negative duration means the same.
 */
#define PROC_FOREVER INT64_C(-1)

/**
 * The shortest duration, 1 ns: for the fields of options in which 0 stands for the default.
 */
#define PROC_AT_ONCE INT64_C(1)

/**
 * `n` milliseconds, as a duration in nanoseconds.
 *
 * @param n  an integer.
 */
#define PROC_MS(n) (INT64_C(1000000) * (n))

/**
 * `n` seconds, as a duration in nanoseconds.
 *
 * @param n  an integer.
 */
#define PROC_SECONDS(n) (INT64_C(1000000000) * (n))

/**
 * Initializes a `proc_config` with the defaults: `proc_config config = PROC_CONFIG_INIT;`
 */
#define PROC_CONFIG_INIT {sizeof(proc_config), 0, SIZE_MAX, PROC_SECONDS(30), NULL, NULL, NULL, NULL, 0, NULL, 0}

/**
 * Initializes a `proc_nursery_options` with the defaults: `proc_nursery_options options = PROC_NURSERY_OPTIONS_INIT;`
 */
#define PROC_NURSERY_OPTIONS_INIT {sizeof(proc_nursery_options), 0, NULL, NULL}

/**
 * Initializes a `proc_supervise_options` with the defaults: `proc_supervise_options options = PROC_SUPERVISE_OPTIONS_INIT;`
 */
#define PROC_SUPERVISE_OPTIONS_INIT {sizeof(proc_supervise_options), PROC_MS(100), PROC_SECONDS(30), 20, PROC_SECONDS(60), 5, PROC_SECONDS(60), false, NULL, NULL}

/**
 * Initializes a `proc_child_options` with the defaults: `proc_child_options options = PROC_CHILD_OPTIONS_INIT;`
 */
#define PROC_CHILD_OPTIONS_INIT {sizeof(proc_child_options), NULL, NULL, NULL, -1, -1, -1, NULL, NULL, PROC_SECONDS(5), NULL}

/**
 * Initializes a `proc_trace_hooks`: `proc_trace_hooks hooks = PROC_TRACE_HOOKS_INIT;`
 */
#define PROC_TRACE_HOOKS_INIT {sizeof(proc_trace_hooks), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL}

/**
 * Initializes a `proc_simulation` with the defaults: `proc_simulation options = PROC_SIMULATION_INIT;`
 */
#define PROC_SIMULATION_INIT {sizeof(proc_simulation), 0, 1, 0, 3, PROC_SECONDS(2592000), 10000000, 0, 0, NULL, NULL, 0, 0, PROC_SECONDS(1), 0, NULL, 0}

/**
 * Initializes a `proc_stats`: `proc_stats stats = PROC_STATS_INIT;`
 */
#define PROC_STATS_INIT {sizeof(proc_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

/**
 * Initializes a `proc_main_options` with the defaults: `proc_main_options options = PROC_MAIN_OPTIONS_INIT;`
 */
#define PROC_MAIN_OPTIONS_INIT {sizeof(proc_main_options), NULL, 0, 0, PROC_FOREVER, 0, false, NULL, PROC_SECONDS(1), 0, false, {0}, NULL, NULL}

/* The combinators with their children as arguments, such as PROC_GROUP(a, b, c). */
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

/**
 * `proc_concurrent` of its arguments, one or more processes.
 */
#define PROC_CONCURRENT(...) PROC_CHILDREN(proc_concurrent, __VA_ARGS__)

/**
 * `proc_group` of its arguments, one or more processes.
 */
#define PROC_GROUP(...) PROC_CHILDREN(proc_group, __VA_ARGS__)

/**
 * `proc_sequence` of its arguments, one or more processes.
 */
#define PROC_SEQUENCE(...) PROC_CHILDREN(proc_sequence, __VA_ARGS__)

/**
 * `proc_race` of its arguments, one or more processes.
 */
#define PROC_RACE(...) PROC_CHILDREN(proc_race, __VA_ARGS__)

/**
 * `proc_any` of its arguments, one or more processes.
 */
#define PROC_ANY(...) PROC_CHILDREN(proc_any, __VA_ARGS__)

/**
 * `proc_stack` of its arguments, one or more processes.
 */
#define PROC_STACK(...) PROC_CHILDREN(proc_stack, __VA_ARGS__)


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
#define PROC_VERSION_MINOR 2

/**
 * The patch version of this header.
 */
#define PROC_VERSION_PATCH 0

/**
 * How many combinators may be nested around a callback. Deeper is bad input, with ELOOP.
 *
 * Running a tree takes less than 1 KiB of a thread's stack for each combinator around the callback, and some KiB once,
 * in addition to the stack of the callbacks (and of the trees that they run). Releasing a deep tree takes no more
 * stack than releasing a flat one.
 */
#define PROC_MAX_DEPTH 1000

/**
 * How `proc_dump` writes.
 */
typedef enum {
    /**
     * For people: one line for each process, as `pstree` draws a tree.
     */
    PROC_DUMP_TEXT,
    /**
     * For programs: one JSON object on one line, as docs/dump.schema.json describes it.
     */
    PROC_DUMP_JSON,
} proc_dump_format;

/**
 * How a simulation chooses the next thread: for the field `schedule` of `proc_simulation`.
 */
typedef enum {
    /**
     * A random thread of those that can go on, each equally likely. The choice is made at each switch, or at one of 2, 4 and so on up to 32
     * switches, as is drawn for each run; at the other switches the running thread goes on.
     */
    PROC_SCHEDULE_RANDOM,
    /**
     * Probabilistic concurrency testing: each thread has a priority, the thread with the highest priority goes on, and at `depth` − 1 points the
     * running thread gets the lowest priority. This finds errors that need a few switches at the right places, however many switches there are.
     */
    PROC_SCHEDULE_PCT,
    /**
     * All orders, one after the other: for small programs.
     */
    PROC_SCHEDULE_EXHAUSTIVE,
} proc_schedule;

/**
 * A cancel handle: the context that a process runs in. It says, once and for good, that the process should stop, and
 * why. Handles form a tree: cancelling a handle cancels all handles below it.
 *
 * A process that runs in a `proc_task` is given a handle that knows this task. In all else it is the same as the
 * handle around the task: cancelling either cancels both.
 *
 * Ownership: reference counted, and always borrowed by what it is passed to. The one that a callback
 * receives is valid until the callback returns; `proc_cancel_ref` keeps it longer.
 *
 * Threads: may be used from several threads at the same time.
 */
typedef struct proc_cancel proc_cancel;

/**
 * A channel: a bounded queue of items of one size, between threads (`proc_channel_new`).
 *
 * Ownership: reference counted; it is borrowed by all functions but `proc_channel_unref`.
 *
 * Threads: may be used from several threads at the same time.
 */
typedef struct proc_channel proc_channel;

/**
 * An error: what a process that failed returns. NULL is success. It never changes.
 *
 * Three kinds: a *failure* has a code and a message; a *task error* says in which task its cause happened; a *multi
 * error* lists the errors of processes that ran side by side. Each of them may be wrapped in a text
 * (`proc_error_wrap`): functions that search an error look inside of the wrapping, too.
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
 * A nursery: one run of a process whose children come while it runs (`proc_with_nursery`).
 *
 * Ownership: reference counted, and always borrowed by what it is passed to. The one that a body receives is
 * valid until the nursery has completed; `proc_nursery_ref` keeps it longer.
 *
 * Threads: may be used from several threads at the same time.
 */
typedef struct proc_nursery proc_nursery;

/**
 * A promise: something that is completed once, for those who await it (`proc_promise_new`).
 *
 * Ownership: reference counted. With the last reference goes the possibility to complete it.
 *
 * Threads: may be used from several threads at the same time.
 */
typedef struct proc_promise proc_promise;

/**
 * A queue of what is to run on a thread of the program's choice (`proc_queue_new`).
 *
 * Ownership: reference counted; it is borrowed by all functions but `proc_queue_unref`. With the last reference goes the possibility to
 * run what is in it.
 *
 * Threads: may be used from several threads at the same time.
 */
typedef struct proc_queue proc_queue;

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
 * It must return. Leaving it by a C++ exception, `pthread_exit` or a cancelled thread ends the program with a message that names its tasks; leaving
 * it by `longjmp` is undefined. `proc_poll` is the only function of this library that is a cancellation point of `pthread_cancel`: in the other
 * functions a thread goes on waiting, and is cancelled later. A thread must not have asynchronous cancellation enabled in functions of this library.
 * It may call every function of this library. It may fork; the child must not return from the callback (which ends it with a message), but call
 * `exec` or `_exit`. Before that it may run processes of its own, with handles, channels and promises of its own. A thread of the parent may be
 * using an object of the parent at the moment of the `fork`, and does not exist in the child: so a call with such an object may block for ever.
 *
 * Threads: runs on the thread that runs the process, or on one of the library's. Those have the
 * system's default stack, at least 2 MiB (or what `proc_configure` was told), and all signals blocked but
 * faults and `open_signals` (of `proc_config`: SIGPROF, unless you choose others). So a write to a closed pipe
 * fails with EPIPE there, where it may raise SIGPIPE on a thread of yours (ignore SIGPIPE), and what a thread
 * sends itself by `raise` waits for ever (use `kill`). What the library itself writes raises no signal on any
 * thread.
 * On one of the library's, too, it runs on the processors, and with the scheduling policy, the priority
 * and the nice value, of the thread that has it run: of the one that runs the concurrent process or the
 * group that it is in, or that started the job; as far as the system allows that, which may not let a
 * thread become more urgent again. If it changes them, it sets them back before it returns. The timer
 * slack is the one that the program was started with, unless the thread that started a job has another. If
 * the same process runs several times at once, so does its callback, with the same `user_data`.
 *
 * Child programs: `proc_child` starts one with no signal blocked, and stops it, too. Without `proc_child`: a child that is forked on a thread of the
 * library has no signals blocked, and neither have the programs that it executes. A program that is started there by `posix_spawn`, `vfork`,
 * `system` or `popen` inherits the blocked signals: it does not receive SIGTERM. Give `posix_spawn` an empty mask (POSIX_SPAWN_SETSIGMASK), or
 * unblock all signals (`pthread_sigmask`) while you start the program. Signals that your program ignores stay ignored in a child, and many programs
 * rely on SIGPIPE to end: set it to SIG_DFL again in the child. And a thread without work ends (`idle_timeout_ns`): for a child with
 * PR_SET_PDEATHSIG this is the death of its parent.
 *
 * @param cancel     borrowed until the callback returns; never NULL.
 * @param user_data  what `proc_new` was given.
 * @return NULL on success, else an error, which the caller owns.
 */
typedef proc_error *(*proc_fn)(proc_cancel *cancel, void *user_data);

/**
 * Releases `user_data`, exactly once, after its last use, on the thread that ended that use. It must
 * return, as a callback must.
 *
 * @param user_data  handed over; NULL, if that is what the library was given.
 */
typedef void (*proc_destroy_fn)(void *user_data);

/**
 * The code of a child of `proc_each`: like `proc_fn`, with the index of the child.
 *
 * @param cancel     borrowed until the callback returns; never NULL.
 * @param index      which child it is, from 0.
 * @param user_data  what `proc_each` was given.
 * @return NULL on success, else an error, which the caller owns.
 */
typedef proc_error *(*proc_index_fn)(proc_cancel *cancel, size_t index, void *user_data);

/**
 * Decides whether a supervised process runs again after an error.
 *
 * @param error      borrowed until it returns; never NULL.
 * @param user_data  that of the options.
 * @return true: it runs again.
 */
typedef bool (*proc_restart_fn)(const proc_error *error, void *user_data);

/**
 * When a supervised process runs again: `proc_supervise_options options = PROC_SUPERVISE_OPTIONS_INIT;`
 *
 * Ownership: yours; `proc_supervise` copies it.
 */
typedef struct proc_supervise_options {
    /**
     * sizeof(proc_supervise_options), as PROC_SUPERVISE_OPTIONS_INIT sets it.
     */
    size_t size;
    /**
     * How long it waits before it runs the process again, in nanoseconds: default 100 ms. Each failure doubles the delay for the next one. 0: it
     * does not wait; then only `most` limits how often it fails at full speed. Negative (PROC_FOREVER): it waits until it is cancelled.
     */
    int64_t first_delay_ns;
    /**
     * The longest delay, in nanoseconds: doubling ends there. Default 30 s, or `first_delay_ns` if that is more; 0: the default. Negative: no limit.
     * Otherwise less than `first_delay_ns` is bad input.
     */
    int64_t longest_delay_ns;
    /**
     * By how many percent each delay is made shorter or longer at most, at random, so that processes that failed at the same moment do not all begin
     * again at the same moment: default 20. Less than 0 or more than 100 is bad input.
     */
    int jitter_percent;
    /**
     * A run that lasted this long, in nanoseconds, was healthy: the delay after it is `first_delay_ns` again. Default
     * 60 s, which 0 stands for, too; negative: no run is healthy; PROC_AT_ONCE: each run is.
     */
    int64_t healthy_after_ns;
    /**
     * How many failures within `within_ns` are allowed: after more it gives up. Default 5 in 60 s; SIZE_MAX: it never gives up; 0: it gives up at
     * the first.
     */
    size_t most;
    /**
     * The time for `most`, in nanoseconds. Healthy runs in between do not matter. Negative: all failures count. 0: the
     * default.
     */
    int64_t within_ns;
    /**
     * Whether the process runs again also after a success, `first_delay_ns` later. Default false: success ends it.
     */
    bool restart_on_success;
    /**
     * Called after each failure: decides whether the process runs again. If not, the supervision ends with the error as it is. It is not called
     * after a cancellation. It is called on the thread that runs the process, and must return, as a callback must. NULL, the default: the process
     * runs again after any error.
     */
    proc_restart_fn restart;
    /**
     * Passed to `restart` as it is; may be NULL. It stays yours, and must be there until the process's last run and last
     * reference have ended.
     */
    void *user_data;
} proc_supervise_options;

/**
 * The key of a value (`proc_value`): `static const proc_key request = {"request"};`. The address of the struct is the key, so two structs with the
 * same name are two keys.
 *
 * Ownership: yours, for instance static; it must be there until the program ends.
 */
typedef struct proc_key {
    /**
     * For people; may be NULL.
     */
    const char *name;
} proc_key;

/**
 * Code that receives the output of a program.
 *
 * @param stream     1: to its standard output; 2: to its standard error.
 * @param bytes      borrowed until it returns; never NULL.
 * @param count      how many.
 * @param user_data  that of the options.
 */
typedef void (*proc_output_fn)(int stream, const char *bytes, size_t count, void *user_data);

/**
 * A program to run: `proc_child_options options = PROC_CHILD_OPTIONS_INIT;`
 *
 * Ownership: yours; `proc_child` copies it, with all strings.
 */
typedef struct proc_child_options {
    /**
     * sizeof(proc_child_options), as PROC_CHILD_OPTIONS_INIT sets it.
     */
    size_t size;
    /**
     * The arguments of the program, and NULL after the last. The first argument is the name of the program: it is looked up in the PATH of the
     * calling program, unless there is a slash in it. NULL, no arguments and an empty name are bad input.
     */
    const char *const *argv;
    /**
     * The environment of the program, "NAME=VALUE" each, and NULL after the last. NULL: the environment of the calling program at the start, without
     * the variables that are for the calling program alone: NOTIFY_SOCKET, WATCHDOG_*, LISTEN_*, PROCESSION_TRACE and PROCESSION_SEED.
     */
    const char *const *envp;
    /**
     * The working directory of the program; relative names, that of the program too, are looked up there. NULL: the
     * working directory of the calling program. If there is no such directory, the process fails as for a program that
     * does not exist (ENOENT).
     */
    const char *directory;
    /**
     * The descriptor of the calling program that becomes the standard input of the program. Default -1: /dev/null.
     */
    int in;
    /**
     * The same for its standard output. Default -1: the standard output of the calling program, or /dev/null if that
     * is closed.
     */
    int out;
    /**
     * The same for its standard error.
     */
    int err;
    /**
     * Receives the output of the program as it comes, in the place of `out` and `err`. One run makes one call at a time. It is a callback like that
     * of `proc_new`, on the thread that runs the process; until it returns, nothing is read, and the program blocks when a pipe is full. NULL, the
     * default: no function receives the output.
     */
    proc_output_fn on_output;
    /**
     * Passed to `on_output` as it is; may be NULL. It stays yours, and must be there until the process's last run has ended.
     */
    void *user_data;
    /**
     * How long after SIGTERM the group of the program is killed, in nanoseconds. Default 5 s; 0: at once, and without
     * SIGTERM; negative (PROC_FOREVER): never.
     */
    int64_t stop_after_ns;
    /**
     * Where to store the status of the program, as `waitpid` gives it. It is left alone if the program was not started, or the status was lost.
     * NULL, the default: nowhere. It must be there until the process's last run has ended.
     */
    int *status_out;
} proc_child_options;

/**
 * The body of a nursery: the first of its children. It may spawn others (`proc_spawn`), and pass the nursery to other
 * code that spawns.
 *
 * Like a `proc_fn`, it must return. After that, the nursery goes on until no child is left.
 *
 * @param nursery    borrowed until the nursery has completed, and never NULL; `proc_nursery_ref` keeps it longer.
 * @param cancel     the handle that the children run under, too (`proc_nursery_cancel`); borrowed until the body returns; never NULL.
 * @param user_data  what `proc_with_nursery` was given.
 * @return NULL on success, else an error, which the caller owns.
 */
typedef proc_error *(*proc_nursery_fn)(proc_nursery *nursery, proc_cancel *cancel, void *user_data);

/**
 * Decides what a child's failure means for its nursery: `on_failure` of `proc_nursery_options`.
 *
 * @param error      handed over, and never NULL: return it, return another one that is made of it, or release it.
 * @param user_data  that of the options.
 * @return NULL: the nursery goes on; else the error that the nursery fails with.
 */
typedef proc_error *(*proc_failure_fn)(proc_error *error, void *user_data);

/**
 * How a nursery deals with its children: `proc_nursery_options options = PROC_NURSERY_OPTIONS_INIT;`
 */
typedef struct proc_nursery_options {
    /**
     * sizeof(proc_nursery_options), as PROC_NURSERY_OPTIONS_INIT sets it.
     */
    size_t size;
    /**
     * How many children the nursery may have at once: those that were accepted and have not ended. The body does not
     * count. 0, the default: any number.
     */
    size_t limit;
    /**
     * Called when a child has failed. It takes over the error. If it returns an error, the nursery fails with that one, which is also the cause of
     * the cancellation; if it returns NULL, the nursery and the other children go on. So a server can log the error of a connection and go on. It
     * runs on the thread where the child ended, on several threads at the same time if several children end, and under no lock; it must return, as a
     * callback must. Until then, the child counts for `limit`. It is not called for the body, nor for an error that only passes on why the nursery
     * was cancelled (`proc_error_is_echo`). NULL, the default: errors are left as they are.
     */
    proc_failure_fn on_failure;
    /**
     * Passed to `on_failure` as it is; may be NULL. It stays yours, and must be there until the process's last run
     * and last reference have ended.
     */
    void *user_data;
} proc_nursery_options;

/**
 * How a program is stopped: options of `proc_main_with`. Begin with PROC_MAIN_OPTIONS_INIT, which sets the size and
 * the defaults, and change what you want to be different.
 *
 * Ownership: yours, and borrowed until `proc_main_with` returns.
 */
typedef struct proc_main_options {
    /**
     * sizeof(proc_main_options): programs of older headers go on working.
     */
    size_t size;
    /**
     * The signals that ask the program to stop. NULL, with a count of 0: SIGINT and SIGTERM. Not NULL, with a count of
     * 0: no signal does.
     */
    const int *signals;
    /**
     * How many `signals`.
     */
    size_t signal_count;
    /**
     * The drain time: how long the program goes on between the signal and the cancellation, in nanoseconds.
     * `proc_draining` is true at once, so that no new clients are sent here, and clients that still come are served.
     * Default 0; negative (PROC_FOREVER): until a further signal ends the program (`force_after_ns`).
     */
    int64_t drain_ns;
    /**
     * The grace period: how long the process may take after that cancellation, in nanoseconds, before the program is
     * ended as if by the signal. Default PROC_FOREVER, which 0 stands for, too; PROC_AT_ONCE: the program does not
     * wait.
     */
    int64_t grace_ns;
    /**
     * Each time this signal comes, the live tree is printed to standard error, as by `proc_dump`; nothing is stopped.
     * Default 0: no signal.
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
    /**
     * How long after the first of `signals` a further one of them ends the program, in nanoseconds. A signal that comes sooner is the same request:
     * the command `timeout` sends it to the program and then to its group, and people press Ctrl-C twice. It shortens neither the drain time nor the
     * grace period. Default 1 s; 0: any further signal ends the program, at once; negative (PROC_FOREVER): no further signal does.
     */
    int64_t force_after_ns;
    /**
     * How long the program may go on when it stops because of a failure of its own, in nanoseconds. That is, a failure
     * has cancelled the outermost group, nursery, stack or race, around which there is nothing but tasks, services,
     * trace regions and shields; from then on the time counts. (A child that does not return would block the stop, and
     * perhaps no signal comes.) When the time is over, the live tree is written to standard error, and the failure as
     * `proc_exit_status` writes it, and the program ends with exit status 1. Default 0, and negative (PROC_FOREVER):
     * it waits for ever.
     */
    int64_t failure_grace_ns;
    /**
     * Whether to reap orphans while the process runs: processes whose parent has ended and that the kernel has given to this program, because the
     * program is process 1 of a container, or has made itself a subreaper (PR_SET_CHILD_SUBREAPER; this option does not). Children that the program
     * or this library has made are never reaped in this way: their status stays until their maker asks for it, however late. The kernel does not
     * tell children and orphans apart, so an orphan is reaped only if there is evidence that another process has made it: it was forked, without
     * anything executed, by a child that this program has forked; or it was seen as the child of another process (four times a second, in /proc, if
     * that is mounted for the program's own namespace of processes); or it is in a session that is neither the program's nor its own. An orphan that
     * a child has executed and left within moments, in the same session, stays a zombie: if there are many of these, use a small init as process 1.
     * Default false.
     */
    bool reap;
    /**
     * Must be 0.
     */
    char reserved[7];
    /**
     * Called before the program is ended by force: by a further one of `signals`, or because a grace period is over. Use it to save data that the
     * program has acknowledged. The live tree is written to standard error first. The function has 2 seconds, which no further signal shortens; then
     * the program ends, whether or not the function has returned. It runs on a thread of its own, which exists from the beginning, and may call this
     * library. All other threads go on running meanwhile: they may hold locks that the function needs. It is not called when the program is aborted
     * because a callback was left by an exception. NULL, the default: no function is called, and a further signal ends the program at once.
     */
    void (*on_abandon)(void *user_data);
    /**
     * Passed to `on_abandon` as it is; may be NULL. It stays yours.
     */
    void *user_data;
} proc_main_options;

/**
 * What the library does and has done, in numbers. PROC_STATS_INIT sets the size and all else to 0.
 *
 * Numbers whose names end in `_total` only grow: from 0 at the start of the program, and in a child of `fork` from 0
 * again. All others are current values. A *process* here is one run of a callback, since that is what runs;
 * combinators are not counted, and neither is what was not started.
 */
typedef struct proc_stats {
    /**
     * sizeof(proc_stats), which the caller sets: programs of older headers go on working.
     */
    size_t size;
    /**
     * Threads of the library that exist.
     */
    uint64_t threads_live;
    /**
     * Of these, how many are parked until there is work for them. (The one that watches over children
     * that nobody runs yet is not among them.)
     */
    uint64_t threads_idle;
    /**
     * The largest number of threads that existed at the same time.
     */
    uint64_t threads_peak;
    /**
     * Threads that were created.
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
     * Callbacks that returned an error, including the cause of their cancellation.
     */
    uint64_t processes_failed_total;
    /**
     * Tasks that run, those that were begun by hand included.
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
     * Runs of a `proc_concurrent`, `proc_group`, `proc_each`, `proc_race` or `proc_any` of two children or more.
     */
    uint64_t fan_outs_total;
    /**
     * Threads of the library that came to help with such a run, or with a nursery; also those that found nothing left
     * to do.
     */
    uint64_t helpers_total;
    /**
     * Cancellations: by `proc_cancel_trigger`, a deadline, a signal that stops `proc_main`, a child's failure, or the
     * end of a group whose handle somebody keeps. Handles that were cancelled along with a handle above are not
     * counted, and neither are further cancellations of a cancelled handle.
     */
    uint64_t cancellations_total;
    /**
     * Nurseries that run: from before their body is called until no child is left.
     */
    uint64_t nurseries_running;
    /**
     * Children that nurseries have accepted, whatever became of them.
     */
    uint64_t children_spawned_total;
    /**
     * Deadlines that have cancelled their handle; these are counted as cancellations, too.
     */
    uint64_t timeouts_total;
    /**
     * Failures after which `proc_supervise` has run its child again.
     */
    uint64_t restarts_total;
} proc_stats;

/**
 * A function that the library calls on its threads (`proc_config`). It must return, as a callback must.
 *
 * @param user_data  that of the configuration.
 */
typedef void (*proc_thread_fn)(void *user_data);

/**
 * Choices for the threads of the library. PROC_CONFIG_INIT sets the size and the defaults.
 *
 * Ownership: all of it is yours, and is copied, but for `user_data`.
 */
typedef struct proc_config {
    /**
     * sizeof(proc_config): programs of older headers go on working.
     */
    size_t size;
    /**
     * How many bytes of its stack a thread has for callbacks. The library adds the stack that it needs itself, so that the deepest tree runs with
     * any size: 1 MiB of address space (1.25 MiB if the processor is not x86-64), of which no more is used than the tree needs. If the thread-local
     * data of the program's libraries is larger than 32 KiB, it takes a part of `stack_size`. At least PROC_MIN_STACK_SIZE; 0, the default: the
     * whole stack has the size that the system gives threads (`ulimit -s`), but 2 MiB at least.
     */
    size_t stack_size;
    /**
     * How many idle threads are kept; further idle threads end. Default SIZE_MAX: any number. 0: none; but if `idle_timeout_ns` is 0, too, as in a
     * struct that is filled with zeros, the default. The thread that watches over children that no thread runs yet does not count.
     */
    size_t max_idle_threads;
    /**
     * How long an idle thread is kept, in nanoseconds; negative: for ever. Default: 30 seconds, which 0 stands for,
     * too; PROC_AT_ONCE: idle threads are not kept. If a callback starts a child that asks for a signal at the death
     * of its parent (PR_SET_PDEATHSIG), the child gets the signal when the thread that has started it ends: in this
     * case keep threads for ever.
     */
    int64_t idle_timeout_ns;
    /**
     * The name of the threads: the prefix; inside of a task the prefix, a slash, and as much of the end of the task's
     * name as fits into 15 bytes. At most PROC_MAX_NAME_PREFIX bytes. NULL or "", the default: inside of a task the
     * task's name alone, else "procession".
     */
    const char *thread_name_prefix;
    /**
     * Called on each thread of the library before anything else, for what runtimes must be told of
     * foreign threads; may be NULL, the default. Processes may be waiting for the thread, so it must not
     * wait for any.
     */
    proc_thread_fn on_thread_start;
    /**
     * Called on each thread of the library that ends, after everything else; may be NULL, the default. It is not
     * called for threads that exist when the program ends.
     */
    proc_thread_fn on_thread_stop;
    /**
     * Passed to both as it is; may be NULL. It stays yours, and must be there until the program ends.
     */
    void *user_data;
    /**
     * How many bytes of memory the flight recorder has. It records all the time, at some 40 ns for each event, and
     * `proc_trace_snapshot` writes its events to a file. At least 2 MiB are used, for some 60,000 events; memory is
     * taken only when it is needed. 0, the default: the flight recorder is off.
     */
    size_t flight_recorder_size;
    /**
     * Signals that are not blocked on the threads of the library, in addition to faults such as SIGSEGV, which must
     * not be in the array. Use it for signals that each thread must receive itself: for instance, those by which a
     * garbage collector stops all threads. Their handlers then run on these threads too, where system calls may end
     * with EINTR. All other signals are blocked there; only the thread that listens for `proc_main` and
     * `proc_on_signal` receives their signals. NULL, the default: SIGPROF alone, by which profilers take samples. An
     * array replaces this default; an array without elements means no signals, for a program that blocks SIGPROF on
     * its threads and takes it with `sigwait`.
     */
    const int *open_signals;
    /**
     * How many `open_signals` there are. A signal may be there twice.
     */
    size_t open_signal_count;
} proc_config;

/**
 * A task, as it is passed to hooks.
 *
 * Ownership: borrowed, until the hook returns.
 */
typedef struct proc_trace_task {
    /**
     * Its number (`proc_trace_task_id`).
     */
    uint64_t id;
    /**
     * Its name; never NULL.
     */
    const char *task_type;
    /**
     * What `task_begin` has returned for it; NULL if it began before these hooks were set, and after
     * its `task_end`.
     */
    void *word;
} proc_trace_task;

/**
 * Hooks: functions that the library calls when something happens. PROC_TRACE_HOOKS_INIT sets the size, and NULL for
 * all else: each may be NULL.
 *
 * `task` is the task in which something happens, NULL outside of tasks. All that is passed is borrowed until the
 * hook returns.
 *
 * A hook is called on the thread on which the event happens, and this thread waits for it, so the hook should be
 * short. No lock of the library is held. It may call every function of this library but `proc_trace_set_hooks`; what
 * the hook does itself, and what it runs on other threads, calls no hooks. It must return, as a callback must.
 *
 * Threads: hooks are called on many threads at the same time.
 *
 * Ownership: the struct is copied, but for `user_data`.
 */
typedef struct proc_trace_hooks {
    /**
     * sizeof(proc_trace_hooks): programs of older headers go on working.
     */
    size_t size;
    /**
     * A task begins. The hook returns the task's `word`: anything of yours, which must be there until its `task_end`. `parent` is the innermost task
     * around it.
     */
    void *(*task_begin)(const proc_trace_task *task, const proc_trace_task *parent, void *user_data);
    /**
     * A task ends. `error` is what it has failed with; NULL: it has not, or only passes on why it was cancelled.
     * `cause` is why it was cancelled; NULL: it was not. The `word` of the task is not passed after that; but at this
     * moment another thread, which has kept a handle of the task, may be in another hook with it.
     */
    void (*task_end)(const proc_trace_task *task, const proc_error *error, const proc_error *cause, void *user_data);
    /**
     * A region begins. On one thread, no two regions have the same number. For hooks, a region around a wait without a thread (`proc_await`) ends
     * when the wait begins.
     */
    void (*region_begin)(const proc_trace_task *task, uint64_t region, const char *region_type, void *user_data);
    /**
     * The region with this number ends. It has begun on this thread, perhaps before these hooks were set. The hook is
     * called once for each region; first for regions inside of it that have not ended.
     */
    void (*region_end)(uint64_t region, void *user_data);
    /**
     * A message is logged (`proc_trace_log`). The category is "" if there is none.
     */
    void (*log)(const proc_trace_task *task, const char *category, const char *message, void *user_data);
    /**
     * This thread starts something that other threads may run: several children of a combinator, a job, or a child
     * that is spawned. (For a child that is refused, `arrive` is never called.)
     */
    void (*spawn)(const proc_trace_task *task, uint64_t spawn, void *user_data);
    /**
     * A child of that spawn, or the job, runs on this thread, which is another one; a child that was spawned, on
     * whatever thread.
     */
    void (*arrive)(const proc_trace_task *task, uint64_t spawn, void *user_data);
    /**
     * Passed to all of them as it is; may be NULL. It stays yours, and must be there until other hooks have been set.
     */
    void *user_data;
} proc_trace_hooks;

/**
 * Code that makes the process that plays a program in a run of `proc_simulate`, each time that a `proc_child` is run.
 *
 * The process runs in the place of the program, on the thread that runs the `proc_child`. To write output, it calls `on_output` of the options. Its
 * success is exit status 0. An error with a code from 1 to 255 is the exit status of that number; any other error is exit status 1. The failure of
 * the `proc_child` has the text of the error, too. When the program would get SIGTERM, the handle of the process is cancelled. The process is never
 * killed `stop_after_ns` later, since a callback cannot be killed.
 *
 * A program that is killed by chance (`kill_children_permille`) ends with "killed by SIGKILL". The process that plays it does not run at all; or its
 * handle is cancelled at some point; or it does all its work, but its result is lost.
 *
 * @param options    those of the `proc_child`, lent until the process has ended; never NULL.
 * @param user_data  what `proc_simulate` was given.
 * @return the process, which the caller owns; NULL: there is no such program (ENOENT).
 */
typedef proc_impl *(*proc_simulated_child_fn)(const proc_child_options *options, void *user_data);

/**
 * What is to be simulated: `proc_simulation options = PROC_SIMULATION_INIT;`
 *
 * Ownership: yours; `proc_simulate` reads it.
 */
typedef struct proc_simulation {
    /**
     * sizeof(proc_simulation), as PROC_SIMULATION_INIT sets it.
     */
    size_t size;
    /**
     * The seed of the first run. 0, the default: the seed in PROCESSION_SEED in the environment, else any seed.
     */
    uint64_t seed;
    /**
     * How many runs, with consecutive seeds that begin at `seed`: default 1. 0 is bad input. With PROC_SCHEDULE_EXHAUSTIVE: how many orders are
     * tried at most; if there are more, it fails with ENOBUFS.
     */
    size_t runs;
    /**
     * A `proc_schedule`: default PROC_SCHEDULE_RANDOM. Others are bad input.
     */
    int schedule;
    /**
     * The depth of PROC_SCHEDULE_PCT: default 3, which finds most errors. 0 is bad input.
     */
    size_t depth;
    /**
     * How much virtual time a run may take, in nanoseconds: default 30 days. A run that takes longer hangs, and fails with ETIMEDOUT. Negative: any
     * time.
     */
    int64_t limit_ns;
    /**
     * How many switches a run may take: default 10,000,000. A run that takes more hangs, and fails with ETIMEDOUT.
     */
    uint64_t limit_steps;
    /**
     * How many of 1,000 requests for a thread are denied, at random: default 0. More than 1,000, or less than 0, is bad input.
     */
    int deny_threads_permille;
    /**
     * At how many of 1,000 switches the handle of the run is cancelled, at random, once in a run: default 0. The echo of this cancellation is no
     * failure. More than 1,000, or less than 0, is bad input.
     */
    int cancel_permille;
    /**
     * The file to which the trace of the failing run is written, in virtual time: for ui.perfetto.dev, like the trace of `proc_trace_start`. The
     * same seed gives the same file, byte by byte. NULL, the default: nowhere. "" is bad input. If no run fails, nothing is written. If the trace
     * cannot be written, the error says why; this includes a run that has ended its own process, for then there is no trace.
     */
    const char *trace_path;
    /**
     * Where to store the seed of the failing run; left alone if no run fails; may be NULL.
     */
    uint64_t *seed_out;
    /**
     * How many of 1,000 waits of the program wake spuriously, at random, at once or up to a second later: default 0. This concerns the waits for
     * which POSIX allows it (`pthread_cond_wait` and the like), where libprocession-sim.so has taken them over; no wait of this library wakes
     * spuriously. So a program fails that does not check its condition again. More than 1,000, or less than 0, is bad input.
     */
    int early_wakes_permille;
    /**
     * How many of 1,000 callbacks of processes are delayed before they begin, and as many after they have returned, at random: default 0. So a
     * timeout or another callback may come first. Threads that the program creates are delayed in the same way before they begin, where
     * libprocession-sim.so has taken them over. More than 1,000, or less than 0, is bad input.
     */
    int slow_permille;
    /**
     * The longest delay of `slow_permille`, in virtual time: default 1 s. Each delay is drawn at random. Less than 0 is bad input.
     */
    int64_t slow_ns;
    /**
     * For PROC_SCHEDULE_EXHAUSTIVE: how many preemptions an order may have, that is, how often a thread that could go on is stopped for another
     * thread. Most errors need one or two, and there are far fewer such orders. 0, the default: all orders.
     */
    size_t preemptions;
    /**
     * Makes the processes that play programs: in a run, `proc_child` starts no program, but runs the process that this function returns. NULL, the
     * default: each `proc_child` fails with ENOTSUP.
     */
    proc_simulated_child_fn child;
    /**
     * How many of 1,000 played programs are killed, at random: default 0. See `proc_simulated_child_fn`. More than 1,000, or less than 0, is bad
     * input.
     */
    int kill_children_permille;
} proc_simulation;

/**
 * Code that makes the program of a run.
 *
 * @param user_data  what `proc_simulate` was given.
 * @return the process, which the caller owns; NULL fails the run.
 */
typedef proc_impl *(*proc_simulation_fn)(void *user_data);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/* ------------------------------------------------------------------------------------------------
 * Processes
 * ------------------------------------------------------------------------------------------------ */

/**
 * Makes a process of a callback.
 *
 * Example:
 * ```c
 * static proc_error *save_often(proc_cancel *cancel, void *database) {
 *     while (!proc_wait(cancel, PROC_SECONDS(10)))
 *         save(database);
 *     return proc_cancel_error(cancel); // stopped, as asked
 * }
 * static proc_impl *saving(struct database *database) { return proc_new(save_often, database, NULL); }
 * ```
 *
 * Ownership: the result is yours. `user_data` is the process's until `destroy` is called with it,
 * which is after the last run and the last reference have ended.
 *
 * @param fn         the callback; NULL is bad input.
 * @param user_data  passed to the callback as it is; may be NULL.
 * @param destroy    releases `user_data`, exactly once, also if the call fails; may be NULL.
 * @return never NULL. After bad input, a process that starts nothing and fails.
 * Errors: the process fails with one of these.
 * - EINVAL: `fn` is NULL.
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
 * Runs all children at the same time, and returns all their errors.
 *
 * They really run at the same time: a child may wait for any other child. The process completes when all children have
 * completed. The errors are in order of completion; errors that only pass on why the children were cancelled
 * (`proc_error_is_echo`) come after the failures.
 *
 * The calling thread runs children itself, and threads of the library join in as they are needed, so that children
 * that end within microseconds cost no thread, and one child alone never does. Children that block get a thread each,
 * at once. Children that compute share as many threads as there are processors; another thread joins in only when
 * there was no progress for 10 ms or longer, so that even a child that spins until another child has begun will end.
 *
 * If no more threads can be had, the existing threads run one child after the other. After 100 ms without progress,
 * the children that are left are not started, and fail with EAGAIN. Progress means that a thread was obtained, that a
 * child was started, or that a callback began on one of these threads; while these threads compute, the limit is 10 s
 * or longer. If there is not even a thread that could watch over this, all children but one fail, after 100 ms of
 * requests for threads, or sooner if such requests failed within the last second.
 *
 * Ownership: takes over one reference of each child; the array stays yours.
 *
 * @param impls  the children. NULL in it, or NULL with a count, is bad input.
 * @param count  how many; 0 makes a process that succeeds at once.
 * @return never NULL. After bad input, also in a child, a process that starts nothing and fails.
 * Errors: the process fails with one of these.
 * - EINVAL: bad input, also in a child.
 * - ELOOP: the process is nested deeper than PROC_MAX_DEPTH.
 * - EAGAIN: no thread could be had for a child, which was not started.
 */
PROC_API proc_impl *proc_concurrent(proc_impl *const *impls, size_t count);

/**
 * Runs all children at the same time; the first failure cancels the others.
 *
 * It is like `proc_concurrent`, but the first child to fail cancels the others. The group waits for all children.
 * Those not yet started are started too, and see the cancelled handle.
 *
 * The children run below a cancel handle of the group's own, whose cause is the first failing child's error. This
 * handle is cancelled before the group returns, on success too.
 *
 * If children return this cause (`proc_cancel_error`) because they were asked to stop, their errors are echoes: the
 * group lists the cause once, not once for each child. All other errors are listed. The first failure comes first; if
 * the group was cancelled by anything else, the cause comes last.
 *
 * Example:
 * ```c
 * // If the server fails, the statistics are cancelled, and the other way round.
 * return proc_run(PROC_GROUP(proc_new(serve, server, NULL), proc_new(statistics, server, NULL)), cancel);
 * ```
 *
 * Ownership: takes over one reference of each child; the array stays yours.
 *
 * @param impls  the children. NULL in it, or NULL with a count, is bad input.
 * @param count  how many; 0 makes a process that succeeds at once.
 * @return as for `proc_concurrent`.
 */
PROC_API proc_impl *proc_group(proc_impl *const *impls, size_t count);

/**
 * Runs one child after the other, on the calling thread. The first error ends the sequence: the children after the
 * failed child are not started.
 *
 * Cancellation does not skip a child: the child is started and sees the cancelled handle, so children that clean up
 * still run. But an error ends the sequence: after a child that returns `proc_cancel_error`, no child is started. So
 * if later children clean up after a child, that child must return NULL when it has stopped as asked. For cleanup that
 * must also run after a failure, use `proc_finally`.
 *
 * Example:
 * ```c
 * return proc_run(PROC_SEQUENCE(proc_new(load, server, NULL), proc_new(serve, server, NULL)), cancel);
 * ```
 *
 * Ownership: takes over one reference of each child; the array stays yours.
 *
 * @param impls  the children. NULL in it, or NULL with a count, is bad input.
 * @param count  how many; 0 makes a process that succeeds at once.
 * @return never NULL. After bad input, also in a child, a process that starts nothing and fails.
 * Errors: the process fails with one of these.
 * - EINVAL: bad input, also in a child.
 * - ELOOP: the process is nested deeper than PROC_MAX_DEPTH.
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
 * @return as for `proc_sequence`.
 */
PROC_API proc_impl *proc_task(const char *task_type, proc_impl *impl);

/**
 * Makes a process a named interval in the trace, on one thread. Its errors are passed on as they are.
 *
 * Ownership: takes over one reference of `impl`; the name is copied.
 *
 * @param region_type  the name, the same for all regions of a kind; NULL is bad input.
 * @param impl         what to run; NULL is bad input.
 * @return as for `proc_sequence`.
 */
PROC_API proc_impl *proc_trace_region(const char *region_type, proc_impl *impl);

/**
 * Like `proc_concurrent`, with at most `limit` children at the same time. They begin in order: whenever fewer than `limit` children run, the next
 * one begins. So a child may wait only for children before it, and for children that have begun. With a limit of 1 all run on the calling thread.
 *
 * Once the handle around it is cancelled, no further child begins; then the cause is among the errors, once. If no
 * thread can be had for a child that should begin, the children that are left fail with EAGAIN, as in
 * `proc_concurrent`.
 *
 * Ownership: takes over one reference of each child; the array stays yours.
 *
 * @param limit  how many at the same time at most; 0: any number.
 * @param impls  the children. NULL in it, or NULL with a count, is bad input.
 * @param count  how many; 0 makes a process that succeeds at once.
 * @return as for `proc_concurrent`.
 */
PROC_API
proc_impl *proc_concurrent_limit(size_t limit,
                                 proc_impl *const *impls,
                                 size_t count);

/**
 * Like `proc_group`, with at most `limit` children at the same time. They begin as those of `proc_concurrent_limit`.
 * After a failure or a cancellation, no further child begins. After a cancellation from above, its cause is among the
 * errors, once, since not all children have run. If a child cancels the group's own handle and succeeds, the group
 * succeeds, unless another child fails.
 *
 * If no thread can be had for a child that should begin, the child fails with EAGAIN, and so cancels the others.
 *
 * Ownership: takes over one reference of each child; the array stays yours.
 *
 * @param limit  how many at the same time at most; 0: any number.
 * @param impls  the children. NULL in it, or NULL with a count, is bad input.
 * @param count  how many; 0 makes a process that succeeds at once.
 * @return as for `proc_concurrent`.
 */
PROC_API proc_impl *proc_group_limit(size_t limit, proc_impl *const *impls, size_t count);

/**
 * Like `proc_group_limit`, for one callback that is called with each index from 0.
 *
 * It takes the same memory however large `count` is. The error of a failed child names the index: it is wrapped
 * (`proc_error_wrap`), "[17]: TEXT", also as the cause of the group's cancellation.
 *
 * Example:
 * ```c
 * static proc_error *resize(proc_cancel *cancel, size_t index, void *images) {
 *     return shrink(cancel, ((struct image **)images)[index]);
 * }
 * static proc_impl *resize_all(struct image **images, size_t count) {
 *     return proc_each(count, 4, resize, images, NULL); // four at a time
 * }
 * ```
 *
 * Ownership: the result is yours. `user_data` is the process's until `destroy` is called with it,
 * which is after the last run and the last reference have ended.
 *
 * @param count      how many; 0 makes a process that succeeds at once.
 * @param limit      how many at the same time at most; 0: any number.
 * @param fn         the callback; NULL is bad input.
 * @param user_data  passed to the callback as it is; may be NULL.
 * @param destroy    releases `user_data`, exactly once, also if the call fails; may be NULL.
 * @return never NULL. After bad input, a process that starts nothing and fails.
 * Errors: the process fails with one of these.
 * - EINVAL: `fn` is NULL.
 * - EAGAIN: no thread could be had for a child.
 */
PROC_API proc_impl *proc_each(size_t count, size_t limit, proc_index_fn fn, void *user_data, proc_destroy_fn destroy);

/**
 * Runs all children at the same time; the first to complete decides the result.
 *
 * The first child decides by its success or by its failure. Then the others are cancelled, with a cause of the code
 * ECANCELED, "another one was first". Children that have not begun never begin; the race waits for the rest.
 *
 * If the first child has succeeded, so does the race: errors of other children are only written to the trace, as logs of the category `proc_race`.
 * If the first child has failed, its error comes first, and errors of others after it. In either case, errors that only pass on the cause of the
 * race are left out (`proc_error_is_echo`). A cancellation from above reaches all children; if they pass on its cause, this cause is listed once,
 * last.
 *
 * The children run below a cancel handle of the race's own, as those of `proc_group` do. A child for which no thread can be had fails with EAGAIN,
 * and does not decide, since another child runs.
 *
 * Example:
 * ```c
 * // Until the caches are warm, but no longer than 5 s: both are a success.
 * return proc_run(PROC_RACE(proc_new(warm_up, server, NULL), proc_delay(PROC_SECONDS(5))), cancel);
 * ```
 *
 * Ownership: takes over one reference of each child; the array stays yours.
 *
 * @param impls  the children. NULL, or NULL in it, is bad input.
 * @param count  how many; 0 is bad input, since no child could be the first.
 * @return as for `proc_concurrent`.
 */
PROC_API
proc_impl *proc_race(proc_impl *const *impls,
                     size_t count);

/**
 * Like `proc_race`, but the first child to *succeed* decides. If none does, all errors are returned, in order of
 * completion, as those of `proc_group`. After a success, errors of others are written to the trace as logs of the
 * category `proc_any`.
 *
 * Example:
 * ```c
 * // From the mirror that answers first. The other one is cancelled.
 * return proc_run(PROC_ANY(proc_new(fetch, "mirror-1", NULL), proc_new(fetch, "mirror-2", NULL)), cancel);
 * ```
 *
 * Ownership: takes over one reference of each child; the array stays yours.
 *
 * @param impls  the children. NULL, or NULL in it, is bad input.
 * @param count  how many; 0 is bad input, since no child could succeed.
 * @return as for `proc_concurrent`.
 */
PROC_API proc_impl *proc_any(proc_impl *const *impls, size_t count);

/**
 * Makes a child that serves the other children: it is cancelled when they have ended.
 *
 * It is for statistics, snapshots or a reload. Its own success ends nothing; its failure counts like that of any
 * child.
 *
 * It has this meaning as a child of a group (`proc_group`, `proc_group_limit`), of a nursery (`proc_spawn`) and of a
 * stack (`proc_stack`), also inside of tasks and services there (`proc_task`, `proc_service`). Anywhere else
 * `proc_background` has no effect: it only runs `impl`.
 *
 * There, it is a *background child*. When all other children have ended, the background children are cancelled, with a
 * cause of the code ECANCELED, "all others have ended"; if there are no others, at once. If a background child only
 * passes on that cause (`proc_error_is_echo`), its error does not count. A failure of another child, or a cancellation
 * from above, cancels the background children like all others, with its own cause.
 *
 * - In a group or a nursery, they run below one cancel handle that they share.
 * - In a nursery, the body is one of the other children. A background child that is spawned after the background
 *   children were cancelled is cancelled, too. `proc_nursery_count` counts background children, and
 *   `proc_nursery_wait` waits for them; so to end them, the body returns instead of waiting.
 * - In a stack they are cancelled from the last to the first, each when the children after it have completed. Once all others have ended, no
 *   background child begins any more.
 * - Each counts for the limit as long as it runs. If background children fill the limit of a group, no other child of
 *   the group begins.
 *
 * It takes a thread, also if it only waits (`proc_delay`, `proc_await`).
 *
 * Example:
 * ```c
 * proc_impl *reports = proc_every(PROC_SECONDS(10), proc_new(statistics, server, NULL));
 * // When the import is done, the reports are cancelled.
 * return proc_run(PROC_GROUP(proc_new(import, file, NULL), proc_background(reports)), cancel);
 * ```
 *
 * Ownership: takes over one reference of `impl`.
 *
 * @param impl  what to run; NULL is bad input.
 * @return as for `proc_sequence`.
 */
PROC_API
proc_impl *proc_background(proc_impl *impl);

/* ------------------------------------------------------------------------------------------------
 * Running
 * ------------------------------------------------------------------------------------------------ */

/**
 * Runs a process and returns when it has completed. May be called from a callback.
 *
 * Example:
 * ```c
 * proc_error *error = proc_run(proc_new(serve, server, NULL), cancel);
 * if (error)
 *     fprintf(stderr, "%s\n", proc_error_message(error));
 * proc_error_unref(error);
 * ```
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
 * Errors:
 * - EINVAL: `impl` is NULL.
 * - Any other is the process's own.
 */
PROC_API proc_error *proc_run(proc_impl *impl, proc_cancel *cancel);

/**
 * Runs a process as the purpose of a program, and returns when it has completed.
 *
 * The first SIGINT or SIGTERM cancels the process, with a cause of code EINTR that names the signal; `proc_main` waits
 * until the process has completed. A further signal that comes a second after the first or later ends the program at
 * once, as the signal does by default (for process 1 of a container, with exit status 128 plus its number); a signal
 * that comes sooner is the same request (`proc_main_options`). This holds even if the program ignored, blocked or
 * handled the signals before. The former signal dispositions are restored when it returns; a signal that came too late
 * to cancel the process is then sent again, unless a `proc_on_signal` has received it.
 *
 * If PROCESSION_TRACE in the environment names a file, a trace of the process is written to this file, as between
 * `proc_trace_start` and `proc_trace_stop`; `%p` in the name is the number of the program's process. If another trace
 * is being written to the file, or an earlier run in the same process of the system has written it, the file stays as
 * it is: the trace goes to NAME.PROCESS, else to NAME.PROCESS.2 and so on, and standard error says so. If a trace
 * cannot be written, standard error says why, and all else goes on as without it. If the file is a pipe, `proc_main`
 * waits for its reader at the end, but no longer than 2 s. A program with more rights than the user who started it
 * (set-user-ID) ignores the variable. The variable is for this program alone: it is removed from the environment, and
 * remembered for the next call. Programs that it executes find the name in PROCESSION_PARENT_TRACE instead, and write
 * a trace of their own to NAME.PROCESS. No other thread of the program may use the environment when this is called.
 *
 * Example:
 * ```c
 * int main(void) { // Ctrl-C stops it; the exit status is 1 if it fails
 *     return proc_exit_status(proc_main(proc_task("web", proc_new(serve, server, NULL))));
 * }
 * ```
 *
 * Ownership: takes over one reference of `impl`; the returned error is yours.
 *
 * Threads: may be called from any thread, but by one at a time: a second one fails with EBUSY, and
 * with EAGAIN if no thread can be had to wait for signals. In both cases nothing was started.
 *
 * @param impl  what to run. NULL fails with EINVAL.
 * @return the process's error as it is. NULL on success, and if the error only passes on the cancellation by the
 *         signal.
 * Errors:
 * - EINVAL: `impl` is NULL.
 * - EBUSY: another thread is in this function, or in `proc_main_with`. Nothing was started.
 * - EAGAIN: no thread can be had to wait for signals. Nothing was started.
 * - Any other is the process's own.
 */
PROC_API proc_error *proc_main(proc_impl *impl);

/**
 * Reports an error, if there is one, and gives what `main` should return.
 *
 * It prints "PROGRAM: MESSAGE" to standard error. If standard error accepts nothing (a pipe that nobody reads, a
 * stopped terminal), it gives up after 2 s, as the library does with all its own messages.
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
 * @param code     an `errno` value, or any other number of your own. 0 means no failure, so it becomes -1.
 * @param message  UTF-8 (invalid bytes are replaced by U+FFFD); NULL stands for `strerror(code)`.
 * @return never NULL.
 */
PROC_API PROC_MUST_USE proc_error *proc_error_new(int code, const char *message);

/**
 * Makes an error that carries something of your own.
 *
 * Ownership: the result is yours; the message is copied; the payload is the error's until `destroy`
 * is called with it, when the last reference to the error is released.
 *
 * A handle keeps the cause of its cancellation: the handle of a group keeps the error of the child that failed first,
 * and so do all handles below it. If the payload owns a reference to such a handle, for instance as a part of the
 * object that has failed, the two keep each other, and neither is ever released. So the payload must not own a handle
 * which the error may cancel: release the handle before the error is returned, or let the payload only point to the
 * object.
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
 * In a program of several parts, any part may make payloads. `proc_error_find_payload` finds payloads of one type, so
 * that no part of the program takes the payload of another part for its own.
 *
 * Ownership: the result is yours; message and type are copied; the payload is the error's until
 * `destroy` is called with it, when the last reference to the error is released.
 *
 * @param code          as for `proc_error_new`.
 * @param message       as for `proc_error_new`.
 * @param payload_type  a name that no other type of payload has; NULL: no type.
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
 * Example:
 * ```c
 * if (listen(listener, 128) < 0)
 *     return proc_errno("listen"); // "listen: Address already in use"
 * ```
 *
 * Ownership: the result is yours; the text is copied. `errno` is left as it is.
 *
 * @param what  what failed, for instance the function's name; NULL leaves it out.
 * @return never NULL.
 */
PROC_API PROC_MUST_USE proc_error *proc_errno(const char *what);

/**
 * Puts a text, as `printf` would print it, before that of an error: "TEXT: CAUSE".
 *
 * In all else the result is like the wrapped error: it has the same code and the same payload, functions that search
 * for a code, a task or a payload look inside of it, and "stopped, as asked" (`proc_cancel_error`) stays that.
 * `proc_error_cause` returns the wrapped error. In a multi error it counts as one error, even if it wraps several.
 *
 * Example:
 * ```c
 * proc_error *error = read_configuration(path);
 * if (error)
 *     return proc_error_wrap(error, "configuration %s", path); // "configuration web.conf: No such file or directory"
 * ```
 *
 * Ownership: takes the cause over; the result is yours; format and arguments are only read.
 *
 * @param cause   NULL: the result is NULL.
 * @param format  as for `printf`; NULL: the result is the cause.
 * @return NULL for NULL.
 *
 */
PROC_API PROC_MUST_USE proc_error *proc_error_wrap(proc_error *cause, const char *format, ...) PROC_PRINTF(2, 3);

/**
 * Makes one error of several: a multi error, or the only one that is left. A multi error lists them in the order of
 * the array.
 *
 * It is for the errors of processes that ran one after the other. Multi errors among them are replaced by the errors
 * that they list; an error that occurs twice, as the same object, is listed once.
 *
 * Ownership: takes over one reference of each error; the array stays yours; the result is yours.
 *
 * @param errors  NULL elements mean success, and are left out. NULL with a count is bad input: an error with code
 *                EINVAL.
 * @param count   how many.
 * @return NULL if none is left.
 * Errors:
 * - EINVAL: `errors` is NULL, and `count` is not 0. The result is an error with this code.
 */
PROC_API PROC_MUST_USE proc_error *proc_error_merge(proc_error *const *errors, size_t count);

/**
 * Makes another reference to an error.
 *
 * @param error  stays yours; may be NULL.
 * @return the same error, as a reference of its own; NULL for NULL.
 */
PROC_API proc_error *proc_error_ref(proc_error *error);

/**
 * Releases one reference to an error. The last release also releases its causes and its payload.
 *
 * @param error  may be NULL.
 */
PROC_API void proc_error_unref(proc_error *error);

/**
 * The code of an error. A task error has that of its cause; a multi error that of its first, which is the first
 * failure, if there is one in it.
 *
 * @param error  may be NULL.
 * @return never 0, but for NULL.
 */
PROC_API int proc_error_code(const proc_error *error);

/**
 * The whole text of an error, in UTF-8. A task error's is "TASK_TYPE: TEXT"; a multi error's is "N errors:" and then,
 * for each, a line break, "- " and its text. If the same error occurs more than once, all but the first place say "(as
 * above)".
 *
 * A text that is composed of other texts is cut at 1 MiB: then its end says how many bytes were left out.
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
 * Why the task failed, or the error that is wrapped in a text (`proc_error_wrap`).
 *
 * @param error  may be NULL.
 * @return borrowed; NULL if it is neither a task error nor wrapped.
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
 * One of the errors side by side.
 *
 * A combinator lists the failures first, so that the first error is the first failure, and after them the errors that
 * only pass on why the process was cancelled (`proc_error_is_echo`); both in order of completion. `proc_error_merge`
 * keeps the order that it was given.
 *
 * @param error  may be NULL.
 * @param index  from 0. A single error is itself at 0.
 * @return borrowed; NULL if there is no such index.
 */
PROC_API const proc_error *proc_error_at(const proc_error *error, size_t index);

/**
 * The payload of an error (`proc_error_with_payload`). If a task error or a wrapped error has no payload itself, it is
 * the payload of its cause.
 *
 * @param error  may be NULL.
 * @return borrowed; NULL if there is none.
 */
PROC_API void *proc_error_payload(const proc_error *error);

/**
 * The first payload of this type: of the error itself or of one in it, depth first.
 *
 * Example:
 * ```c
 * const struct syntax_error *found = proc_error_find_payload(error, "syntax_error");
 * if (found)
 *     fprintf(stderr, "line %d\n", found->line);
 * ```
 *
 * @param error         may be NULL.
 * @param payload_type  exactly the text that `proc_error_with_typed_payload` was given; may be NULL.
 * @return borrowed; NULL if there is none.
 */
PROC_API void *proc_error_find_payload(const proc_error *error, const char *payload_type);

/**
 * Whether an error, or any error in it, has this code.
 *
 * @param error  may be NULL.
 * @param code  an `errno` value, or one of your own.
 * @return true: it has it. false for NULL.
 */
PROC_API bool proc_error_is(const proc_error *error, int code);

/**
 * Whether an error only says "stopped, as asked". Then it contains nothing but the cause of the cancellation of
 * `cancel`, or of a handle above, inside of any number of tasks, texts and multi errors.
 *
 * Only the cause itself counts (`proc_cancel_error`), not another error that looks like it, and only the whole cause:
 * one of the errors of a multi error is no echo. Use it in code that restarts, counts or logs failures: an echo is no
 * failure.
 *
 * Example:
 * ```c
 * proc_error *error = proc_run(proc_new(serve, server, NULL), cancel);
 * if (error && !proc_error_is_echo(error, cancel))
 *     failures++; // it was not just stopped, as asked
 * return error;
 * ```
 *
 * @param error   may be NULL, which is success, and no echo.
 * @param cancel  may be NULL, which is not cancelled.
 * @return true: it is an echo. false for NULL.
 */
PROC_API bool proc_error_is_echo(const proc_error *error, const proc_cancel *cancel);

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
 * A handle may also serve as an event that happens once and carries a reason. `proc_cancel_trigger` makes the event
 * happen. Any number of threads wait for it (`proc_wait`, `proc_poll`, `proc_cancel_fd`) or have a function called
 * (`proc_on_cancel`), and `proc_cancel_cause` returns the reason. If such a handle is made below the handle of the
 * waiting callback, a cancellation of the callback ends the wait, too.
 *
 * Example:
 * ```c
 * proc_cancel *below = proc_cancel_new(cancel); // cancelled with `cancel`, or alone: proc_cancel_trigger(below, NULL)
 * proc_error *error = proc_run(proc_new(fetch, url, NULL), below);
 * proc_cancel_unref(below);
 * return error;
 * ```
 *
 * Ownership: the result is yours. The parent stays yours, and need not outlive the result.
 *
 * @param parent  when it is cancelled, the new handle is cancelled. If it is cancelled already, so is the new handle
 *                from the start. NULL: no parent.
 * @return never NULL.
 */
PROC_API PROC_MUST_USE proc_cancel *proc_cancel_new(proc_cancel *parent);

/**
 * Makes a cancel handle below several others: the first to be cancelled cancels it. The new handle gets the cause of
 * that parent. It is for work that belongs to two things at once, such as a request that ends with its connection and
 * also with its transaction.
 *
 * The new handle is in the task of the first parent, and has the values of the first parent. It is draining if any parent is (`proc_draining`), and
 * has the nearest deadline of all parents. If some parents are cancelled already, the new handle is cancelled from the start, with the cause of the
 * parent that was cancelled first.
 *
 * Ownership: as for `proc_cancel_new`. When the last reference is released, the parents keep nothing of it.
 *
 * @param parents  the handles above; NULLs are left out.
 * @param count    how many there are; 0, or all are NULL: no parent.
 * @return never NULL. After bad input, a handle that is cancelled already.
 * Errors:
 * - EINVAL: `parents` is NULL, and `count` is not 0. It is the code of the handle's cause.
 */
PROC_API
PROC_MUST_USE
proc_cancel *proc_cancel_new_any(proc_cancel *const *parents,
                                 size_t count);

/**
 * Makes another reference to a cancel handle. For instance, to keep the handle of a callback after the callback has
 * returned.
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
 * Cancels a handle and all below it. It wakes the threads that wait on these handles, and calls their hooks
 * (`proc_on_cancel`). Only the first call counts: its cause stays.
 *
 * When this function returns, the handle and all handles below it are cancelled, including those that another thread
 * was just cancelling. It has called the hooks of the handles that it has cancelled itself. It waits neither for hooks
 * that other threads call, nor for any callback to stop.
 *
 * Example:
 * ```c
 * proc_cancel_trigger(cancel, proc_errorf(ECONNRESET, "the client %s has gone", name));
 * ```
 *
 * Ownership: takes the cause over, whether or not it counts; the handle stays what it was. The handle, and the handles
 * below that are cancelled with it, keep the cause until they are released. So if the payload of the cause owns a
 * reference to one of these handles (`proc_cancel_ref`), the two keep each other and are never released
 * (`proc_error_with_payload`).
 *
 * @param cancel  may be NULL: then only the cause is released.
 * @param cause   why; NULL stands for an error with code ECANCELED.
 */
PROC_API void proc_cancel_trigger(proc_cancel *cancel, proc_error *cause);

/**
 * Whether a handle is cancelled. Once it is, it stays so.
 *
 * Example:
 * ```c
 * for (size_t i = 0; i < count && !proc_cancelled(cancel); i++)
 *     compute(i);
 * return proc_cancel_error(cancel); // NULL if nobody has cancelled
 * ```
 *
 * Threads: async-signal-safe; costs one atomic load, on the handle of a task two, and below a deadline a look at the clock.
 *
 * @param cancel  NULL is not cancelled.
 * @return true: it is cancelled. false for NULL.
 */
PROC_API
bool proc_cancelled(const proc_cancel *cancel);

/**
 * Blocks until a handle is cancelled or the time is up. Signals do not end it.
 *
 * Example:
 * ```c
 * while (!proc_wait(cancel, PROC_SECONDS(10)))
 *     save(database); // every ten seconds, until somebody cancels
 * return proc_cancel_error(cancel);
 * ```
 *
 * @param cancel      NULL returns false at once.
 * @param timeout_ns  nanoseconds, by the monotonic clock; negative is forever (PROC_FOREVER).
 * @return true: cancelled. false: the time is up, and it was not.
 */
PROC_API bool proc_wait(proc_cancel *cancel, int64_t timeout_ns);

/**
 * What a callback returns to say "stopped, as asked". It is the cause of the cancellation itself. The group or other
 * combinator that cancelled recognizes this error as its own echo, and does not report it as a failure. For a sequence
 * in between it is an error like any other: it ends the sequence.
 *
 * Ownership: the result is yours.
 *
 * @param cancel  may be NULL.
 * @return NULL if it is not cancelled.
 */
PROC_API PROC_MUST_USE proc_error *proc_cancel_error(const proc_cancel *cancel);

/**
 * Why a handle was cancelled. For the handle of a group it is the error of the first child that failed; for the handle
 * of `proc_main`, an error with code EINTR that names the signal; for a deadline, an error with code ETIMEDOUT; for a
 * handle below another one, the cause of its parent.
 *
 * @param cancel  may be NULL.
 * @return borrowed from the handle; NULL if it is not cancelled.
 */
PROC_API const proc_error *proc_cancel_cause(const proc_cancel *cancel);

/**
 * The cancel handle of the innermost process that runs on the calling thread. It is the handle that the callback was
 * given. Use it in code that is called deep inside of a callback and does not get the handle as an argument.
 *
 * @return borrowed until that callback returns; NULL on a thread that runs no process.
 */
PROC_API PROC_MUST_USE proc_cancel *proc_current(void);

/**
 * Has a function called when a handle is cancelled.
 *
 * It is for blocking calls that can be interrupted only by a special function. The function is called exactly once, or
 * never if the hook is removed before.
 *
 * When it is called, the handle and all handles below it are cancelled, including those that another thread was just
 * cancelling. One cancellation calls the hooks of a handle before the hooks of the handles below it. If the handle is
 * cancelled already, the function is called on the calling thread, before `proc_on_cancel` returns.
 *
 * The function is called on the thread that cancels: a thread that calls `proc_cancel_trigger`, or one that runs processes, which may be a thread of
 * the library (`proc_fn`). If a signal or a deadline cancels, or if a group is cancelled because no thread can be had for its children, it is called
 * on a thread of the library. If no such thread can be had, the handles are cancelled without delay, and the function is called on the first thread
 * that can be had; at the latest on the thread that runs the group or `proc_main`, before the group or `proc_main` has ended.
 *
 * The thread that calls the function waits for it, so the function should be short. No lock of the library is held
 * meanwhile: the function may call every function of this library, also to remove hooks (its own hook too), to cancel
 * and to release handles, and to run processes. It must return, as a callback must. Beware of deadlocks with mutexes
 * of the program: a mutex that the function takes must not be held while the handle is cancelled, nor during
 * `proc_hook_remove`, which waits for the function.
 *
 * Until it is removed, a hook keeps the handle as a reference does. So its function is also called if a handle above
 * is cancelled; and a hook on the handle of a group is called when the group ends.
 *
 * Example:
 * ```c
 * static void interrupt(void *database) { stop_query(database); }
 * static proc_error *clean(proc_cancel *cancel, void *database) {
 *     proc_hook *hook = proc_on_cancel(cancel, interrupt, database);
 *     const int status = run_query(database, "VACUUM"); // ends early when stop_query is called
 *     proc_hook_remove(hook);
 *     return status ? proc_errorf(status, "VACUUM has failed") : NULL;
 * }
 * ```
 *
 * Ownership: the hook is yours, until you remove it with `proc_hook_remove`, also after it was called.
 *
 * @param cancel     NULL is bad input.
 * @param fn         NULL is bad input.
 * @param user_data  passed to the function as it is; may be NULL. It stays yours, and must be there until `proc_hook_remove` has
 *                   returned.
 * @return the hook, which `fn` may run before you have it. NULL with `errno` after bad input; then `fn` is never
 *         called.
 * Errors:
 * - EINVAL: `cancel` or `fn` is NULL.
 */
PROC_API
proc_hook *proc_on_cancel(proc_cancel *cancel,
                          void (*fn)(void *user_data),
                          void *user_data);

/**
 * Has a function called when a handle is cancelled, without keeping the handle.
 *
 * It does what `proc_on_cancel` does, at a lower cost, but the hook does not keep the handle. Use it in a callback that sets a hook on the handle
 * that it was given, and removes the hook before it returns; or wherever else the handle is kept until the hook is removed. Otherwise use
 * `proc_on_cancel`. In a callback it allocates no memory, except for the first hook on a thread.
 *
 * Ownership: the hook is yours, until you remove it with `proc_hook_remove`, also after it was called.
 *
 * @param cancel     it stays yours, and must be there until `proc_hook_remove` has returned. NULL is bad input.
 * @param fn         as for `proc_on_cancel`.
 * @param user_data  as for `proc_on_cancel`.
 * @return the hook, which `fn` may run before you have it. NULL with `errno` after bad input; then `fn` is never
 *         called.
 * Errors:
 * - EINVAL: `cancel` or `fn` is NULL.
 */
PROC_API
proc_hook *proc_on_cancel_lent(proc_cancel *cancel,
                               void (*fn)(void *user_data),
                               void *user_data);

/**
 * Removes a hook and releases it. Once this call has returned, the hook's function is not running and will never run.
 * If another thread runs the function at this moment, this call waits until it has returned; so the caller must not
 * hold a mutex that the function takes.
 *
 * Called from within the function itself, it returns at once: the function runs to its end, and is not called again.
 * "From within" includes all that is a part of the function's run, on whatever thread: what the function calls, what
 * it runs by `proc_run`, and a job that it has started and joins. Two functions that run at the same time must not
 * remove each other's hooks, since each would wait for the other.
 *
 * In a child of `fork`, this call does not wait for a function that another thread of the parent runs: that thread
 * does not exist in the child.
 *
 * Ownership: takes the hook over.
 *
 * @param hook  handed over; may be NULL.
 */
PROC_API void proc_hook_remove(proc_hook *hook);

/* ------------------------------------------------------------------------------------------------
 * Files and sockets
 * ------------------------------------------------------------------------------------------------ */

/**
 * Reads available bytes; waits for some until a cancellation, or until the time is up.
 *
 * It reads everything that `read` reads: sockets, pipes, terminals, files. Signals do not end the wait.
 *
 * Whether the descriptor is blocking or not makes no difference, and its flags are left as they are: other programs may have the same open file. If
 * several threads or programs read from it, each call ends at its own cancellation. A regular file is read at once.
 *
 * One exception: where the system has no way to read without waiting, another program, or a thread that calls `read` itself, may take the bytes that
 * `proc_read` has seen. Then `proc_read` blocks until more bytes come, even if it is cancelled. This concerns the master of a terminal and other
 * devices, if they are blocking; terminals and named pipes if `/proc` is missing; and pipes if `/proc` is missing and Linux is older than 6.4.
 *
 * If the handle is cancelled, also by its deadline, it fails with ECANCELED and reads nothing, even if there is something to read.
 *
 * It waits as `proc_poll` does, and so may need a descriptor of the handle. It is no cancellation point of
 * `pthread_cancel`.
 *
 * Example:
 * ```c
 * char bytes[4096];
 * ssize_t count;
 * while ((count = proc_read(cancel, fd, bytes, sizeof bytes, PROC_SECONDS(30))) > 0)
 *     if ((count = proc_write_all(cancel, fd, bytes, (size_t)count, PROC_SECONDS(5))) < 0)
 *         break;
 * if (count < 0)
 *     return errno == ECANCELED ? proc_cancel_error(cancel) : proc_errno("echo");
 * ```
 *
 * @param cancel      NULL is never cancelled.
 * @param fd          a descriptor, as for `read`.
 * @param buffer      what is read is written there. NULL with a size is bad input.
 * @param size        how many bytes at most. 0 reads nothing and does not wait.
 * @param timeout_ns  nanoseconds, by the monotonic clock; 0 tries without waiting, negative is forever
 *                    (PROC_FOREVER).
 * @return how many bytes it has read; 0: the end of the file, or a size of 0. -1 with `errno`.
 * Errors:
 * - ECANCELED: the handle is cancelled, even if there is something to read. Nothing was read.
 * - ETIMEDOUT: the time is up, and there was nothing.
 * - EINVAL: `buffer` is NULL with a size.
 * - EMFILE, ENFILE, ENOMEM and so on: no descriptor is to be had, as for `proc_cancel_fd`.
 * - Any other as for `read`.
 */
PROC_API
ssize_t proc_read(proc_cancel *cancel,
                  int fd,
                  void *buffer,
                  size_t size,
                  int64_t timeout_ns);

/**
 * Writes all bytes; waits until a cancellation, or until the time is up.
 *
 * The timeout is for the whole call. Otherwise it is like `proc_read`, with the same exception. It raises no SIGPIPE
 * (and no SIGXFSZ), neither now nor, if the signal is blocked, later; a signal that was pending before stays pending.
 *
 * If it fails, an unknown part was written: then the only useful thing to do with the descriptor is to close it. If the handle is cancelled before
 * the call, nothing is written.
 *
 * @param cancel      NULL is never cancelled.
 * @param fd          a descriptor, as for `write`. A datagram socket sends the bytes as one datagram.
 * @param buffer      what is written. NULL with a size is bad input.
 * @param size        how many bytes. 0 writes nothing, also no empty datagram.
 * @param timeout_ns  nanoseconds, by the monotonic clock; 0 writes what can be written without waiting, negative is
 *                    forever (PROC_FOREVER).
 * @return `size`. -1 with `errno`.
 * Errors:
 * - ECANCELED: the handle is cancelled.
 * - ETIMEDOUT: the time is up.
 * - EPIPE: nobody will read the bytes.
 * - EINVAL: `buffer` is NULL with a size.
 * - EMFILE, ENFILE, ENOMEM and so on: no descriptor is to be had, as for `proc_cancel_fd`.
 * - Any other as for `write`.
 */
PROC_API
ssize_t proc_write_all(proc_cancel *cancel,
                       int fd,
                       const void *buffer,
                       size_t size,
                       int64_t timeout_ns);

/**
 * Accepts a connection; waits for one until a cancellation, or until the time is up.
 *
 * Signals do not end the wait. A connection that was aborted while it waited to be accepted is skipped.
 *
 * Whether the listener is blocking or not makes no difference, and its flags are left as they are. If several threads wait at it, one gets the
 * connection, and each call ends at its own cancellation. There is one exception: if the listener is blocking *and* another program, or a thread
 * that calls `accept`, accepts from it, too, the other may take the connection that `proc_accept` was about to accept. Then `proc_accept` notices a
 * cancellation, or that the time is up, only when the next connection comes. (The system has no call that accepts without waiting.) Such a listener
 * should not be blocking.
 *
 * If the handle is cancelled, it fails with ECANCELED and accepts no connection, even if there is one.
 *
 * It waits as `proc_poll` does, and so may need a descriptor of the handle. It is no cancellation point of
 * `pthread_cancel`.
 *
 * Example:
 * ```c
 * int fd;
 * while ((fd = proc_accept(cancel, listener, PROC_FOREVER)) >= 0)
 *     answer(fd);
 * return errno == ECANCELED ? proc_cancel_error(cancel) : proc_errno("accept");
 * ```
 *
 * Ownership: the descriptor is yours. It is close-on-exec and non-blocking.
 *
 * @param cancel      NULL is never cancelled.
 * @param listener    a socket that listens.
 * @param timeout_ns  nanoseconds, by the monotonic clock; 0 tries without waiting, negative is forever
 *                    (PROC_FOREVER).
 * @return the connection. -1 with `errno`.
 * Errors:
 * - ECANCELED: the handle is cancelled, even if there is a connection. None was accepted.
 * - ETIMEDOUT: the time is up, and there was none.
 * - EMFILE, ENFILE, ENOMEM and so on: no descriptor is to be had, as for `proc_cancel_fd`.
 * - Any other as for `accept4`.
 */
PROC_API
int proc_accept(proc_cancel *cancel,
                int listener,
                int64_t timeout_ns);

/**
 * Connects a socket; waits until a cancellation, or until the time is up.
 *
 * Signals do not end it. If a listener on this machine (AF_UNIX) has no more room, it waits until there is some.
 *
 * Whether the socket is blocking or not makes no difference. At the beginning of the call, and only then, it makes a blocking socket non-blocking;
 * afterwards its flags are as before.
 *
 * If it fails, the only useful thing to do with the socket is to close it: the connection may be made all the same. If
 * the handle is cancelled before the call, nothing is done.
 *
 * It waits as `proc_poll` does, and so may need a descriptor of the handle. It is no cancellation point of
 * `pthread_cancel`.
 *
 * @param cancel      NULL is never cancelled.
 * @param socket      a socket. If it is being connected already, the call waits for that.
 * @param address     to where, as for `connect`. NULL is bad input.
 * @param size        of the address, a `socklen_t`.
 * @param timeout_ns  nanoseconds, by the monotonic clock; 0 succeeds only if no waiting is needed, negative is forever
 *                    (PROC_FOREVER).
 * @return 0. -1 with `errno`.
 * Errors:
 * - ECANCELED: the handle is cancelled.
 * - ETIMEDOUT: the time is up, or the system's own timeout is.
 * - EINVAL: `address` is NULL.
 * - EMFILE, ENFILE, ENOMEM and so on: no descriptor is to be had, as for `proc_cancel_fd`.
 * - Any other as for `connect`, such as ECONNREFUSED.
 */
PROC_API
int proc_connect(proc_cancel *cancel,
                 int socket,
                 const struct sockaddr *address,
                 uint32_t size,
                 int64_t timeout_ns);

/**
 * The descriptor of a cancel handle, for poll, epoll and event loops. It is readable (POLLIN) once the handle is
 * cancelled, and stays so for good. It is made when first asked for, close-on-exec and non-blocking, and each handle
 * has one, the same at every call. The library keeps a second descriptor for it, for itself.
 *
 * Wait for it to be readable, and do nothing else with it: do not write to it, shut it down or close it. There is
 * nothing to read: `read` fails with EAGAIN, and after the cancellation it returns 0, the end of the file. So event
 * loops that can wait only by reading, such as those of Node.js and Go, may be given a duplicate: they see a connected
 * stream socket.
 *
 * If the program has closed the descriptor all the same (some daemons close all descriptors), the library leaves files
 * alone that the program opens under the same number, and the next call makes another descriptor. A child of `fork`
 * must call this function again, too: the descriptor that it inherits belongs to its parent.
 *
 * Example:
 * ```c
 * struct epoll_event stop = {.events = EPOLLIN, .data.fd = proc_cancel_fd(cancel)};
 * epoll_ctl(epoll, EPOLL_CTL_ADD, stop.data.fd, &stop); // a cancellation wakes epoll_wait
 * ```
 *
 * Ownership: the descriptor is the handle's, and is closed when the last reference to that is released. A duplicate
 * (`dup`) is yours. The duplicate becomes readable when the descriptor does, and at the latest when the descriptor is
 * closed: then nothing can cancel the handle any more. The handle of a running process is released when the process
 * has ended, unless the program keeps a reference.
 *
 * @param cancel  NULL is bad input.
 * @return the descriptor. -1 with `errno`; then nothing has changed, and a later call may succeed.
 * Errors:
 * - EINVAL: `cancel` is NULL.
 * - EMFILE, ENFILE, ENOMEM and so on: as for `socketpair`.
 */
PROC_API int proc_cancel_fd(proc_cancel *cancel);

/**
 * Waits for files as `poll` does, or until a handle is cancelled. Signals do not end the wait: it goes on for the time
 * that is left.
 *
 * If the handle is cancelled, it fails with ECANCELED, also where files are ready; a callback then
 * returns `proc_cancel_error`. Each `revents` is written when the result is 0 or more, and when it is
 * ECANCELED: then it is 0. Otherwise the array is left as it is.
 *
 * Unless `count` is 0, it polls a descriptor of the handle together with the files: the descriptor of `proc_cancel_fd`
 * or, if the program has not asked for that, one of the library's own. If the program closes this descriptor while a
 * thread waits here, the wait no longer notices the cancellation.
 *
 * Unless `count` is 0, it is a cancellation point of `pthread_cancel`, as `poll` is: a thread that runs no callback ends there properly. In a
 * callback, this ends the program (`proc_fn`).
 *
 * Example:
 * ```c
 * struct pollfd files[] = {{.fd = fd, .events = POLLIN}, {.fd = control, .events = POLLIN}};
 * const int ready = proc_poll(cancel, files, 2, PROC_SECONDS(1)); // 0: the time is up
 * if (ready < 0)
 *     return errno == ECANCELED ? proc_cancel_error(cancel) : proc_errno("poll");
 * ```
 *
 * @param cancel      NULL is never cancelled: only the files and the time count.
 * @param fds         as for `poll`; a negative `fd` is left out. NULL with a count is bad input.
 * @param count       at most 10,000, and less than RLIMIT_NOFILE. 0 only waits.
 * @param timeout_ns  nanoseconds, by the monotonic clock; 0 looks without waiting, negative is
 *                    forever (PROC_FOREVER).
 * @return how many files have `revents`; 0: the time is up. -1 with `errno`.
 * Errors:
 * - ECANCELED: the handle is cancelled, also where files are ready.
 * - EINVAL: `fds` is NULL with a count, or there are too many.
 * - EMFILE, ENFILE, ENOMEM and so on: no descriptor is to be had, as for `proc_cancel_fd`.
 * - Any other as for `poll`.
 */
PROC_API
int proc_poll(proc_cancel *cancel,
              struct pollfd *fds,
              nfds_t count,
              int64_t timeout_ns);

/* ------------------------------------------------------------------------------------------------
 * What a cancellation does not reach
 * ------------------------------------------------------------------------------------------------ */

/**
 * Runs a process, and then another one that cleans up, also if the first fails.
 *
 * The second process, `cleanup`, runs whether the first has succeeded, has failed or was cancelled. Both run on the
 * calling thread, in the same task.
 *
 * `cleanup` is shielded from every cancellation above, deadlines too: it runs below a cancel handle of its own, which nothing above cancels. But the
 * stop of the program still concerns it: `proc_draining` is true there too while `proc_main_with` drains, and the end of the grace period ends
 * `cleanup` together with the program. So a cleanup that may take long should set itself a limit. Its handle is cancelled before `proc_finally`
 * returns, on success too.
 *
 * Example:
 * ```c
 * // Flushed also after a failure, and when it was cancelled.
 * return proc_run(proc_finally(proc_new(serve, server, NULL), proc_new(flush, server, NULL)), cancel);
 * ```
 *
 * Ownership: takes over one reference of each.
 *
 * @param impl     what to run; NULL is bad input.
 * @param cleanup  what to run after it; NULL is bad input.
 * @return as for `proc_sequence`. It fails with the errors of both, the error of `impl` first. If both fail, and the error of `impl` only passes on
 *         why it was cancelled (`proc_error_is_echo`), that error comes last. An echo alone stays an echo.
 */
PROC_API
proc_impl *proc_finally(proc_impl *impl,
                        proc_impl *cleanup);

/**
 * Runs a process that a cancellation from above reaches only after some time.
 *
 * Work that has begun, for instance the answer to a request, has this time to complete. Inside, `proc_draining` is
 * true from the moment of the cancellation above.
 *
 * The time counts from the cancellation, also if the cancellation came before the shield began to run. For a shield inside of another one, it counts
 * from when the cancellation reached the inner shield. Then the process inside is cancelled with the same cause, on a thread of the library. If no
 * thread can be had, this is delayed until one can be had. The end of the grace period of `proc_main_with` ends the process inside, too.
 *
 * The process runs below a cancel handle of its own, so cancelling that handle cancels nothing above. The handle is cancelled before `proc_shield`
 * returns, on success too.
 *
 * Example:
 * ```c
 * // What has begun when the program is to stop has 5 s more.
 * return proc_run(proc_shield(PROC_SECONDS(5), proc_new(pay, order, NULL)), cancel);
 * ```
 *
 * Ownership: takes over one reference of `impl`.
 *
 * @param grace_ns  nanoseconds, by the monotonic clock; negative is forever (PROC_FOREVER): no cancellation from above
 *                  reaches it.
 * @param impl      what to run; NULL is bad input.
 * @return as for `proc_sequence`. Its errors are passed on as they are.
 */
PROC_API
proc_impl *proc_shield(int64_t grace_ns,
                       proc_impl *impl);

/* ------------------------------------------------------------------------------------------------
 * Restarts and ordered stops
 * ------------------------------------------------------------------------------------------------ */

/**
 * Runs a process again when it fails, after a delay, up to a limit. The delay grows as long as the process goes on
 * failing.
 *
 * If the process has failed too often in too short a time, `proc_supervise` gives up, and fails with the last error, wrapped (`proc_error_wrap`):
 * "gave up after 6 failures in 3.1 s: TEXT"; the time is from the first of these failures to the last. Each failure but the last is written to the
 * trace as a log of the category `proc_supervise`, and counted when the process runs again (`restarts_total`); it is reported nowhere else. Each run
 * is a region of the trace, "supervised". The file of `proc_trace_start` also shows each delay, and the giving up.
 *
 * After a cancellation the process does not run again: the run that is cancelled is the last, whatever it returns. A cancellation during a delay
 * ends the delay, and `proc_supervise` fails with the cause.
 *
 * The process runs on the calling thread, in the same task and below the same cancel handle each time.
 *
 * A service in it (`proc_service`) is expected anew in each run. A service that fails is not up any more, and a
 * program that was not up yet waits until the service is up again. Once the program is up, it stays up.
 *
 * Example:
 * ```c
 * proc_supervise_options options = PROC_SUPERVISE_OPTIONS_INIT;
 * options.first_delay_ns = PROC_SECONDS(1);
 * return proc_run(proc_supervise(&options, proc_new(fetch, "feed", NULL)), cancel);
 * ```
 *
 * Ownership: takes over one reference of `impl`; the options are copied.
 *
 * @param options  NULL: the defaults.
 * @param impl     what to run; NULL is bad input.
 * @return as for `proc_sequence`.
 */
PROC_API
proc_impl *proc_supervise(const proc_supervise_options *options,
                          proc_impl *impl);

/**
 * Runs services that depend on each other: they start in order and stop in reverse.
 *
 * Each child starts when the child before it is up, and stops before that child.
 *
 * The first child starts at once. A child is up when all services in it are up (`proc_service`); if it has no
 * services, when `proc_ready` is called in it; and in any case when it has succeeded. This holds whether or not the
 * stack runs below `proc_main`. A call of `proc_ready` in a child, outside of its services, is for that child alone.
 * When all children are up, and one of them has called `proc_ready`, this counts as a call outside of the stack.
 *
 * The stack stops when a child has failed, when it is cancelled from above, and when all children have succeeded. Then no further child starts, and
 * the running children are cancelled from the last to the first, with the same cause: each child has completed before the child before it is
 * cancelled. `proc_draining` is true in all of them from the beginning of the stop on. If a child fails before it is up, the children after it are
 * never started.
 *
 * Each child runs below a cancel handle of its own, on a thread of the library's, in the task and with the values around the stack. The calling
 * thread starts and stops them in order.
 *
 * All errors are listed, the first failure first; errors that only pass on why the stack stops are listed once, as by `proc_group`. If the stack was
 * cancelled from above before all children had started, the cause is among the errors.
 *
 * With `notify` (`proc_main_with`), the service manager is told at each step how far the stack is, and that it takes longer; the latter is repeated
 * while the step goes on. So the service manager waits as long as the step takes.
 *
 * Example:
 * ```c
 * // The server begins when the database is up, and stops before it.
 * return proc_run(PROC_STACK(proc_service("database", proc_new(open_database, database, NULL)),
 *                            proc_service("web", proc_new(serve, server, NULL))),
 *                 cancel);
 * ```
 *
 * Ownership: takes over one reference of each child; the array stays yours.
 *
 * @param impls  the children, the lowest first. NULL in it, or NULL with a count, is bad input.
 * @param count  how many; 0 makes a process that succeeds at once.
 * @return as for `proc_concurrent`.
 */
PROC_API
proc_impl *proc_stack(proc_impl *const *impls,
                      size_t count);

/* ------------------------------------------------------------------------------------------------
 * Time
 * ------------------------------------------------------------------------------------------------ */

/**
 * The time of the clock that the library uses for all durations: CLOCK_MONOTONIC. It stands still while the machine is suspended, and cannot be set.
 *
 * Threads: async-signal-safe.
 *
 * @return nanoseconds since some moment in the past.
 */
PROC_API
PROC_MUST_USE
int64_t proc_now(void);

/**
 * PROC_FOREVER, for languages that have no macros.
 *
 * Threads: async-signal-safe.
 *
 * @return -1: any negative duration is forever.
 */
PROC_API int64_t proc_forever(void);

/**
 * PROC_AT_ONCE, for languages that have no macros. It is the shortest duration, for options of which 0 stands for
 * the default.
 *
 * Threads: async-signal-safe.
 *
 * @return 1, a nanosecond.
 */
PROC_API int64_t proc_at_once(void);

/**
 * Makes a process that waits, and then succeeds. No callback runs meanwhile. If the time is over before a cancellation comes, it succeeds, even if
 * its result is noticed only after the cancellation.
 *
 * Threads: as one of several children that may run at the same time it takes no thread while it waits, as `proc_await`. There is one thread
 * for all that wait for a moment.
 *
 * @param duration_ns  nanoseconds from when it begins, by the clock of `proc_now`; negative is forever (PROC_FOREVER): until it is
 *                     cancelled.
 * @return never NULL. If it is cancelled before the time is over, the process fails with the cause. If it is cancelled from the start, it fails even
 *         with a duration of 0.
 */
PROC_API
proc_impl *proc_delay(int64_t duration_ns);

/**
 * Runs a process that is cancelled when its time is up. The cause is an error with code ETIMEDOUT and the message "timed out after 5 s": the time is
 * written in the largest unit in which it is at least 1 (ns, µs, ms, s, min, h, d), with three digits at most.
 *
 * It is a deadline like that of `proc_cancel_new_timeout`: the cancellation comes on time, whatever runs inside. But nothing ends a callback that
 * does not stop: `proc_timeout` completes when `impl` has completed. The result of `impl` decides: if `impl` succeeds, late or in time, so does
 * `proc_timeout`; if `impl` fails, `proc_timeout` fails with its errors. Errors that only pass on this timeout's own cause are listed once, after
 * all others. They are not left out: for the processes around it, a timeout is a failure.
 *
 * If a deadline above is nearer, that deadline cancels, and an error with its cause is an echo here as everywhere.
 *
 * `impl` runs below a handle of its own. This handle is cancelled before `proc_timeout` returns, on success too, and hooks that the deadline has
 * called have returned by then.
 *
 * Example:
 * ```c
 * proc_error *error = proc_run(proc_timeout(PROC_SECONDS(5), proc_new(fetch, url, NULL)), cancel);
 * if (proc_error_is(error, ETIMEDOUT))
 *     fprintf(stderr, "%s\n", proc_error_message(error)); // "timed out after 5 s"
 * proc_error_unref(error);
 * ```
 *
 * Threads: around what waits without a thread (`proc_await`, `proc_delay`, `proc_on_queue`) it takes none either.
 *
 * Ownership: takes over one reference of `impl`.
 *
 * @param timeout_ns  nanoseconds from when it begins, by the clock of `proc_now`. 0: it begins, and is cancelled from the start;
 *                    negative: its time is never up (PROC_FOREVER).
 * @param impl        what to run; NULL is bad input.
 * @return as for `proc_sequence`.
 * Errors:
 * - ETIMEDOUT: the time was up, and something stopped because of it.
 * - Any other is that of what it runs.
 */
PROC_API
proc_impl *proc_timeout(int64_t timeout_ns,
                        proc_impl *impl);

/**
 * Makes a cancel handle with a deadline. When its time is up, it is cancelled, with the cause of `proc_timeout`
 * (ETIMEDOUT).
 *
 * The handle is cancelled on time, whether or not anybody waits on it: hooks are called (on a thread of the library), its descriptor is readable,
 * and functions such as `proc_cancelled` say so. Hooks and descriptors need a thread for that, one for all deadlines; threads that only ask or wait
 * need none. If no thread can be had, hooks are called and descriptors become readable when any thread next calls a function of the library.
 *
 * Handles below it are cancelled at the same moment, also those with a later deadline of their own, but not those that `proc_shield` and
 * `proc_finally` shield.
 *
 * In a child of `fork`, the handle has the same deadline. In the child, the deadline reaches hooks and descriptors from before the `fork` only after
 * the child has added a hook or a descriptor to this handle or to a handle below it.
 *
 * Example:
 * ```c
 * proc_cancel *soon = proc_cancel_new_timeout(cancel, PROC_SECONDS(2)); // for both calls together
 * if (proc_connect(soon, fd, address, size, PROC_FOREVER) == 0)
 *     proc_write_all(soon, fd, "ping\n", 5, PROC_FOREVER);
 * proc_cancel_unref(soon);
 * ```
 *
 * Ownership: as for `proc_cancel_new`. When the last reference is released, the deadline is released, too.
 *
 * @param parent      as for `proc_cancel_new`.
 * @param timeout_ns  nanoseconds from now, by the clock of `proc_now`; 0: it is cancelled from the start; negative: no deadline
 *                    (PROC_FOREVER).
 * @return never NULL.
 */
PROC_API
PROC_MUST_USE
proc_cancel *proc_cancel_new_timeout(proc_cancel *parent,
                                     int64_t timeout_ns);

/**
 * How long it is until a deadline cancels a handle, its own or one above. It is for calls that take a timeout themselves.
 *
 * @param cancel  may be NULL.
 * @return nanoseconds until the nearest deadline; 0 if it is cancelled, for whatever reason; PROC_FOREVER if there is no deadline, and
 *         for NULL.
 */
PROC_API
int64_t proc_cancel_remaining(const proc_cancel *cancel);

/**
 * Runs a process again and again, at each multiple of a period, until cancelled.
 *
 * It runs at once, and then at each multiple of the period since then. A run that takes longer skips the times
 * that it has missed, so there is never more than one.
 *
 * Between the runs it waits, and uses no processor time. Each time is computed from the time of the first run, so the times do not drift.
 *
 * When it is cancelled, it succeeds, for it is meant to go on until then; a child that returns the cause has not failed. Any other error of the
 * child ends it with that error, also after a cancellation. A service in it (`proc_service`) is a task as any other, as in `proc_on_signal`.
 *
 * Example:
 * ```c
 * return proc_run(proc_every(PROC_SECONDS(60), proc_new(statistics, server, NULL)), cancel);
 * ```
 *
 * Ownership: takes over one reference of `impl`.
 *
 * @param period_ns  nanoseconds, by the clock of `proc_now`; 0 or less is bad input.
 * @param impl       what to run; NULL is bad input.
 * @return as for `proc_sequence`. Cancelled from the start, it runs nothing.
 */
PROC_API
proc_impl *proc_every(int64_t period_ns,
                      proc_impl *impl);

/* ------------------------------------------------------------------------------------------------
 * Values
 * ------------------------------------------------------------------------------------------------ */

/**
 * Makes a cancel handle that has a value, below another one. A value is, for instance, a request's number, a logger, a
 * credential. The handles below have the value too, and so have the callbacks that run with them, on whatever thread.
 * Cancelling the new handle does not cancel its parent.
 *
 * Ownership: the result is yours. The value is the handle's until `destroy` is called with it, which is after the last reference to the
 * last handle that can see it is released: this one, and those below it.
 *
 * @param parent   as for `proc_cancel_new`: cancels the new handle when it is cancelled. NULL: nothing above, and no other
 *                 values.
 * @param key      the key of the value; hides values of handles above under the same key. NULL is bad input.
 * @param value    anything; NULL hides values of handles above, too: then there is no value.
 * @param destroy  releases the value, exactly once, also if the call fails; may be NULL.
 * @return never NULL. After bad input, a handle that is cancelled already.
 * Errors:
 * - EINVAL: `key` is NULL. It is the code of the handle's cause.
 */
PROC_API
PROC_MUST_USE
proc_cancel *proc_cancel_with_value(proc_cancel *parent,
                                    const proc_key *key,
                                    void *value,
                                    proc_destroy_fn destroy);

/**
 * Gives a value to all that runs in a process. `proc_cancel_with_value` does the same for a handle. Errors of the
 * process are passed on as they are. The process runs below a handle of its own, so cancelling that handle cancels
 * nothing above.
 *
 * Example:
 * ```c
 * static const proc_key request_key = {"request"};
 * static void log_text(const char *text) { // wherever it is called, it knows for which request
 *     const struct request *request = proc_value(NULL, &request_key);
 *     fprintf(stderr, "%d: %s\n", request ? request->number : 0, text);
 * }
 * static proc_impl *handling(struct request *request) {
 *     return proc_with_value(&request_key, request, NULL, proc_new(handle, request, NULL));
 * }
 * ```
 *
 * Ownership: takes over one reference of `impl`. The value is the process's until `destroy` is called with it, which is after
 * the last run and the last reference have ended, and with them the last handle that somebody has kept of a run.
 *
 * @param key      the key of the value; NULL is bad input.
 * @param value    the same in each run; NULL: there is none.
 * @param destroy  releases the value, exactly once, also if the call fails; may be NULL.
 * @param impl     what to run; NULL is bad input.
 * @return as for `proc_sequence`.
 */
PROC_API
proc_impl *proc_with_value(const proc_key *key,
                           void *value,
                           proc_destroy_fn destroy,
                           proc_impl *impl);

/**
 * The value that a handle has under a key. The search begins at this handle and goes upwards: the nearest handle that
 * was given a value for the key decides.
 *
 * A run or a job that was given no handle has the values of the callback that started it.
 *
 * @param cancel  NULL: the handle of the callback that runs on the calling thread (`proc_current`).
 * @param key     may be NULL.
 * @return borrowed until the handle is released; NULL: there is none.
 */
PROC_API PROC_MUST_USE void *proc_value(const proc_cancel *cancel, const proc_key *key);

/* ------------------------------------------------------------------------------------------------
 * Channels
 * ------------------------------------------------------------------------------------------------ */

/**
 * Makes a channel: a bounded queue of items of one size. It is for many senders and many receivers. Items are
 * copied, and come out in the order in which they were sent.
 *
 * Example:
 * ```c
 * proc_channel *lines = proc_channel_new(64, sizeof(char *), free_line); // 64 pointers; those that are left are freed
 * ```
 *
 * Ownership: the result is yours. When the last reference is released, `destroy` releases the items that are left.
 *
 * @param capacity   how many items it holds. 0: none; each sender waits for a receiver, to which the item goes directly.
 * @param item_size  how many bytes an item has; 0 is bad input.
 * @param destroy    releases what an item refers to, by the item's address, which is aligned as in an array from `malloc`; may be NULL.
 * @return the channel. NULL with `errno`.
 * Errors:
 * - EINVAL: `item_size` is 0.
 * - ENOMEM: there is no memory for so much.
 */
PROC_API
PROC_MUST_USE
proc_channel *proc_channel_new(size_t capacity,
                               size_t item_size,
                               proc_destroy_fn destroy);

/**
 * Makes another reference to a channel.
 *
 * @param channel  stays yours; may be NULL.
 * @return the same channel, as a reference of its own; NULL for NULL.
 */
PROC_API proc_channel *proc_channel_ref(proc_channel *channel);

/**
 * Releases one reference to a channel. It does not close it.
 *
 * @param channel  may be NULL.
 */
PROC_API void proc_channel_unref(proc_channel *channel);

/**
 * Sends an item; blocks while the channel is full. The sender that has waited longest sends first. Signals do not end
 * the wait.
 *
 * An item is never lost, and never duplicated: after a result of 0 it is in the channel or with its receiver, after -1
 * it is still yours alone.
 *
 * Example:
 * ```c
 * char *line = read_line();
 * if (proc_channel_send(channel, cancel, &line, PROC_FOREVER) < 0)
 *     free(line); // it was not sent, and is still ours
 * ```
 *
 * @param channel     NULL is bad input.
 * @param cancel      ends the wait when it is cancelled; NULL is never cancelled.
 * @param item        the item, which is copied; NULL is bad input.
 * @param timeout_ns  nanoseconds, by the monotonic clock; 0 tries without waiting, negative is forever (PROC_FOREVER).
 * @return 0. -1 with `errno`, the first of these that holds.
 * Errors:
 * - EINVAL: bad input.
 * - ECANCELED: the handle is cancelled, also if there is room.
 * - EPIPE: the channel is closed, or was closed during the wait.
 * - ETIMEDOUT: the time is up.
 */
PROC_API int proc_channel_send(proc_channel *channel, proc_cancel *cancel, const void *item, int64_t timeout_ns);

/**
 * Receives an item; blocks while the channel is empty. The receiver that has waited longest receives first. Signals do
 * not end the wait.
 *
 * Example:
 * ```c
 * char *line;
 * while (proc_channel_receive(channel, cancel, &line, PROC_FOREVER) == 0) {
 *     puts(line);
 *     free(line);
 * }
 * return errno == EPIPE ? NULL : proc_cancel_error(cancel); // closed and empty: all is done
 * ```
 *
 * @param channel     NULL is bad input.
 * @param cancel      ends the wait when it is cancelled; NULL is never cancelled.
 * @param item        where to copy the item, which is yours then; left as it is after -1. NULL is bad input.
 * @param timeout_ns  as for `proc_channel_send`.
 * @return 0. -1 with `errno`, the first of these that holds.
 * Errors:
 * - EINVAL: bad input.
 * - ECANCELED: the handle is cancelled, also if there are items.
 * - EPIPE: the channel is closed, and there are no items in it any more.
 * - ETIMEDOUT: the time is up.
 */
PROC_API int proc_channel_receive(proc_channel *channel, proc_cancel *cancel, void *item, int64_t timeout_ns);

/**
 * Closes a channel: from now on nothing can be sent.
 *
 * Senders that wait fail with EPIPE and keep their items. Items in the channel can still be received; after the last
 * of them, receivers fail with EPIPE. It does not block. A second call does nothing.
 *
 * @param channel  may be NULL.
 */
PROC_API void proc_channel_close(proc_channel *channel);

/**
 * How many items are in a channel at this moment. In one of capacity 0 there are none.
 *
 * @param channel  may be NULL.
 * @return 0 for NULL.
 */
PROC_API size_t proc_channel_length(const proc_channel *channel);

/**
 * A descriptor that is readable while there is something to receive.
 *
 * It is for poll, epoll and event loops. It is readable (POLLIN) once the channel is closed, too. If there are several
 * receivers, another one may take the item first: so receive with a timeout of 0.
 *
 * It is made when first asked for, close-on-exec and non-blocking, the same at every call. Wait for it to be readable, and do nothing else with it,
 * as with that of `proc_cancel_fd`. The library keeps a second descriptor for it, for itself.
 *
 * Ownership: the descriptor is the channel's, and is closed when the last reference to that is released.
 *
 * @param channel  NULL is bad input.
 * @return the descriptor. -1 with `errno`.
 * Errors:
 * - EINVAL: `channel` is NULL.
 * - EMFILE, ENFILE and so on: as for `pipe`.
 */
PROC_API
int proc_channel_fd(proc_channel *channel);

/* ------------------------------------------------------------------------------------------------
 * Promises
 * ------------------------------------------------------------------------------------------------ */

/**
 * Makes a promise: something that somebody completes once, with success or an error. It is for event loops, and
 * for languages whose work ends in a callback of their own: `proc_await` is the process that waits for it.
 *
 * Example:
 * ```c
 * static void on_reply(const char *failure, void *promise) { // an event loop calls it
 *     proc_promise_complete(promise, failure ? proc_error_new(EIO, failure) : NULL);
 *     proc_promise_unref(promise);
 * }
 * static proc_impl *asking(struct client *client) {
 *     proc_promise *promise = proc_promise_new();
 *     proc_impl *reply = proc_await(promise);
 *     client_ask(client, on_reply, promise);
 *     return reply;
 * }
 * ```
 *
 * Ownership: the result is yours.
 *
 * @return never NULL.
 */
PROC_API PROC_MUST_USE proc_promise *proc_promise_new(void);

/**
 * Makes another reference to a promise.
 *
 * @param promise  stays yours; may be NULL.
 * @return the same promise, as a reference of its own; NULL for NULL.
 */
PROC_API proc_promise *proc_promise_ref(proc_promise *promise);

/**
 * Releases one reference to a promise. After the last reference is released, the promise can no longer be completed: if it is not complete by then,
 * all processes that await it, now or later, fail with EPIPE.
 *
 * @param promise  may be NULL.
 */
PROC_API
void proc_promise_unref(proc_promise *promise);

/**
 * Completes a promise, with success or with an error. All processes that await the promise complete, and those that
 * await it later complete at once. Only the first call counts. It does not block.
 *
 * Ownership: takes the error over, whether or not it counts; the promise stays what it was.
 *
 * Threads: any thread, one that runs no process, too. What awaits it goes on on other threads: nothing of the program's
 * is called in here but, if this is not the first call, what releases the error.
 *
 * @param promise  may be NULL: then only the error is released.
 * @param error    the error with which the awaiting processes fail; NULL: they succeed.
 * @return true: this was the first call. false: it was not, or `promise` is NULL.
 */
PROC_API bool proc_promise_complete(proc_promise *promise, proc_error *error);

/**
 * Makes a process that completes as a promise does. It waits until the promise is complete, and returns its error, if
 * it has one. If it is cancelled while it waits, it fails with the cause (`proc_cancel_error`); but if the promise is
 * complete by then, the result of the promise counts.
 *
 * Threads: as one of several children that may run at the same time it takes no thread while it waits, also with tasks, regions,
 * values and timeouts around it: in a nursery, `proc_group`, `proc_concurrent`, `proc_race` and `proc_any`, with a limit, too. Elsewhere the thread
 * waits that runs it.
 *
 * Ownership: the result is yours. The promise is borrowed: the process holds no reference to the promise, and may
 * outlive all references.
 *
 * @param promise  NULL is bad input.
 * @return never NULL. After bad input, a process that starts nothing and fails.
 * Errors: the process fails with one of these.
 * - EINVAL: `promise` is NULL.
 * - EPIPE: the last reference to the promise is gone, and nobody has completed it.
 */
PROC_API
proc_impl *proc_await(proc_promise *promise);

/* ------------------------------------------------------------------------------------------------
 * Queues
 * ------------------------------------------------------------------------------------------------ */

/**
 * Makes a queue of processes to run on a thread of your choice. For instance, a thread that has an event loop, or the
 * only thread that may call an interpreter or a library. `proc_on_queue` makes a process that runs another one in the
 * queue; `proc_queue_run` runs the processes in the queue on the calling thread.
 *
 * Ownership: the result is yours.
 *
 * @return never NULL.
 */
PROC_API PROC_MUST_USE proc_queue *proc_queue_new(void);

/**
 * Makes another reference to a queue.
 *
 * @param queue  stays yours; may be NULL.
 * @return the same queue, as a reference of its own; NULL for NULL.
 */
PROC_API proc_queue *proc_queue_ref(proc_queue *queue);

/**
 * Releases one reference to a queue. After the last reference is released, no thread can run the queue any more: all processes that wait in it, now
 * or later, fail with EPIPE. A process that runs in the queue goes on.
 *
 * @param queue  may be NULL.
 */
PROC_API
void proc_queue_unref(proc_queue *queue);

/**
 * Makes a process that runs another one in a queue. It waits until some thread calls `proc_queue_run`, which runs
 * `impl`, and completes when `impl` has completed, with its result. If it is cancelled before `impl` has begun, `impl`
 * does not run, and the process fails with the cause (`proc_cancel_error`). Once `impl` has begun, the process waits
 * for it to stop, as everywhere.
 *
 * Wherever `impl` runs, it stays a part of the tree that `proc_on_queue` is in: it has the cancel handle, the tasks and the values of that place.
 * Its error goes to the process that waits, not to the caller of `proc_queue_run`.
 *
 * On a thread that is inside of `proc_queue_run` of the same queue, `impl` runs at once, in place.
 *
 * A process that runs in a queue blocks the thread that runs the queue. If the process waits there for a child that another thread has begun, and
 * the child has something to run in the same queue, both would wait for ever. So the `proc_on_queue` of the child fails with EDEADLK, unless other
 * threads run the queue at that moment. For this reason a nursery in a queue cannot have children in the same queue, and neither can a group, since
 * it is not certain which thread begins a child. A job (`proc_start`) is not a part of the process that has started it, and waits for its turn.
 *
 * The library detects this deadlock in one queue, not between two queues: if a process in queue A waits for its turn in queue B, and a process in
 * queue B waits for its turn in queue A, both wait for ever. So wait in one direction only, and start the work for the other direction as a job.
 *
 * Example:
 * ```c
 * // On any thread. The window is drawn on the thread that calls proc_queue_run.
 * return proc_run(proc_on_queue(queue, proc_new(draw, window, NULL)), cancel);
 * ```
 *
 * Threads: as one of several children that may run at the same time it takes no thread while it waits, as `proc_await`, nor while
 * `impl` runs in the queue.
 *
 * Ownership: takes over one reference of `impl`. The queue is borrowed: the process holds no reference to the queue, and may outlive all references.
 *
 * @param queue  NULL is bad input.
 * @param impl   what to run; NULL is bad input.
 * @return as for `proc_sequence`.
 * Errors: the process fails with one of these.
 * - EPIPE: the last reference to the queue is gone.
 * - EDEADLK: it would wait for ever (above).
 * - EOWNERDEAD: in a child of `fork`, where no thread runs a queue of the parent.
 */
PROC_API
proc_impl *proc_on_queue(proc_queue *queue,
                         proc_impl *impl);

/**
 * A descriptor that is readable while there is something to run in a queue. It is for poll, epoll and event loops
 * (POLLIN). When it is readable, call `proc_queue_run` with a timeout of 0.
 *
 * It is made when first asked for, close-on-exec and non-blocking, the same at every call. Wait for it to be readable, and do nothing else with it,
 * as with that of `proc_cancel_fd`. The library keeps a second descriptor for it, for itself. Unlike that of `proc_cancel_fd`, it is the end of a
 * pipe, and may be read from: event loops that watch by reading, as that of Node.js, read one byte. If anything is left in the queue after the next
 * `proc_queue_run`, the descriptor is readable again.
 *
 * Ownership: the descriptor is the queue's, and is closed when the last reference to that is released.
 *
 * @param queue  NULL is bad input.
 * @return the descriptor. -1 with `errno`.
 * Errors:
 * - EINVAL: `queue` is NULL.
 * - EOWNERDEAD: in a child of `fork`, the queue is the parent's.
 * - EMFILE, ENFILE and so on: as for `pipe`.
 */
PROC_API
int proc_queue_fd(proc_queue *queue);

/**
 * Runs the processes in a queue, on the calling thread. It runs one after the other, in the order in which they came.
 * If the queue is empty, it blocks until there is a process. Processes that come meanwhile are left for the next call,
 * so that an event loop gets its turn. Signals do not end the wait.
 *
 * A process that runs here blocks this thread: `proc_on_queue` says for what it must not wait.
 *
 * Example:
 * ```c
 * while (!proc_cancelled(cancel)) // a thread that has nothing else to do; an event loop watches proc_queue_fd
 *     proc_queue_run(queue, cancel, PROC_FOREVER);
 * ```
 *
 * Threads: any thread, several at the same time, and also inside of what runs in the queue, as an event loop inside of another one.
 *
 * @param queue       NULL returns 0 at once.
 * @param cancel      ends only the wait when it is cancelled: processes in the queue run all the same, under their own handles. NULL is never
 *                    cancelled.
 * @param timeout_ns  how long to wait for the first process, in nanoseconds, by the monotonic clock; 0 does not wait, negative is forever
 *                    (PROC_FOREVER).
 * @return how many processes it has run; those that were cancelled before they began do not count. 0: the time is up, the handle is cancelled, or
 *         all processes in the queue were cancelled; or, in a child of `fork`, the queue is the parent's.
 */
PROC_API
size_t proc_queue_run(proc_queue *queue,
                      proc_cancel *cancel,
                      int64_t timeout_ns);

/* ------------------------------------------------------------------------------------------------
 * Programs
 * ------------------------------------------------------------------------------------------------ */

/**
 * Makes a process that runs a program, and completes when the program has ended.
 *
 * The program is in a process group of its own, with no signal blocked, with the default action for each signal (SIGPIPE, too). It inherits no
 * descriptor but its standard streams, whatever the calling program has open, close-on-exec or not. It is started as by `posix_spawn`: no handler of
 * `pthread_atfork` is called, and the start takes no longer if the calling program is large.
 *
 * Exit status 0 is success. All else is a failure with code ECHILD, which names the program as its first argument does: "convert: exit status 3",
 * "convert: killed by SIGSEGV" (by number, "signal 35", if the signal does not have the same name everywhere). If the program cannot be started, the
 * process fails with the error of the system: "convert: No such file or directory". It also fails if no descriptors are left (EMFILE), or if a
 * descriptor for one of the streams is not open (EBADF).
 *
 * When the process is cancelled, it stops the whole process group: it sends SIGTERM (and SIGCONT, so that a stopped program receives it), and
 * `stop_after_ns` later SIGKILL, if any program is left in the group. The process completes when the group is empty, or when the killed programs are
 * gone; if `stop_after_ns` is negative, when the program itself has ended. It fails with the cause. If it is cancelled before it begins, it starts
 * nothing, and fails with the cause. If the program has ended before SIGTERM was sent, its own result counts. Programs that have left the group, as
 * by `setsid`, are not stopped.
 *
 * When the program ends by itself, other programs in its group are left alone, even if they go on writing. Everything that was written until then
 * has been passed to `on_output` when the process completes.
 *
 * The library reaps the program, once, and does not touch SIGCHLD. If the calling program ignores SIGCHLD, or waits for any child (`wait`,
 * `waitpid(-1)`), the status may be lost: then the process fails with ECHILD, "convert: status lost".
 *
 * Under a stop by force (`proc_main_options`) all groups are killed.
 *
 * In a run of `proc_simulate` no program is started: a process plays the program (`proc_simulated_child_fn`).
 *
 * Example:
 * ```c
 * const char *const arguments[] = {"convert", "in.png", "out.jpg", NULL};
 * proc_child_options options = PROC_CHILD_OPTIONS_INIT;
 * options.argv = arguments;
 * return proc_run(proc_timeout(PROC_SECONDS(30), proc_child(&options)), cancel);
 * ```
 *
 * Threads: it blocks the thread that runs it. Where the system has no descriptors of processes (before Linux 5.3), it takes another one that waits.
 *
 * @param options  what to run; NULL is bad input.
 * @return never NULL. After bad input, a process that starts nothing and fails. The process may run many times,
 *         and at the same time.
 * Errors: the process fails with one of these.
 * - EINVAL: bad input.
 * - ECHILD: the program has ended in another way than with exit status 0, or its status was lost.
 * - EMFILE: no descriptors are left.
 * - EBADF: a descriptor for one of the streams is not open.
 * - ENOENT, EACCES and so on: the system cannot start the program.
 * - ENOTSUP: it runs in a simulation, and the options of the simulation have no `child`.
 */
PROC_API
proc_impl *proc_child(const proc_child_options *options);

/* ------------------------------------------------------------------------------------------------
 * Jobs
 * ------------------------------------------------------------------------------------------------ */

/**
 * Starts a process as a job, and returns at once. It is for threads that must not wait, such as those of event loops
 * and of other languages. Every job must be joined, once, by `proc_job_join`.
 *
 * Example:
 * ```c
 * proc_job *job = proc_start(proc_new(fetch, url, NULL), cancel, NULL, NULL);
 * draw(cancel, window); // meanwhile; an event loop watches proc_job_fd(job)
 * return proc_job_join(job);
 * ```
 *
 * Ownership: takes over one reference of `impl`; the result is yours until it is joined.
 *
 * Threads: the process runs on a thread of the library from its beginning. If there is none to be had,
 * it fails with EAGAIN, and `on_done` runs on the calling thread before this returns. But if that thread
 * is inside of another job's `on_done`, it runs after that has returned, or in `proc_job_join` of this job,
 * if that is earlier: so an `on_done` may start its job again, however often that fails.
 *
 * A child of `fork` does not have the jobs of its parent: there, all functions for jobs fail at once with such a job,
 * even if it is complete.
 *
 * @param impl       what to run. NULL is bad input: the job fails with EINVAL.
 * @param cancel     the handle to run under: the job is cancelled with it. NULL makes a new one, which
 *                   nothing cancels.
 * @param on_done    runs exactly once, on a thread of the library if one can be had, when the process has
 *                   completed and `proc_job_fd` is readable, and before a join returns. It must return, as
 *                   a callback must. May be NULL.
 * @param user_data  passed to `on_done` as it is; may be NULL. It stays yours, and must be there until the job has been joined.
 * @return never NULL.
 * Errors: the job fails with one of these.
 * - EINVAL: `impl` is NULL.
 * - EAGAIN: no thread can be had.
 */
PROC_API
PROC_MUST_USE
proc_job *proc_start(proc_impl *impl,
                     proc_cancel *cancel,
                     void (*on_done)(void *user_data),
                     void *user_data);

/**
 * A descriptor that is readable once a job is complete, and stays so. It is for poll, epoll and event loops
 * (POLLIN). It is made when it is first asked for, and close-on-exec.
 *
 * Ownership: the descriptor is the job's; joining the job closes it.
 *
 * @param job  NULL is bad input.
 * @return the descriptor. -1 with `errno`.
 * Errors:
 * - EINVAL: `job` is NULL.
 * - EOWNERDEAD: in a child of `fork`, the job is the parent's.
 * - EMFILE, ENFILE, ENOMEM and so on: no descriptor is to be had, as for `proc_cancel_fd`.
 */
PROC_API int proc_job_fd(proc_job *job);

/**
 * Blocks until a job is complete or the time is up. Signals do not end the wait. From inside of the job itself
 * (`proc_job_inside`) it returns at once.
 *
 * @param job         NULL returns false at once.
 * @param timeout_ns  nanoseconds, by the monotonic clock; negative is forever (PROC_FOREVER).
 * @return true: the job is complete, so a join waits only for the end of `on_done`. false: the job is not complete:
 *         the time is up; or the caller is inside of the job; or the wait would be forever, since the job waits for
 *         the caller, as `proc_job_join` says. In a child of `fork`, for a job of its parent's, always false.
 * Errors:
 * - EOWNERDEAD: in a child of `fork`, the job is the parent's. The result is false, and `errno` is this.
 */
PROC_API bool proc_job_wait(proc_job *job, int64_t timeout_ns);

/**
 * Whether the calling thread is inside of a job, which it therefore cannot join.
 *
 * Inside is all code that runs as a part of the job, on whatever thread: its callbacks, what they run by `proc_run`,
 * the hooks that they trigger (`proc_on_cancel`, `proc_trace_set_hooks`), each `destroy` that it causes, and
 * `on_done`. Another job that was started there is not inside: it runs independently.
 *
 * @param job  NULL returns false; so does, in a child of `fork`, a job of its parent's.
 * @return true: inside. false: not, or `job` is NULL, or, in a child of `fork`, a job of its parent's.
 */
PROC_API bool proc_job_inside(const proc_job *job);

/**
 * Waits until a job is complete, releases it, and returns its error. It waits for the end of `on_done`, too.
 *
 * Code inside of the job (`proc_job_inside`) cannot wait for it: there, this call fails with EDEADLK, and the job
 * stays yours; it must be joined from outside. If jobs join each other in a ring, the call that would join the oldest job
 * of the ring fails in the same way, and the others go on waiting. So a job may join a job that it has started. A
 * process may also fail with EDEADLK itself; `errno` tells the difference: it is EDEADLK only if the job is still
 * yours, and otherwise unchanged.
 *
 * Ownership: takes the job over, but for EDEADLK; the returned error is yours.
 *
 * @param job  handed over, but for EDEADLK; NULL fails with EINVAL.
 * @return NULL on success, else the process's error.
 * Errors:
 * - EINVAL: `job` is NULL.
 * - EDEADLK: it is called from inside of the job, or in a ring of joins. The job stays yours, and `errno` is EDEADLK, too.
 * - EOWNERDEAD: in a child of `fork`, the job is the parent's, and goes on there.
 */
PROC_API
PROC_MUST_USE
proc_error *proc_job_join(proc_job *job);

/* ------------------------------------------------------------------------------------------------
 * Work that comes while it runs
 * ------------------------------------------------------------------------------------------------ */

/**
 * Makes a group whose children come while it runs: connections, requests, files.
 *
 * The body is the first child, and runs on the calling thread, even if the nursery is cancelled from the start. All
 * code that has the nursery may spawn other children (`proc_spawn`): the body, children, other threads. The nursery
 * completes when the body has returned and no child is left. After the body, the calling thread runs children that no
 * other thread has begun.
 *
 * Failures are those of `proc_group`: the first failure, of the body or of a child, cancels all children, and is the
 * cause; errors are listed in order of completion, and the cause once instead of its echoes. All children run below a
 * cancel handle of its own (`proc_nursery_cancel`), and in the tasks around it, whoever spawns them.
 *
 * Example:
 * ```c
 * static proc_error *accept_all(proc_nursery *nursery, proc_cancel *cancel, void *listener) {
 *     proc_error *error = NULL;
 *     int fd = 0;
 *     while (!error && (fd = proc_accept(cancel, *(int *)listener, PROC_FOREVER)) >= 0)
 *         error = proc_spawn(nursery, proc_new(converse, connection_new(fd), connection_free));
 *     return error ? error : proc_cancelled(cancel) ? proc_cancel_error(cancel) : proc_errno("accept");
 * }
 * static proc_impl *server_on(int *listener) { return proc_with_nursery(accept_all, listener, NULL, NULL); }
 * ```
 *
 * Ownership: the result is yours; `user_data` is the process's until `destroy` is called with it, which is after
 * the last run and the last reference have ended. The options are copied.
 *
 * @param body       NULL is bad input.
 * @param user_data  passed to the body as it is; may be NULL.
 * @param destroy    releases `user_data`, exactly once, also if the call fails; may be NULL.
 * @param options    NULL: the defaults.
 * @return never NULL. After bad input, a process that starts nothing and fails.
 * Errors: the process fails with one of these.
 * - EINVAL: `body` is NULL, or the options are not valid.
 */
PROC_API
proc_impl *proc_with_nursery(proc_nursery_fn body,
                             void *user_data,
                             proc_destroy_fn destroy,
                             const proc_nursery_options *options);

/**
 * Spawns a child: hands a process over to a nursery, which runs it. It returns when the nursery has accepted the
 * child. While the nursery has as many children as its limit allows, this waits for a place; waiting callers get
 * places in order.
 *
 * Once accepted, the child will run, unless the nursery is cancelled before it begins. It really runs at the same time as all others, whatever the
 * spawning thread does: it begins at once if a thread of the library is parked and the spawning thread goes on to wait in a function of the library,
 * and within some milliseconds in any case. A spawning thread that spawns more, or computes, makes no system call for it. Children that no other
 * thread has begun when the body has returned run on the thread of the body. If no thread can be had, the child fails with EAGAIN, as in a group;
 * but a child that only waits (`proc_await`, `proc_delay`) needs none.
 *
 * A nursery that is cancelled starts nothing more: children that have not begun are released, without an error.
 *
 * If `proc_spawn` fails, the child is released without being run, and nothing else fails because of it. It detects a
 * deadlock: if a child calls it, and all children would wait for each other's places, in this function or in
 * `proc_nursery_wait`, the call that would complete the deadlock fails with EDEADLK, and the others go on waiting.
 *
 * Example:
 * ```c
 * proc_error *refused = proc_spawn(nursery, proc_task("request", proc_new(handle, request, free)));
 * if (refused)
 *     return refused; // the nursery is cancelled, or has completed; `request` is freed
 * ```
 *
 * Ownership: takes over one reference of `impl`, in any case; the nursery stays what it was; the error is yours.
 *
 * @param nursery  NULL is bad input.
 * @param impl     NULL is bad input; so is a process that is nested as deep as PROC_MAX_DEPTH (ELOOP).
 * @return NULL: accepted. Else why it was not, the first of these that holds.
 * Errors:
 * - EINVAL, ELOOP: bad input. If the child was made of bad input, its own error.
 * - EOWNERDEAD: in a child of `fork`, the nursery is the parent's.
 * - EPIPE: the nursery has completed.
 * - The cause, whatever its code: the nursery is cancelled, or becomes so while this waits; or the callback that
 *   waits (`proc_current`) is cancelled.
 * - EDEADLK: all children would wait for each other's places.
 */
PROC_API
PROC_MUST_USE
proc_error *proc_spawn(proc_nursery *nursery,
                       proc_impl *impl);

/**
 * As `proc_spawn`, but does not wait for a place. While the nursery is full, or others wait for a place, it fails
 * with EAGAIN.
 *
 * Example:
 * ```c
 * proc_error *refused = proc_try_spawn(nursery, proc_new(handle, request, NULL));
 * if (proc_error_is(refused, EAGAIN))
 *     say_busy(request);
 * proc_error_unref(refused);
 * ```
 *
 * Ownership: as for `proc_spawn`.
 *
 * @param nursery  NULL is bad input.
 * @param impl     as for `proc_spawn`.
 * @return NULL: accepted. Else why it was not.
 * Errors:
 * - EAGAIN: it is full. (If no thread can be had, that is the child's own failure.)
 * - Any other as for `proc_spawn`.
 */
PROC_API PROC_MUST_USE proc_error *proc_try_spawn(proc_nursery *nursery, proc_impl *impl);

/**
 * Blocks until no child of a nursery is left, or the time is up. The calling child does not count, and neither does
 * the body. The wait also ends when the nursery or the calling callback (`proc_current`) is cancelled. Signals do not
 * end it. Children that wait here count as ended: if all children that are left wait here, all these waits end.
 *
 * @param nursery     NULL returns false at once.
 * @param timeout_ns  nanoseconds, by the monotonic clock; negative is forever (PROC_FOREVER).
 * @return true: no child was left, whether or not the nursery is cancelled. false: the time is up, or the wait was
 *         cancelled, or it failed with one of these as `errno`.
 * Errors:
 * - EDEADLK: the wait would be forever, since the other children wait for the end or the place of the calling child
 *   (`proc_spawn`).
 * - EOWNERDEAD: in a child of `fork`, the nursery is the parent's.
 */
PROC_API bool proc_nursery_wait(proc_nursery *nursery, int64_t timeout_ns);

/**
 * How many children of a nursery have not ended. It counts children that have begun, and those that have not. The body
 * does not count.
 *
 * @param nursery  NULL has no children; neither has a nursery that has completed.
 * @return 0 for NULL, and if it has completed.
 */
PROC_API size_t proc_nursery_count(const proc_nursery *nursery);

/**
 * The handle that the children of a nursery run under. Triggering it (`proc_cancel_trigger`) cancels the nursery.
 *
 * @param nursery  may be NULL.
 * @return borrowed from the nursery; NULL for NULL.
 */
PROC_API proc_cancel *proc_nursery_cancel(const proc_nursery *nursery);

/**
 * Makes another reference to a nursery, to keep it for longer than it runs.
 *
 * @param nursery  stays what it was; may be NULL.
 * @return the same nursery, as a reference of its own; NULL for NULL.
 */
PROC_API proc_nursery *proc_nursery_ref(proc_nursery *nursery);

/**
 * Releases one reference to a nursery. The nursery goes on all the same.
 *
 * @param nursery  may be NULL.
 */
PROC_API void proc_nursery_unref(proc_nursery *nursery);

/* ------------------------------------------------------------------------------------------------
 * Daemons
 * ------------------------------------------------------------------------------------------------ */

/**
 * Runs a process as the purpose of a program, with options for its stop. `proc_main` is this with the defaults.
 *
 * The first of `signals` begins the stop:
 *
 * - Every handle below is draining (`proc_draining`).
 * - After `drain_ns` the process is cancelled, with a cause of code EINTR that names the signal.
 * - If it has still not completed `grace_ns` later, the live tree is written to standard error, which tells what
 *   still runs and for how long. Then `on_abandon` is called, if it is given, and the program ends in the way the
 *   signal would have ended it (for process 1 of a container, and by signals that end nothing, with exit status
 *   128 plus its number). If standard error does not take the tree, the program ends after 2 seconds all the
 *   same.
 * - A further one of `signals` ends the program in the same way, at any moment and at once, but after `on_abandon`, if
 *   it is given. It does so if it comes `force_after_ns` after the first or later; a signal that comes sooner is the
 *   same request.
 *
 * The grace period applies to a stop by a signal. Without a signal nothing ends the program by force: not after a cancellation by the program itself
 * and, unless `failure_grace_ns` is given, not while a group waits for its children after a failure. A signal after such a cancellation, or such a
 * cancellation after a signal, ends the drain time at once.
 *
 * With `notify`, the service manager that NOTIFY_SOCKET names (a path, or @ and the name of an abstract socket)
 * receives these messages:
 *
 * - READY=1, once, when the program is up (`proc_ready`).
 * - STOPPING=1 at the signal, when the process completes by itself, or at the failure from which `failure_grace_ns`
 *   counts. With it comes EXTEND_TIMEOUT_USEC= with the drain time plus the grace period plus ten seconds, if both are
 *   limited; if only the drain time is unlimited, it comes at the cancellation.
 * - WATCHDOG=1 after each half of WATCHDOG_USEC (unless WATCHDOG_PID names another process), until the process has
 *   completed, as long as the library is able to look at what runs and the program is healthy (`proc_healthy`).
 * - STATUS= with each of these: the number of tasks that run, or the text of `proc_status`.
 * - RELOADING=1 and MONOTONIC_USEC= when a SIGHUP arrives for a `proc_on_signal` below this, and the program is
 *   up; READY=1 when all that these run then has returned (Type=notify-reload).
 * - MAINPID= once, by a program that is neither the process in which the library was loaded, nor a child of it: a
 *   daemon that has forked twice.
 *
 * Without NOTIFY_SOCKET no messages are sent. READY=1 and STOPPING=1 are kept until the manager has received them,
 * however late its socket exists, and however busy it is; the first time that this takes longer than a second,
 * standard error says why. At its end, the program waits a second at most for a busy manager, and does not wait for a
 * manager that does not exist. The socket is connected before the process begins, and kept, so that the program may
 * call `chroot`, become another user, or use up its descriptors. If the program closes the socket, the library makes a
 * new one.
 *
 * NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID are for this program alone. With `notify` they are removed from the
 * environment, so that programs that it executes do not use them, and remembered for the next call of this function.
 * To name another manager, set them again; an empty NOTIFY_SOCKET means no manager. No other thread of the program may
 * use the environment during this call.
 *
 * A `proc_on_signal` for one of `signals`, or for `dump_signal`, receives this signal, too.
 *
 * Example:
 * ```c
 * int main(void) {
 *     proc_main_options options = PROC_MAIN_OPTIONS_INIT;
 *     options.drain_ns = PROC_SECONDS(5);  // who is still sent here is served
 *     options.grace_ns = PROC_SECONDS(10); // then what hangs is named, and the program ends
 *     options.notify = true;               // READY=1 and the like, for systemd
 *     return proc_exit_status(proc_main_with(proc_new(serve, server, NULL), &options));
 * }
 * ```
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
 * Errors:
 * - EINVAL: `impl` is NULL, or the options are not valid (above).
 * - EBUSY, EAGAIN: as for `proc_main`.
 * - Any other is the process's own.
 */
PROC_API
proc_error *proc_main_with(proc_impl *impl,
                           const proc_main_options *options);

/**
 * Whether a handle is cancelled or will be soon: the program was asked to stop. Then take no new work, and tell
 * clients so, for instance by a readiness endpoint. Once it is true, it stays true.
 *
 * It is true from the signal on, for every handle below the one of `proc_main`; `proc_main_options` says how long before the cancellation that is.
 * Inside of a `proc_shield` it is also true from a cancellation above the shield on, before the cancellation reaches the inside.
 *
 * Threads: async-signal-safe; costs two atomic loads, on the handle of a task three, and as much again for each shield around.
 *
 * @param cancel  NULL is not draining.
 * @return true: it is draining, or cancelled. false for NULL.
 */
PROC_API
bool proc_draining(const proc_cancel *cancel);

/**
 * A handle that is cancelled when another one begins to drain (`proc_draining`). Or when that other handle is
 * cancelled. Use it to wait for the begin of the drain time, to poll for it, or to have a function called then. Its
 * cause is that of the signal, "stopped by SIGTERM", or of the cancellation, whichever comes first.
 *
 * It is in the task of the other handle and has the values of that handle. Cancelling it does not cancel the other handle. Its hooks are called on a
 * thread of the library on which code of the program may run, never on the thread that listens for signals; `proc_main` waits for the hooks before
 * it returns.
 *
 * Example:
 * ```c
 * // Closes the listener when the program is to stop; connections that are open are served until the drain time is over.
 * if (proc_wait(proc_drain_handle(cancel), PROC_FOREVER))
 *     close(listener);
 * ```
 *
 * @param cancel  may be NULL.
 * @return borrowed from the handle, and the same each time; a reference to it (`proc_cancel_ref`) keeps `cancel`, too. NULL for NULL.
 */
PROC_API
proc_cancel *proc_drain_handle(const proc_cancel *cancel);

/**
 * Says that a process is up: its port is open, its data is loaded. This is said of the innermost `proc_service` that
 * the handle is in; if the handle is in no service, of the program.
 *
 * The program is up, and the service manager receives READY=1 (`proc_main_with`), at the first call after which no
 * service is expected any more. So, in a program
 *
 * - without services: at the first call, whoever makes it.
 * - with services: when each of them has called it, or has succeeded without having been cancelled. Calls outside of
 *   services do not count while a service is expected.
 * - that never calls it: never. A service manager that waits for READY=1 (Type=notify) then takes the start for
 *   failed, which is better than a READY=1 that comes too early.
 *
 * Does not block; further calls do nothing.
 *
 * Example:
 * ```c
 * if (listen(listener, 128) < 0)
 *     return proc_errno("listen");
 * proc_ready(cancel); // clients may come
 * ```
 *
 * @param cancel  NULL, or a handle that is not below that of `proc_main`, does nothing.
 */
PROC_API void proc_ready(proc_cancel *cancel);

/**
 * Says that a service is alive, and will say so again within some time.
 *
 * The service is the innermost `proc_service` that the handle is in, or the program, if it is in none. By this call it
 * *vouches* for itself. If it does not call this again in time, it is late: `proc_healthy` is false, and the service
 * manager gets no WATCHDOG=1 any more (`proc_main_with`), so that it restarts the program. So if a service calls this
 * regularly, a deadlock or an endless loop in the service is noticed. Choose the time longer than the longest work
 * between two calls, so that a busy service is not late.
 *
 * A service that has never called this, or has ended, is never late.
 *
 * Does not block; from any thread.
 *
 * Example:
 * ```c
 * while (work(database)) // takes a second at most
 *     proc_alive(cancel, PROC_SECONDS(10));
 * ```
 *
 * @param cancel    NULL, or a handle that is not below that of `proc_main`, does nothing.
 * @param valid_ns  nanoseconds from now; 0: the service is late at once; negative (PROC_FOREVER): it need not call
 *                  this again.
 */
PROC_API void proc_alive(proc_cancel *cancel, int64_t valid_ns);

/**
 * Whether no service is late with its next `proc_alive`. It is also true if no service has called `proc_alive`, and
 * outside of `proc_main`. While it is false, the watchdog of the service manager receives no WATCHDOG=1. Health checks
 * of a load balancer may use it, too.
 *
 * Does not block; from any thread.
 *
 * @return false: a service is late.
 */
PROC_API bool proc_healthy(void);

/**
 * Tells the service manager in words what the program does at this moment. For instance "loading, 40 %". The text
 * becomes STATUS= (`proc_main_with`), instead of the number of tasks. It is sent at once, and with each further
 * message until another text replaces it. While a stack starts or stops, STATUS= is the later one of this text and the
 * progress of the stack.
 *
 * Does not block.
 *
 * Ownership: the text is copied.
 *
 * @param cancel  NULL, or a handle that is not below that of `proc_main`, does nothing.
 * @param text    line breaks in it become spaces, and only its first 1,000 characters count; NULL: STATUS= is the number of tasks again.
 */
PROC_API
void proc_status(proc_cancel *cancel,
                 const char *text);

/**
 * Makes a process a task that says when it is up: a service. It is like `proc_task`, but the process must call
 * `proc_ready`: the program is not up before that.
 *
 * All services in the process of `proc_main` are expected from the moment at which the process begins to run. The same holds for a process that a
 * callback below it runs (`proc_run`, `proc_start`). Services whose turn in a sequence has not come are expected, too. A sequence does not wait
 * until a service is up, but until it has ended; so services that run at the same time must be children of a group. A service that succeeds is up,
 * unless it was cancelled. A service that fails stays expected until the whole process has ended that was given to `proc_main`, `proc_run` or
 * `proc_start`, and of which it is a part; a callback may then run another one. Below `proc_on_signal`, and outside of `proc_main`, a service is a
 * task like any other.
 *
 * Ownership: takes over one reference of `impl`; the name is copied.
 *
 * @param task_type  the name, the same for all tasks of a kind; NULL is bad input.
 * @param impl       what to run; NULL is bad input.
 * @return as for `proc_sequence`.
 */
PROC_API
proc_impl *proc_service(const char *task_type,
                        proc_impl *impl);

/**
 * Runs a process at each arrival of a signal, until it is cancelled. For instance, to load the configuration again at
 * SIGHUP. Signals that arrive while it runs count together as one more.
 *
 * From its beginning until it returns, the program's own disposition for the signal is suspended: its handler is not called, and the default action
 * does not happen. It is received even if all of the program's threads block it. If there are several `proc_on_signal` for the same signal, all
 * receive it, and so does `proc_main` if it is one of its signals. In this case, below that `proc_main`, `impl` has the drain time before it is
 * cancelled; if the drain time is 0, `impl` does not run, since the cancellation comes first. `proc_on_signal` works without `proc_main`, too.
 *
 * When it is cancelled, it succeeds, even if `impl` returned the cause of the cancellation (`proc_cancel_error`). An
 * error of `impl` ends it, with that error. It fails with EAGAIN if no thread can be had to listen for signals.
 *
 * Example:
 * ```c
 * return proc_run(PROC_GROUP(proc_new(serve, server, NULL), proc_on_signal(SIGHUP, proc_new(load, server, NULL))), cancel);
 * ```
 *
 * Ownership: takes over one reference of `impl`.
 *
 * @param signal_number  a number that is no signal, one that cannot be received (SIGKILL, SIGSTOP) and one
 *                       that is a fault (SIGSEGV and so on, see `proc_main_with`) are bad input.
 * @param impl           what to run; NULL is bad input.
 * @return as for `proc_sequence`.
 * Errors:
 * - EAGAIN: no thread can be had to listen for signals.
 * - Any other is that of what it runs.
 */
PROC_API
proc_impl *proc_on_signal(int signal_number,
                          proc_impl *impl);

/**
 * The sockets that the service manager holds for the program (socket activation).
 *
 * It follows the protocol of systemd. The sockets exist before the program, so clients need not wait for the program;
 * and they stay open while the program is restarted, so no client is refused. The call does not block.
 *
 * The descriptors have numbers from 3 on. LISTEN_FDS says how many they are, LISTEN_PID for which process they are, and LISTEN_FDNAMES their names,
 * separated by colons. The first call removes these three variables from the environment, so that programs that it executes do not use them, and
 * sets FD_CLOEXEC on all of these descriptors. Later calls return what the first call found, even if you have closed the descriptors. An accepted
 * connection is yours as from any socket; the service manager decides whether the listening sockets are non-blocking.
 *
 * Example:
 * ```c
 * int fd;
 * if (proc_listen_fds("http", &fd, 1) < 1) // no service manager holds it
 *     fd = open_port(8080);
 * ```
 *
 * Ownership: the descriptors are yours.
 *
 * Threads: any. No other thread of the program may use the environment during the first call: make it where the program begins.
 *
 * @param name   which sockets: those with this name, in order; a socket without a name is called "unknown". NULL: all.
 * @param fds    where to store the descriptors. NULL with a count is bad input.
 * @param count  how many `fds` has room for; the rest is not stored.
 * @return how many there are, which may be more than `count`. 0: none, also if the variables are for another
 *         process or malformed. -1 with `errno`.
 * Errors:
 * - EINVAL: `fds` is NULL, and `count` is not 0.
 * - EBADF: one that there should be is not open.
 */
PROC_API
int proc_listen_fds(const char *name,
                    int *fds,
                    size_t count);

/**
 * From now on, keeps SIGINT and SIGTERM for `proc_main`.
 *
 * If one of them comes before `proc_main` or `proc_main_with`, it takes effect when that function begins. So a request
 * to stop while the program starts is not lost, as it would be for process 1 of a container, and does not end the
 * program in the middle of its start. A second signal before `proc_main` ends the program as by default, for process 1
 * with exit status 128 plus its number. The call does not block.
 *
 * It takes over the dispositions of both signals. After the run of `proc_main` they are what they were before this call, or what the program has set
 * since. If `signals` in the options of `proc_main_with` does not name one of the two, its disposition is restored as soon as the run begins, and
 * the signal is sent again if it has come. During a run of `proc_main`, or if it has been called already, it does nothing.
 *
 * It has no effect in a child of `fork`, nor in executed programs. So a program that becomes a daemon (`daemon`) must call it after its last `fork`.
 *
 * In process 1, if PROCESSION_EARLY_SIGNALS is 1 in the environment, the library does this when it is loaded, before any code of the program runs.
 *
 * Threads: any.
 */
PROC_API
void proc_early_signals(void);

/* ------------------------------------------------------------------------------------------------
 * The live tree
 * ------------------------------------------------------------------------------------------------ */

/**
 * Writes everything that runs now, in the whole program, as a tree.
 *
 * For each process it shows: its kind and name; its thread; how long it has been running; what it does (runs, waits in
 * a call of this library, joins its children, cleans up); since when its handle is cancelled, and why, or when a
 * deadline will cancel it; how many of its children have not been started; and, for a nursery with a limit, how many
 * places are taken, and how many callers wait for one in `proc_spawn`. A callback is shown by the address of its code,
 * a task by its name, its number (`proc_trace_task_id`) and its label (`proc_task_label`).
 *
 * A job, and a task that was begun by hand, is shown inside of what it was started in, if that still runs: the
 * callback that started it; or, if it was started under a handle of another process, or of a task by hand, that
 * process or task. If these have ended, it is shown inside of the next one around them. A task by hand has no thread.
 *
 * Each cause of a cancellation is written once, and after that as "(as above)"; in JSON, `cause_id` says which cause
 * it is. A name, a label or a cause that is longer than 4 KiB is cut, with a note of how much was left out.
 *
 * The state of one thread is read at one moment, but the threads are read one after the other: a process that moves
 * from one thread to another meanwhile may be missing. A thread is blocked only while its state is read, some 100 ns
 * for each level of nesting, and no thread is blocked while texts are composed and written. Ages are exact to some
 * milliseconds; on a machine with more runnable threads than processors, a process may seem older by as long as the
 * system lets threads wait, some tens of milliseconds.
 *
 * If an error that is shown here is released meanwhile, its payload may be destroyed on the calling thread.
 *
 * Example:
 * ```c
 * proc_error_unref(proc_dump(STDERR_FILENO, PROC_DUMP_TEXT));
 * ```
 *
 * Threads: any, at any time, from callbacks too; not in signal handlers.
 *
 * @param fd      written to until all is written, also if it is non-blocking. Stays yours.
 * @param format  PROC_DUMP_TEXT or PROC_DUMP_JSON; any other is bad input.
 * @return NULL, or an error.
 * Errors:
 * - EINVAL: there is no such format.
 * - EPIPE: nobody reads it any more. No SIGPIPE is raised.
 * - Any other as for `write`.
 */
PROC_API proc_error *proc_dump(int fd, proc_dump_format format);

/* ------------------------------------------------------------------------------------------------
 * Numbers
 * ------------------------------------------------------------------------------------------------ */

/**
 * Fills in numbers: what the library does, and what it has done.
 *
 * The numbers of one thread are of one moment, so a callback that runs counts once. But the threads are read one after
 * the other, so changing numbers fit together only roughly; when nothing runs, they are exact. A total never
 * decreases.
 *
 * A call costs running processes next to nothing, and the caller some 100 ns for each thread; threads of the library
 * neither begin nor end meanwhile.
 *
 * Example:
 * ```c
 * proc_stats stats = PROC_STATS_INIT;
 * proc_get_stats(&stats);
 * printf("tasks_failed_total %" PRIu64 "\n", stats.tasks_failed_total);
 * ```
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
 * Configures all threads of the library. These are the threads that run callbacks, the thread that watches over
 * children that no thread runs yet, and the thread that listens for signals. The configuration is for the whole
 * program.
 *
 * It must be called before the first run (`proc_run`, `proc_main`, `proc_start`) and the first trace; before
 * that it may be called again, and the last call counts. A child of `fork` has its parent's configuration, and may
 * change it until its own first run.
 *
 * Example:
 * ```c
 * proc_config config = PROC_CONFIG_INIT;
 * config.thread_name_prefix = "web";
 * proc_error *error = proc_configure(&config); // before anything has run
 * ```
 *
 * @param config  NULL is bad input; so are a stack that is too small, a prefix that is too long, and anything
 *                that is set beyond what this version of the library knows, and in `open_signals` a number that is
 *                no signal, a fault, SIGKILL or SIGSTOP.
 * @return NULL on success. Else an error, and nothing has changed.
 * Errors:
 * - EBUSY: something has run already.
 * - EINVAL: bad input.
 */
PROC_API proc_error *proc_configure(const proc_config *config);

/* ------------------------------------------------------------------------------------------------
 * Defaults without macros
 * ------------------------------------------------------------------------------------------------ */

/**
 * Sets options to the values of PROC_MAIN_OPTIONS_INIT.
 *
 * It is for languages that cannot use a macro. A struct that is filled with zeros often does not have the defaults.
 *
 * There is such a function for each struct that begins with its size. Any thread may call it, and it never fails.
 *
 * @param options  room for `size` bytes. What it holds before does not matter. NULL: nothing happens.
 * @param size     the size of the struct in the program, which is stored in its field `size`. Fields that this library does not know become 0. Less
 *                 than the size of the field `size`: nothing happens.
 */
PROC_API
void proc_main_options_init(proc_main_options *options,
                            size_t size);

/**
 * As `proc_main_options_init`, to the values of PROC_CONFIG_INIT.
 *
 * @param config  as for `proc_main_options_init`.
 * @param size  as for `proc_main_options_init`.
 */
PROC_API void proc_config_init(proc_config *config, size_t size);

/**
 * As `proc_main_options_init`, to the values of PROC_NURSERY_OPTIONS_INIT.
 *
 * @param options  as for `proc_main_options_init`.
 * @param size  as for `proc_main_options_init`.
 */
PROC_API void proc_nursery_options_init(proc_nursery_options *options, size_t size);

/**
 * As `proc_main_options_init`, to the values of PROC_SUPERVISE_OPTIONS_INIT.
 *
 * @param options  as for `proc_main_options_init`.
 * @param size  as for `proc_main_options_init`.
 */
PROC_API void proc_supervise_options_init(proc_supervise_options *options, size_t size);

/**
 * As `proc_main_options_init`, to the values of PROC_CHILD_OPTIONS_INIT.
 *
 * @param options  as for `proc_main_options_init`.
 * @param size  as for `proc_main_options_init`.
 */
PROC_API void proc_child_options_init(proc_child_options *options, size_t size);

/**
 * As `proc_main_options_init`, to the values of PROC_TRACE_HOOKS_INIT.
 *
 * @param hooks  as for `proc_main_options_init`.
 * @param size  as for `proc_main_options_init`.
 */
PROC_API void proc_trace_hooks_init(proc_trace_hooks *hooks, size_t size);

/**
 * As `proc_main_options_init`, to the values of PROC_STATS_INIT.
 *
 * @param stats  as for `proc_main_options_init`.
 * @param size  as for `proc_main_options_init`.
 */
PROC_API void proc_stats_init(proc_stats *stats, size_t size);

/**
 * As `proc_main_options_init`, to the values of PROC_SIMULATION_INIT.
 *
 * @param options  as for `proc_main_options_init`.
 * @param size  as for `proc_main_options_init`.
 */
PROC_API void proc_simulation_init(proc_simulation *options, size_t size);

/* ------------------------------------------------------------------------------------------------
 * Tracing
 * ------------------------------------------------------------------------------------------------ */

/**
 * Begins to write what happens in the program to a file, for ui.perfetto.dev.
 *
 * The trace shows each task below the task that it is in; for each thread the regions, the logs, and the functions of
 * the library in which callbacks wait; and from which thread to which other thread work was started or spawned. Times
 * are those of CLOCK_MONOTONIC.
 *
 * The trace is written twice a second, so if the program is killed, the file lacks its last second at most. If the
 * program ends in another way while the trace is on, the trace is written to the end, but the program waits for this
 * no longer than 2 s: by `exit` (in a callback, too, and when `main` returns), or because the library ends it (a
 * second signal, the end of the grace period, a callback that does not return). If the disk is slow or full, some 64
 * MiB are kept in memory; events that do not fit are lost, and the counter "events lost" in the trace tells how many.
 * A pipe is written as its reader reads, and stopping the trace waits for the reader.
 *
 * A child of `fork` has no trace: the trace stays its parent's.
 *
 * Without a change to the program, PROCESSION_TRACE in the environment does the same (`proc_main`).
 *
 * Ownership: the path is copied; the returned error is yours.
 *
 * Threads: takes one thread of the library until the trace is stopped.
 *
 * @param path  the file, which is created, or truncated if it exists. NULL or "" fails with EINVAL.
 * @return NULL on success.
 * Errors:
 * - EINVAL: `path` is NULL or "".
 * - EBUSY: a trace is on, or another trace is written to this file, perhaps by another program. That trace goes on.
 * - EAGAIN: no thread can be had.
 * - Any other: why the file cannot be made.
 */
PROC_API proc_error *proc_trace_start(const char *path);

/**
 * Ends the trace. When it returns, everything that was recorded before is in the file, which is closed. Tasks and
 * regions that still run are shown as unfinished.
 *
 * Ownership: the returned error is yours.
 *
 * @return NULL if the file is complete.
 * Errors:
 * - EINVAL: no trace is on.
 * - ENOSPC and so on: the file could not be written.
 * - EBADF: the program has closed its descriptor.
 * - ENOENT: the file was deleted.
 */
PROC_API proc_error *proc_trace_stop(void);

/**
 * Whether anything records what happens. That is a trace, the flight recorder, hooks, or a tool that is attached to a
 * static probe. If it is false, the program need not compose messages for them.
 *
 * Threads: costs one atomic load.
 *
 * @return true: something records.
 */
PROC_API bool proc_trace_enabled(void);

/**
 * Writes the events in the flight recorder to a file like that of a trace. These are the latest events, which are kept
 * in memory (`flight_recorder_size` of `proc_config`). Recording goes on meanwhile.
 *
 * Ownership: as for `proc_trace_start`.
 *
 * @param path  as for `proc_trace_start`.
 * @return NULL if the file is complete.
 * Errors:
 * - ENODATA: the flight recorder is off.
 * - EBUSY: a trace is being written to this file.
 * - EAGAIN: no thread can be had.
 * - EINVAL: `path` is NULL or "".
 * - Any other: why the file cannot be made or written.
 */
PROC_API proc_error *proc_trace_snapshot(const char *path);

/* ------------------------------------------------------------------------------------------------
 * Tasks, regions and logs by hand
 * ------------------------------------------------------------------------------------------------ */

/**
 * Begins a task by hand, for work that is not a process of its own. For instance, one request of many. Processes,
 * tasks, regions and logs that use the returned handle, or a handle below it, are in this task.
 *
 * Example:
 * ```c
 * proc_cancel *task = proc_task_begin(cancel, "GET /report");
 * proc_task_label(task, "/report?id=7");
 * proc_error *error = proc_run(proc_new(handle, request, NULL), task);
 * proc_task_end(task, error);
 * return error;
 * ```
 *
 * Ownership: the name is copied. The handle is yours, until you end the task with `proc_task_end`.
 *
 * @param parent     the handle above the new one; the new task is in the task of this handle or, if the handle is in
 *                   no task, in the task of the calling callback. NULL: nothing above cancels it.
 * @param task_type  the name, the same for all tasks of a kind. NULL is bad input.
 * @return never NULL. After bad input, a handle that is cancelled already, and is in no task of its own.
 * Errors:
 * - EINVAL: `task_type` is NULL. It is the code of the handle's cause.
 */
PROC_API PROC_MUST_USE proc_cancel *proc_task_begin(proc_cancel *parent, const char *task_type);

/**
 * Ends a task that was begun by hand, and releases its handle. The handle is not cancelled, and processes that were
 * started in the task may go on.
 *
 * Ownership: takes the handle over; the error stays yours.
 *
 * Threads: any may end it.
 *
 * @param task   handed over: what `proc_task_begin` returned; may be NULL. If its task has ended, or was not begun by
 *               hand, it is only released, and the trace, if one is on, has a log that says so.
 * @param error  why the task failed; NULL: it succeeded.
 */
PROC_API void proc_task_end(proc_cancel *task, const proc_error *error);

/**
 * Gives a task a label, which tells it from others of its kind. The task is the innermost one that the handle is in,
 * whether it is of `proc_task` or begun by hand. The dump shows the label behind the task's name and number, and the
 * trace shows it as the task's argument `label`. So in a dump there is, for instance, `task GET /report #4711
 * "/report?id=7"`.
 *
 * Ownership: the label is copied. The last one counts.
 *
 * @param cancel  a handle in the task. NULL, a handle in no task, or one whose task has ended: nothing happens.
 * @param label   any text; of a long one, the dump shows the first 4 KiB, and the trace 64. NULL: it has none any
 *                more.
 */
PROC_API void proc_task_label(proc_cancel *cancel, const char *label);

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
 * @return the region. NULL with `errno` after bad input only.
 * Errors:
 * - EINVAL: `region_type` is NULL.
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
 * @param region  handed over; may be NULL.
 */
PROC_API void proc_region_end(proc_region *region);

/**
 * Writes a message to the trace, at this moment and on this thread.
 *
 * Threads: costs one atomic load while nobody wants to know (`proc_trace_enabled`).
 *
 * @param cancel    as for `proc_region_begin`: says in which task.
 * @param category  the kind of message, to search for; NULL: none.
 * @param message   any text; what is longer than 64 KiB is cut, and ends with "…". NULL is bad input: the
 *                  trace then says that.
 */
PROC_API void proc_trace_log(proc_cancel *cancel, const char *category, const char *message);

/**
 * As `proc_trace_log`, with a message as `printf` would print it. The message is composed only while something records
 * it (`proc_trace_enabled`).
 *
 * @param cancel    as for `proc_region_begin`.
 * @param category  as for `proc_trace_log`.
 * @param format    as for `printf`; NULL is bad input: the trace then says that.
 *
 */
PROC_API void proc_trace_logf(proc_cancel *cancel, const char *category, const char *format, ...) PROC_PRINTF(3, 4);

/**
 * The number of the task that a handle is in. The trace has the same number as `correlation_id` on all events of the
 * task. No other task of the program has it.
 *
 * @param cancel  may be NULL.
 * @return the number; 0: the handle is in no task.
 */
PROC_API uint64_t proc_trace_task_id(const proc_cancel *cancel);

/* ------------------------------------------------------------------------------------------------
 * Simulation
 * ------------------------------------------------------------------------------------------------ */

/**
 * Runs a program in a simulation, in which a seed decides the order of its threads.
 *
 * The program runs again and again, each time in another order. This finds errors that occur in one order of a million, and reproduces them.
 *
 * In a run, exactly one thread goes on at a time. The seed decides which one, at each switch: wherever a thread calls this library to wait, to wake,
 * to start or to end something, before and after each callback, and at `proc_yield`; not where a thread only asks for a state. The clock
 * (`proc_now`) begins at 0. It stands still while any thread can go on; when no thread can, it jumps to the next moment at which something is due.
 * So a day of timeouts takes milliseconds, and the same seed gives the same run: the same order, times and errors.
 *
 * A run fails if its process fails, with that error; if no thread can go on and nothing is due (EDEADLK, and the error lists what runs, and what
 * each thread waits for); if it does not end within `limit_ns` or `limit_steps` (ETIMEDOUT); if a callback blocks outside of this library for longer
 * than a second (ETIMEDOUT); if a thread of the run still goes on a second of virtual time after the process has completed (EBUSY); if a second
 * signal or the end of a grace period would end the program, or if a signal comes to which nothing in the program listens (EINTR). Then all handles
 * below the handle of the process are cancelled, and every wait returns as if it was cancelled. A thread that has not returned after one more second
 * is named in the error, and blocks for ever at its next call.
 *
 * A run that would succeed also fails if it leaks (EBUSY): if the program got a reference to a process, error, handle, hook, job, nursery, channel,
 * promise or queue from this library during the run, and has not released the reference when the run is over, even if it is kept in `user_data`. The
 * error says how many references of each kind there are. Objects that were made before the run do not count, and may be used or released in it: so
 * make objects that several runs share before the first run.
 *
 * The error is the error of the program, wrapped (`proc_error_wrap`) in a text that says how to run the same order again: with PROCESSION_SEED in
 * the environment, and `seed` 0. The simulation stops at the first seed that fails. If there are several runs, they run in children of `fork`, as
 * many at the same time as there are processors, so the calling process does not see what they change in memory; the failing run is then repeated in
 * the calling process. A single run runs in the calling process.
 *
 * What a thread does between two calls of this library is atomic for the other threads. So races on plain memory are not found (ThreadSanitizer
 * finds them). Without libprocession-sim.so, a mutex of the program that is held at a switch may block another thread outside of the library, and
 * threads that the program creates itself are not in the run; libprocession-sim.so, preloaded or linked, takes over pthreads, and then both are in
 * the run. Files and sockets are the real ones. A wait for a file works in a run only if the program has both ends (pipes, pairs of sockets,
 * eventfds, descriptors of this library); for other files it fails with ENOTSUP. Programs (`proc_child`) are played (`child` in the options).
 *
 * Threads: any but those of a run (EDEADLK). Of several at the same time one begins when the other has ended.
 *
 * @param program    makes the process of a run; it runs in the run. NULL is bad input.
 * @param user_data  passed to it as it is; may be NULL. It stays yours, and must be there until this function has returned.
 * @param options    NULL: the defaults.
 * @return NULL if no run fails; else the error of the first that does, which is yours.
 */
PROC_API
proc_error *proc_simulate(proc_simulation_fn program,
                          void *user_data,
                          const proc_simulation *options);

/**
 * Whether the calling thread is in a run of `proc_simulate`.
 *
 * @return true: it is; the clock is the run's then.
 */
PROC_API bool proc_simulated(void);

/**
 * Sends a signal to the program of a run, as if it came from outside.
 *
 * `proc_main_with`, `proc_main` and `proc_on_signal` receive it. If none of them listens to the signal when it comes,
 * the run fails. Outside of a run nothing happens.
 *
 * @param signal_number  one that a program can receive; else nothing happens.
 * @param after_ns       how much later the signal comes, in nanoseconds, by the clock of `proc_now`; negative: never.
 */
PROC_API void proc_simulate_signal(int signal_number, int64_t after_ns);

/**
 * A point at which another thread of a run may go on (`proc_simulate`).
 *
 * Outside of a run nothing happens.
 */
PROC_API void proc_yield(void);

/**
 * Sets hooks, and replaces the former ones. When this returns, no former hook is running, and none will be called any
 * more: it waits for those that run. The words that former hooks have returned are not passed to the new hooks.
 *
 * Hooks are called whether or not a trace is on, and make `proc_trace_enabled` true. A child of `fork` has the hooks
 * of its parent.
 *
 * @param hooks  NULL: no hooks.
 * @return NULL on success. Else an error, and nothing has changed.
 * Errors:
 * - EDEADLK: it is called from within a hook, so it would wait for itself.
 * - EINVAL: a size that was not set, or anything that is set beyond what this version of the library knows.
 */
PROC_API proc_error *proc_trace_set_hooks(const proc_trace_hooks *hooks);

/* ------------------------------------------------------------------------------------------------
 * Version
 * ------------------------------------------------------------------------------------------------ */

/**
 * The version of the library that is running, as "MAJOR.MINOR.PATCH". The header that a program was
 * compiled with has PROC_VERSION_MAJOR, PROC_VERSION_MINOR and PROC_VERSION_PATCH.
 *
 * @return borrowed until the program ends; never NULL.
 */
PROC_API const char *proc_version(void);

/**
 * The version of the library that is running, as a number. That is 1,000,000 times the major version, 1,000 times
 * the minor one, and the patch.
 *
 * This and the following are for languages that have no macros: they return the values of the library that is running; the macros are those of the
 * header that the program was compiled with.
 *
 * @return for instance 2000 for 0.2.0.
 */
PROC_API
uint32_t proc_version_number(void);

/**
 * PROC_MAX_DEPTH of the library that is running.
 *
 * @return how many combinators may be nested around a callback.
 */
PROC_API size_t proc_max_depth(void);

/**
 * PROC_MIN_STACK_SIZE of the library that is running.
 *
 * @return bytes.
 */
PROC_API size_t proc_min_stack_size(void);

/**
 * PROC_MAX_NAME_PREFIX of the library that is running.
 *
 * @return bytes.
 */
PROC_API size_t proc_max_name_prefix(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* PROCESSION_H */
