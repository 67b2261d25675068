/* proc_dump and what goes on by itself: jobs, and tasks that are begun by hand. Laws:
 *
 *   job_of_callback  A job is inside of the callback that started it, while that runs; also if it was given the callback's
 *                    handle, or one below it; and so is one that a job starts.
 *   job_left         When that callback has ended, it is inside of what the callback ran in; then in what is around that.
 *   job_of_handle    Under a handle of something else that runs, it is inside of that.
 *   job_of_nobody    Started where nothing runs, it is inside of nothing, whatever else runs in the handle that it was given.
 *   by_hand          A task by hand is there until it ends: inside of who began it, or of the task whose handle was given; jobs
 *                    and runs under its handle are inside of it. It has no thread.
 *   by_hand_gone     One that was let go of without an end is not there. (For a child of fork see dump_fork.)
 *   by_hand_many     Hundreds are all there, each with its number, and none when they have ended.
 *   labels           The dump has a task's label: the last one, of the innermost task of the handle, escaped.
 *   no_label         NULL takes it away; NULL for a handle, a handle in no task, or one whose task has ended: nothing happens.
 *   while_it_runs    Tasks are begun, labelled and ended on some threads while others dump: each dump is whole.
 */
#include "dumped.h"
#include "leaf.h"

typedef struct starter {
    proc_impl *impl;     /* what to start, which waits in `job` */
    proc_cancel *handle; /* under that; else under the callback's own, or one below it, or none */
    enum { OWN, BELOW, NONE } under;
    leaf waiting;
    gate began, may_end;
    proc_job *job;
} starter;

static void starter_init(starter *s) {
    *s = (starter){.under = OWN};
    gate_init(&s->began);
    gate_init(&s->may_end);
    s->waiting = (leaf){.started = &s->began, .waits = &s->may_end};
    s->impl = proc_task("job", leaf_new(&s->waiting));
}

static void start(starter *s, proc_cancel *own) {
    proc_cancel *below = s->under == BELOW ? proc_cancel_new(own) : NULL;
    proc_cancel *handle = s->handle ? s->handle : s->under == OWN ? own : below;
    s->job = proc_start(s->impl, handle, NULL, NULL);
    GATE_WAIT(&s->began);
    if (below)
        proc_cancel_unref(below);
}

static void end(starter *s) {
    gate_open(&s->may_end);
    CHECK_OK(proc_job_join(s->job));
}

static const char *address(proc_fn function) {
    static char text[2][40];
    static int next;
    char *place = text[next++ % 2];
    snprintf(place, sizeof text[0], "callback %p", (void *)(uintptr_t)function);
    return place;
}

static void check_now(const char *inner, const char *outer) {
    char *text = dump(PROC_DUMP_TEXT);
    CHECK_INSIDE(text, inner, outer);
    free(text);
}

static proc_error *start_and_look(proc_cancel *cancel, void *user_data) {
    starter *s = user_data;
    start(s, cancel);
    char *text = dump(PROC_DUMP_TEXT);
    const char *job = dumped_around(text, dumped_line(text, "task job #"));
    CHECK(job && dumped_line_has(job, "proc_start, thread "));
    const char *around = job ? dumped_around(text, job) : NULL;
    if (!CHECK(around && dumped_line_has(around, address(start_and_look))))
        fprintf(stderr, "%s\n", text);
    free(text);
    end(s);
    return NULL;
}

static proc_error *start_in_job(proc_cancel *cancel, void *user_data) {
    starter outer;
    starter_init(&outer);
    proc_unref(outer.impl);
    outer.impl = proc_new(start_and_look, user_data, NULL);
    (void)cancel;
    outer.job = proc_start(outer.impl, NULL, NULL, NULL);
    CHECK_OK(proc_job_join(outer.job));
    return NULL;
}

static void job_of_callback(void) {
    for (int under = OWN; under <= NONE; under++)
        for (int kind = 0; kind <= COMBINATORS; kind++) {
            starter s;
            starter_init(&s);
            s.under = under;
            proc_impl *impl = proc_new(start_and_look, &s, NULL);
            CHECK_OK(proc_run(kind < COMBINATORS ? wrap_only(kind, impl) : impl, NULL));
        }
    starter s;
    starter_init(&s);
    CHECK_OK(proc_run(proc_new(start_in_job, &s, NULL), NULL));
}

static proc_error *start_and_leave(proc_cancel *cancel, void *user_data) {
    start(user_data, cancel);
    return NULL;
}

static proc_error *look_in_group(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    check_now("proc_start, thread ", "group, thread ");
    return NULL;
}

static proc_error *look_around_it(proc_cancel *cancel, void *user_data) {
    starter *s = user_data;
    (void)cancel;
    check_now("proc_start, thread ", "task around #");
    end(s);
    return NULL;
}

