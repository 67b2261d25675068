/* Files in a simulation. Laws:
 *
 *   not_of_the_run   Nobody waits for a file of which somebody else has an end: ENOTSUP; one that is ready is.
 *   pipe_of_the_run  Who reads a pipe of the run waits in its time until somebody writes, by the library or not, or closes.
 *   full             Who writes to a full one waits until somebody reads.
 *   pair, event      So it is with a pair of sockets, and with an eventfd.
 *   timeout          It waits for as long as it is to, exactly.
 *   cancelled        A cancellation ends it, and so does a deadline of its handle.
 *   cancel_fd        The descriptor of a handle becomes readable when that is cancelled, and that of a job when it is done.
 *   deadlock         If nobody writes, that is a deadlock.
 *   order            The same seed gives the same order.
 */
#include "simulated.h"
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

static proc_error *wait_for_file(proc_cancel *cancel, void *user_data) {
    int *ends = user_data;
    char byte = 0;
    struct pollfd file = {.fd = ends[0], .events = POLLIN};
    errno = 0;
    CHECK_INT(proc_poll(cancel, &file, 1, PROC_SECONDS(1)), -1);
    CHECK_INT(errno, ENOTSUP);
    CHECK_INT(proc_poll(cancel, &file, 1, 0), 0);
    errno = 0;
    CHECK_INT(proc_read(cancel, ends[0], &byte, 1, PROC_FOREVER), -1);
    CHECK_INT(errno, ENOTSUP);
    CHECK_INT(proc_write_all(cancel, ends[0], "x", 1, PROC_FOREVER), 1);
    return NULL;
}

static proc_impl *waiting_for_file(void *user_data) {
    return proc_new(wait_for_file, user_data, NULL);
}

/* The other end is in a process of its own. */
static void not_of_the_run(void) {
    int ends[2];
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    pid_t child = fork();
    if (child == 0) {
        int others[2];
        bool made = socketpair(AF_UNIX, SOCK_STREAM, 0, others) == 0;
        struct msghdr message = {.msg_iov = &(struct iovec){"s", 1}, .msg_iovlen = 1};
        union {
            char bytes[CMSG_SPACE(sizeof(int))];
            struct cmsghdr aligned;
        } control = {0};
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &others[0], sizeof(int));
        bool sent = made && sendmsg(ends[1], &message, 0) == 1;
        char byte;
        _exit(sent && read(others[1], &byte, 1) == 1 ? 0 : 1);
    }
    char byte;
    struct msghdr message = {.msg_iov = &(struct iovec){&byte, 1}, .msg_iovlen = 1};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } control;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    CHECK_INT(recvmsg(ends[0], &message, MSG_CMSG_CLOEXEC), 1);
    int foreign = -1, status = -1;
    memcpy(&foreign, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof foreign);
    CHECK_OK(simulate_seed(waiting_for_file, &foreign, 1));
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    close(foreign);
    close(ends[0]);
    close(ends[1]);
}

typedef struct talk {
    int ends[2]; /* is read from, is written to */
    words *heard;
    bool past_the_library;
} talk;

static proc_error *hear(proc_cancel *cancel, void *user_data) {
    talk *t = user_data;
    char word[9] = {0};
    while (proc_read(cancel, t->ends[0], word, 8, PROC_FOREVER) > 0)
        say(t->heard, word);
    return NULL;
}

static proc_error *speak(proc_cancel *cancel, void *user_data) {
    talk *t = user_data;
    for (int i = 0; i < 3; i++) {
        CHECK(!proc_wait(cancel, PROC_SECONDS(1)));
        if (t->past_the_library)
            CHECK_INT(write(t->ends[1], "12345678", 8), 8);
        else
            CHECK_INT(proc_write_all(cancel, t->ends[1], "abcdefgh", 8, PROC_FOREVER), 8);
    }
    CHECK_INT(close(t->ends[1]), 0);
    return NULL;
}

static proc_impl *talking(void *user_data) {
    talk *t = user_data;
    if (t->ends[0] < 0)
        CHECK_INT(pipe(t->ends), 0);
    return PROC_CONCURRENT(proc_new(hear, t, NULL), proc_new(speak, t, NULL));
}

