/* operations.c: the short operations of the library, each run once under stepper.c, against the most that each may cost.
 *
 * PROGRAM [OPERATION…] prints a line for each, and fails if one costs more than it may. Each operation runs in a process of its own, which is
 * warm: it ran before, and the other threads of the program are held meanwhile, since a child that is stepped through is
 * slow enough for the sentinel to call for help.
 */
#include "stepper.h"

#include <dirent.h>
#include <errno.h>
#include <procession.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of the thread that is stepped through; the others are held. */
static _Thread_local long allocations;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    allocations++;
    return __libc_realloc(block, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    allocations++;
    *block = __libc_memalign(alignment, size);
    return *block == NULL ? ENOMEM : 0;
}

static proc_error *nothing(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    return NULL;
}
static void hook(void *user_data) { (void)user_data; }

static proc_cancel *handle;
static proc_impl *process;

static proc_impl *leaf(void) { return proc_new(nothing, NULL, NULL); }
static proc_impl *of(proc_impl *(*combine)(proc_impl *const *, size_t), size_t n) {
    proc_impl *children[100];
    for (size_t i = 0; i < n; i++) {
        children[i] = leaf();
    }
    return combine(children, n);
}

static void make_leaf(void) { process = leaf(); }
static void make_sequence_1(void) { process = of(proc_sequence, 1); }
static void make_sequence_100(void) { process = of(proc_sequence, 100); }
static void make_task(void) { process = proc_task("task", leaf()); }
static void make_concurrent_2(void) { process = of(proc_concurrent, 2); }
static void make_group_1(void) { process = of(proc_group, 1); }
static void make_group_2(void) { process = of(proc_group, 2); }
static void make_group_8(void) { process = of(proc_group, 8); }
static void make_group_100(void) { process = of(proc_group, 100); }
static proc_error *spawn_10(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    for (int i = 0; i < 10; i++) {
        proc_error_unref(proc_spawn(nursery, leaf()));
    }
    return NULL;
}
static void make_nursery_10(void) { process = proc_with_nursery(spawn_10, NULL, NULL, NULL); }
static void run(void) { proc_error_unref(proc_run(proc_ref(process), handle)); }
static void run_null(void) { proc_error_unref(proc_run(proc_ref(process), NULL)); }
static void group_2_once(void) {
    make_group_2();
    run();
    proc_unref(process);
}
static void root(void) { proc_cancel_unref(proc_cancel_new(NULL)); }
static void below(void) { proc_cancel_unref(proc_cancel_new(handle)); }
static void ref(void) { proc_cancel_unref(proc_cancel_ref(handle)); }
static void on_cancel(void) { proc_hook_remove(proc_on_cancel(handle, hook, NULL)); }
static proc_error *on_cancel_lent(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_hook_remove(proc_on_cancel_lent(cancel, hook, NULL));
    return NULL;
}
static void make_hooking_leaf(void) { process = proc_new(on_cancel_lent, NULL, NULL); }
static void by_hand(void) { proc_task_end(proc_task_begin(handle, "task"), NULL); }
static void job(void) {
    make_leaf();
    proc_job *started = proc_start(process, handle, NULL, NULL);
    proc_error_unref(proc_job_join(started));
}
static proc_cancel *tree[101];
static void make_tree(void) {
    tree[0] = proc_cancel_new(NULL);
    for (int i = 1; i < 101; i++) {
        tree[i] = proc_cancel_new(tree[0]);
    }
}
static void cancel_tree(void) { proc_cancel_trigger(tree[0], NULL); }
static proc_channel *channel;
static void make_channel(void) { channel = proc_channel_new(128, sizeof(int), NULL); }
static void pass_item(void) {
    int item = 0;
    (void)proc_channel_send(channel, handle, &item, PROC_FOREVER);
    (void)proc_channel_receive(channel, handle, &item, PROC_FOREVER);
}
static void asked(void) { (void)proc_cancelled(handle); }

