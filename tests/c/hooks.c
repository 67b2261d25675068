/* Hooks: proc_on_cancel and proc_hook_remove. (From within a hook: hook_within.c; on several threads: hook_races.c; in a child of fork: hook_lent_fork.c) Laws:
 *
 *   once              A hook runs once, on the cancelling thread, when its handle is cancelled for the first time.
 *   already           On a cancelled handle it runs at once, on the caller's thread, before proc_on_cancel returns.
 *   removed           A removed hook never runs; one that has run is removed all the same.
 *   many_on_one       All hooks of a handle run, those that are left when others were removed.
 *   struck_before     When it runs, its handle and all below it are cancelled, with the cause.
 *   order             A handle's hooks run before those of the handles below it.
 *   holds             Until it is removed, a hook holds its handle: it runs if a handle above is cancelled.
 *   holds_no_longer   … and when it is removed, nothing is left.
 *   group_ends        A hook on a group's handle, or below it, runs when the group ends, on success too.
 *   signal_cancels    A hook on the handle of proc_main's process, or below it, runs when a signal cancels that.
 *   lent              In a callback, proc_on_cancel_lent does all that, one hook after the other and several at once …
 *   lent_to_no_longer … also of a handle that goes as soon as the hook is removed, perhaps by the hook itself.
 *   bad_input         NULL handle or function: NULL, errno EINVAL, and nothing runs. Removing NULL does nothing.
 *   million           A million hooks on one handle are removed in any order, each in a time that does not grow with them.
 */
#include "leaf.h"

typedef struct probe {
    int runs;
    pthread_t thread;
    proc_hook *removes; /* from within */
} probe;

static void run_probe(void *user_data) {
    probe *p = user_data;
    p->runs++;
    p->thread = pthread_self();
    proc_hook_remove(p->removes);
}

static void once(void) {
    probe p = {0};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_hook *hook = proc_on_cancel(cancel, run_probe, &p);
    CHECK(hook != NULL);
    CHECK_INT(p.runs, 0);
    proc_cancel_trigger(cancel, NULL);
    CHECK_INT(p.runs, 1);
    CHECK(pthread_equal(p.thread, pthread_self()));
    proc_cancel_trigger(cancel, NULL);
    CHECK_INT(p.runs, 1);
    proc_hook_remove(hook);
    proc_cancel_unref(cancel);
    CHECK_INT(p.runs, 1);
}

static void already(void) {
    probe p = {0};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, NULL);
    proc_hook *hook = proc_on_cancel(cancel, run_probe, &p);
    CHECK(hook != NULL);
    CHECK_INT(p.runs, 1);
    CHECK(pthread_equal(p.thread, pthread_self()));
    proc_hook_remove(hook);
    proc_cancel_unref(cancel);
    CHECK_INT(p.runs, 1);
}

static void removed(void) {
    probe p = {0};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_hook_remove(proc_on_cancel(cancel, run_probe, &p));
    proc_cancel_trigger(cancel, NULL);
    proc_cancel_unref(cancel);
    CHECK_INT(p.runs, 0);
}

enum { HOOKS = 7 };

static void many_on_one(void) {
    for (unsigned removed_ones = 0; removed_ones < 1u << HOOKS; removed_ones++) {
        probe probes[HOOKS] = {{0}};
        proc_hook *hooks[HOOKS];
        proc_cancel *cancel = proc_cancel_new(NULL);
        for (int i = 0; i < HOOKS; i++)
            hooks[i] = proc_on_cancel(cancel, run_probe, &probes[i]);
        for (int i = 0; i < HOOKS; i++)
            if (removed_ones >> i & 1)
                proc_hook_remove(hooks[i]);
        proc_cancel_trigger(cancel, NULL);
        for (int i = 0; i < HOOKS; i++) {
            CHECK_INT(probes[i].runs, !(removed_ones >> i & 1));
            if (!(removed_ones >> i & 1))
                proc_hook_remove(hooks[i]);
        }
        proc_cancel_unref(cancel);
    }
}

typedef struct family {
    proc_cancel *handles[4]; /* a chain of three, and one beside the second */
    char order[5];
} family;

static family make_family(void) {
    family f = {0};
    f.handles[0] = proc_cancel_new(NULL);
    f.handles[1] = proc_cancel_new(f.handles[0]);
    f.handles[2] = proc_cancel_new(f.handles[1]);
    f.handles[3] = proc_cancel_new(f.handles[0]);
    return f;
}

