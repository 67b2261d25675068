/* Jobs. Laws:
 *
 *   not_blocking     proc_start returns while the process still runs, on a thread of the library.
 *   join             proc_job_join waits and returns the process's error as it is; NULL on success.
 *   on_done          It is called exactly once, on a library thread, after the process has completed and all that was the
 *                    program's in it is released, and before a join returns, however slow it is.
 *   wait             proc_job_wait is false while it runs, when the time is up, and true once it is complete, at once.
 *   fd               proc_job_fd is not readable before, and readable for good once complete; close-on-exec; the same each
 *                    time; also when it is first asked for afterwards. Joining closes it.
 *   fd_closed        When the join has returned it is closed, each of 10,000 times, whatever the thread that ran the job does.
 *   cancelled        A job started below a handle is cancelled with it, with that cause; one without is below nothing.
 *   own_task         A job is in the task of the handle that it was given, else of the callback that started it.
 *   deadlock         Joining a job from inside itself fails with EDEADLK, from any callback of it, in groups, in runs of its
 *                    own, on any thread, and from on_done; waiting for it there returns false. The job can be joined then.
 *   inside           proc_job_inside is true in those places, and nowhere else.
 *   own_deadlock     A process that fails with EDEADLK of its own is joined like any other.
 *   not_inside       Who is not a part of it may join it: a sibling job, its starter, a callback that it does not wait for.
 *   many             1,000 jobs at the same time, which all wait for each other.
 *   no_thread        If no thread can be had the job fails with EAGAIN, on_done has been called, and it can be joined.
 *   again            An on_done that starts its job again without threads goes on for as long as it likes, on one thread's stack:
 *                    proc_start returns before the next one is called, which then comes before proc_start returns outside.
 *   again_joined     … and may join the one that it has started: that calls its on_done. So does who joins it on another thread,
 *                    for which the first one waits.
 *   bad_input        NULL: an EINVAL job, -1, false, an EINVAL error.
 *   in_dump          Started where nothing runs, it is a tree of its own in a dump (dump_places has where it is else).
 */
#include "child.h"
#include "interpose.h"
#include "leaf.h"

static proc_job *start(proc_impl *impl) { return proc_start(impl, NULL, NULL, NULL); }

static void not_blocking(void) {
    gate may_end;
    gate_init(&may_end);
    leaf l = {.waits = &may_end};
    proc_job *job = start(leaf_new(&l));
    gate_open(&may_end);
    CHECK_OK(proc_job_join(job));
    CHECK_INT(l.runs, 1);
    CHECK_INT(l.destroyed, 1);
    CHECK(!pthread_equal(l.thread, pthread_self()));
}

static void join(void) {
    leaf l = {.error = proc_error_new(77, "inside")};
    proc_error *error = proc_job_join(start(leaf_new(&l)));
    CHECK(error == l.error);
    proc_error_unref(error);
    CHECK_FAILS(proc_job_join(start(proc_task("t", leaf_new(&l)))), 77, "t: inside");
    CHECK_OK(proc_job_join(start(PROC_GROUP(succeeding(), succeeding()))));
    proc_error_unref(l.error);
}

typedef struct told {
    leaf l;
    proc_job *job;
    gate may_tell;
    atomic_int times;
    atomic_bool over;
} told;

static void is_told(void *user_data) {
    told *t = user_data;
    CHECK_INT(t->l.runs, 1);
    CHECK_INT(t->l.destroyed, 1);
    CHECK(!proc_current());
    GATE_WAIT(&t->may_tell);
    t->times++;
    t->over = true;
}

static void *open_gate(void *user_data) {
    gate_open(user_data);
    return NULL;
}

static void on_done(void) {
    for (size_t i = check_scaled(200); i > 0; i--) {
        told t = {.times = 0};
        pthread_t opener;
        gate_init(&t.may_tell);
        proc_job *job = proc_start(leaf_new(&t.l), NULL, is_told, &t);
        CHECK(proc_job_wait(job, PROC_FOREVER));
        CHECK(!t.over);
        CHECK_INT(pthread_create(&opener, NULL, open_gate, &t.may_tell), 0);
        CHECK_OK(proc_job_join(job));
        CHECK(t.over);
        CHECK_INT(t.times, 1);
        pthread_join(opener, NULL);
    }
}

