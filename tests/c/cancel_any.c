/* proc_cancel_new_any: handles below several others. Laws:
 *
 *   with_the_first   It is cancelled with the first of those above that is, with the same cause; the others are not, and what comes
 *                    later does not change it. Cancelling it cancels none of them, but what is below it.
 *   born_cancelled   Below one that is cancelled it is born cancelled; below several, with the cause of the one that was first.
 *   nothing_above    NULLs are left out. With nothing above it is cancelled by hand alone. It is never NULL.
 *   bad_input        A NULL array with a count: it is cancelled with EINVAL.
 *   one_and_twice    Below one it is as proc_cancel_new; below the same one twice, too.
 *   outlives         It outlives those above, which can be cancelled as long as it is there only through what is below them.
 *   deadlines        The nearest deadline of all counts, whoever asks, waits, or has a hook.
 *   of_the_first     It is in the task of the first, and has the values of that one.
 *   drains           It drains if any does: because of proc_main, and of a cancellation that a shield keeps off.
 *   echoes           The cause of each of them is an echo for it, and for what is below it.
 *   all_when_back    Two cancel what is above several at once, in ways that cross: when a call is back, all below is cancelled.
 *   made_meanwhile   Made and released while those above are cancelled, it is cancelled as they are.
 *   deep             100,000 of them below each other, each below the root as well.
 *   deep_deadlines   … and each below one with a deadline that is nearer than those above it.
 */
#include "dumped.h"
#include "leaf.h"

static proc_cancel *below(proc_cancel *one, proc_cancel *other) {
    return proc_cancel_new_any((proc_cancel *[]){one, other}, 2);
}

static void unref(proc_cancel **all, size_t count) {
    for (size_t i = 0; i < count; i++)
        proc_cancel_unref(all[i]);
}

static void with_the_first(void) {
    for (int which = 0; which < 2; which++) {
        proc_cancel *all[] = {proc_cancel_new(NULL), proc_cancel_new(NULL), NULL, NULL};
        all[2] = below(all[0], all[1]);
        all[3] = proc_cancel_new(all[2]);
        CHECK(!proc_cancelled(all[2]) && !proc_cancel_cause(all[2]));
        proc_cancel_trigger(all[which], proc_error_new(71, "first"));
        CHECK(proc_cancelled(all[2]) && proc_cancelled(all[3]) && !proc_cancelled(all[1 - which]));
        CHECK(proc_cancel_cause(all[2]) == proc_cancel_cause(all[which]));
        proc_cancel_trigger(all[1 - which], proc_error_new(72, "second"));
        CHECK(proc_cancel_cause(all[2]) == proc_cancel_cause(all[which]));
        CHECK(proc_cancel_cause(all[3]) == proc_cancel_cause(all[which]));
        unref(all, 4);
    }
    proc_cancel *all[] = {proc_cancel_new(NULL), proc_cancel_new(NULL), NULL, NULL};
    all[2] = below(all[0], all[1]);
    all[3] = proc_cancel_new(all[2]);
    proc_cancel_trigger(all[2], NULL);
    CHECK(proc_cancelled(all[3]) && !proc_cancelled(all[0]) && !proc_cancelled(all[1]));
    unref(all, 4);
}

static void born_cancelled(void) {
    proc_cancel *all[] = {proc_cancel_new(NULL), proc_cancel_new(NULL), proc_cancel_new(NULL), NULL,
                          NULL};
    proc_cancel_trigger(all[1], proc_error_new(71, "first"));
    all[3] = below(all[0], all[1]);
    CHECK(proc_cancel_cause(all[3]) == proc_cancel_cause(all[1]));
    proc_cancel_trigger(all[0], proc_error_new(72, "second"));
    CHECK(proc_cancel_cause(all[3]) == proc_cancel_cause(all[1]));
    all[4] = proc_cancel_new_any(all, 3);
    CHECK(proc_cancel_cause(all[4]) == proc_cancel_cause(all[1]));
    unref(all, 5);
}

