/* On which processors a callback runs, and how urgently: its thread has what the thread has that had it run. Each case plays
 * in a fresh program. Laws:
 *
 *   helpers           Helpers have the affinity and the nice value of who runs the process, those too that had others before.
 *   again             So they have when the same process, which is known to wait, is run again.
 *   jobs              A job has those of who starts it.
 *   watcher           The thread that watches has the process's own, whoever needed it first.
 *   slack             No callback, and no program that it executes, has other timer slack than the process.
 *   many_processors   All of that holds where the kernel has more processors than fit into a cpu_set_t.
 *
 * Without privileges a thread cannot become more urgent: then one that had to be less so is not used again.
 */
#include "child.h"
#include "leaf.h"
#include <dirent.h>
#include <dlfcn.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum { NICE = 7 };

static bool are_many_processors;

/* As the library sees it: a kernel that knows of more than 1,024 refuses a set of no more. */
int sched_getaffinity(pid_t thread, size_t size, cpu_set_t *set) {
    typedef int get(pid_t, size_t, cpu_set_t *);
    get *found;
    *(void **)&found = dlsym(RTLD_NEXT, "sched_getaffinity");
    if (are_many_processors && size <= sizeof *set) {
        errno = EINVAL;
        return -1;
    }
    return found(thread, size, set);
}

typedef struct terms {
    cpu_set_t processors;
    int nice;
} terms;

static terms terms_of(pid_t thread) {
    struct {
        cpu_set_t set;
        char rest[sizeof(cpu_set_t)];
    } large = {0};
    terms t = {.nice = getpriority(PRIO_PROCESS, (id_t)thread)};
    CHECK_INT(sched_getaffinity(thread, sizeof large, &large.set), 0);
    t.processors = large.set;
    return t;
}

static bool is_same(const terms *a, const terms *b) {
    return CPU_EQUAL(&a->processors, &b->processors) && a->nice == b->nice;
}

/* Pins the calling thread to the last processor that it may use, and makes it less urgent. */
static terms become_special(void) {
    terms mine = terms_of(0);
    int last = CPU_SETSIZE - 1;
    while (!CPU_ISSET(last, &mine.processors))
        last--;
    CPU_ZERO(&mine.processors);
    CPU_SET(last, &mine.processors);
    CHECK_INT(sched_setaffinity(0, sizeof mine.processors, &mine.processors), 0);
    CHECK_INT(setpriority(PRIO_PROCESS, 0, NICE), 0);
    return terms_of(0);
}

enum { MEET = 4 };

typedef struct meeting {
    gate all;
    terms expected;
} meeting;

static proc_error *check_terms(proc_cancel *cancel, void *expected) {
    (void)cancel;
    terms here = terms_of(0);
    CHECK(is_same(&here, expected));
    return NULL;
}

static proc_error *meet(proc_cancel *cancel, void *user_data) {
    meeting *m = user_data;
    check_terms(cancel, &m->expected);
    GATE_MEET(&m->all, MEET);
    return NULL;
}

static void run_meetings(int rounds) {
    meeting m = {.expected = terms_of(0)};
    proc_impl *impls[MEET];
    for (int i = 0; i < MEET; i++)
        impls[i] = proc_new(meet, &m, NULL);
    proc_impl *impl = proc_concurrent(impls, MEET);
    for (int i = 0; i < rounds; i++) {
        gate_init(&m.all);
        CHECK_OK(proc_run(proc_ref(impl), NULL));
    }
    proc_unref(impl);
}

static void *run_special(void *rounds) {
    become_special();
    run_meetings(*(int *)rounds);
    return NULL;
}

static void on_special_thread(void *(*run)(void *), void *argument) {
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, run, argument), 0);
    pthread_join(thread, NULL);
}

static void run_by_turns(int rounds) {
    for (int turn = 0; turn < 3; turn++) {
        on_special_thread(run_special, &rounds);
        run_meetings(rounds);
    }
}

static void helpers_role(void) { run_by_turns(1); }

static void again_role(void) { run_by_turns(4); }

static void run_job(terms *expected) {
    CHECK_OK(proc_job_join(proc_start(proc_new(check_terms, expected, NULL), NULL, NULL, NULL)));
}

static void *run_special_job(void *unused) {
    terms mine = become_special();
    run_job(&mine);
    return unused;
}

static void jobs_role(void) {
    terms own = terms_of(0);
    for (int turn = 0; turn < 3; turn++) {
        run_job(&own);
        on_special_thread(run_special_job, NULL);
    }
}

/* How many threads beside the main one have the same terms as that. */
static int count_like_main(void) {
    terms own = terms_of(0);
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *task; (task = readdir(tasks));) {
        pid_t thread = (pid_t)atoi(task->d_name);
        if (thread == 0 || thread == getpid())
            continue;
        terms its = terms_of(thread);
        count += is_same(&its, &own);
    }
    closedir(tasks);
    return count;
}

/* A thread without privileges, too, can be moved; it cannot be made more urgent again. */
static void *run_pinned(void *unused) {
    cpu_set_t mine = terms_of(0).processors;
    for (int i = 0, seen = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &mine) && seen++ > 0)
            CPU_CLR(i, &mine);
    CHECK_INT(sched_setaffinity(0, sizeof mine, &mine), 0);
    run_meetings(1);
    return unused;
}

static void watcher_role(void) {
    on_special_thread(run_pinned, NULL);
    CHECK(count_like_main() >= 1);
}

static int own_slack;

static proc_error *check_slack(proc_cancel *cancel, void *all) {
    (void)cancel;
    CHECK_INT(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), own_slack);
    GATE_MEET((gate *)all, MEET);
    return NULL;
}

static void slack_role(void) {
    own_slack = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
    for (int round = 0; round < 3; round++) {
        gate all;
        gate_init(&all);
        proc_impl *impls[MEET];
        for (int i = 0; i < MEET; i++)
            impls[i] = proc_new(check_slack, &all, NULL);
        CHECK_OK(proc_run(proc_group(impls, MEET), NULL));
    }
}

static void many_processors_role(void) {
    are_many_processors = true;
    run_by_turns(2);
    jobs_role();
    watcher_role();
}

IN_CHILD(helpers)
IN_CHILD(again)
IN_CHILD(jobs)
IN_CHILD(watcher)
IN_CHILD(slack)
IN_CHILD(many_processors)

CHECK_MAIN(BOTH(helpers), BOTH(again), BOTH(jobs), BOTH(watcher), BOTH(slack),
           BOTH(many_processors))
