/* What the header promises to be ordered is ordered for ThreadSanitizer, too: a correct program is told of no race.
 *
 * Laws:
 * - what was done before a run, all children of a group find, of a concurrent, an each, a nursery, on whatever thread; and who
 *   has run it finds what they did;
 * - so with a job and who waits for it, joins it, or is told of it; with what is sent and received; with a promise and
 *   who awaits it; with who cancels and who sees that, also by a hook;
 * - children of which one runs at a time find what the former one did;
 * - what releases data finds all that was done with it, whoever had it: of processes, errors, values, items of channels.
 *
 * The data is not atomic, and the gates are, but order nothing: so each race is reported that the library does not know to be none.
 */
#include <procession.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 2, ROUNDS = 20 };

static int failures;

#define CHECK(condition) check((condition), #condition, __LINE__)

static void check(bool holds, const char *what, int line) {
    if (!holds) {
        fprintf(stderr, "edges.c:%d: not so: %s\n", line, what);
        failures++;
    }
}

/* A gate that orders nothing. */
static void open_gate(atomic_int *gate) {
    atomic_fetch_add_explicit(gate, 1, memory_order_relaxed);
}

static void await_gate(atomic_int *gate, int times) {
    while (atomic_load_explicit(gate, memory_order_relaxed) < times)
        sched_yield();
}

static void meet(atomic_int *gate, int threads) {
    open_gate(gate);
    await_gate(gate, threads);
}

/* Several children at once, each on a thread of its own. */
typedef struct work {
    atomic_int gate;
    int given;
    int found[THREADS];
    int released;
} work;

typedef struct part {
    work *all;
    int index;
} part;

static void do_part(work *all, int index) {
    meet(&all->gate, THREADS);
    all->found[index] = all->given + 1;
}

static proc_error *run_part(proc_cancel *cancel, void *user_data) {
    part *mine = user_data;
    (void)cancel;
    do_part(mine->all, mine->index);
    return NULL;
}

static void release_part(void *user_data) {
    part *mine = user_data;
    mine->all->found[mine->index]++;
    free(mine);
}

static proc_impl *part_of(work *all, int index) {
    part *mine = malloc(sizeof *mine);
    *mine = (part){all, index};
    return proc_new(run_part, mine, release_part);
}

static proc_error *run_element(proc_cancel *cancel, size_t index, void *user_data) {
    (void)cancel;
    do_part(user_data, (int)index);
    return NULL;
}

static proc_error *spawn_parts(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    work *all = user_data;
    (void)cancel;
    all->given++;
    for (int i = 0; i < THREADS; i++)
        proc_error_unref(proc_spawn(nursery, part_of(all, i)));
    CHECK(proc_nursery_wait(nursery, -1));
    CHECK(all->found[0] + all->found[1] > 0);
    return NULL;
}

static void check_work(work *all, proc_impl *process, int expected) {
    all->given = 1;
    CHECK(proc_run(process, NULL) == NULL);
    for (int i = 0; i < THREADS; i++)
        CHECK(all->found[i] == expected);
}

static void several(void) {
    work all = {0};
    check_work(&all, proc_group((proc_impl *[]){part_of(&all, 0), part_of(&all, 1)}, 2), 3);
    work others = {0};
    check_work(&others,
               proc_concurrent((proc_impl *[]){part_of(&others, 0), part_of(&others, 1)}, 2), 3);
    work elements = {0};
    check_work(&elements, proc_each(THREADS, 0, run_element, &elements, NULL), 2);
    work spawned = {0};
    check_work(&spawned, proc_with_nursery(spawn_parts, &spawned, NULL, NULL), 4);
}

/* One child at a time: a counter that is not atomic. */
static proc_error *add_one(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    ++*(int *)user_data;
    return NULL;
}

static proc_error *spawn_chain(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    for (int i = 0; i < 4; i++)
        proc_error_unref(proc_spawn(nursery, proc_new(add_one, user_data, NULL)));
    return NULL;
}

static void one_at_a_time(void) {
    int length = 0;
    proc_nursery_options options = PROC_NURSERY_OPTIONS_INIT;
    options.limit = 1;
    CHECK(proc_run(proc_with_nursery(spawn_chain, &length, NULL, &options), NULL) == NULL);
    CHECK(length == 4);
}

/* A job: what it finds, what is found of it, and who is told of it. */
typedef struct task {
    int given;
    int done;
    int told;
} task;

static proc_error *do_task(proc_cancel *cancel, void *user_data) {
    task *mine = user_data;
    (void)cancel;
    mine->done = mine->given + 1;
    return NULL;
}

static void note_told(void *user_data) {
    task *mine = user_data;
    mine->told = mine->done;
}

