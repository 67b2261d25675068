/* Races of a program that the library must not hide from ThreadSanitizer, though its own locks happen to order what races.
 *
 * PROGRAM CASE has one of them:
 * - siblings: two children of a group, of which the second begins what it does when the first has done its own;
 * - spawner: who spawns a child changes what he has given it;
 * - starter: so with a job;
 * - sender: so with what was sent;
 * - reader, writer: while a buffer is read into, or written from, another one looks at it, or changes it.
 */
#include <procession.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* Gates that order nothing. */
static atomic_int has_begun, may_go_on;

static void open_gate(atomic_int *gate) { atomic_store_explicit(gate, 1, memory_order_relaxed); }

static void await_gate(atomic_int *gate) {
    while (atomic_load_explicit(gate, memory_order_relaxed) == 0)
        sched_yield();
}

static int number;

/* Both on a thread of their own. */
static proc_error *first(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    await_gate(&has_begun);
    number++;
    open_gate(&may_go_on);
    return NULL;
}

static proc_error *second(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    open_gate(&has_begun);
    await_gate(&may_go_on);
    number++;
    return NULL;
}

static void siblings(void) {
    proc_impl *parts[] = {proc_new(second, NULL, NULL), proc_new(first, NULL, NULL)};
    proc_error_unref(proc_run(proc_group(parts, 2), NULL));
}

static proc_error *spawn(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    proc_error_unref(proc_spawn(nursery, proc_new(second, NULL, NULL)));
    return first(NULL, NULL);
}

static void spawner(void) {
    proc_error_unref(proc_run(proc_with_nursery(spawn, NULL, NULL, NULL), NULL));
}

static void starter(void) {
    proc_job *job = proc_start(proc_new(second, NULL, NULL), NULL, NULL, NULL);
    first(NULL, NULL);
    proc_error_unref(proc_job_join(job));
}

static proc_error *receive(proc_cancel *cancel, void *user_data) {
    int *item;
    proc_channel_receive(user_data, cancel, &item, -1);
    open_gate(&has_begun);
    await_gate(&may_go_on);
    ++*item;
    return NULL;
}

static void sender(void) {
    proc_channel *channel = proc_channel_new(1, sizeof(int *), NULL);
    int *item = &number;
    proc_job *job = proc_start(proc_new(receive, channel, NULL), NULL, NULL, NULL);
    proc_channel_send(channel, NULL, &item, -1);
    first(NULL, NULL);
    proc_error_unref(proc_job_join(job));
    proc_channel_unref(channel);
}

/* A pipe, for which the library makes calls that ThreadSanitizer does not know. */
static int ends[2];
static char buffer[4];

static proc_error *read_into(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    if (proc_read(cancel, ends[0], buffer, sizeof buffer, -1) == sizeof buffer)
        open_gate(&may_go_on);
    return NULL;
}

static proc_error *write_from(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    if (proc_write_all(cancel, ends[1], buffer, sizeof buffer, -1) == sizeof buffer)
        open_gate(&may_go_on);
    return NULL;
}

static void reader(void) {
    static const char text[sizeof buffer];
    if (pipe(ends) != 0 || write(ends[1], text, sizeof text) != sizeof text)
        return;
    proc_job *job = proc_start(proc_new(read_into, NULL, NULL), NULL, NULL, NULL);
    await_gate(&may_go_on);
    number = buffer[1];
    proc_error_unref(proc_job_join(job));
}

static void writer(void) {
    if (pipe(ends) != 0)
        return;
    proc_job *job = proc_start(proc_new(write_from, NULL, NULL), NULL, NULL, NULL);
    await_gate(&may_go_on);
    buffer[1] = 1;
    proc_error_unref(proc_job_join(job));
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        {"siblings", siblings}, {"spawner", spawner}, {"starter", starter},
        {"sender", sender},     {"reader", reader},   {"writer", writer},
    };
    for (size_t i = 0; argc > 1 && i < sizeof cases / sizeof *cases; i++)
        if (strcmp(argv[1], cases[i].name) == 0)
            cases[i].run();
    return 0;
}