static void job_left(void) {
    starter s;
    starter_init(&s);
    proc_impl *starts = proc_new(start_and_leave, &s, NULL);
    proc_impl *group = PROC_GROUP(PROC_SEQUENCE(starts, proc_new(look_in_group, NULL, NULL)));
    CHECK_OK(proc_run(proc_task("around", PROC_SEQUENCE(group, proc_new(look_around_it, &s, NULL))),
                      NULL));
}

typedef struct lender {
    gate lent, may_end;
    proc_cancel *handle;
} lender;

static proc_error *lend(proc_cancel *cancel, void *user_data) {
    lender *l = user_data;
    l->handle = proc_cancel_ref(cancel);
    gate_open(&l->lent);
    GATE_WAIT(&l->may_end);
    return NULL;
}

static void *run_lender(void *user_data) {
    CHECK_OK(proc_run(proc_task("lender", PROC_GROUP(proc_new(lend, user_data, NULL))), NULL));
    return NULL;
}

static proc_error *start_and_look_there(proc_cancel *cancel, void *user_data) {
    starter *s = user_data;
    start(s, cancel);
    check_now("proc_start, thread ", "group, thread ");
    check_now("group, thread ", "task lender #");
    end(s);
    return NULL;
}

static void job_of_handle(void) {
    pthread_t thread;
    lender l;
    starter s;
    gate_init(&l.lent);
    gate_init(&l.may_end);
    CHECK_INT(pthread_create(&thread, NULL, run_lender, &l), 0);
    GATE_WAIT(&l.lent);
    starter_init(&s);
    s.handle = l.handle;
    CHECK_OK(start_and_look_there(NULL, &s));
    starter_init(&s);
    s.handle = l.handle;
    CHECK_OK(proc_run(proc_new(start_and_look_there, &s, NULL), NULL));
    gate_open(&l.may_end);
    pthread_join(thread, NULL);
    proc_cancel_unref(l.handle);
}

static void job_of_nobody(void) {
    enum { JOBS = 4 };
    starter jobs[JOBS];
    proc_cancel *handle = proc_cancel_new(NULL);
    for (int i = 0; i < JOBS; i++) {
        starter_init(&jobs[i]);
        jobs[i].handle = handle;
        start(&jobs[i], NULL);
    }
    char *text = dump(PROC_DUMP_TEXT);
    int roots = 0;
    for (const char *at = text; (at = strstr(at, "\nproc_start, thread ")); at++)
        roots++;
    CHECK_INT(roots, JOBS);
    free(text);
    for (int i = 0; i < JOBS; i++)
        end(&jobs[i]);
    proc_cancel_unref(handle);
}

static void *run_in_task(void *user_data) {
    CHECK_OK(proc_run(proc_ref(((starter *)user_data)->impl), ((starter *)user_data)->handle));
    return NULL;
}

static proc_error *begin_and_look(proc_cancel *cancel, void *user_data) {
    starter s, run;
    pthread_t thread;
    (void)user_data;
    proc_cancel *request = proc_task_begin(cancel, "request");
    proc_cancel *query = proc_task_begin(request, "query");
    starter_init(&s);
    s.handle = query;
    start(&s, cancel);
    starter_init(&run);
    run.handle = request;
    CHECK_INT(pthread_create(&thread, NULL, run_in_task, &run), 0);
    GATE_WAIT(&run.began);
    check_now("task request #", address(begin_and_look));
    check_now("task query #", "task request #");
    check_now("proc_start, thread ", "task query #");
    char *text = dump(PROC_DUMP_TEXT);
    const char *line = strstr(text, "task request #");
    CHECK(line && !dumped_line_has(line, "thread") && dumped_line_has(line, " s, begun by hand"));
    CHECK_INSIDE(line, "─proc_run, thread ", "task request #");
    free(text);
    gate_open(&run.may_end);
    pthread_join(thread, NULL);
    proc_unref(run.impl);
    proc_task_end(request, NULL);
    text = dump(PROC_DUMP_TEXT);
    CHECK(!strstr(text, "task request #"));
    CHECK_INSIDE(text, "task query #", address(begin_and_look));
    free(text);
    proc_task_end(query, NULL);
    end(&s);
    return NULL;
}

static void nothing_runs(void) {
    char *text = dump(PROC_DUMP_TEXT);
    CHECK_STR(text, "procession: 0 running\n");
    free(text);
}

static void by_hand(void) {
    CHECK_OK(proc_run(proc_new(begin_and_look, NULL, NULL), NULL));
    proc_cancel *task = proc_task_begin(NULL, "alone");
    check_now("task alone #", NULL);
    proc_cancel *kept = proc_cancel_ref(task);
    proc_task_end(task, NULL);
    nothing_runs();
    proc_cancel_unref(kept);
}

