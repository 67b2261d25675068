/* proc_background where no thread can be had for it: pthread_create fails with EAGAIN. Each case plays in a fresh program. Laws:
 *
 *   begins_late      If the others of a group wait for nobody, the caller's thread runs them and then those of the background, which are
 *                    cancelled by then; or these fail with EAGAIN. None is forgotten, and nothing hangs.
 *   fails            If another child waits for its cancellation, the child of the background that has no thread fails with EAGAIN, which
 *                    cancels that one.
 *   others_fail      If another child fails so, those of the background are cancelled with that cause, and end.
 *   only_waits       So it is with one that only waits, for it is run by a thread, too.
 *   nursery          In a nursery it fails so, too, which cancels the nursery: nothing hangs.
 *   works_on         Once there are threads, it is as ever.
 */
#include "child.h"
#include "interpose.h"
#include "leaf.h"

/* Ends because the others have ended, or because one has failed. */
static proc_error *outlast(proc_cancel *cancel, void *user_data) {
    leaf_wait_cancelled(cancel);
    ++*(atomic_int *)user_data;
    return proc_cancel_error(cancel);
}

static proc_impl *outlasting(atomic_int *ended) {
    return proc_background(proc_new(outlast, ended, NULL));
}

/* So many have failed for want of a thread, and nothing else has. Releases the error. */
static int denied(proc_error *error) {
    int count = (int)proc_error_count(error);
    for (int i = 0; i < count; i++)
        CHECK_INT(proc_error_code(proc_error_at(error, (size_t)i)), EAGAIN);
    proc_error_unref(error);
    return count;
}

static void check_none_forgotten(proc_error *error, const atomic_int *ended, int all) {
    CHECK_INT(denied(error) + *ended, all);
}

static void begins_late_role(void) {
    threads_left = 0;
    for (int round = 0; round < 3; round++) {
        atomic_int ended = 0;
        leaf other = {0};
        proc_error *error =
            proc_run(PROC_GROUP(leaf_new(&other), outlasting(&ended), outlasting(&ended)), NULL);
        CHECK_INT(other.runs, 1);
        check_none_forgotten(error, &ended, 2);
    }
    CHECK_INT(threads_created, 0);
}

static void fails_role(void) {
    threads_left = 0;
    atomic_int ended = 0;
    leaf other = {.until_cancelled = true};
    proc_error *error = proc_run(PROC_GROUP(leaf_new(&other), outlasting(&ended)), NULL);
    CHECK(denied(error) >= 1);
    CHECK(other.runs == 0 || other.saw_cancelled);
    CHECK(threads_denied > 0);
}

static void others_fail_role(void) {
    threads_left = 0;
    atomic_int ended = 0;
    leaf other = {.until_cancelled = true};
    proc_error *error = proc_run(PROC_GROUP(outlasting(&ended), leaf_new(&other)), NULL);
    CHECK(denied(error) >= 1);
    CHECK_INT(threads_created, 0);
}

static void only_waits_role(void) {
    threads_left = 0;
    leaf other = {.until_cancelled = true};
    proc_impl *waits = proc_background(proc_delay(PROC_FOREVER));
    CHECK(denied(proc_run(PROC_GROUP(leaf_new(&other), waits), NULL)) >= 1);
    waits = proc_background(proc_delay(PROC_FOREVER));
    CHECK(denied(proc_run(PROC_GROUP(succeeding(), waits), NULL)) <= 1);
}

typedef struct scene {
    atomic_int ended;
    int refused;
} scene;

/* One that has no thread fails the nursery, which then takes no further one. */
static proc_error *spawn_three(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    scene *s = user_data;
    (void)cancel;
    for (int i = 0; i < 3; i++) {
        proc_impl *child = i == 1 ? succeeding() : outlasting(&s->ended);
        s->refused += denied(proc_spawn(nursery, child));
    }
    return NULL;
}

static void nursery_role(void) {
    threads_left = 0;
    for (int round = 0; round < 3; round++) {
        scene s = {0};
        denied(proc_run(proc_with_nursery(spawn_three, &s, NULL, NULL), NULL));
    }
    CHECK_INT(threads_created, 0);
}

static void works_on_role(void) {
    nursery_role();
    threads_left = -1;
    scene s = {0};
    CHECK_OK(proc_run(PROC_GROUP(outlasting(&s.ended), succeeding(), outlasting(&s.ended)), NULL));
    CHECK_OK(proc_run(proc_with_nursery(spawn_three, &s, NULL, NULL), NULL));
    CHECK_INT(s.ended, 4);
    CHECK_INT(s.refused, 0);
}

IN_CHILD(begins_late)
IN_CHILD(fails)
IN_CHILD(others_fail)
IN_CHILD(only_waits)
IN_CHILD(nursery)
IN_CHILD(works_on)

CHECK_MAIN(BOTH(begins_late), BOTH(fails), BOTH(others_fail), BOTH(only_waits), BOTH(nursery),
           BOTH(works_on))