/* The most that an operation may cost. Instructions have a tenth of room, for compilers differ. */
static const struct operation {
    const char *name;
    void (*prepare)(void);
    void (*run)(void);
    long instructions, locked, allocations;
    bool once;    /* it is prepared anew for each run */
    bool threads; /* others do a part of it, so they are not held */
} operations[] = {
    {.name = "asked", .run = asked, .instructions = 18},
    {.name = "leaf", .prepare = make_leaf, .run = run, .instructions = 530, .locked = 3},
    {.name = "leaf_without_handle",
     .prepare = make_leaf,
     .run = run_null,
     .instructions = 800,
     .locked = 3},
    {.name = "sequence_1",
     .prepare = make_sequence_1,
     .run = run,
     .instructions = 610,
     .locked = 3},
    {.name = "sequence_100",
     .prepare = make_sequence_100,
     .run = run,
     .instructions = 15300,
     .locked = 3},
    {.name = "task",
     .prepare = make_task,
     .run = run,
     .instructions = 1260,
     .locked = 7,
     .allocations = 1},
    {.name = "concurrent_2",
     .prepare = make_concurrent_2,
     .run = run,
     .instructions = 1420,
     .locked = 9},
    {.name = "group_1", .prepare = make_group_1, .run = run, .instructions = 1050, .locked = 5},
    {.name = "group_2", .prepare = make_group_2, .run = run, .instructions = 1780, .locked = 11},
    {.name = "group_8", .prepare = make_group_8, .run = run, .instructions = 2770, .locked = 17},
    {.name = "group_100",
     .prepare = make_group_100,
     .run = run,
     .instructions = 18200,
     .locked = 109},
    {.name = "group_2_once",
     .run = group_2_once,
     .instructions = 2870,
     .locked = 11,
     .allocations = 3},
    {.name = "nursery_10",
     .prepare = make_nursery_10,
     .run = run,
     .instructions = 9700,
     .locked = 52,
     .allocations = 10},
    {.name = "channel",
     .prepare = make_channel,
     .run = pass_item,
     .instructions = 230,
     .locked = 2},
    {.name = "handle", .run = root, .instructions = 415, .allocations = 1},
    {.name = "handle_below", .run = below, .instructions = 560, .locked = 4, .allocations = 1},
    {.name = "handle_ref", .run = ref, .instructions = 76, .locked = 2},
    {.name = "hook", .run = on_cancel, .instructions = 310, .locked = 4, .allocations = 1},
    {.name = "hook_lent",
     .prepare = make_hooking_leaf,
     .run = run,
     .instructions = 730,
     .locked = 5},
    {.name = "task_by_hand", .run = by_hand, .instructions = 1170, .locked = 8, .allocations = 2},
    {.name = "cancel_100",
     .prepare = make_tree,
     .run = cancel_tree,
     .instructions = 36500,
     .locked = 420,
     .allocations = 6,
     .once = true},
    {.name = "job",
     .run = job,
     .instructions = 1400,
     .locked = 14,
     .allocations = 2,
     .threads = true},
};

static long most_instructions(const struct operation *operation) {
    return operation->instructions + operation->instructions / 10;
}

/* The others stop in a signal's handler until the counting is over. */
static sem_t held, go_on;

static void hold(int signal_number) {
    (void)signal_number;
    sem_post(&held);
    sem_wait(&go_on);
}

static int hold_others(void) {
    DIR *threads = opendir("/proc/self/task");
    int others = 0;
    for (struct dirent *thread; (thread = readdir(threads)) != NULL;) {
        pid_t id = atoi(thread->d_name);
        if (id != 0 && id != getpid() && syscall(SYS_tgkill, getpid(), id, SIGPROF) == 0) {
            others++;
        }
    }
    closedir(threads);
    for (int i = 0; i < others; i++) {
        sem_wait(&held);
    }
    return others;
}

static void prepare(const struct operation *operation) {
    if (operation->prepare != NULL) {
        operation->prepare();
    }
}

static void warm_up(const struct operation *operation) {
    prepare(operation);
    for (int i = 0; i < (operation->once ? 1 : 50); i++) {
        operation->run();
    }
    if (operation->once) {
        prepare(operation);
    }
}