static void by_hand_gone(void) {
    proc_cancel *task = proc_task_begin(NULL, "left");
    proc_cancel *below = proc_cancel_new(task);
    check_now("task left #", NULL);
    proc_cancel_unref(task);
    check_now("task left #", NULL);
    proc_cancel_unref(below);
    nothing_runs();
}

static void by_hand_many(void) {
    enum { TASKS = 500 };
    proc_cancel *tasks[TASKS];
    char line[60];
    for (int i = 0; i < TASKS; i++)
        tasks[i] = proc_task_begin(NULL, "one of many");
    char *text = dump(PROC_DUMP_TEXT);
    for (int i = 0; i < TASKS; i++) {
        unsigned long long id = proc_trace_task_id(tasks[i]);
        snprintf(line, sizeof line, "\ntask one of many #%llu, ", id);
        CHECK_HAS(text, line);
    }
    free(text);
    for (int i = 0; i < TASKS; i++)
        proc_task_end(tasks[i], NULL);
    nothing_runs();
}

static void check_label(proc_cancel *handle, const char *as_text, const char *as_json) {
    char line[200];
    unsigned long long id = proc_trace_task_id(handle);
    char *text = dump(PROC_DUMP_TEXT);
    snprintf(line, sizeof line, "#%llu%s, ", id, as_text);
    CHECK_HAS(text, line);
    free(text);
    text = dump(PROC_DUMP_JSON);
    snprintf(line, sizeof line, "\"id\":%llu%s,\"", id, as_json);
    CHECK_HAS(text, line);
    free(text);
}

static proc_error *label_inner(proc_cancel *cancel, void *user_data) {
    proc_cancel *outer = user_data;
    char label[] = "/report?id=7";
    proc_task_label(cancel, label);
    label[0] = '!'; /* It is copied. */
    check_label(cancel, " \"/report?id=7\"", ",\"label\":\"/report?id=7\"");
    check_label(outer, "", "");
    proc_task_label(cancel, "the last \"one\"\n\\");
    check_label(cancel, " \"the last \\\"one\\\"\\n\\\\\"",
                ",\"label\":\"the last \\\"one\\\"\\u000a\\\\\"");
    proc_task_label(outer, "outer");
    check_label(outer, " \"outer\"", ",\"label\":\"outer\"");
    return NULL;
}

static void labels(void) {
    proc_cancel *outer = proc_task_begin(NULL, "outer");
    CHECK_OK(proc_run(PROC_GROUP(proc_task("GET", proc_new(label_inner, outer, NULL))), outer));
    proc_cancel *below = proc_cancel_new(outer);
    proc_task_label(below, "from below");
    check_label(outer, " \"from below\"", ",\"label\":\"from below\"");
    proc_cancel_unref(below);
    proc_task_end(outer, NULL);
}

static void no_label(void) {
    proc_cancel *task = proc_task_begin(NULL, "task"), *in_none = proc_cancel_new(NULL);
    proc_task_label(task, "label");
    proc_task_label(task, NULL);
    check_label(task, "", "");
    proc_task_label(NULL, "label");
    proc_task_label(NULL, NULL);
    proc_task_label(in_none, "label");
    check_label(task, "", "");
    proc_cancel *kept = proc_cancel_ref(task);
    proc_task_end(task, NULL);
    proc_task_label(kept, "too late");
    nothing_runs();
    proc_cancel_unref(kept);
    proc_cancel_unref(in_none);
}

static atomic_bool enough;

static void *begin_and_end(void *handle) {
    char label[30];
    for (unsigned i = 0; !enough; i++) {
        proc_cancel *task = proc_task_begin(handle, "task");
        proc_cancel *inner = proc_task_begin(task, "inner");
        snprintf(label, sizeof label, "number %u", i);
        proc_task_label(task, label);
        proc_job *job = proc_start(proc_task("job", succeeding()), inner, NULL, NULL);
        proc_task_label(inner, i % 2 ? label : NULL);
        proc_task_end(task, NULL);
        CHECK_OK(proc_job_join(job));
        proc_task_end(inner, NULL);
    }
    return NULL;
}

static void while_it_runs(void) {
    enum { THREADS = 3 };
    pthread_t threads[THREADS];
    proc_cancel *handle = proc_cancel_new(NULL);
    enough = false;
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, begin_and_end, handle), 0);
    for (size_t i = check_scaled(500); i > 0; i--) {
        char *text = dump(PROC_DUMP_JSON);
        check_balanced(text);
        free(text);
    }
    enough = true;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    proc_cancel_unref(handle);
    nothing_runs();
}

CHECK_MAIN(CASE(job_of_callback), CASE(job_left), CASE(job_of_handle), CASE(job_of_nobody),
           CASE(by_hand), CASE(by_hand_gone), CASE(by_hand_many), CASE(labels), CASE(no_label),
           CASE(while_it_runs))