static void job(void) {
    task mine = {.given = 1};
    proc_job *started = proc_start(proc_new(do_task, &mine, NULL), NULL, note_told, &mine);
    CHECK(proc_job_wait(started, -1) && mine.done == 2);
    CHECK(proc_job_join(started) == NULL && mine.told == 2);
}

/* A cancellation: who sees it, by asking, by waiting, by a hook, finds what was done before it. */
typedef struct news {
    proc_cancel *handle;
    atomic_int gate;
    int told;
    int heard;
} news;

static void hear(void *user_data) {
    news *all = user_data;
    all->heard += all->told;
}

static proc_error *see(proc_cancel *cancel, void *user_data) {
    news *all = user_data;
    (void)cancel;
    open_gate(&all->gate);
    while (!proc_cancelled(all->handle))
        sched_yield();
    CHECK(all->told == 1);
    CHECK(proc_error_code(proc_cancel_cause(all->handle)) == 5);
    CHECK(*(int *)proc_error_payload(proc_cancel_cause(all->handle)) == 7);
    return NULL;
}

static proc_error *await_it(proc_cancel *cancel, void *user_data) {
    news *all = user_data;
    (void)cancel;
    all->heard = 1;
    proc_hook *hook = proc_on_cancel(all->handle, hear, all);
    open_gate(&all->gate);
    CHECK(proc_wait(all->handle, -1) && all->told == 1);
    proc_hook_remove(hook);
    CHECK(all->heard == 2 || all->heard == 1);
    return NULL;
}

static void free_number(void *user_data) {
    *(int *)user_data = 0;
    free(user_data);
}

static proc_error *cancel_it(proc_cancel *cancel, void *user_data) {
    news *all = user_data;
    (void)cancel;
    await_gate(&all->gate, 2);
    int *number = malloc(sizeof *number);
    *number = 7;
    all->told = 1;
    proc_cancel_trigger(all->handle, proc_error_with_payload(5, "stop", number, free_number));
    return NULL;
}

static void cancellation(void) {
    news all = {.handle = proc_cancel_new(NULL)};
    proc_impl *parts[] = {proc_new(see, &all, NULL), proc_new(await_it, &all, NULL),
                          proc_new(cancel_it, &all, NULL)};
    CHECK(proc_run(proc_concurrent(parts, 3), NULL) == NULL);
    proc_cancel_unref(all.handle);
}

/* A deadline is nobody's doing, but its cause is made by who comes first, and read by others. */
static proc_error *read_cause(proc_cancel *cancel, void *user_data) {
    atomic_int *gate = user_data;
    meet(gate, THREADS);
    proc_wait(cancel, -1);
    CHECK(strstr(proc_error_message(proc_cancel_cause(cancel)), "timed out"));
    return NULL;
}

static void deadline(void) {
    atomic_int gate = 0;
    proc_cancel *handle = proc_cancel_new_timeout(NULL, 1000000);
    proc_impl *parts[] = {proc_new(read_cause, &gate, NULL), proc_new(read_cause, &gate, NULL)};
    proc_error_unref(proc_run(proc_concurrent(parts, 2), handle));
    proc_cancel_unref(handle);
}

/* A channel: each item is what it was when it was sent, and is as nobody's when it is received. */
typedef struct pipe_line {
    proc_channel *channel;
    int sum;
} pipe_line;

static proc_error *send_all(proc_cancel *cancel, void *user_data) {
    pipe_line *line = user_data;
    for (int i = 1; i <= 20; i++) {
        int *item = malloc(sizeof *item);
        *item = i;
        CHECK(proc_channel_send(line->channel, cancel, &item, -1) == 0);
    }
    line->sum = 1;
    proc_channel_close(line->channel);
    return NULL;
}

static proc_error *receive_all(proc_cancel *cancel, void *user_data) {
    pipe_line *line = user_data;
    int *item;
    int sum = 0;
    while (proc_channel_receive(line->channel, cancel, &item, -1) == 0) {
        sum += *item;
        free_number(item);
    }
    line->sum += sum;
    return NULL;
}

static void channel(size_t capacity) {
    pipe_line line = {.channel = proc_channel_new(capacity, sizeof(int *), NULL)};
    proc_impl *parts[] = {proc_new(send_all, &line, NULL), proc_new(receive_all, &line, NULL)};
    CHECK(proc_run(proc_group(parts, 2), NULL) == NULL);
    CHECK(line.sum == 211);
    proc_channel_unref(line.channel);
}

/* A promise, which one child awaits and another one completes; what comes after it finds what was done before. */
typedef struct vow {
    proc_promise *promise;
    int kept;
} vow;

static proc_error *keep(proc_cancel *cancel, void *user_data) {
    vow *mine = user_data;
    (void)cancel;
    mine->kept = 1;
    proc_promise_complete(mine->promise, NULL);
    return NULL;
}

