/* Where the program may not call membarrier, as a seccomp filter may have it, the library uses its locks instead. Laws:
 *
 *   forbidden_later   A program that forbids itself the call while it runs finds each callback once in a dump, and each record once in a trace,
 *                     also if there are so many threads that they take the trace's chunks from each other.
 *   forbidden_before  So does one that may not from the beginning.
 */
#include "dumped.h"
#include "forbidden_call.h"
#include "runner.h"
#include "trace_file.h"

enum { THREADS = 300, ROUNDS = 3 }; /* More than there may be open chunks. */

static gate meet;

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

static void callbacks_are_there(void) {
    runner r;
    runner_start(&r);
    for (int i = 0; i < 100; i++) {
        char *text = dump(PROC_DUMP_TEXT);
        CHECK_INT((long long)dumped_times(text, "callback 0x"), 1);
        free(text);
    }
    runner_stop(&r);
}

static void works_role(void) {
    CHECK(syscall(SYS_membarrier, 0, 0, 0) == -1);
    callbacks_are_there();
    records_are_whole();
}

static bool forbid_barriers(void) { return forbid_call(SYS_membarrier, EPERM); }

static void forbidden_later_role(void) {
    if (forbid_barriers())
        works_role();
}

static void forbidden_before_role(void) {
    if (!forbid_barriers())
        return;
    child c = child_start("works_role");
    child_passes(&c);
}

static void forbidden_later(void) { play_forbidden("forbidden_later_role"); }

static void forbidden_before(void) { play_forbidden("forbidden_before_role"); }

CHECK_MAIN(CASE(forbidden_later), CASE(forbidden_before), ROLE(works_role),
           ROLE(forbidden_later_role), ROLE(forbidden_before_role))
