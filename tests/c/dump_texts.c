/* proc_dump and texts of the program that are long, or many. Laws:
 *
 *   long_cause     A cause of 1 MiB, below which a deep tree runs, is told once, in 4 KiB, with how much is left out; and
 *                  wherever it holds, that it does.
 *   long_names     Names, paths and labels of 1 MiB are cut in the same way, and take no more room for being around much.
 *   several        Of a cause that was told before others, the dump says which one is meant; in JSON, a number does.
 *   whole          Nothing is cut in the middle of a character, and nothing that just fits is cut.
 */
#include "dumped.h"
#include "leaf.h"
#include <sys/mman.h>

enum { MIB = 1 << 20, KEPT = 4096, LEVELS = 900, MOST = 8 * MIB };

/* A text of that length, which begins with something by which it is found. */
static char *long_text(const char *beginning, size_t length) {
    char *text = malloc(length + 1);
    memset(text, 'x', length);
    memcpy(text, beginning, strlen(beginning));
    text[length] = '\0';
    return text;
}

/* The caller frees it; what is larger than MOST is no dump, but is not read. */
static char *large_dump(proc_dump_format format) {
    int file = memfd_create("dump", 0);
    CHECK_OK(proc_dump(file, format));
    off_t size = lseek(file, 0, SEEK_END);
    CHECK(size > 0 && size < MOST);
    char *text = calloc(1, MOST);
    CHECK(pread(file, text, MOST - 1, 0) > 0);
    close(file);
    return text;
}

static void check_both(void (*check)(const char *text, const char *json)) {
    char *text = large_dump(PROC_DUMP_TEXT), *json = large_dump(PROC_DUMP_JSON);
    check(text, json);
    free(text);
    free(json);
}

static proc_error *look(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    check_both(*(void (**)(const char *, const char *))user_data);
    return NULL;
}

typedef void checking(const char *text, const char *json);

static proc_impl *looking(checking **check) { return proc_new(look, check, NULL); }

static void check_long_cause(const char *text, const char *json) {
    enum { PROCESSES = LEVELS + 2 }; /* the run and the callback, too */
    CHECK_INT((long long)dumped_times(text, "a long cause"), 1);
    CHECK_INT((long long)dumped_times(text, "xx… (1044480 bytes more)\n"), 1);
    CHECK_INT((long long)dumped_times(text, " ago: (as above)\n"), PROCESSES - 1);
    CHECK_INT((long long)dumped_times(json, "\"cause_id\":1,\"code\":77,\"cause\":\"a long cause"),
              1);
    CHECK_INT((long long)dumped_times(json, "xx… (1044480 bytes more)\"}"), 1);
    CHECK_INT((long long)dumped_times(json, "\"cause_id\":1,\"code\":77,\"cause\":\"(as above)\"}"),
              PROCESSES - 1);
}

static void long_cause(void) {
    checking *check = check_long_cause;
    char *text = long_text("a long cause", MIB);
    proc_cancel *handle = proc_cancel_new(NULL);
    proc_cancel_trigger(handle, proc_error_new(77, text));
    proc_impl *impl = looking(&check);
    for (int i = 0; i < LEVELS; i++)
        impl = PROC_SEQUENCE(impl);
    CHECK_OK(proc_run(impl, handle));
    proc_cancel_unref(handle);
    free(text);
}

static void check_long_names(const char *text, const char *json) {
    CHECK_INT((long long)dumped_times(text, "task a long task"), 1);
    CHECK_INT((long long)dumped_times(text, "trace_region a long region"), 1);
    CHECK_INT((long long)dumped_times(text, "\"a long label"), 1);
    CHECK_INT((long long)dumped_times(text, "xx… (1044480 bytes more)"), 3);
    CHECK_INT((long long)dumped_times(json, "\"name\":\"a long task"), 1);
    CHECK_HAS(json, "\"label\":\"a long label");
    /* The task below has its name cut off the path: a slash and five bytes. */
    CHECK_HAS(json, "xx… (1044480 bytes more)\",\"thread\":");
    CHECK_HAS(json, "xx… (1044486 bytes more)\",\"thread\":");
}

