#include "runs.h"
#include "table.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 64, TEXT = 16000 };

/* One child at a time, and what it has left to say. */
struct place {
    pid_t child;
    uint64_t offset;
    bool is_stuck;
    char text[TEXT];
    struct journal journal; /* of all orders */
};

struct search {
    const struct plan *plan;
    struct place *places; /* in memory that the children have in common with this process */
    size_t count, busy;
    uint64_t next, done, lowest; /* offsets; lowest: of those that have failed, or UINT64_MAX */
    bool is_seen;
};

static struct place *own;

void sim_end_stuck(const char *text, size_t length) {
    if (length >= TEXT)
        length = TEXT - 1;
    memcpy(own->text, text, length);
    own->text[length] = '\0';
    own->is_stuck = true;
    _exit(1);
}

static void be_silent(const int *descriptors, size_t count) {
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (size_t i = 0; nowhere >= 0 && i < count; i++)
        dup2(nowhere, descriptors[i]);
}

static bool begin(const struct plan *plan, struct place *place, uint64_t offset, bool is_shown) {
    place->offset = offset;
    place->is_stuck = false;
    pid_t parent = getpid(), child = fork();
    if (child > 0)
        place->child = child;
    if (child != 0)
        return child > 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* No run outlives this program, however that ends. */
    if (getppid() != parent)
        _exit(1);
    own = place;
    be_silent((const int[]){0, 1, 2}, is_shown ? 1 : 3);
    setrlimit(RLIMIT_CPU, &(struct rlimit){plan->seconds, plan->seconds + 1});
    if (!is_shown)
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    if (plan->schedule == EXHAUSTIVE)
        sim_run(plan->seed, &place->journal);
    sim_run(plan->seed + offset, NULL);
}

static bool has_failed(int status) { return !WIFEXITED(status) || WEXITSTATUS(status) != 0; }