static void say_all(bool past_the_library, const char *expected) {
    for (uint64_t seed = 1; seed <= 20; seed++) {
        words w = {0};
        talk t = {{-1, -1}, &w, past_the_library};
        CHECK_OK(simulate_seed(talking, &t, seed));
        CHECK_STR(w.text, expected);
        close(t.ends[0]);
    }
}

static void pipe_of_the_run(void) {
    say_all(false, "abcdefgh@1000000000 abcdefgh@2000000000 abcdefgh@3000000000 ");
    say_all(true, "12345678@1000000000 12345678@2000000000 12345678@3000000000 ");
}

static void pair(void) {
    words w = {0};
    talk t = {{-1, -1}, &w, false};
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, t.ends), 0);
    CHECK_OK(simulate_seed(talking, &t, 1));
    CHECK_STR(w.text, "abcdefgh@1000000000 abcdefgh@2000000000 abcdefgh@3000000000 ");
    close(t.ends[0]);
}

static proc_error *count_up(proc_cancel *cancel, void *user_data) {
    CHECK(!proc_wait(cancel, PROC_SECONDS(5)));
    CHECK_INT(eventfd_write(*(int *)user_data, 1), 0);
    return NULL;
}

static proc_error *await_count(proc_cancel *cancel, void *user_data) {
    struct pollfd file = {.fd = *(int *)user_data, .events = POLLIN};
    CHECK_INT(proc_poll(cancel, &file, 1, PROC_FOREVER), 1);
    CHECK_INT(file.revents, POLLIN);
    CHECK_INT(proc_now(), PROC_SECONDS(5));
    return NULL;
}

static proc_impl *counting(void *user_data) {
    return PROC_CONCURRENT(proc_new(await_count, user_data, NULL),
                           proc_new(count_up, user_data, NULL));
}

static void event(void) {
    int fd = eventfd(0, EFD_CLOEXEC);
    CHECK_OK(simulate_seed(counting, &fd, 1));
    close(fd);
}

enum { MUCH = 200000 };

static proc_error *write_much(proc_cancel *cancel, void *user_data) {
    talk *t = user_data;
    static char much[MUCH];
    CHECK_INT(proc_write_all(cancel, t->ends[1], much, MUCH, PROC_FOREVER), MUCH);
    CHECK_INT(proc_now(), PROC_SECONDS(7));
    return NULL;
}

static proc_error *read_late(proc_cancel *cancel, void *user_data) {
    talk *t = user_data;
    static char room[MUCH];
    CHECK(!proc_wait(cancel, PROC_SECONDS(7)));
    for (ssize_t rest = MUCH; rest > 0;) {
        ssize_t got = proc_read(cancel, t->ends[0], room, MUCH, PROC_FOREVER);
        if (!CHECK(got > 0))
            break;
        rest -= got;
    }
    return NULL;
}

static proc_impl *filling(void *user_data) {
    return PROC_CONCURRENT(proc_new(write_much, user_data, NULL),
                           proc_new(read_late, user_data, NULL));
}

static void full(void) {
    talk t = {.heard = NULL};
    CHECK_INT(pipe(t.ends), 0);
    CHECK_OK(simulate_seed(filling, &t, 1));
    close(t.ends[0]);
    close(t.ends[1]);
}

static proc_error *wait_in_vain(proc_cancel *cancel, void *user_data) {
    int *ends = user_data;
    char byte;
    errno = 0;
    CHECK_INT(proc_read(cancel, ends[0], &byte, 1, PROC_SECONDS(3)), -1);
    CHECK_INT(errno, ETIMEDOUT);
    CHECK_INT(proc_now(), PROC_SECONDS(3));
    struct pollfd file = {.fd = ends[0], .events = POLLIN};
    CHECK_INT(proc_poll(cancel, &file, 1, PROC_SECONDS(4)), 0);
    CHECK_INT(proc_now(), PROC_SECONDS(7));
    return NULL;
}