static void wait_for(void) {
    gate may_end;
    gate_init(&may_end);
    leaf l = {.waits = &may_end};
    proc_job *job = start(leaf_new(&l));
    CHECK(!proc_job_wait(job, 0));
    CHECK(!proc_job_wait(job, PROC_MS(1)));
    gate_open(&may_end);
    CHECK(proc_job_wait(job, PROC_FOREVER));
    CHECK(proc_job_wait(job, 0));
    CHECK(proc_job_wait(job, PROC_SECONDS(1)));
    CHECK_OK(proc_job_join(job));
}

static bool readable(int fd, int timeout_ms) {
    struct pollfd one = {.fd = fd, .events = POLLIN};
    int ready = poll(&one, 1, timeout_ms);
    CHECK(ready == (one.revents & POLLIN ? 1 : 0));
    return ready == 1;
}

static void fd(void) {
    gate may_end;
    gate_init(&may_end);
    leaf l = {.waits = &may_end};
    proc_job *job = start(leaf_new(&l)), *other = start(succeeding());
    int early = proc_job_fd(job);
    CHECK(early >= 0 && !readable(early, 0));
    CHECK(fcntl(early, F_GETFD) & FD_CLOEXEC);
    CHECK_INT(proc_job_fd(job), early);
    gate_open(&may_end);
    CHECK(readable(early, (int)check_deadline() * 1000));
    CHECK(proc_job_wait(job, 0));
    CHECK(readable(early, 0) && proc_job_fd(job) == early);
    CHECK(proc_job_wait(other, PROC_FOREVER));
    int late = proc_job_fd(other);
    CHECK(late != early && readable(late, 0));
    CHECK_OK(proc_job_join(job));
    CHECK_OK(proc_job_join(other));
    CHECK(fcntl(early, F_GETFD) == -1 && errno == EBADF);
    CHECK(fcntl(late, F_GETFD) == -1 && errno == EBADF);
}

static void fd_closed(void) {
    int left = 0;
    for (size_t i = 0; i < check_scaled(10000); i++) {
        proc_job *job = start(succeeding());
        int fd = proc_job_fd(job);
        CHECK_OK(proc_job_join(job));
        left += fcntl(fd, F_GETFD) != -1;
    }
    CHECK_INT(left, 0);
}

static void cancelled(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    leaf a = {.until_cancelled = true}, b = {.until_cancelled = true}, early = {0};
    proc_job *first = proc_start(leaf_new(&a), cancel, NULL, NULL);
    proc_job *second = proc_start(proc_task("t", PROC_GROUP(leaf_new(&b))), cancel, NULL, NULL);
    proc_cancel_trigger(cancel, proc_error_new(77, "enough"));
    CHECK_FAILS(proc_job_join(first), 77, "enough");
    CHECK_FAILS(proc_job_join(second), 77, "t: enough");
    proc_job *late = proc_start(leaf_new(&early), cancel, NULL, NULL);
    CHECK_OK(proc_job_join(late));
    CHECK(early.saw_cancelled);
    proc_cancel_unref(cancel);
    leaf free = {0};
    CHECK_OK(proc_job_join(start(leaf_new(&free))));
    CHECK(!free.saw_cancelled);
}

static proc_error *check_path(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    char *text = calloc(1, 1 << 16);
    FILE *file = tmpfile();
    CHECK_OK(proc_dump(fileno(file), PROC_DUMP_JSON));
    CHECK(pread(fileno(file), text, (1 << 16) - 1, 0) > 0);
    CHECK_HAS(text, user_data);
    fclose(file);
    free(text);
    return NULL;
}

static proc_error *start_two(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_impl *inner = proc_new(check_path, "\"path\":\"web/inner\"", NULL);
    proc_impl *impl = proc_task("inner", inner);
    CHECK_OK(proc_job_join(proc_start(proc_ref(impl), cancel, NULL, NULL)));
    CHECK_OK(proc_job_join(start(impl)));
    return NULL;
}

static void own_task(void) {
    CHECK_OK(proc_run(proc_task("web", proc_new(start_two, NULL, NULL)), NULL));
}

typedef struct itself {
    gate known; /* the job */
    gate both;
    proc_job *job;
    atomic_int refused;
} itself;

static void check_refused(itself *s) {
    CHECK(proc_job_inside(s->job));
    proc_error *error = proc_job_join(s->job);
    CHECK_HAS(proc_error_message(error), "proc_job_join: ");
    CHECK_INT(proc_error_code(error), EDEADLK);
    proc_error_unref(error);
    CHECK(!proc_job_wait(s->job, PROC_FOREVER));
    s->refused++;
}

static proc_error *join_itself(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    GATE_WAIT(&((itself *)user_data)->known);
    check_refused(user_data);
    return NULL;
}

