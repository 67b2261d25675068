/* proc_status: what the program says of itself to the service manager, who is the test. Laws:
 *
 *   at_once          A text, which is copied, is sent at once, as STATUS instead of the number of tasks, and so is each further one, and that there is none.
 *   with_others      It is in each further message, too, until another one takes its place; the next proc_main begins without one.
 *   one_line         Line breaks become spaces; what is too long is cut; an empty text is one.
 *   in_a_stack       While a stack starts or stops, what was said last counts; once it rests, the text.
 *   nothing_else     NULL, and handles that are not below proc_main, do nothing.
 */
#include "manager.h"

static proc_error *say(proc_cancel *cancel, void *user_data) {
    manager *m = user_data;
    char text[] = "loading, 40 %";
    proc_status(cancel, text);
    memset(text, 'x', sizeof text - 1);
    CHECK_STR(manager_hears(m), "STATUS=loading, 40 %\n");
    proc_status(proc_drain_handle(cancel), "loading, 80 %");
    CHECK_STR(manager_hears(m), "STATUS=loading, 80 %\n");
    proc_ready(cancel);
    CHECK_STR(manager_hears(m), "READY=1\nSTATUS=loading, 80 %\n");
    proc_status(cancel, NULL);
    CHECK_STR(manager_hears(m), "STATUS=0 tasks running\n");
    proc_status(cancel, "done");
    CHECK_STR(manager_hears(m), "STATUS=done\n");
    return NULL;
}

static void at_once(void) {
    manager m;
    manager_listen(&m, true);
    CHECK_OK(manager_main(proc_new(say, &m, NULL), 0));
    CHECK_HAS(manager_hears(&m), "STOPPING=1\n");
    manager_hears_nothing(&m);
    manager_close(&m);
}

static proc_error *be_ready(proc_cancel *cancel, void *user_data) {
    proc_ready(cancel);
    CHECK_STR(manager_hears(user_data), "READY=1\nSTATUS=0 tasks running\n");
    return NULL;
}

static void with_others(void) {
    manager m;
    manager_listen(&m, true);
    CHECK_OK(manager_main(proc_new(say, &m, NULL), 0));
    CHECK_HAS(manager_hears(&m), "\nSTATUS=done\n");
    CHECK_OK(manager_main(proc_new(be_ready, &m, NULL), 0));
    CHECK_HAS(manager_hears(&m), "STATUS=0 tasks running\n");
    manager_close(&m);
}

static proc_error *say_lines(proc_cancel *cancel, void *user_data) {
    manager *m = user_data;
    proc_status(cancel, "one\ntwo\r\nREADY=1");
    CHECK_STR(manager_hears(m), "STATUS=one two  READY=1\n");
    proc_status(cancel, "");
    CHECK_STR(manager_hears(m), "STATUS=\n");
    char longest[5000];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    proc_status(cancel, longest);
    CHECK_HAS(manager_hears(m), "STATUS=xxx");
    return NULL;
}

static void one_line(void) {
    manager m;
    manager_listen(&m, true);
    CHECK_OK(manager_main(proc_new(say_lines, &m, NULL), 0));
    manager_close(&m);
}

static proc_error *be_a_layer(proc_cancel *cancel, void *user_data) {
    manager *m = user_data;
    CHECK_HAS(manager_hears(m), "STATUS=starting 1 of 1\n");
    proc_status(cancel, "my own");
    CHECK_HAS(manager_hears(m), "STATUS=my own\n");
    proc_ready(cancel);
    while (!strstr(manager_hears(m), "READY=1"))
        CHECK_HAS(m->message, "STATUS=my own\n");
    CHECK_HAS(m->message, "STATUS=my own\n");
    return NULL;
}

static void in_a_stack(void) {
    manager m;
    manager_listen(&m, true);
    CHECK_OK(manager_main(PROC_STACK(proc_new(be_a_layer, &m, NULL)), 0));
    manager_close(&m);
}

static proc_error *say_elsewhere(proc_cancel *cancel, void *user_data) {
    proc_cancel *beside = proc_cancel_new(NULL);
    proc_status(NULL, "nothing");
    proc_status(beside, "nothing");
    proc_cancel_unref(beside);
    manager_hears_nothing(user_data);
    (void)cancel;
    return NULL;
}

static void nothing_else(void) {
    manager m;
    manager_listen(&m, true);
    CHECK_OK(manager_main(proc_new(say_elsewhere, &m, NULL), 0));
    manager_close(&m);
}

CHECK_MAIN(CASE(at_once), CASE(with_others), CASE(one_line), CASE(in_a_stack), CASE(nothing_else))
