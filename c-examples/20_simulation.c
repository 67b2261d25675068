/* 20_simulation: three bugs that show only in one schedule of many: each is found, reduced, repeated, and repaired.
 *
 *     cc 20_simulation.c -o 20_simulation $(pkg-config --cflags --libs procession) && ./20_simulation
 *
 * proc_simulate runs a program many times, each time with another schedule, in virtual time. For a run that fails, it says how to
 * repeat it: PROCESSION_SEED=N ./20_simulation queue. The three bugs are a queue that loses a wake-up, a request that is lost when
 * its answer and its timeout coincide, and a daemon that loses an acknowledged write if SIGTERM comes at one moment. A second
 * argument is the number of runs for each (10,000).
 */
#include <errno.h>
#include <procession.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A bounded queue. A channel with one item is its lock; two more channels are bells, which are rung only if a thread sleeps. */
enum { PLACES = 2 };

struct bell {
    proc_channel *rings;
    int sleepers;
};

struct queue {
    bool is_repaired;
    int count;
    proc_channel *lock;
    struct bell filled, emptied;
};

static void lock(struct queue *queue) { proc_channel_send(queue->lock, NULL, "", PROC_FOREVER); }

static void unlock(struct queue *queue) {
    char token;
    proc_channel_receive(queue->lock, NULL, &token, PROC_FOREVER);
}

/* Changes the count, and rings if another thread sleeps; false: the count is `unwanted`, so it cannot be changed. */
static bool try_change(struct queue *queue, int unwanted, int by, struct bell *others) {
    lock(queue);
    bool is_possible = queue->count != unwanted;
    if (is_possible)
        queue->count += by;
    if (is_possible && others->sleepers > 0) {
        others->sleepers--;
        proc_channel_send(others->rings, NULL, "", PROC_FOREVER);
    }
    unlock(queue);
    return is_possible;
}

/* Sleeps until the bell rings. But the lock was free for a moment: another thread may have changed the count, and seen no sleeper. */
static void await_bell(struct queue *queue, int unwanted, struct bell *bell) {
    char ring;
    lock(queue);
    bool sleeps = !queue->is_repaired || queue->count == unwanted;
    bell->sleepers += sleeps;
    unlock(queue);
    if (sleeps)
        proc_channel_receive(bell->rings, NULL, &ring, PROC_FOREVER);
}

static void change(struct queue *queue, int unwanted, int by, struct bell *own,
                   struct bell *others) {
    while (!try_change(queue, unwanted, by, others))
        await_bell(queue, unwanted, own);
}

static proc_error *put_two(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    struct queue *queue = user_data;
    for (int i = 0; i < 2; i++)
        change(queue, PLACES, 1, &queue->emptied, &queue->filled);
    return NULL;
}

static proc_error *take_one(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    struct queue *queue = user_data;
    change(queue, 0, -1, &queue->filled, &queue->emptied);
    return NULL;
}

static void drop_queue(void *user_data) {
    struct queue *queue = user_data;
    proc_channel_unref(queue->lock);
    proc_channel_unref(queue->filled.rings);
    proc_channel_unref(queue->emptied.rings);
    free(queue);
}

static void *zeroed(size_t size) {
    void *memory = calloc(1, size);
    return memory ? memory : (abort(), NULL);
}

static proc_impl *queue_program(bool is_repaired) {
    struct queue *queue = zeroed(sizeof *queue);
    queue->is_repaired = is_repaired;
    queue->lock = proc_channel_new(1, 1, NULL);
    queue->filled.rings = proc_channel_new(PLACES, 1, NULL);
    queue->emptied.rings = proc_channel_new(PLACES, 1, NULL);
    return PROC_CONCURRENT(proc_new(put_two, queue, drop_queue), proc_new(take_one, queue, NULL),
                           proc_new(take_one, queue, NULL));
}

/* A client asks again if no answer comes in time. The server must do each request only once, so it recognizes repeated requests. */
enum { REQUEST = 7, TRIES = 3 };

struct call {
    bool is_repaired;
    proc_channel *requests, *answers;
};

static proc_error *serve_calls(proc_cancel *cancel, void *user_data) {
    struct call *call = user_data;
    int done = 0;
    for (int number; proc_channel_receive(call->requests, cancel, &number, PROC_FOREVER) == 0;) {
        if (number != done)
            proc_wait(cancel, PROC_MS(100)); /* The work. */
        else if (!call->is_repaired)
            continue; /* The bug: its answer may have been lost. */
        done = number;
        proc_channel_send(call->answers, cancel, &number, PROC_FOREVER);
    }
    return NULL;
}

static proc_error *ask(proc_cancel *cancel, void *user_data) {
    struct call *call = user_data;
    int number = REQUEST;
    proc_error *error = proc_error_new(ETIMEDOUT, "the request was lost");
    for (int try = 0; try < TRIES && error; try++) {
        proc_channel_send(call->requests, cancel, &number, PROC_FOREVER);
        if (proc_channel_receive(call->answers, cancel, &number, PROC_MS(100)) == 0) {
            proc_error_unref(error);
            error = NULL;
        } else {
            int late; /* A late answer must not be taken for the answer to the next request. */
            while (proc_channel_receive(call->answers, cancel, &late, 0) == 0)
                ;
        }
    }
    proc_channel_close(call->requests);
    return error;
}

static void drop_call(void *user_data) {
    struct call *call = user_data;
    proc_channel_unref(call->requests);
    proc_channel_unref(call->answers);
    free(call);
}