static void nothing_above(void) {
    proc_cancel *none[3] = {NULL};
    proc_cancel *all[] = {proc_cancel_new_any(NULL, 0), proc_cancel_new_any(none, 3),
                          proc_cancel_new_any(none, 0)};
    for (int i = 0; i < 3; i++) {
        CHECK(all[i] && !proc_cancelled(all[i]));
        proc_cancel_trigger(all[i], NULL);
        CHECK(proc_cancelled(all[i]));
    }
    unref(all, 3);
    proc_cancel *some[] = {NULL, proc_cancel_new(NULL), NULL, proc_cancel_new(NULL)};
    proc_cancel *born = proc_cancel_new_any(some, 4);
    proc_cancel_trigger(some[3], proc_error_new(71, "one"));
    CHECK(proc_cancel_cause(born) == proc_cancel_cause(some[3]));
    unref(some, 4);
    proc_cancel_unref(born);
}

static void bad_input(void) {
    proc_cancel *born = proc_cancel_new_any(NULL, 2);
    CHECK(born && proc_cancelled(born));
    CHECK_FAILS(proc_cancel_error(born), EINVAL,
                "proc_cancel_new_any: parents is NULL, but count is 2");
    proc_cancel_unref(born);
}

static void one_and_twice(void) {
    for (size_t count = 1; count <= 2; count++) {
        proc_cancel *root = proc_cancel_new(NULL);
        proc_cancel *born = proc_cancel_new_any((proc_cancel *[]){root, root}, count);
        proc_cancel_trigger(born, NULL);
        CHECK(!proc_cancelled(root));
        proc_cancel *other = proc_cancel_new_any((proc_cancel *[]){root, root}, count);
        proc_cancel_trigger(root, proc_error_new(71, "root"));
        CHECK(proc_cancel_cause(other) == proc_cancel_cause(root));
        unref((proc_cancel *[]){root, born, other}, 3);
    }
}

static void outlives(void) {
    proc_cancel *root = proc_cancel_new(NULL);
    proc_cancel *one = proc_cancel_new(root), *other = proc_cancel_new(NULL);
    proc_cancel *born = below(other, one);
    proc_cancel *released = below(root, one);
    proc_cancel_unref(released);
    proc_cancel_unref(one);
    proc_cancel_unref(other);
    CHECK(!proc_cancelled(born));
    proc_cancel_trigger(root, proc_error_new(71, "root"));
    CHECK_INT(proc_error_code(proc_cancel_cause(born)), 71);
    proc_cancel_unref(root);
    CHECK_INT(proc_error_code(proc_cancel_cause(born)), 71);
    proc_cancel_unref(born);
}

static void open_it(void *user_data) { gate_open(user_data); }

static void deadlines(void) {
    gate told;
    gate_init(&told);
    proc_cancel *never = proc_cancel_new(NULL);
    proc_cancel *late = proc_cancel_new_timeout(never, PROC_SECONDS(1000));
    proc_cancel *over = proc_cancel_new_timeout(NULL, 0);
    proc_cancel *soon = proc_cancel_new_timeout(NULL, PROC_MS(20));
    proc_cancel *without = below(never, late), *born = below(late, soon), *dead = below(late, over);
    CHECK(proc_cancel_remaining(without) > PROC_SECONDS(900));
    CHECK(proc_cancel_remaining(born) <= PROC_MS(20));
    CHECK(proc_cancelled(dead) && proc_cancel_remaining(dead) == 0);
    CHECK_FAILS(proc_cancel_error(dead), ETIMEDOUT, "timed out after 0 s");
    proc_hook *hook = proc_on_cancel(born, open_it, &told);
    GATE_WAIT(&told);
    CHECK_FAILS(proc_cancel_error(born), ETIMEDOUT, "timed out after 20 ms");
    CHECK(proc_wait(born, PROC_FOREVER) && proc_cancelled(soon) && !proc_cancelled(late));
    CHECK(proc_cancel_cause(born) == proc_cancel_cause(soon));
    proc_hook_remove(hook);
    unref((proc_cancel *[]){never, late, over, soon, without, born, dead}, 7);
}

static const proc_key number = {"number"};

