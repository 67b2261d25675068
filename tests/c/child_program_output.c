/* proc_child with a listener: what a program writes.
 * Laws:
 *
 *   by_stream     It is told by stream, in order, and whole.
 *   large         So are 10 MB, in both streams at once; one call at a time.
 *   until_end     When it completes, what was written until then was told, though somebody else goes on holding the stream, or writing there.
 *   instead       A listener is instead of the streams that are named.
 *   as_callback   It is a callback: it knows its task, and where it is; it shows in the dump, and is counted.
 *   held_up       While it does not return, the program waits; what comes then is told later.
 *   no_fds        If there are no descriptors for that, nothing is started, and none is left over.
 *   closed_fds    A program that closes all descriptors meanwhile is told no more, and all goes on; files of its own are left alone.
 */
#include "dumped.h"
#include "fds.h"
#include "programs.h"

static void by_stream(void) {
    written w = {.count = {0}};
    proc_child_options options =
        program_of(ARGUMENTS("sh", "-c", "echo a; echo 1 >&2; echo b; echo 2 >&2"));
    options.on_output = keep_written;
    options.user_data = &w;
    CHECK_OK(proc_run(proc_child(&options), NULL));
    CHECK_STR(w.text[1], "a\nb\n");
    CHECK_STR(w.text[2], "1\n2\n");
}

typedef struct checked {
    unsigned next[3];
    size_t count[3];
    bool differs;
    atomic_int inside;
} checked;

/* What comes is the bytes 0 to 250, again and again. */
static void check_bytes(int stream, const char *bytes, size_t count, void *user_data) {
    checked *c = user_data;
    CHECK_INT(atomic_fetch_add(&c->inside, 1), 0);
    for (size_t i = 0; i < count; i++) {
        c->differs |= (unsigned char)bytes[i] != c->next[stream];
        c->next[stream] = (c->next[stream] + 1) % 251;
    }
    c->count[stream] += count;
    atomic_fetch_sub(&c->inside, 1);
}

static size_t large_size(void) { return check_scaled(40000) * 251; }

static void write_all(int fd) {
    unsigned char bytes[251];
    for (int i = 0; i < 251; i++)
        bytes[i] = (unsigned char)i;
    for (size_t i = 0; i < large_size() / 251; i++)
        for (ssize_t done = 0, more; done < 251; done += more)
            if ((more = write(fd, bytes + done, 251 - (size_t)done)) < 0)
                _exit(3);
}

static void large_role(void) {
    if (fork() == 0) {
        write_all(2);
        _exit(0);
    }
    int status;
    write_all(1);
    CHECK(wait(&status) > 0 && status == 0);
}

static void large(void) {
    checked c = {.differs = false};
    proc_child_options options = PROC_CHILD_OPTIONS_INIT;
    options.on_output = check_bytes;
    options.user_data = &c;
    CHECK_OK(run_role_with("large_role", options));
    CHECK(!c.differs);
    CHECK_INT(c.count[1], large_size());
    CHECK_INT(c.count[2], large_size());
}

static void until_end(void) {
    written w = {.count = {0}};
    proc_child_options options =
        program_of(ARGUMENTS("sh", "-c", "sleep 1000 & echo $!; echo x >&2; exit 3"));
    options.on_output = keep_written;
    options.user_data = &w;
    CHECK_FAILS(proc_run(proc_child(&options), NULL), ECHILD, "sh: exit status 3");
    CHECK_STR(w.text[2], "x\n");
    CHECK_INT(kill(atoi(w.text[1]), SIGKILL), 0);
    /* That one ends by SIGPIPE when nobody reads any more. */
    checked c = {.differs = false};
    options.argv = ARGUMENTS("sh", "-c", "yes & exit 3");
    options.on_output = check_bytes;
    options.user_data = &c;
    CHECK_FAILS(proc_run(proc_child(&options), NULL), ECHILD, "sh: exit status 3");
}

static void instead(void) {
    written w = {.count = {0}};
    proc_child_options options = program_of(ARGUMENTS("sh", "-c", "echo x; echo y >&2"));
    options.on_output = keep_written;
    options.user_data = &w;
    options.out = STDERR_FILENO;
    options.err = STDERR_FILENO;
    CHECK_OK(proc_run(proc_child(&options), NULL));
    CHECK_STR(w.text[1], "x\n");
    CHECK_STR(w.text[2], "y\n");
}