/* Two at the same time: one of them has a helper's thread. */
static proc_error *join_together(proc_cancel *cancel, void *user_data) {
    itself *s = user_data;
    GATE_MEET(&s->both, 2);
    return join_itself(cancel, user_data);
}

static proc_error *run_joining(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    proc_impl *joining = proc_new(join_together, user_data, NULL);
    return proc_run(PROC_CONCURRENT(proc_ref(joining), joining), NULL);
}

static void deadlock_in(proc_impl *impl, itself *s, int times) {
    gate_init(&s->known);
    gate_init(&s->both);
    s->refused = 0;
    s->job = start(impl);
    CHECK(!proc_job_inside(s->job));
    gate_open(&s->known);
    CHECK_OK(proc_job_join(s->job));
    CHECK_INT(s->refused, times);
}

static void join_when_told(void *user_data) {
    itself *s = user_data;
    GATE_WAIT(&s->known);
    CHECK(proc_job_inside(s->job));
    proc_error *error = proc_job_join(s->job);
    CHECK_INT(proc_error_code(error), EDEADLK);
    proc_error_unref(error);
    CHECK(proc_job_wait(s->job, PROC_FOREVER));
    s->refused++;
}

static void deadlock(void) {
    itself s = {.job = NULL};
    proc_impl *alone = proc_new(join_itself, &s, NULL);
    proc_impl *together = proc_new(join_together, &s, NULL);
    deadlock_in(proc_ref(alone), &s, 1);
    deadlock_in(proc_task("t", PROC_SEQUENCE(PROC_GROUP(alone))), &s, 1);
    deadlock_in(PROC_GROUP(proc_ref(together), proc_task("t", together)), &s, 2);
    deadlock_in(proc_new(run_joining, &s, NULL), &s, 2);
    gate_init(&s.known);
    s.refused = 0;
    s.job = proc_start(succeeding(), NULL, join_when_told, &s);
    gate_open(&s.known);
    CHECK(proc_job_wait(s.job, PROC_FOREVER));
    CHECK_OK(proc_job_join(s.job));
    CHECK_INT(s.refused, 1);
}

static proc_error *look_at_other(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    CHECK(!proc_job_inside(user_data));
    return NULL;
}

static void inside(void) {
    gate may_end;
    gate_init(&may_end);
    leaf l = {.waits = &may_end};
    proc_job *job = start(leaf_new(&l));
    CHECK(!proc_job_inside(job));
    CHECK_OK(proc_job_join(start(proc_new(look_at_other, job, NULL))));
    gate_open(&may_end);
    CHECK(proc_job_wait(job, PROC_FOREVER));
    CHECK(!proc_job_inside(job));
    CHECK_OK(proc_job_join(job));
    CHECK(!proc_job_inside(NULL));
}

static void own_deadlock(void) {
    leaf l = {.error = proc_error_new(EDEADLK, "its own")};
    CHECK_FAILS(proc_job_join(start(leaf_new(&l))), EDEADLK, "its own");
    CHECK_INT(l.destroyed, 1);
    proc_error_unref(l.error);
}

static proc_error *join_other(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    return proc_job_join(user_data);
}

static proc_error *start_and_join(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    return proc_job_join(
        proc_start(PROC_GROUP(succeeding(), failing("inner")), cancel, NULL, NULL));
}

static void not_inside(void) {
    gate may_end;
    gate_init(&may_end);
    leaf l = {.waits = &may_end, .fails = "first"};
    proc_job *first = start(leaf_new(&l));
    proc_job *second = start(proc_new(join_other, first, NULL));
    gate_open(&may_end);
    CHECK_FAILS(proc_job_join(second), EIO, "first");
    CHECK_FAILS(proc_job_join(start(proc_new(start_and_join, NULL, NULL))), EIO, "inner");
}

typedef struct meeting {
    gate all;
    size_t count;
} meeting;

static proc_error *meet(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    meeting *m = user_data;
    GATE_MEET(&m->all, m->count);
    return NULL;
}

static void many(void) {
    meeting m = {.count = check_scaled(1000)};
    gate_init(&m.all);
    proc_job **jobs = calloc(m.count, sizeof *jobs);
    for (size_t i = 0; i < m.count; i++)
        jobs[i] = start(proc_new(meet, &m, NULL));
    for (size_t i = 0; i < m.count; i++)
        CHECK_OK(proc_job_join(jobs[i]));
    free(jobs);
}

static void count_call(void *user_data) { ++*(int *)user_data; }