static void release_family(family *f) {
    for (int i = 0; i < 4; i++)
        proc_cancel_unref(f->handles[i]);
}

static void see_all_cancelled(void *user_data) {
    family *f = user_data;
    for (int i = 0; i < 4; i++)
        CHECK_INT(proc_error_code(proc_cancel_cause(f->handles[i])), 71);
    f->order[0]++;
}

static void struck_before(void) {
    family f = make_family();
    proc_hook *hooks[4];
    for (int i = 0; i < 4; i++)
        hooks[i] = proc_on_cancel(f.handles[i], see_all_cancelled, &f);
    proc_cancel_trigger(f.handles[0], proc_error_new(71, "why"));
    CHECK_INT(f.order[0], 4);
    for (int i = 0; i < 4; i++)
        proc_hook_remove(hooks[i]);
    release_family(&f);
}

typedef struct note {
    family *family;
    char letter;
} note;

static void take_note(void *user_data) {
    note *n = user_data;
    n->family->order[strlen(n->family->order)] = n->letter;
}

static void order(void) {
    family f = make_family();
    note notes[4];
    proc_hook *hooks[4];
    for (int i = 3; i >= 0; i--) {
        notes[i] = (note){&f, (char)('0' + i)};
        hooks[i] = proc_on_cancel(f.handles[i], take_note, &notes[i]);
    }
    proc_cancel_trigger(f.handles[0], NULL);
    const char *second = strchr(f.order, '1'), *third = strchr(f.order, '2');
    CHECK_INT((int)strlen(f.order), 4);
    CHECK(f.order[0] == '0' && second != NULL && third > second);
    for (int i = 0; i < 4; i++)
        proc_hook_remove(hooks[i]);
    release_family(&f);
}

static void holds(void) {
    probe p = {0};
    proc_cancel *root = proc_cancel_new(NULL);
    proc_cancel *middle = proc_cancel_new(root), *low = proc_cancel_new(middle);
    proc_hook *hook = proc_on_cancel(low, run_probe, &p);
    proc_cancel_unref(low);
    proc_cancel_unref(middle);
    proc_cancel_trigger(root, NULL);
    CHECK_INT(p.runs, 1);
    proc_cancel_unref(root);
    proc_hook_remove(hook);
}

static void holds_no_longer(void) {
    probe p = {0};
    atomic_int destroyed = 0;
    proc_cancel *root = proc_cancel_new(NULL), *low = proc_cancel_new(root);
    proc_hook *hook = proc_on_cancel(low, run_probe, &p);
    proc_cancel_trigger(low, proc_error_with_payload(71, "a", &destroyed, check_destroyed));
    proc_cancel_unref(low);
    CHECK_INT(destroyed, 0);
    proc_hook_remove(hook);
    CHECK_INT(destroyed, 1);
    proc_cancel_trigger(root, NULL);
    CHECK_INT(p.runs, 1);
    proc_cancel_unref(root);
}

/* Leaves a hook on the handle of the group, or on one below it that nobody else holds. */
static proc_error *leave_hook(proc_cancel *cancel, void *user_data) {
    probe *p = user_data;
    CHECK_INT(p->runs, 0);
    p->removes = proc_on_cancel(cancel, run_probe, p);
    return NULL;
}

static proc_error *leave_hook_below(proc_cancel *cancel, void *user_data) {
    proc_cancel *below = proc_cancel_new(cancel);
    leave_hook(below, user_data);
    proc_cancel_unref(below);
    return NULL;
}

static void group_ends(void) {
    probe p[4] = {{0}};
    CHECK_OK(proc_run(PROC_GROUP(proc_new(leave_hook, &p[0], NULL)), NULL));
    CHECK_OK(proc_run(PROC_GROUP(proc_new(leave_hook, &p[1], NULL), succeeding(),
                                 proc_new(leave_hook_below, &p[2], NULL),
                                 proc_task("t", proc_new(leave_hook, &p[3], NULL))),
                      NULL));
    for (int i = 0; i < 4; i++)
        CHECK_INT(p[i].runs, 1);
}

static proc_error *hook_and_raise(proc_cancel *cancel, void *user_data) {
    leave_hook(cancel, user_data);
    kill(getpid(), SIGTERM);
    leaf_wait_cancelled(cancel);
    return proc_cancel_error(cancel);
}