typedef struct sight {
    proc_cancel *other, *born;
} sight;

static proc_error *look_around(proc_cancel *cancel, void *user_data) {
    sight *s = user_data;
    s->born = below(cancel, s->other);
    CHECK(proc_value(s->born, &number) == s);
    CHECK(proc_value(s->other, &number) == NULL);
    proc_task_label(s->born, "label");
    CHECK_DUMPED("\"label\"");
    return NULL;
}

static void of_the_first(void) {
    sight s = {.other = proc_cancel_new(NULL)};
    proc_impl *look = proc_task("t", proc_new(look_around, &s, NULL));
    CHECK_OK(proc_run(proc_with_value(&number, &s, NULL, look), NULL));
    unref((proc_cancel *[]){s.other, s.born}, 2);
}

static proc_error *drain_with(proc_cancel *cancel, void *user_data) {
    proc_cancel *around = user_data;
    proc_cancel *other = proc_cancel_new(NULL);
    proc_cancel *born[] = {below(cancel, other), below(other, cancel), NULL, NULL};
    born[2] = below(born[1], other);
    born[3] = proc_cancel_new(born[2]);
    for (int i = 0; i < 4; i++)
        CHECK(!proc_draining(born[i]) && !proc_cancelled(born[i]));
    if (around)
        proc_cancel_trigger(around, NULL);
    else
        kill(getpid(), SIGTERM);
    while (!proc_draining(cancel))
        proc_wait(cancel, PROC_MS(1));
    for (int i = 0; i < 4; i++)
        CHECK(proc_draining(born[i]) && !proc_cancelled(born[i]));
    CHECK(!proc_draining(other));
    unref(born, 4);
    proc_cancel_unref(other);
    return NULL;
}

static void drains(void) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.drain_ns = PROC_FOREVER;
    CHECK_OK(proc_main_with(proc_new(drain_with, NULL, NULL), &options));
    proc_cancel *around = proc_cancel_new(NULL);
    proc_impl *inside = proc_shield(PROC_FOREVER, proc_new(drain_with, around, NULL));
    CHECK_OK(proc_run(proc_shield(PROC_FOREVER, inside), around));
    proc_cancel_unref(around);
}

static void echoes(void) {
    proc_cancel *one = proc_cancel_new(NULL), *other = proc_cancel_new(NULL);
    proc_cancel *born = below(one, other), *last = proc_cancel_new(born);
    proc_cancel_trigger(born, proc_error_new(70, "own"));
    proc_cancel_trigger(one, proc_error_new(71, "one"));
    proc_cancel_trigger(other, proc_error_new(72, "other"));
    proc_cancel *all[] = {one, other, born, last};
    for (int i = 0; i < 4; i++) {
        proc_error *cause = proc_cancel_error(all[i]);
        CHECK(proc_error_is_echo(cause, last) && proc_error_is_echo(cause, born));
        proc_error_unref(cause);
    }
    unref(all, 4);
}

enum { MANY = 20, THREADS = 3 };

typedef struct crossing {
    gate start;
    proc_cancel *top[THREADS];
    proc_cancel *low[MANY];
} crossing;

typedef struct canceller {
    crossing *c;
    int number;
} canceller;

static proc_error *cancel_top(proc_cancel *cancel, void *user_data) {
    canceller *who = user_data;
    GATE_MEET(&who->c->start, THREADS);
    proc_cancel_trigger(who->c->top[who->number], NULL);
    for (int i = 0; i < MANY; i++)
        CHECK(proc_cancelled(who->c->low[i]));
    (void)cancel;
    return NULL;
}

/* Each is below all, through handles in between that were made in another order for each. */
static void make_crossing(crossing *c) {
    gate_init(&c->start);
    for (int t = 0; t < THREADS; t++)
        c->top[t] = proc_cancel_new(NULL);
    proc_cancel *between[THREADS][MANY];
    for (int t = 0; t < THREADS; t++)
        for (int i = 0; i < MANY; i++)
            between[t][(i * 7 + t * 11) % MANY] = proc_cancel_new(c->top[t]);
    for (int i = 0; i < MANY; i++) {
        proc_cancel *all[THREADS];
        for (int t = 0; t < THREADS; t++)
            all[t] = between[t][i];
        proc_cancel *any = proc_cancel_new_any(all, THREADS);
        c->low[i] = proc_cancel_new(any);
        proc_cancel_unref(any);
        unref(all, THREADS);
    }
}

