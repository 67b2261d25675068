/* A job that one thread waits for while another joins it, and so releases it. Law:
 *
 *   wakes_late   Who waits for the job returns true, also if he goes on only after the join has returned: he reads nothing of
 *                what is released then, which is overwritten.
 */
#include "asleep.h"
#include "child.h"
#include "leaf.h"
#include "system_call.h"
#include <sys/syscall.h>

static _Thread_local bool is_late; /* … to go on after it has waited */
static _Thread_local bool has_waited;
static gate waits, joined;

/* What the library waits by. */
long syscall(long number, ...) {
    va_list arguments;
    va_start(arguments, number);
    system_call call = system_call_of(number, arguments);
    va_end(arguments);
    bool begins = is_late && !has_waited && number == SYS_futex;
    if (begins) {
        has_waited = true;
        gate_open(&waits);
    }
    long result = system_call_real(&call);
    int error = errno;
    if (begins)
        GATE_WAIT(&joined);
    errno = error;
    return result;
}

static void *wait_late(void *job) {
    is_late = true;
    CHECK(proc_job_wait(job, PROC_FOREVER));
    return NULL;
}

static void wakes_late_role(void) {
    pthread_t waiter;
    gate may_end;
    gate_init(&may_end);
    gate_init(&waits);
    gate_init(&joined);
    leaf l = {.waits = &may_end};
    proc_job *job = proc_start(leaf_new(&l), NULL, NULL, NULL);
    CHECK_INT(pthread_create(&waiter, NULL, wait_late, job), 0);
    GATE_WAIT(&waits);
    gate_open(&may_end);
    CHECK_OK(proc_job_join(job));
    wait_until_others_sleep(); /* The thread that ran it has let go of it. */
    gate_open(&joined);
    pthread_join(waiter, NULL);
}

static void wakes_late(void) {
    setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0:glibc.malloc.perturb=90", 1);
    child_run("wakes_late_role");
}

CHECK_MAIN(CASE(wakes_late), ROLE(wakes_late_role))
