/* Where the program may not call membarrier, as a seccomp filter may have it, the library uses its locks instead. Laws:
 *
 *   forbidden_later   A program that forbids itself the call while it runs finds each callback once in a dump, and each record once in a trace,
 *                     also if there are so many threads that they take the trace's chunks from each other.
 *   forbidden_before  So does one that may not from the beginning.
 */
#include "child.h"
#include "dumped.h"
#include "trace_file.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>

enum { THREADS = 300, ROUNDS = 3 }; /* More than there may be open chunks. */

static gate meet;

static bool forbid_barriers(void) {
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void message_of(char message[40], size_t thread, size_t round) {
    snprintf(message, 40, "thread %zu, round %zu.", thread, round);
}

static void *log_in_rounds(void *thread) {
    for (size_t round = 0; round < ROUNDS; round++) {
        char message[40];
        message_of(message, (size_t)thread, round);
        proc_trace_log(NULL, "rounds", message);
        GATE_MEET(&meet, (round + 1) * THREADS);
    }
    return NULL;
}

static char *contents_of(const char *path, size_t *length) {
    *length = (size_t)size_of(path);
    char *contents = malloc(*length + 1);
    FILE *file = fopen(path, "rb");
    CHECK(file && fread(contents, 1, *length, file) == *length);
    fclose(file);
    return contents;
}

static size_t times_in(const char *text, size_t length, const char *part) {
    size_t times = 0;
    const char *end = text + length;
    while ((text = memmem(text, (size_t)(end - text), part, strlen(part))) != NULL)
        times++, text++;
    return times;
}

static void records_are_whole(void) {
    pthread_t threads[THREADS];
    make_directory();
    gate_init(&meet);
    CHECK_OK(proc_trace_start(in_directory("rounds")));
    for (size_t i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, log_in_rounds, (void *)i), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK_OK(proc_trace_stop());
    size_t length, wrong = 0;
    char *trace = contents_of(in_directory("rounds"), &length);
    for (size_t i = 0; i < THREADS * ROUNDS; i++) {
        char message[40];
        message_of(message, i / ROUNDS, i % ROUNDS);
        wrong += times_in(trace, length, message) != 1;
    }
    CHECK_INT((long long)wrong, 0);
    free(trace);
    remove_directory();
}

static atomic_bool enough;

static proc_error *run_and_run(proc_cancel *cancel, void *user_data) {
    proc_impl *nothing = proc_sequence(NULL, 0);
    gate_open(user_data);
    while (!enough)
        CHECK_OK(proc_run(proc_ref(nothing), cancel));
    proc_unref(nothing);
    return NULL;
}

static void *runner(void *began) {
    CHECK_OK(proc_run(proc_new(run_and_run, began, NULL), NULL));
    return NULL;
}

static void callbacks_are_there(void) {
    pthread_t thread;
    gate began;
    gate_init(&began);
    CHECK_INT(pthread_create(&thread, NULL, runner, &began), 0);
    GATE_WAIT(&began);
    for (int i = 0; i < 100; i++) {
        char *text = dump(PROC_DUMP_TEXT);
        CHECK_INT((long long)dumped_times(text, "callback 0x"), 1);
        free(text);
    }
    enough = true;
    pthread_join(thread, NULL);
}

static void works_role(void) {
    CHECK(syscall(SYS_membarrier, 0, 0, 0) == -1);
    callbacks_are_there();
    records_are_whole();
}

static void forbidden_later_role(void) {
    if (forbid_barriers())
        works_role();
    else
        child_tell('n');
}

static void forbidden_before_role(void) {
    if (!forbid_barriers()) {
        child_tell('n');
        return;
    }
    child c = child_start("works_role");
    child_passes(&c);
}

static void in_a_child(const char *role) {
    child c = child_start(role);
    if (child_event(&c) == 'n')
        printf("%s: not tried, since this system forbids seccomp filters\n", role);
    child_passes(&c);
}

static void forbidden_later(void) { in_a_child("forbidden_later_role"); }

static void forbidden_before(void) { in_a_child("forbidden_before_role"); }

CHECK_MAIN(CASE(forbidden_later), CASE(forbidden_before), ROLE(works_role),
           ROLE(forbidden_later_role), ROLE(forbidden_before_role))
