/* The static library in a plug-in that is closed (plugin/part.c). The program has the shared library, which is another copy.
 * Laws:
 *
 *   closed           Its threads that are still inside of the library go on when it is closed, and end; a fork goes well.
 *   renamed          … also if the loader knows it by a path that now leads elsewhere.
 *   loading          Its constructor may run processes, beside those of the program.
 */
#include "child.h"
#include "leaf.h"
#include "meet.h"
#include "tasks.h"
#include "trace_file.h"
#include <dlfcn.h>

typedef proc_job *part_start_fn(proc_fn fn, proc_destroy_fn on_done, void *user_data);

static leaf held;
static gate begun, may_end, is_done;
/* Only code of the plug-in could join it. It is kept where a look for leaks finds it. */
static proc_job *volatile job;

static void tell_done(void *user_data) {
    (void)user_data;
    gate_open(&is_done);
}

static void *load(const char *path) {
    void *part = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!part) {
        fprintf(stderr, "%s\n", dlerror());
        abort();
    }
    return part;
}

static void start_in(void *part) {
    part_start_fn *start;
    *(void **)&start = dlsym(part, "part_start");
    gate_init(&begun);
    gate_init(&may_end);
    gate_init(&is_done);
    held = (leaf){.started = &begun, .waits = &may_end};
    job = start(leaf_run, tell_done, &held);
    CHECK(job != NULL);
}

static void check_goes_on(void) {
    int status = -1;
    gate_open(&may_end);
    GATE_WAIT(&is_done);
    wait_for_tasks(1);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK_INT(status, 0);
}

static void closed_role(void) {
    void *part = load(PART);
    start_in(part);
    GATE_WAIT(&begun);
    CHECK_INT(dlclose(part), 0);
    check_goes_on();
}

static void copy(const char *from, const char *to) {
    char block[4096];
    size_t length;
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    while ((length = fread(block, 1, sizeof block, in)) > 0)
        CHECK(fwrite(block, 1, length, out) == length);
    fclose(in);
    fclose(out);
}

static void renamed_role(void) {
    make_directory();
    copy(PART, in_directory("part.so"));
    CHECK_INT(chdir(directory), 0);
    void *part = load("./part.so");
    CHECK_INT(chdir("/"), 0);
    remove_directory();
    start_in(part);
    GATE_WAIT(&begun);
    CHECK_INT(dlclose(part), 0);
    check_goes_on();
}

static void *load_part(void *unused) {
    (void)unused;
    return load(PART);
}

static void loading_role(void) {
    pthread_t loader;
    void *part = NULL;
    setenv("PART_RUNS_AT_LOAD", "1", 1);
    CHECK_INT(pthread_create(&loader, NULL, load_part, NULL), 0);
    for (int i = 0; i < 10; i++)
        check_works();
    CHECK_INT(pthread_join(loader, &part), 0);
    CHECK_INT(dlclose(part), 0);
    check_works();
}

IN_CHILD(closed)
IN_CHILD(renamed)
IN_CHILD(loading)

CHECK_MAIN(BOTH(closed), BOTH(renamed), BOTH(loading))