static void signal_cancels(void) {
    probe p[2] = {{0}};
    CHECK_OK(proc_main(proc_new(hook_and_raise, &p[0], NULL)));
    CHECK_OK(proc_main(PROC_GROUP(proc_new(hook_and_raise, &p[1], NULL))));
    CHECK(p[0].runs == 1 && p[1].runs == 1);
}

static void check_bad(proc_cancel *cancel, void (*fn)(void *), probe *p) {
    errno = 0;
    CHECK(proc_on_cancel(cancel, fn, p) == NULL);
    CHECK_INT(errno, EINVAL);
}

static proc_error *hook_lent(proc_cancel *cancel, void *user_data) {
    probe *probes = user_data;
    for (int i = 0; i < 3; i++)
        proc_hook_remove(proc_on_cancel_lent(cancel, run_probe, &probes[0]));
    proc_hook *first = proc_on_cancel_lent(cancel, run_probe, &probes[1]);
    proc_hook *second = proc_on_cancel_lent(cancel, run_probe, &probes[2]);
    proc_cancel_trigger(cancel, NULL);
    CHECK_INT(probes[1].runs, 1);
    CHECK_INT(probes[2].runs, 1);
    proc_hook *late = proc_on_cancel_lent(cancel, run_probe, &probes[3]);
    CHECK_INT(probes[3].runs, 1);
    proc_hook_remove(first);
    proc_hook_remove(late);
    proc_hook_remove(second);
    return NULL;
}

static void lent(void) {
    probe probes[4] = {{0}};
    CHECK(proc_run(proc_new(hook_lent, probes, NULL), NULL) == NULL);
    CHECK_INT(probes[0].runs, 0);
    CHECK_INT(probes[1].runs + probes[2].runs + probes[3].runs, 3);
}

static void lent_to_no_longer(void) {
    probe p = {0};
    proc_cancel *above = proc_cancel_new(NULL);
    proc_cancel *cancel = proc_cancel_new(above);
    proc_hook_remove(proc_on_cancel_lent(cancel, run_probe, &p));
    proc_cancel_unref(cancel);
    cancel = proc_cancel_new(above);
    p.removes = proc_on_cancel_lent(cancel, run_probe, &p);
    proc_cancel_trigger(above, NULL);
    CHECK_INT(p.runs, 1);
    proc_cancel_unref(cancel);
    proc_cancel_unref(above);
}

static void bad_input(void) {
    probe p = {0};
    proc_cancel *cancel = proc_cancel_new(NULL);
    check_bad(NULL, run_probe, &p);
    check_bad(cancel, NULL, &p);
    check_bad(NULL, NULL, NULL);
    proc_cancel_trigger(cancel, NULL);
    check_bad(cancel, NULL, &p);
    CHECK_INT(p.runs, 0);
    CHECK(proc_on_cancel_lent(NULL, run_probe, &p) == NULL && errno == EINVAL);
    CHECK(proc_on_cancel_lent(cancel, NULL, &p) == NULL && errno == EINVAL);
    CHECK_INT(p.runs, 0);
    proc_hook_remove(NULL);
    proc_cancel_unref(cancel);
}

/* If removing one took a look at all others, this would not end before the case gives up. */
static void million(void) {
    size_t n = check_scaled(1000000);
    probe p = {0};
    proc_hook **hooks = malloc(n * sizeof *hooks);
    proc_cancel *cancel = proc_cancel_new(NULL);
    for (size_t i = 0; i < n; i++)
        hooks[i] = proc_on_cancel(cancel, run_probe, &p);
    size_t step = 611953; /* a prime, so each is removed once, unless n is a multiple of it */
    for (size_t i = 0; i < n / 2; i++)
        proc_hook_remove(hooks[i * step % n]);
    proc_cancel_trigger(cancel, NULL);
    CHECK_INT(p.runs, (long long)(n - n / 2));
    for (size_t i = n / 2; i < n; i++)
        proc_hook_remove(hooks[i * step % n]);
    proc_cancel_unref(cancel);
    free(hooks);
}

CHECK_MAIN(CASE(once), CASE(already), CASE(removed), CASE(many_on_one), CASE(struck_before),
           CASE(order), CASE(holds), CASE(holds_no_longer), CASE(group_ends), REAL(signal_cancels),
           CASE(lent), CASE(lent_to_no_longer), CASE(bad_input), CASE(million))
