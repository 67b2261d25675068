/* proc_read and proc_accept where there is no call that does not wait: what poll sees, another thread could take before the call. Laws:
 *
 *   turns   Of several threads that wait at the master of a terminal, or at a listener, which are blocking, only one looks and
 *           takes what there is; the others go on, and each hears of the cancellation of its own handle.
 */
#include "dumped.h"
#include "leaf.h"
#include "listening.h"
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>

/* By which the library looks. Defined by its name for the linker: the C library's header may have it inline. */
int poll_here(struct pollfd *fds, nfds_t count, int milliseconds) __asm__("poll");

static bool dawdles; /* who has seen something waits for another one that sees it, for a while */
static atomic_int lookers;

int poll_here(struct pollfd *fds, nfds_t count, int milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    int ready = (int)syscall(SYS_ppoll, fds, count, milliseconds < 0 ? NULL : &time, NULL, 0);
    if (dawdles && milliseconds == 0 && ready > 0) {
        int before = ++lookers;
        for (int i = 0; i < 2000 && lookers == before; i++)
            sched_yield();
    }
    return ready;
}

typedef struct waiter {
    proc_cancel *cancel;
    int fd;
    bool accepts;
    proc_job *job;
    int result;
    atomic_bool over;
} waiter;

static proc_error *wait_there(proc_cancel *cancel, void *user_data) {
    waiter *w = user_data;
    char byte;
    (void)cancel;
    w->result = w->accepts ? proc_accept(w->cancel, w->fd, PROC_FOREVER)
                           : (int)proc_read(w->cancel, w->fd, &byte, 1, PROC_FOREVER);
    CHECK(w->result >= 0 || errno == ECANCELED);
    w->over = true;
    return NULL;
}

enum { WAITERS = 4 };

static void start(waiter waiters[WAITERS], int fd, bool accepts) {
    for (int i = 0; i < WAITERS; i++) {
        waiters[i] = (waiter){.cancel = proc_cancel_new(NULL), .fd = fd, .accepts = accepts};
        waiters[i].job = proc_start(proc_new(wait_there, &waiters[i], NULL), NULL, NULL, NULL);
    }
    free(dump_until(accepts ? ", proc_accept\n" : ", proc_read\n", WAITERS));
}

static void check_one_has_it(waiter waiters[WAITERS]) {
    int got = 0;
    while (!waiters[0].over && !waiters[1].over && !waiters[2].over && !waiters[3].over)
        sched_yield();
    for (int i = 0; i < WAITERS; i++) {
        proc_cancel_trigger(waiters[i].cancel, NULL);
        CHECK_OK(proc_job_join(waiters[i].job));
        proc_cancel_unref(waiters[i].cancel);
        if (waiters[i].result >= 0) {
            got++;
            if (waiters[i].accepts)
                close(waiters[i].result);
        }
    }
    CHECK_INT(got, 1);
}

static void turns(void) {
    ends e = ends_open(MASTER, true);
    listening l = listening_open(TCP, true);
    waiter waiters[WAITERS];
    dawdles = true;
    for (size_t i = check_scaled(20); i > 0; i--) {
        start(waiters, e.reading, false);
        CHECK_INT(proc_write_all(NULL, e.writing, "x", 1, PROC_FOREVER), 1);
        check_one_has_it(waiters);
        start(waiters, l.fd, true);
        CHECK(listening_connect(&l, NULL, PROC_FOREVER) >= 0);
        check_one_has_it(waiters);
    }
    dawdles = false;
    listening_close(&l);
    ends_close(&e);
}

CHECK_MAIN(CASE(turns))