static void no_thread_role(void) {
    int told = 0;
    leaf l = {0};
    threads_left = 0;
    proc_job *job = proc_start(proc_task("t", leaf_new(&l)), NULL, count_call, &told);
    CHECK_INT(told, 1);
    CHECK_INT(l.destroyed, 1);
    CHECK_INT(l.runs, 0);
    CHECK(proc_job_wait(job, 0));
    CHECK(readable(proc_job_fd(job), 0));
    proc_error *error = proc_job_join(job);
    CHECK_INT(proc_error_code(error), EAGAIN);
    CHECK_STR(proc_error_task_type(error), "t");
    proc_error_unref(error);
}

static void no_thread(void) { child_run("no_thread_role"); }

typedef struct starter {
    size_t times, most;
    proc_job *started; /* the last one */
    proc_job *told;    /* the one whose on_done was called last, if it was started by one */
    char *stack;       /* where the first one was called */
    bool calls;
} starter;

static void join_denied(proc_job *job) {
    proc_error *error = proc_job_join(job);
    CHECK_INT(proc_error_code(error), EAGAIN);
    proc_error_unref(error);
}

static void start_again(void *user_data) {
    starter *s = user_data;
    proc_job *own = s->started;
    char here;
    CHECK(!s->calls);
    s->calls = true;
    if (s->times == 0)
        s->stack = &here;
    CHECK(s->stack - &here < 4096);
    if (s->told)
        join_denied(s->told);
    if (++s->times < s->most)
        s->started = proc_start(succeeding(), NULL, start_again, s);
    s->told = own;
    s->calls = false;
}

static void again_role(void) {
    starter s = {.most = check_scaled(100000)};
    threads_left = 0;
    proc_job *first = proc_start(succeeding(), NULL, start_again, &s);
    CHECK_INT(s.times, s.most);
    join_denied(first);
    join_denied(s.told);
}

static void again(void) { child_run("again_role"); }

/* Starts one and has it joined before its turn has come. */
typedef struct joiner {
    int inner_told;
    bool elsewhere;
} joiner;

static void *join_elsewhere(void *job) {
    join_denied(job);
    return NULL;
}

static void start_and_have_joined(void *user_data) {
    joiner *j = user_data;
    pthread_t thread;
    proc_job *inner = proc_start(succeeding(), NULL, count_call, &j->inner_told);
    CHECK_INT(j->inner_told, 0);
    CHECK(proc_job_wait(inner, PROC_FOREVER));
    if (j->elsewhere) {
        threads_left = 1;
        CHECK_INT(pthread_create(&thread, NULL, join_elsewhere, inner), 0);
        pthread_join(thread, NULL);
    } else {
        join_denied(inner);
    }
    CHECK_INT(j->inner_told, 1);
}

static void again_joined_role(void) {
    joiner here = {.elsewhere = false}, elsewhere = {.elsewhere = true};
    threads_left = 0;
    join_denied(proc_start(succeeding(), NULL, start_and_have_joined, &here));
    join_denied(proc_start(succeeding(), NULL, start_and_have_joined, &elsewhere));
    CHECK(here.inner_told == 1 && elsewhere.inner_told == 1);
}

static void again_joined(void) { child_run("again_joined_role"); }

static void bad_input(void) {
    CHECK_FAILS(proc_job_join(start(NULL)), EINVAL, "proc_start: impl is NULL");
    CHECK_FAILS(proc_job_join(start(PROC_GROUP(NULL, succeeding()))), EINVAL,
                "proc_group: impls[0] is NULL");
    CHECK_FAILS(proc_job_join(NULL), EINVAL, "proc_job_join: job is NULL");
    CHECK(!proc_job_wait(NULL, PROC_FOREVER));
    errno = 0;
    CHECK_INT(proc_job_fd(NULL), -1);
    CHECK_INT(errno, EINVAL);
}

static void in_dump(void) {
    proc_impl *impl = proc_new(check_path, "{\"kind\":\"proc_start\",\"path\":\"\"", NULL);
    CHECK_OK(proc_job_join(start(impl)));
}

CHECK_MAIN(CASE(not_blocking), CASE(join), CASE(on_done), CASE(wait_for), REAL(fd), CASE(fd_closed),
           CASE(cancelled), CASE(own_task), CASE(deadlock), CASE(inside), CASE(own_deadlock),
           CASE(not_inside), CASE(many), CASE(no_thread), ROLE(no_thread_role), CASE(again),
           ROLE(again_role), CASE(again_joined), ROLE(again_joined_role), CASE(bad_input),
           CASE(in_dump))