static proc_error *label_and_look(proc_cancel *cancel, void *user_data) {
    char *label = long_text("a long label", MIB);
    proc_task_label(cancel, label);
    free(label);
    return look(cancel, user_data);
}

static void long_names(void) {
    checking *check = check_long_names;
    char *task = long_text("a long task", MIB), *region = long_text("a long region", MIB);
    proc_impl *impl = proc_task("inner", proc_new(label_and_look, &check, NULL));
    for (int i = 0; i < LEVELS; i++)
        impl = PROC_SEQUENCE(impl);
    impl = proc_task(task, proc_trace_region(region, impl));
    free(task);
    free(region);
    CHECK_OK(proc_run(impl, NULL));
}

static void check_several(const char *text, const char *json) {
    CHECK_INT((long long)dumped_times(text, "the first is a long one, which is told in full once"),
              1);
    CHECK_INT((long long)dumped_times(text, "(as above: the first is a long one, which…)"), 1);
    CHECK_INT((long long)dumped_times(text, "the second\n"), 1);
    CHECK_INT((long long)dumped_times(json, "\"cause_id\":1,"), 3);
    CHECK_HAS(json, "\"cause_id\":2,\"code\":2,\"cause\":\"the second\"");
    CHECK_HAS(json, "\"cause_id\":2,\"code\":2,\"cause\":\"(as above)\"");
}

static proc_error *run_in_both(proc_cancel *cancel, void *user_data) {
    proc_cancel *other = proc_cancel_new(NULL);
    proc_cancel_trigger(other, proc_error_new(2, "the second"));
    proc_impl *inner = proc_new(look, user_data, NULL);
    (void)cancel;
    CHECK_OK(proc_run(inner, other));
    proc_cancel_unref(other);
    return NULL;
}

static proc_error *run_again(proc_cancel *cancel, void *user_data) {
    proc_error *cause = *(proc_error **)user_data;
    checking *check = check_several;
    proc_cancel *first = proc_cancel_new(NULL);
    proc_cancel_trigger(first, proc_error_ref(cause));
    (void)cancel;
    proc_cancel *task = proc_task_begin(first, "by hand"); /* Shown after what runs on a thread. */
    CHECK_OK(proc_run(proc_new(run_in_both, &check, NULL), first));
    proc_task_end(task, NULL);
    proc_cancel_unref(first);
    return NULL;
}

static void several(void) {
    proc_error *cause = proc_error_new(1, "the first is a long one, which is told in full once");
    CHECK_OK(proc_run(proc_new(run_again, &cause, NULL), NULL));
    proc_error_unref(cause);
}

static const char *expected;

static void check_whole(const char *text, const char *json) {
    char line[KEPT + 100];
    snprintf(line, sizeof line, " ago: %s\n", expected);
    CHECK_INT((long long)dumped_times(text, line), 1);
    snprintf(line, sizeof line, "\"cause\":\"%s\"}", expected);
    CHECK_INT((long long)dumped_times(json, line), 1);
}

/* The text is so many bytes, and characters of three bytes after them. */
static void check_cut(size_t before, size_t characters, size_t kept) {
    checking *check = check_whole;
    char text[2 * KEPT + 100], cut[KEPT + 100];
    memset(text, 'x', before);
    for (size_t i = 0; i <= characters; i++)
        strcpy(text + before + 3 * i, i < characters ? "€" : "");
    size_t left_out = strlen(text) - kept;
    if (left_out)
        snprintf(cut, sizeof cut, "%.*s… (%zu bytes more)", (int)kept, text, left_out);
    expected = left_out ? cut : text;
    proc_cancel *handle = proc_cancel_new(NULL);
    proc_cancel_trigger(handle, proc_error_new(EIO, text));
    CHECK_OK(proc_run(looking(&check), handle));
    proc_cancel_unref(handle);
}

static void whole(void) {
    check_cut(KEPT, 0, KEPT);
    check_cut(KEPT - 3, 1, KEPT);
    check_cut(KEPT - 2, 1, KEPT - 2);
    check_cut(KEPT - 1, 1000, KEPT - 1);
    check_cut(KEPT - 4, 2, KEPT - 1);
}

CHECK_MAIN(CASE(long_cause), CASE(long_names), CASE(several), CASE(whole))