static proc_error *rely(proc_cancel *cancel, void *user_data) {
    vow *mine = user_data;
    (void)cancel;
    CHECK(mine->kept == 1);
    return NULL;
}

static void promise(void) {
    vow mine = {.promise = proc_promise_new()};
    proc_impl *steps[] = {proc_await(mine.promise), proc_new(rely, &mine, NULL)};
    proc_impl *parts[] = {proc_sequence(steps, 2), proc_await(mine.promise),
                          proc_new(keep, &mine, NULL)};
    CHECK(proc_run(proc_group(parts, 3), NULL) == NULL);
    proc_promise_unref(mine.promise);
}

/* What several threads hold is released by the last of them, who may be any; what they did with it comes before that. */
typedef struct shared {
    atomic_int gate;
    int number;
    proc_error *error;
    proc_impl *process;
} shared;

static proc_error *use(proc_cancel *cancel, void *user_data) {
    shared *all = user_data;
    proc_error *mine = proc_error_ref(all->error);
    meet(&all->gate, THREADS);
    CHECK(strcmp(proc_error_message(mine), "task: failed") == 0);
    CHECK(*(int *)proc_error_payload(mine) == 7);
    proc_error_unref(mine);
    CHECK(proc_run(proc_ref(all->process), cancel) == NULL);
    proc_unref(all->process);
    return NULL;
}

static proc_error *read_number(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    CHECK(*(int *)user_data == 8);
    return NULL;
}

static proc_error *fail(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    int *number = malloc(sizeof *number);
    *number = 7;
    (void)user_data;
    return proc_error_with_payload(5, "failed", number, free_number);
}

static void several_hold(void) {
    int *number = malloc(sizeof *number);
    *number = 8;
    shared all = {.error = proc_run(proc_task("task", proc_new(fail, NULL, NULL)), NULL),
                  .process = proc_new(read_number, number, free_number)};
    for (int i = 1; i < THREADS; i++)
        proc_ref(all.process);
    proc_impl *parts[] = {proc_new(use, &all, NULL), proc_new(use, &all, NULL)};
    CHECK(proc_run(proc_concurrent(parts, 2), NULL) == NULL);
    proc_error_unref(all.error);
}

/* A queue: what is to run there finds what was done before it came, and what comes after it, what it has done. */
static void *run_queue(void *user_data) {
    for (size_t ran = 0; ran < 3;)
        ran += proc_queue_run(user_data, NULL, -1);
    return NULL;
}

static void queue(void) {
    task mine = {.given = 1};
    proc_queue *to = proc_queue_new();
    pthread_t thread;
    pthread_create(&thread, NULL, run_queue, to);
    for (int i = 0; i < 3; i++, mine.given++) {
        CHECK(proc_run(proc_on_queue(to, proc_new(do_task, &mine, NULL)), NULL) == NULL);
        CHECK(mine.done == mine.given + 1);
    }
    pthread_join(thread, NULL);
    proc_queue_unref(to);
}

/* What the library keeps of many that wait is moved by whoever ends one of the waits. */
enum { WAITS = 6 };

static proc_error *complete_half(proc_cancel *cancel, void *promises) {
    proc_promise **mine = promises;
    (void)cancel;
    for (int i = 0; i < WAITS / 2; i++)
        proc_promise_complete(mine[i], NULL);
    return NULL;
}

static void many_await(void) {
    proc_promise *promises[WAITS];
    proc_impl *parts[WAITS + 2];
    for (int i = 0; i < WAITS; i++) {
        promises[i] = proc_promise_new();
        parts[i] = proc_await(promises[i]);
    }
    parts[WAITS] = proc_new(complete_half, promises, NULL);
    parts[WAITS + 1] = proc_new(complete_half, promises + WAITS / 2, NULL);
    CHECK(proc_run(proc_concurrent(parts, WAITS + 2), NULL) == NULL);
    for (int i = 0; i < WAITS; i++)
        proc_promise_unref(promises[i]);
}

static proc_error *give_up_receiving(proc_cancel *cancel, size_t index, void *from) {
    int item = 0;
    CHECK(proc_channel_receive(from, cancel, &item, (int64_t)(index % 3 + 1) * 1000000) == -1);
    return NULL;
}

static void many_receive(void) {
    proc_channel *from = proc_channel_new(0, sizeof(int), NULL);
    CHECK(proc_run(proc_each(WAITS, 0, give_up_receiving, from, NULL), NULL) == NULL);
    proc_channel_unref(from);
}

int main(void) {
    for (int i = 0; i < ROUNDS; i++) {
        several();
        one_at_a_time();
        job();
        cancellation();
        deadline();
        channel(0);
        channel(2);
        promise();
        several_hold();
        many_await();
        many_receive();
    }
    queue();
    return failures > 0;
}
