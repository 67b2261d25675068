/* sheltered.h: what the tests of proc_finally and proc_shield share. Both run a process that does not hear of each cancellation
 * from above, at all or at once; a `shelter` puts it there.
 */
#ifndef SHELTERED_H
#define SHELTERED_H

#include "child.h"
#include "dumped.h"
#include "leaf.h"
#include <sched.h>

typedef proc_impl *(*shelter)(proc_impl *impl);

static inline proc_cancel *cancelled_because(int code, const char *text) {
    proc_cancel *handle = proc_cancel_new(NULL);
    proc_cancel_trigger(handle, proc_error_new(code, text));
    return handle;
}

static inline proc_error *sheltered_cancel(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_cancel_trigger(cancel, proc_error_new(5, "own"));
    return proc_cancel_error(cancel);
}

/* Its handle can be cancelled, and that cancels nothing above. */
static inline void check_not_beyond(shelter within) {
    proc_cancel *around = proc_cancel_new(NULL);
    CHECK_FAILS(proc_run(within(proc_new(sheltered_cancel, NULL, NULL)), around), 5, "own");
    CHECK(!proc_cancelled(around));
    proc_cancel_unref(around);
}

static inline proc_error *sheltered_keep(proc_cancel *cancel, void *user_data) {
    *(proc_cancel **)user_data = proc_cancel_ref(cancel);
    CHECK(!proc_cancelled(cancel));
    return NULL;
}

/* Whoever keeps its handle sees it cancelled once it is over, on success too; the cause says that. */
static inline void check_closed(shelter within, const char *text) {
    proc_cancel *kept = NULL, *around = proc_cancel_new(NULL);
    CHECK_OK(proc_run(within(proc_new(sheltered_keep, &kept, NULL)), around));
    CHECK(proc_wait(kept, PROC_FOREVER));
    CHECK_INT(proc_error_code(proc_cancel_cause(kept)), ECANCELED);
    CHECK_STR(proc_error_message(proc_cancel_cause(kept)), text);
    CHECK(!proc_cancelled(around));
    proc_cancel_unref(kept);
    proc_cancel_unref(around);
}

/* In the child: drains without an end, and is not cancelled. */
static inline proc_error *sheltered_for_ever(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    child_tell('r');
    while (!proc_draining(cancel))
        sched_yield();
    proc_wait(cancel, PROC_FOREVER);
    child_tell('!');
    return NULL;
}

/* In the child: a program whose grace period is short. */
static inline void sheltered_main(shelter within) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.grace_ns = PROC_MS(1);
    proc_error_unref(proc_main_with(within(proc_new(sheltered_for_ever, NULL, NULL)), &options));
}

/* That child is ended by the grace period; the tree that is printed then has that word in it. */
static inline void check_grace_ends(const char *role, const char *word) {
    child c = child_start(role);
    CHECK_INT(child_event(&c), 'r');
    CHECK_INT(kill(c.pid, SIGTERM), 0);
    CHECK_INT(child_event(&c), 0);
    child_end(&c);
    CHECK(WIFSIGNALED(c.status) && WTERMSIG(c.status) == SIGTERM);
    CHECK_HAS(c.text, word);
}

static inline proc_error *sheltered_dump(proc_cancel *cancel, void *word) {
    (void)cancel;
    char *text = dump(PROC_DUMP_TEXT);
    CHECK_INSIDE(text, "callback", (const char *)word);
    CHECK_INSIDE(text, word, "task work");
    free(text);
    return NULL;
}

/* In a dump it stands inside of that word. */
static inline void check_dumped_in(shelter within, char *word) {
    CHECK_OK(proc_run(proc_task("work", within(proc_new(sheltered_dump, word, NULL))), NULL));
}

#endif
