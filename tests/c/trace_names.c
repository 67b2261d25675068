/* Which file a trace is written to. Laws:
 *
 *   written_elsewhere  PROCESSION_TRACE names a file that another program's trace is written to: that stays whole, and the new
 *                      trace goes to NAME.PROCESS, which is said on standard error.
 *   several_runs       Each run of proc_main has a file: NAME, NAME.PROCESS, NAME.PROCESS.2 and so on.
 *   executed           PROCESSION_TRACE is not passed on to what a traced program executes, which writes a trace beside that one.
 *   leftovers          Files with these names that no trace is written to are emptied.
 *   process_in_name    %p in the name is the process, and nothing is said.
 *   started            proc_trace_start and proc_trace_snapshot leave such a file as it is, and fail with EBUSY. When its trace
 *                      has been stopped, they empty it.
 */
#include "child.h"
#include "leaf.h"
#include "trace_file.h"

static proc_error *say(proc_cancel *cancel, void *message) {
    proc_trace_log(cancel, "test", message);
    return NULL;
}

/* The environment says where to. */
static void run_role(void) { CHECK_OK(proc_main(proc_new(say, "one", NULL))); }

static void run_thrice_role(void) {
    CHECK_OK(proc_main(proc_new(say, "one", NULL)));
    CHECK_OK(proc_main(proc_new(say, "two", NULL)));
    CHECK_OK(proc_main(proc_new(say, "three", NULL)));
}

/* Has a child trace to that file; returns its number. Its stderr is kept. */
static pid_t traced(const char *role, const char *name, char text[8192]) {
    setenv("PROCESSION_TRACE", in_directory(name), 1);
    child c = child_start(role);
    unsetenv("PROCESSION_TRACE");
    child_passes(&c);
    strcpy(text, c.text);
    return c.pid;
}

static const char *name_of(const char *name, pid_t pid, const char *end) {
    static char whole[100];
    snprintf(whole, sizeof whole, "%s.%d%s", name, (int)pid, end);
    return in_directory(whole);
}

static bool file_has(const char *path, const char *text) {
    static char bytes[1 << 16];
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        fclose(file);
    return memmem(bytes, size, text, strlen(text)) != NULL;
}

static void put(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static int files(void) {
    int count = 0;
    DIR *entries = opendir(directory);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(entries);
    return count;
}

static void written_elsewhere(void) {
    char text[8192];
    make_directory();
    CHECK_OK(proc_trace_start(in_directory("t")));
    pid_t pid = traced("run_role", "t", text);
    CHECK_OK(proc_run(proc_new(say, "of the parent", NULL), NULL));
    CHECK_OK(proc_trace_stop());
    CHECK(file_has(in_directory("t"), "of the parent"));
    CHECK(file_has(name_of("t", pid, ""), "one"));
    CHECK_HAS(text, "procession: PROCESSION_TRACE: ");
    CHECK_HAS(text, name_of("t", pid, ""));
    CHECK_INT(files(), 2);
    remove_directory();
}

static void several_runs(void) {
    char text[8192];
    make_directory();
    pid_t pid = traced("run_thrice_role", "t", text);
    CHECK(file_has(in_directory("t"), "one"));
    CHECK(file_has(name_of("t", pid, ""), "two"));
    CHECK_HAS(text, name_of("t", pid, ""));
    CHECK(file_has(name_of("t", pid, ".2"), "three"));
    CHECK_HAS(text, name_of("t", pid, ".2"));
    CHECK_INT(files(), 3);
    remove_directory();
}

static proc_error *execute(proc_cancel *cancel, void *unused) {
    (void)cancel, (void)unused;
    CHECK(getenv("PROCESSION_TRACE") == NULL);
    child_run("run_role");
    return NULL;
}

static void execute_role(void) { CHECK_OK(proc_main(proc_new(execute, NULL, NULL))); }

static void executed(void) {
    char text[8192];
    make_directory();
    traced("execute_role", "t", text);
    CHECK(!file_has(in_directory("t"), "one"));
    CHECK_INT(files(), 2);
    CHECK_STR(text, "");
    remove_directory();
}

/* There is no knowing the number of a process before, but its own. */
static void leftover_role(void) {
    char *path = NULL;
    CHECK(asprintf(&path, "%s.%d", getenv("PROCESSION_TRACE"), (int)getpid()) > 0);
    FILE *file = fopen(path, "wb");
    for (int i = 0; i < 1000; i++)
        fputs("leftover ", file);
    fclose(file);
    free(path);
    run_thrice_role();
}

static void leftovers(void) {
    char text[8192];
    make_directory();
    put(in_directory("t"), "leftover");
    pid_t pid = traced("leftover_role", "t", text);
    CHECK(file_has(in_directory("t"), "one") && !file_has(in_directory("t"), "leftover"));
    CHECK(file_has(name_of("t", pid, ""), "two") && !file_has(name_of("t", pid, ""), "leftover"));
    CHECK_INT(files(), 3);
    remove_directory();
}

static void process_in_name(void) {
    char text[8192];
    make_directory();
    pid_t pid = traced("run_role", "t.%p", text);
    CHECK(file_has(name_of("t", pid, ""), "one"));
    CHECK_STR(text, "");
    CHECK_INT(files(), 1);
    remove_directory();
}

static void started_role(void) {
    strcpy(directory, getenv("TEST_DIRECTORY"));
    proc_config config = PROC_CONFIG_INIT;
    config.flight_recorder_size = 1 << 20;
    CHECK_OK(proc_configure(&config));
    check_refused(proc_trace_start(in_directory("t")), EBUSY, "another trace is written to it");
    check_refused(proc_trace_snapshot(in_directory("t")), EBUSY, "another trace is written to it");
    CHECK_OK(proc_trace_start(in_directory("other")));
    check_refused(proc_trace_snapshot(in_directory("other")), EBUSY, "another trace is written");
    CHECK_OK(proc_trace_stop());
    CHECK_OK(proc_trace_snapshot(in_directory("other")));
    CHECK_OK(proc_trace_start(in_directory("other")));
    CHECK_OK(proc_trace_stop());
}

static void started(void) {
    make_directory();
    CHECK_OK(proc_trace_start(in_directory("t")));
    setenv("TEST_DIRECTORY", directory, 1);
    child_run("started_role");
    CHECK_OK(proc_run(proc_new(say, "of the parent", NULL), NULL));
    CHECK_OK(proc_trace_stop());
    CHECK(file_has(in_directory("t"), "of the parent"));
    remove_directory();
}

CHECK_MAIN(CASE(written_elsewhere), ROLE(run_role), CASE(several_runs), ROLE(run_thrice_role),
           CASE(executed), ROLE(execute_role), CASE(leftovers), ROLE(leftover_role),
           CASE(process_in_name), CASE(started), ROLE(started_role))