static proc_impl *waiting_in_vain(void *user_data) {
    return proc_new(wait_in_vain, user_data, NULL);
}

static void on_pipe(proc_simulation_fn program, int code, const char *part) {
    int ends[2];
    CHECK_INT(pipe(ends), 0);
    proc_error *error = simulate_seed(program, ends, 1);
    CHECK_INT(proc_error_code(error), code);
    if (part)
        CHECK_HAS(proc_error_message(error), part);
    proc_error_unref(error);
    close(ends[0]);
    close(ends[1]);
}

static void timeout(void) { on_pipe(waiting_in_vain, 0, NULL); }

static proc_error *wait_for_end(proc_cancel *cancel, void *user_data) {
    int *ends = user_data;
    char byte;
    errno = 0;
    CHECK_INT(proc_read(cancel, ends[0], &byte, 1, PROC_FOREVER), -1);
    return errno == ECANCELED ? proc_cancel_error(cancel) : proc_errno("read");
}

static proc_impl *cancelled_by_time(void *user_data) {
    return proc_timeout(PROC_SECONDS(9), proc_new(wait_for_end, user_data, NULL));
}

static proc_error *fail_soon(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    CHECK(!proc_wait(cancel, PROC_SECONDS(2)));
    return proc_error_new(EIO, "soon");
}

static proc_impl *cancelled_by_sibling(void *user_data) {
    return PROC_GROUP(proc_new(wait_for_end, user_data, NULL), proc_new(fail_soon, NULL, NULL));
}

static void cancelled(void) {
    on_pipe(cancelled_by_time, ETIMEDOUT, ": timed out after 9 s");
    on_pipe(cancelled_by_sibling, EIO, "after 2 s, ");
}

static proc_impl *reading_alone(void *user_data) { return proc_new(wait_for_end, user_data, NULL); }

static void deadlock(void) { on_pipe(reading_alone, EDEADLK, "proc_read"); }

static proc_error *watch(proc_cancel *cancel, void *user_data) {
    proc_cancel *other = user_data;
    struct pollfd file = {.fd = proc_cancel_fd(other), .events = POLLIN};
    CHECK_INT(proc_poll(cancel, &file, 1, PROC_FOREVER), 1);
    CHECK_INT(proc_now(), PROC_SECONDS(4));
    proc_job *job = proc_start(proc_new(fail_soon, NULL, NULL), NULL, NULL, NULL);
    file.fd = proc_job_fd(job);
    CHECK_INT(proc_poll(cancel, &file, 1, PROC_FOREVER), 1);
    CHECK_INT(proc_now(), PROC_SECONDS(6));
    CHECK_FAILS(proc_job_join(job), EIO, "soon");
    return NULL;
}

static proc_error *trigger_late(proc_cancel *cancel, void *user_data) {
    CHECK(!proc_wait(cancel, PROC_SECONDS(4)));
    proc_cancel_trigger(user_data, NULL);
    return NULL;
}

static proc_impl *watching(void *user_data) {
    return PROC_CONCURRENT(proc_new(watch, user_data, NULL),
                           proc_new(trigger_late, user_data, NULL));
}

static void cancel_fd(void) {
    proc_cancel *other = proc_cancel_new(NULL);
    CHECK_OK(simulate_seed(watching, other, 1));
    proc_cancel_unref(other);
}

static void order(void) {
    for (uint64_t seed = 1; seed <= 10; seed++) {
        words first = {0}, second = {0};
        talk one = {{-1, -1}, &first, false}, other = {{-1, -1}, &second, false};
        CHECK_OK(simulate_seed(talking, &one, seed));
        CHECK_OK(simulate_seed(talking, &other, seed));
        CHECK_STR(second.text, first.text);
        close(one.ends[0]);
        close(other.ends[0]);
    }
}

CHECK_MAIN(CASE(not_of_the_run), CASE(pipe_of_the_run), CASE(full), CASE(pair), CASE(event),
           CASE(timeout), CASE(cancelled), CASE(cancel_fd), CASE(deadlock), CASE(order))