static void look_around(int stream, const char *bytes, size_t count, void *user_data) {
    (void)stream, (void)bytes, (void)count, (void)user_data;
    char *text = dump(PROC_DUMP_TEXT);
    CHECK(proc_current() != NULL);
    CHECK_INSIDE(text, "child sh", "task convert");
    CHECK_INSIDE(text, "callback", "child sh");
    free(text);
}

static void as_callback(void) {
    proc_stats before = PROC_STATS_INIT, after = PROC_STATS_INIT;
    proc_child_options options = program_of(ARGUMENTS("sh", "-c", "echo x"));
    options.on_output = look_around;
    proc_get_stats(&before);
    CHECK_OK(proc_run(proc_task("convert", proc_child(&options)), NULL));
    proc_get_stats(&after);
    CHECK_INT(after.processes_started_total - before.processes_started_total, 1);
    CHECK(proc_current() == NULL);
}

typedef struct held {
    written output;
    gate begun, go;
} held;

static void hold(int stream, const char *bytes, size_t count, void *user_data) {
    held *h = user_data;
    keep_written(stream, bytes, count, &h->output);
    gate_open(&h->begun);
    GATE_WAIT(&h->go);
}

static void *let_go(void *user_data) {
    held *h = user_data;
    GATE_WAIT(&h->begun);
    gate_open(&h->go);
    return NULL;
}

static void held_up(void) {
    held h = {.output = {.count = {0}}};
    pthread_t other;
    gate_init(&h.begun);
    gate_init(&h.go);
    proc_child_options options = program_of(ARGUMENTS("sh", "-c", "echo a; echo b; echo c >&2"));
    options.on_output = hold;
    options.user_data = &h;
    CHECK_INT(pthread_create(&other, NULL, let_go, &h), 0);
    CHECK_OK(proc_run(proc_child(&options), NULL));
    pthread_join(other, NULL);
    CHECK_STR(h.output.text[1], "a\nb\n");
    CHECK_STR(h.output.text[2], "c\n");
}

static void no_fds(void) {
    written w = {.count = {0}};
    proc_child_options options = program_of(ARGUMENTS("sh", "-c", "echo x"));
    options.on_output = keep_written;
    options.user_data = &w;
    CHECK_OK(proc_run(proc_child(&options), NULL));
    int before = fds_open();
    char told[100];
    snprintf(told, sizeof told, "sh: %s", strerror(EMFILE));
    unsigned left = 0;
    for (bool has_run = false; !has_run && left < 20; left++) {
        w.count[1] = 0;
        struct rlimit former = fds_limit(left);
        proc_error *error = proc_run(proc_child(&options), NULL);
        fds_unlimit(former);
        has_run = error == NULL;
        if (error)
            CHECK_FAILS(error, EMFILE, told);
        CHECK_INT(w.count[1], has_run ? 2 : 0);
        CHECK_INT(fds_open(), before);
    }
    CHECK(left > 2 && left < 20);
    check_no_child();
}

static int opened[20];

static void close_all(int stream, const char *bytes, size_t count, void *user_data) {
    (void)stream, (void)bytes, (void)count, (void)user_data;
    for (int fd = 3; fd < 100; fd++)
        close(fd);
    for (size_t i = 0; i < sizeof opened / sizeof *opened; i++) {
        int ends[2];
        CHECK(i % 2 || (pipe(ends) == 0 && write(ends[1], "x", 1) == 1));
        opened[i] = ends[i % 2];
    }
}

static void closing_role(void) {
    proc_child_options options =
        program_of(ARGUMENTS("sh", "-c", "trap '' PIPE; echo x; sleep 0.2; exit 3"));
    options.on_output = close_all;
    CHECK_FAILS(proc_run(proc_child(&options), NULL), ECHILD, "sh: exit status 3");
    for (size_t i = 0; i < sizeof opened / sizeof *opened; i++) {
        char byte;
        CHECK(fcntl(opened[i], F_GETFD) >= 0);
        CHECK(i % 2 || read(opened[i], &byte, 1) == 1);
    }
}
static void closed_fds(void) { child_run("closing_role"); }

CHECK_MAIN(CASE(by_stream), CASE(large), CASE(until_end), CASE(instead), CASE(as_callback),
           CASE(held_up), CASE(no_fds), CASE(closed_fds), ROLE(large_role), ROLE(closing_role))