static proc_impl *call_program(bool is_repaired) {
    struct call *call = zeroed(sizeof *call);
    call->is_repaired = is_repaired;
    call->requests = proc_channel_new(TRIES, sizeof(int), NULL);
    call->answers = proc_channel_new(TRIES, sizeof(int), NULL);
    return PROC_CONCURRENT(proc_new(serve_calls, call, drop_call), proc_new(ask, call, NULL));
}

/* A daemon that keeps acknowledged writes in memory, and saves them now and then, and at its end. */
struct daemon {
    bool is_repaired;
    int acknowledged, saved;
    proc_channel *writes;
};

static proc_error *acknowledge(proc_cancel *cancel, void *user_data) {
    struct daemon *daemon = user_data;
    proc_ready(cancel);
    for (int write; proc_channel_receive(daemon->writes, cancel, &write, PROC_FOREVER) == 0;)
        daemon->acknowledged++;
    return proc_cancel_error(cancel);
}

static proc_error *save(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    struct daemon *daemon = user_data;
    daemon->saved = daemon->acknowledged;
    return NULL;
}

static proc_error *save_now_and_then(proc_cancel *cancel, void *user_data) {
    proc_ready(cancel);
    do
        save(cancel, user_data);
    while (!proc_wait(cancel, PROC_SECONDS(1)));
    save(cancel, user_data); /* The bug: `acknowledge` may still run. */
    return proc_cancel_error(cancel);
}

static proc_error *be_daemon(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    struct daemon *daemon = user_data;
    proc_impl *both =
        PROC_GROUP(proc_new(acknowledge, daemon, NULL), proc_new(save_now_and_then, daemon, NULL));
    if (daemon->is_repaired)
        both = proc_finally(both, proc_new(save, daemon, NULL)); /* Now `acknowledge` has ended. */
    proc_error *error = proc_main(both);
    proc_channel_close(daemon->writes);
    return error;
}

static proc_error *write_and_stop_it(proc_cancel *cancel, void *user_data) {
    struct daemon *daemon = user_data;
    proc_simulate_signal(SIGTERM, PROC_MS(3500));
    for (int i = 0; !proc_wait(cancel, PROC_MS(500)); i++)
        if (proc_channel_send(daemon->writes, cancel, &i, PROC_FOREVER) < 0)
            break; /* The channel is closed. */
    return NULL;
}

static proc_error *look_at_disk(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    struct daemon *daemon = user_data;
    int lost = daemon->acknowledged - daemon->saved;
    return lost ? proc_error_new(EIO, "an acknowledged write was lost") : NULL;
}

static void drop_daemon(void *user_data) {
    struct daemon *daemon = user_data;
    proc_channel_unref(daemon->writes);
    free(daemon);
}

static proc_impl *daemon_program(bool is_repaired) {
    struct daemon *daemon = zeroed(sizeof *daemon);
    daemon->is_repaired = is_repaired;
    daemon->writes = proc_channel_new(4, sizeof(int), NULL);
    return PROC_SEQUENCE(PROC_CONCURRENT(proc_new(be_daemon, daemon, drop_daemon),
                                         proc_new(write_and_stop_it, daemon, NULL)),
                         proc_new(look_at_disk, daemon, NULL));
}

/* A program to simulate: one of the three, with its bug or repaired. */
struct part {
    const char *name;
    proc_impl *(*program)(bool is_repaired);
    bool is_repaired;
};

static proc_impl *make(void *user_data) {
    struct part *part = user_data;
    return part->program(part->is_repaired);
}

/* Runs the program again with the fewest switches that still fail, which the error names. */
static bool fails_again(struct part *part, const char *text, int code) {
    const char *variable = "PROCESSION_SCHEDULE=", *found = strstr(text, variable);
    if (!found)
        return false;
    char order[200];
    snprintf(order, sizeof order, "%s", found + strlen(variable));
    order[strspn(order, "0123456789:,-")] = '\0';
    if (*order && order[strlen(order) - 1] == ':')
        order[strlen(order) - 1] = '\0'; /* The colon is not a part of the schedule. */
    setenv("PROCESSION_SCHEDULE", order, 1);
    proc_error *error = proc_simulate(make, part, NULL);
    unsetenv("PROCESSION_SCHEDULE");
    bool is_the_same = proc_error_code(error) == code;
    proc_error_unref(error);
    return is_the_same;
}

static bool prove(struct part *part, size_t runs) {
    proc_simulation options = PROC_SIMULATION_INIT;
    options.runs = runs;
    proc_error *error = proc_simulate(make, part, &options);
    const char *text = error ? proc_error_message(error) : "no run fails";
    printf("%s: %.*s\n", part->name, (int)strcspn(text, "\n;"), text);
    bool is_found = error && fails_again(part, text, proc_error_code(error));
    printf("%s: with the fewest switches it %s\n", part->name, is_found ? "fails again" : "passes");
    proc_error_unref(error);

    part->is_repaired = true;
    error = proc_simulate(make, part, &options);
    printf("%s, repaired: %s\n", part->name, error ? proc_error_message(error) : "no run fails");
    bool holds = !error;
    proc_error_unref(error);
    return is_found && holds;
}

int main(int argc, char **argv) {
    struct part parts[] = {{"queue", queue_program, false},
                           {"call", call_program, false},
                           {"daemon", daemon_program, false}};
    const char *wanted = argc > 1 ? argv[1] : "all";
    size_t runs = argc > 2 ? strtoul(argv[2], NULL, 10) : 10000;
    bool all_proven = true;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strcmp(wanted, "all") || !strcmp(wanted, parts[i].name))
            all_proven &= prove(&parts[i], runs);
    return all_proven ? 0 : 1;
}