/* In a process of its own, which is traced. */
static void run_between_marks(const struct operation *operation, int out) {
    handle = proc_cancel_new(NULL);
    warm_up(operation);
    if (!operation->threads) {
        hold_others();
    }
    long before = allocations;
    STEP_MARK();
    operation->run();
    STEP_MARK();
    long allocated = allocations - before;
    ssize_t written = write(out, &allocated, sizeof allocated);
    _exit(written == sizeof allocated ? 0 : 1);
}

struct bill {
    struct steps steps;
    long allocated;
};

/* Whether it could be counted. */
static bool count(const struct operation *operation, struct bill *bill) {
    int ends[2];
    if (pipe(ends) != 0) {
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        run_between_marks(operation, ends[1]);
    }
    close(ends[1]);
    bool counted =
        waitpid(child, NULL, 0) == child && step_through(child, &bill->steps) == 0 &&
        ptrace(PTRACE_DETACH, child, 0, 0) == 0 &&
        read(ends[0], &bill->allocated, sizeof bill->allocated) == sizeof bill->allocated;
    close(ends[0]);
    if (!counted) {
        kill(child, SIGKILL);
    }
    waitpid(child, NULL, 0);
    return counted;
}

/* What comes in between only adds: memory that malloc puts in order, a slot that another thread has just left. */
enum { TRIES = 5 };

static long least(long a, long b) { return a < b ? a : b; }

static bool is_within(const struct operation *operation, const struct bill *bill) {
    const struct steps *steps = &bill->steps;
    return steps->instructions <= most_instructions(operation) &&
           steps->locked <= operation->locked && bill->allocated <= operation->allocations &&
           (operation->threads || steps->system_calls == 0);
}

/* So the least of several counts is what the operation costs. One that is within its limits needs no other. */
static bool count_least(const struct operation *operation, struct bill *bill) {
    bool counted = count(operation, bill);
    for (int i = 1; i < TRIES && counted && !is_within(operation, bill); i++) {
        struct bill other;
        counted = count(operation, &other);
        bill->steps.instructions = least(bill->steps.instructions, other.steps.instructions);
        bill->steps.locked = least(bill->steps.locked, other.steps.locked);
        bill->steps.system_calls = least(bill->steps.system_calls, other.steps.system_calls);
        bill->allocated = least(bill->allocated, other.allocated);
    }
    return counted;
}

static bool is_at_most(const char *name, const char *what, long found, long most) {
    if (found > most) {
        fprintf(stderr, "%s: %ld %s, where at most %ld are allowed\n", name, found, what, most);
    }
    return found <= most;
}

static bool check(const struct operation *operation) {
    const char *name = operation->name;
    struct bill bill = {0};
    if (!count_least(operation, &bill)) {
        fprintf(stderr, "%s: could not be counted\n", name);
        return false;
    }
    const struct steps *steps = &bill.steps;
    printf("%-20s %12ld %7ld %11ld %12ld\n", name, steps->instructions, steps->locked,
           bill.allocated, steps->system_calls);
    bool few = is_at_most(name, "instructions", steps->instructions, most_instructions(operation));
    few &= is_at_most(name, "locked instructions", steps->locked, operation->locked);
    few &= is_at_most(name, "allocations", bill.allocated, operation->allocations);
    return few & (operation->threads || is_at_most(name, "system calls", steps->system_calls, 0));
}

static bool is_asked_for(const char *name, int argc, char **argv) {
    bool asked_for = argc == 1;
    for (int i = 1; i < argc; i++) {
        asked_for |= strcmp(argv[i], name) == 0;
    }
    return asked_for;
}

int main(int argc, char **argv) {
    bool few = true;
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPROF, hold);
    sem_init(&held, 0, 0);
    sem_init(&go_on, 0, 0);
    printf("%-20s %12s %7s %11s %12s\n", "operation", "instructions", "locked", "allocations",
           "system calls");
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        if (is_asked_for(operations[i].name, argc, argv)) {
            few &= check(&operations[i]);
        }
    }
    return few ? EXIT_SUCCESS : EXIT_FAILURE;
}