static void all_when_back(void) {
    size_t rounds = check_scaled(500);
    for (size_t round = 0; round < rounds; round++) {
        crossing c;
        make_crossing(&c);
        canceller who[THREADS];
        proc_impl *impls[THREADS];
        for (int t = 0; t < THREADS; t++) {
            who[t] = (canceller){&c, t};
            impls[t] = proc_new(cancel_top, &who[t], NULL);
        }
        CHECK_OK(proc_run(proc_concurrent(impls, THREADS), NULL));
        unref(c.top, THREADS);
        unref(c.low, MANY);
    }
}

static proc_error *make_and_release(proc_cancel *cancel, void *user_data) {
    crossing *c = user_data;
    GATE_MEET(&c->start, THREADS);
    bool all_cancelled = false;
    while (!all_cancelled) {
        all_cancelled = proc_cancelled(c->top[0]) && proc_cancelled(c->top[1]);
        bool any_cancelled = proc_cancelled(c->top[0]) || proc_cancelled(c->top[1]);
        proc_cancel *born = below(c->top[0], c->top[1]);
        CHECK(!any_cancelled || proc_cancelled(born));
        proc_cancel_unref(born);
    }
    (void)cancel;
    return NULL;
}

static proc_error *cancel_both(proc_cancel *cancel, void *user_data) {
    crossing *c = user_data;
    GATE_MEET(&c->start, THREADS);
    proc_cancel_trigger(c->top[1], NULL);
    proc_cancel_trigger(c->top[0], NULL);
    (void)cancel;
    return NULL;
}

static void made_meanwhile(void) {
    size_t rounds = check_scaled(200);
    for (size_t round = 0; round < rounds; round++) {
        crossing c = {.top = {proc_cancel_new(NULL), proc_cancel_new(NULL), NULL}};
        gate_init(&c.start);
        proc_impl *make = proc_new(make_and_release, &c, NULL);
        CHECK_OK(
            proc_run(PROC_CONCURRENT(proc_ref(make), make, proc_new(cancel_both, &c, NULL)), NULL));
        unref(c.top, 2);
    }
}

static void deep(void) {
    size_t count = check_scaled(100000);
    for (int is_cancelled = 0; is_cancelled < 2; is_cancelled++) {
        proc_cancel *root = proc_cancel_new(NULL), *last = proc_cancel_ref(root);
        for (size_t i = 0; i < count; i++) {
            proc_cancel *next = below(last, root);
            proc_cancel_unref(last);
            last = next;
        }
        if (is_cancelled)
            proc_cancel_trigger(root, proc_error_new(71, "root"));
        CHECK(proc_cancelled(last) == is_cancelled);
        if (is_cancelled) {
            proc_error *echo = proc_cancel_error(last);
            CHECK(proc_error_is_echo(echo, last));
            proc_error_unref(echo);
        }
        proc_cancel_unref(root);
        proc_cancel_unref(last);
    }
}

static void deep_deadlines(void) {
    proc_cancel *last = proc_cancel_new(NULL);
    for (int64_t i = 0, count = (int64_t)check_scaled(100000); i < count; i++) {
        proc_cancel *sooner = proc_cancel_new_timeout(last, 3600000000000000 - i * 10000000);
        proc_cancel_unref(last);
        last = below(sooner, sooner);
        proc_cancel_unref(sooner);
    }
    proc_cancel_unref(last);
}

CHECK_MAIN(CASE(with_the_first), CASE(born_cancelled), CASE(nothing_above), CASE(bad_input),
           CASE(one_and_twice), CASE(outlives), CASE(deadlines), CASE(of_the_first), CASE(drains),
           CASE(echoes), CASE(all_when_back), CASE(made_meanwhile), CASE(deep),
           CASE(deep_deadlines))
