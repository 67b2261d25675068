/* Two who cancel at once, in one tree of handles. Laws:
 *
 *   in_between        When proc_cancel_trigger returns, all below its handle is cancelled, also while another thread is just
 *                     cancelling a handle in between.
 *   the_same          … or the very same handle.
 *   from_above        … or one above.
 *   hooks_find_all    A hook that runs finds all below its handle cancelled, whoever of them runs it.
 *   late_hooks        … and so does one that is registered meanwhile.
 *   hooks_cross       Hooks that cancel what the other thread is cancelling wait for nobody's hook.
 */
#include "check.h"
#include <sched.h>

enum { LOW = 100 };

typedef struct tree {
    size_t rounds;
    atomic_size_t arrived; /* how often both have come to a meeting */
    int first, second;     /* what is cancelled: 0 top, 1 middle, 2 bottom */
    proc_cancel *handles[3];
    proc_cancel *low[LOW];
    void (*hook)(void *); /* on all three; NULL: no hooks */
    proc_hook *hooks[3];
    atomic_int ran;
    void (*second_does)(struct tree *);
    atomic_bool goes; /* the first may begin */
} tree;

static bool all_cancelled(tree *t) {
    for (int i = 0; i < LOW; i++)
        if (!proc_cancelled(t->low[i]))
            return false;
    return true;
}

static void cancel_second(tree *t) {
    proc_cancel_trigger(t->handles[t->second], NULL);
    CHECK(all_cancelled(t));
}

static void plant(tree *t) {
    for (int i = 0; i < 3; i++)
        t->handles[i] = proc_cancel_new(i ? t->handles[i - 1] : NULL);
    for (int i = 0; i < LOW; i++)
        t->low[i] = proc_cancel_new(t->handles[2]);
    for (int i = 0; i < 3; i++)
        t->hooks[i] = t->hook ? proc_on_cancel(t->handles[i], t->hook, t) : NULL;
    t->ran = 0;
    t->goes = t->second_does == cancel_second;
}

static void fell(tree *t) {
    for (int i = 0; i < 3; i++)
        proc_hook_remove(t->hooks[i]);
    for (int i = 0; i < LOW; i++)
        proc_cancel_unref(t->low[i]);
    for (int i = 0; i < 3; i++)
        proc_cancel_unref(t->handles[i]);
}

/* Both must go on as close to each other as can be, so they do not sleep here. */
static void meet(tree *t, size_t meeting) {
    t->arrived++;
    while (t->arrived < meeting * 2)
        sched_yield();
}

static void *be_second(void *user_data) {
    tree *t = user_data;
    for (size_t round = 0; round < t->rounds; round++) {
        meet(t, 2 * round + 1);
        t->second_does(t);
        meet(t, 2 * round + 2);
    }
    return NULL;
}

static void play(tree t) {
    pthread_t second;
    t.rounds = check_scaled(500);
    if (!t.second_does)
        t.second_does = cancel_second;
    CHECK_INT(pthread_create(&second, NULL, be_second, &t), 0);
    for (size_t round = 0; round < t.rounds; round++) {
        plant(&t);
        meet(&t, 2 * round + 1);
        while (!t.goes)
            sched_yield();
        proc_cancel_trigger(t.handles[t.first], NULL);
        CHECK(all_cancelled(&t));
        meet(&t, 2 * round + 2);
        if (t.hook && t.first == 0)
            CHECK_INT(t.ran, 3);
        fell(&t);
    }
    pthread_join(second, NULL);
}

static void in_between(void) { play((tree){.first = 0, .second = 2}); }

static void the_same(void) { play((tree){.first = 1, .second = 1}); }

static void from_above(void) { play((tree){.first = 2, .second = 1}); }

static void find_all(void *user_data) {
    tree *t = user_data;
    CHECK(all_cancelled(t));
    t->ran++;
}

static void hooks_find_all(void) {
    for (int second = 0; second < 3; second++)
        play((tree){.first = 0, .second = second, .hook = find_all});
}

/* Registers one after the other on the middle handle, until one finds it cancelled. */
static void hook_until_cancelled(tree *t) {
    for (bool late = false; !late;) {
        late = proc_cancelled(t->handles[1]);
        proc_hook_remove(proc_on_cancel(t->handles[1], find_all, t));
        t->goes = true;
    }
}

static void late_hooks(void) { play((tree){.first = 1, .second_does = hook_until_cancelled}); }

static void cancel_all(void *user_data) {
    tree *t = user_data;
    for (int i = 2; i >= 0; i--)
        proc_cancel_trigger(t->handles[i], NULL);
    find_all(t);
}

static void hooks_cross(void) {
    for (int second = 0; second < 3; second++)
        play((tree){.first = 0, .second = second, .hook = cancel_all});
}

CHECK_MAIN(CASE(in_between), CASE(the_same), CASE(from_above), CASE(hooks_find_all),
           CASE(late_hooks), CASE(hooks_cross))