static void tell(FILE *to, const struct place *place, const struct plan *plan, int status) {
    if (place->is_stuck)
        fprintf(to, "%s", place->text);
    else if (WIFEXITED(status))
        fprintf(to, "exit status %d", WEXITSTATUS(status));
    else if (WTERMSIG(status) == SIGXCPU)
        fprintf(to, "hang: it has computed for %u s", plan->seconds);
    else
        fprintf(to, "ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
}

static struct place *place_of(struct search *search, pid_t child) {
    for (size_t i = 0; i < search->count; i++)
        if (search->places[i].child == child)
            return &search->places[i];
    return NULL;
}

static void note(struct search *search, struct place *place, int status) {
    place->child = 0;
    search->busy--;
    search->done++;
    if (has_failed(status) && place->offset < search->lowest)
        search->lowest = place->offset;
    if (search->is_seen && search->done % 64 == 0)
        fprintf(stderr, "\rprocession-sim: %" PRIu64 " of %" PRIu64 " runs", search->done,
                search->plan->runs);
}

static bool is_left(const struct search *search) {
    return search->next < search->plan->runs && search->next < search->lowest;
}

/* How far a search has come: to its end, or there are more orders than runs, or no child could be had. */
enum reached { ALL, MORE, DENIED };
static const char *const words[] = {[ALL] = "done", [MORE] = "more", [DENIED] = "denied"};

/* Until all have run, or one has failed, and all before it have run. */
static enum reached find_failing(struct search *search) {
    while (is_left(search) || search->busy > 0) {
        struct place *idle = is_left(search) ? place_of(search, 0) : NULL;
        if (idle && begin(search->plan, idle, search->next, false)) {
            search->next++;
            search->busy++;
            continue;
        }
        int status;
        pid_t child = waitpid(-1, &status, 0);
        struct place *place = child > 0 ? place_of(search, child) : NULL;
        if (place)
            note(search, place, status);
        else if (child < 0 && errno != EINTR)
            return DENIED; /* There is none to wait for either. */
    }
    return ALL;
}

static int await(struct place *place) {
    int status = 0;
    while (waitpid(place->child, &status, 0) < 0 && errno == EINTR)
        ;
    place->child = 0;
    return status;
}

static uint32_t length_of(const struct journal *journal) {
    return journal->made < JOURNAL_MOST ? journal->made : JOURNAL_MOST;
}

/* The last choice that could be another one is. False: all orders have been tried. */
static bool plan_next(struct journal *journal) {
    uint32_t length = length_of(journal);
    while (length > 0 &&
           journal->choices[length - 1].taken + 1 >= journal->choices[length - 1].count)
        length--;
    journal->planned = length;
    journal->made = 0;
    if (length > 0)
        journal->choices[length - 1].taken++;
    return length > 0;
}

/* One after the other. `lowest` is the number of the one that fails, whose journal is planned again. */
static enum reached try_all_orders(struct search *search) {
    struct place *place = search->places;
    do {
        if (search->next == search->plan->runs)
            return MORE;
        if (!begin(search->plan, place, search->next, false))
            return DENIED;
        search->busy++;
        note(search, place, await(place));
        search->next++;
    } while (search->lowest == UINT64_MAX && plan_next(&place->journal));
    place->journal.planned = length_of(&place->journal);
    place->journal.made = 0;
    return ALL;
}

/* In the place of a status: no child could be had. */
enum { NO_CHILD = -1 };

static int run_shown(struct search *search, uint64_t offset) {
    struct place *place = search->places;
    return begin(search->plan, place, offset, true) ? await(place) : NO_CHILD;
}

/* How the first that fails has ended when it was in sight. */
static int report(const struct search *search, int status) {
    const struct plan *plan = search->plan;
    bool is_order = plan->schedule == EXHAUSTIVE;
    uint64_t number = is_order ? search->lowest + 1 : plan->seed + search->lowest;
    fprintf(stderr, "procession-sim: %s %" PRIu64 ": ", is_order ? "order" : "seed", number);
    if (status == NO_CHILD)
        fputs("it has failed, and no process could be had to show how", stderr);
    else if (has_failed(status))
        tell(stderr, search->places, plan, status);
    else
        fputs("it has failed, but not when it was run again: it depends on more than the seed",
              stderr);
    size_t length = strlen(search->places->text);
    bool ends_line = search->places->is_stuck && length && search->places->text[length - 1] == '\n';
    fputs(ends_line ? "" : "\n", stderr);
    dprintf(plan->answer, "failed %" PRIu64 "\n", number);
    return 1;
}

static size_t processors(void) {
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
    return count < MOST ? (size_t)count : MOST;
}

/* Returns the exit status. */
static int answer(const struct search *search, enum reached reached) {
    dprintf(search->plan->answer, "%s %" PRIu64 "\n", words[reached], search->done);
    return reached != ALL;
}

/* One alone is in sight at once. */
static int run_one(struct search *search) {
    int status = run_shown(search, 0);
    search->lowest = 0;
    if (status != NO_CHILD && has_failed(status))
        return report(search, status);
    search->done = status != NO_CHILD;
    return answer(search, search->done ? ALL : DENIED);
}

int sim_run_all(const struct plan *plan) {
    struct search search = {.plan = plan, .count = processors(), .lowest = UINT64_MAX};
    search.is_seen = isatty(STDERR_FILENO);
    size_t size = MOST * sizeof *search.places;
    search.places = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    fcntl(plan->answer, F_SETFD, FD_CLOEXEC);
    dprintf(plan->answer, "taken\n");
    if (search.places == MAP_FAILED)
        return 1;
    bool is_exhaustive = plan->schedule == EXHAUSTIVE;
    if (plan->runs == 1 && !is_exhaustive)
        return run_one(&search);
    enum reached reached = is_exhaustive ? try_all_orders(&search) : find_failing(&search);
    if (search.is_seen)
        fputs("\r\033[K", stderr);
    if (search.lowest != UINT64_MAX)
        return report(&search, run_shown(&search, search.lowest));
    return answer(&search, reached);
}
