/* proc_read, proc_accept and proc_connect in a child of fork that was made while another thread was in one of them. Laws:
 *
 *   in_turn     A thread of the parent that looks at the master of a terminal, or at a listener, which are blocking, does not keep the
 *               child from reading or accepting there.
 *   connects    One that connects a socket does not keep the child from connecting it, and it is blocking afterwards, as before.
 *   cancelled   In the child they end at the cancellation of a handle of its own, and leave no descriptor behind.
 */
#include "fds.h"
#include "forks.h"
#include "listening.h"
#include <poll.h>
#include <sys/syscall.h>

/* By which the library looks, and connects. Defined by their names for the linker: the C library's header may have one inline. */
int poll_here(struct pollfd *fds, nfds_t count, int milliseconds) __asm__("poll");
int connect_here(int fd, const struct sockaddr *address, socklen_t size) __asm__("connect");

static atomic_bool holds; /* the thread that calls one of these is held up in there */
static gate inside, go;

static void hold_up(void) {
    if (!atomic_exchange(&holds, false))
        return;
    gate_open(&inside);
    GATE_WAIT(&go);
}

int poll_here(struct pollfd *fds, nfds_t count, int milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    hold_up();
    return (int)syscall(SYS_ppoll, fds, count, milliseconds < 0 ? NULL : &time, NULL, 0);
}

int connect_here(int fd, const struct sockaddr *address, socklen_t size) {
    hold_up();
    return (int)syscall(SYS_connect, fd, address, size);
}

typedef struct scene {
    ends ends;
    listening listening;
    int socket;
} scene;

static proc_error *read_there(proc_cancel *cancel, void *user_data) {
    scene *s = user_data;
    char byte;
    CHECK_FAILED(proc_read(cancel, s->ends.reading, &byte, 1, PROC_FOREVER), ECANCELED);
    return NULL;
}

static proc_error *accept_there(proc_cancel *cancel, void *user_data) {
    scene *s = user_data;
    CHECK_FAILED(proc_accept(cancel, s->listening.fd, PROC_FOREVER), ECANCELED);
    return NULL;
}

static int connect_socket(scene *s, proc_cancel *cancel) {
    const struct sockaddr *address = (struct sockaddr *)&s->listening.address;
    return proc_connect(cancel, s->socket, address, s->listening.size, PROC_FOREVER);
}

/* The child has connected it, which the kernel tells in one way or the other. */
static proc_error *connect_there(proc_cancel *cancel, void *user_data) {
    CHECK(connect_socket(user_data, cancel) == 0 || errno == EISCONN);
    return NULL;
}

static void read_in_child(void *user_data) {
    scene *s = user_data;
    char byte = 0;
    CHECK_INT(proc_write_all(NULL, s->ends.writing, "x", 1, PROC_FOREVER), 1);
    CHECK_INT(proc_read(NULL, s->ends.reading, &byte, 1, PROC_FOREVER), 1);
    CHECK_INT(byte, 'x');
}

static void accept_in_child(void *user_data) {
    scene *s = user_data;
    CHECK(listening_connect(&s->listening, NULL, PROC_FOREVER) >= 0);
    CHECK(proc_accept(NULL, s->listening.fd, PROC_FOREVER) >= 0);
}

static void connect_in_child(void *user_data) { CHECK_INT(connect_socket(user_data, NULL), 0); }

/* Forks while another thread does the one, for the child to do the other. */
static void fork_during(proc_fn held_up, void (*in_child)(void *user_data), scene *s) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    gate_init(&inside);
    gate_init(&go);
    holds = true;
    proc_job *job = proc_start(proc_new(held_up, s, NULL), cancel, NULL, NULL);
    GATE_WAIT(&inside);
    forks_run(in_child, s);
    gate_open(&go);
    if (held_up != connect_there)
        proc_cancel_trigger(cancel, NULL);
    CHECK_OK(proc_job_join(job));
    proc_cancel_unref(cancel);
}

static void scene_open(scene *s) {
    *s = (scene){.ends = ends_open(MASTER, true), .listening = listening_open(TCP, true)};
    s->socket = listening_socket(&s->listening);
}

static void scene_close(scene *s) {
    ends_close(&s->ends);
    listening_close(&s->listening);
}

static void in_turn(void) {
    scene s;
    scene_open(&s);
    fork_during(read_there, read_in_child, &s);
    fork_during(accept_there, accept_in_child, &s);
    scene_close(&s);
}

static void connects(void) {
    scene s;
    scene_open(&s);
    fork_during(connect_there, connect_in_child, &s);
    CHECK_INT(fcntl(s.socket, F_GETFL) & O_NONBLOCK, 0);
    scene_close(&s);
}

/* A handle that is cancelled soon. */
static proc_cancel *soon(void) { return proc_cancel_new_timeout(NULL, PROC_MS(5)); }

static void wait_in_child(void *user_data) {
    scene *s = user_data;
    static const char much[1 << 22];
    proc_cancel *handles[] = {soon(), soon(), soon()};
    char byte;
    CHECK_FAILED(proc_read(handles[0], s->ends.reading, &byte, 1, PROC_FOREVER), ECANCELED);
    CHECK_FAILED(proc_accept(handles[1], s->listening.fd, PROC_FOREVER), ECANCELED);
    CHECK_FAILED(proc_write_all(handles[2], s->ends.writing, much, sizeof much, PROC_FOREVER),
                 ECANCELED);
    for (int i = 0; i < 3; i++)
        proc_cancel_unref(handles[i]);
}

static void check_wait_in_child(void *user_data) {
    int open = fds_open();
    wait_in_child(user_data);
    CHECK_INT(fds_open(), open);
}

static void cancelled(void) {
    scene s;
    scene_open(&s);
    forks_run(check_wait_in_child, &s);
    wait_in_child(&s);
    forks_run(check_wait_in_child, &s);
    scene_close(&s);
}

CHECK_MAIN(CASE(in_turn), CASE(connects), CASE(cancelled))
