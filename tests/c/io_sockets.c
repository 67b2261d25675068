/* proc_accept and proc_connect. (What comes while they wait: io_waits.c) Laws, each with TCP and AF_UNIX, with blocking sockets and
 * others:
 *
 *   accepted       A connection is accepted, and carries what is sent. It is close-on-exec and non-blocking.
 *   flags          The flags of listener and socket are as before, also after a failure, and no descriptor is left over but those of
 *                  handles.
 *   cancelled      In a cancelled handle they fail with ECANCELED at once, whatever the time: nothing is accepted, nothing begun.
 *   time_is_up     ETIMEDOUT once the time is up, not before; a time of 0 tries.
 *   deadline       The deadline of the handle counts as well: ECANCELED.
 *   room           A full listener is waited for, until there is room.
 *   refused        Where nobody listens, connecting fails as connect does.
 *   begun          A connection that was begun already is waited for.
 *   datagrams      So are datagram sockets connected.
 *   bad_input      EBADF, ENOTSOCK, EINVAL, EOPNOTSUPP, EISCONN as of the system, at once; an address of NULL: EINVAL.
 *   none_left      EMFILE if there is no descriptor for a connection; it is accepted later.
 */
#include "fds.h"
#include "leaf.h"
#include "listening.h"

#define FOR_EACH_LISTENING(l)                                                                      \
    for (int round = 0; round < 2 * LISTENING_KINDS; round++)                                      \
        for (listening l = listening_open(round / 2, round % 2), *once = &l; once;                 \
             listening_close(&l), once = NULL)

static void accepted(void) {
    FOR_EACH_LISTENING(l) {
        proc_cancel *cancel = proc_cancel_new(NULL);
        char got[8] = "";
        int client = listening_connect(&l, cancel, PROC_FOREVER);
        int server = proc_accept(cancel, l.fd, PROC_FOREVER);
        CHECK(client >= 0 && server >= 0);
        CHECK_INT(fcntl(server, F_GETFD), FD_CLOEXEC);
        CHECK_INT(fcntl(server, F_GETFL), O_RDWR | O_NONBLOCK);
        CHECK_INT(proc_write_all(cancel, client, "abc", 3, PROC_FOREVER), 3);
        CHECK_INT(proc_read(cancel, server, got, sizeof got, PROC_FOREVER), 3);
        CHECK_STR(got, "abc");
        close(server);
        CHECK_INT(proc_read(cancel, client, got, sizeof got, PROC_FOREVER), 0);
        proc_cancel_unref(cancel);
    }
}

static void flags(void) {
    int open = fds_open();
    FOR_EACH_LISTENING(l) {
        int before = fds_open(), flags = fcntl(l.fd, F_GETFL);
        proc_cancel *cancel = proc_cancel_new(NULL);
        CHECK_INT(flags & O_NONBLOCK, l.blocking ? 0 : O_NONBLOCK);
        CHECK_FAILED(proc_accept(cancel, l.fd, PROC_MS(1)), ETIMEDOUT);
        CHECK(listening_connect(&l, NULL, PROC_FOREVER) >= 0);
        close(proc_accept(NULL, l.fd, PROC_FOREVER));
        listening_fill(&l);
        CHECK_FAILED(listening_connect(&l, cancel, PROC_MS(1)), ETIMEDOUT);
        CHECK_INT(fds_open(), before + l.count + 1);
        CHECK_INT(fcntl(l.fd, F_GETFL), flags);
        for (int i = 0; i < l.count; i++)
            CHECK_INT(fcntl(l.clients[i], F_GETFL), flags);
        proc_cancel_unref(cancel);
    }
    CHECK_INT(fds_open(), open);
}

static const int64_t times[] = {0, 1, PROC_SECONDS(3600), INT64_MAX, PROC_FOREVER, INT64_MIN};

static void cancelled(void) {
    FOR_EACH_LISTENING(l) {
        proc_cancel *cancel = proc_cancel_new(NULL);
        CHECK(listening_connect(&l, NULL, PROC_FOREVER) >= 0);
        proc_cancel_trigger(cancel, NULL);
        for (int i = 0; i < 6; i++) {
            CHECK_FAILED(proc_accept(cancel, l.fd, times[i]), ECANCELED);
            CHECK_FAILED(listening_connect(&l, cancel, times[i]), ECANCELED);
            CHECK_FAILED(proc_accept(cancel, -1, times[i]), ECANCELED);
        }
        CHECK_INT(close(proc_accept(NULL, l.fd, PROC_FOREVER)), 0);
        CHECK_FAILED(proc_accept(NULL, l.fd, 0), ETIMEDOUT);
        proc_cancel_unref(cancel);
    }
}

static void time_is_up(void) {
    const int64_t short_times[] = {0, 1, PROC_MS(1), PROC_MS(20)};
    FOR_EACH_LISTENING(l) {
        proc_cancel *cancel = proc_cancel_new(NULL);
        for (int i = 0; i < 4; i++) {
            int64_t begin = proc_now();
            CHECK_FAILED(proc_accept(cancel, l.fd, short_times[i]), ETIMEDOUT);
            CHECK(proc_now() - begin >= short_times[i]);
        }
        listening_fill(&l);
        for (int i = 0; i < 4; i++) {
            int64_t begin = proc_now();
            CHECK_FAILED(listening_connect(&l, cancel, short_times[i]), ETIMEDOUT);
            CHECK(proc_now() - begin >= short_times[i]);
        }
        proc_cancel_unref(cancel);
    }
}

static void deadline(void) {
    FOR_EACH_LISTENING(l) {
        proc_cancel *soon = proc_cancel_new_timeout(NULL, PROC_MS(5));
        CHECK_FAILED(proc_accept(soon, l.fd, PROC_FOREVER), ECANCELED);
        listening_fill(&l);
        proc_cancel *later = proc_cancel_new_timeout(NULL, PROC_MS(5));
        CHECK_FAILED(listening_connect(&l, later, PROC_SECONDS(3600)), ECANCELED);
        CHECK_INT(proc_error_code(proc_cancel_cause(later)), ETIMEDOUT);
        proc_cancel_unref(soon);
        proc_cancel_unref(later);
    }
}

static proc_error *connect_there(proc_cancel *cancel, void *user_data) {
    CHECK(listening_connect(user_data, cancel, PROC_FOREVER) >= 0);
    return NULL;
}

static proc_error *accept_there(proc_cancel *cancel, void *user_data) {
    listening *l = user_data;
    CHECK_INT(close(proc_accept(cancel, l->fd, PROC_FOREVER)), 0);
    return NULL;
}

enum { MANY = 20 };

static void room(void) {
    FOR_EACH_LISTENING(l) {
        if (l.address.ss_family == AF_INET) /* The kernel tries again after a second. */
            continue;
        proc_impl *impls[2 * MANY];
        for (int i = 0; i < 2 * MANY; i++)
            impls[i] = proc_new(i % 2 ? connect_there : accept_there, &l, NULL);
        CHECK_OK(proc_run(proc_group(impls, 2 * MANY), NULL));
    }
}

static void refused(void) {
    FOR_EACH_LISTENING(l) {
        int closed = l.fd;
        l.fd = -1;
        close(closed);
        CHECK_FAILED(listening_connect(&l, NULL, PROC_FOREVER), ECONNREFUSED);
        CHECK_INT(fcntl(l.clients[0], F_GETFL) & O_NONBLOCK, l.blocking ? 0 : O_NONBLOCK);
    }
    struct sockaddr_un nowhere = {.sun_family = AF_UNIX, .sun_path = "/nowhere/at/all"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_FAILED(proc_connect(NULL, fd, (struct sockaddr *)&nowhere, sizeof nowhere, PROC_FOREVER),
                 ENOENT);
    close(fd);
}

static void begun(void) {
    listening l = listening_open(TCP, false);
    const struct sockaddr *address = (struct sockaddr *)&l.address;
    int fd = listening_socket(&l);
    CHECK(connect(fd, address, l.size) == 0 || errno == EINPROGRESS);
    CHECK(proc_connect(NULL, fd, address, l.size, PROC_FOREVER) == 0 || errno == EISCONN);
    CHECK_INT(proc_write_all(NULL, fd, "x", 1, PROC_FOREVER), 1);
    listening_fill(&l);
    fd = listening_socket(&l);
    CHECK_FAILED(connect(fd, address, l.size), EINPROGRESS);
    CHECK_FAILED(proc_connect(NULL, fd, address, l.size, PROC_MS(1)), ETIMEDOUT);
    listening_close(&l);
}

static void datagrams(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char got[8] = "";
    int to = socket(AF_INET, SOCK_DGRAM, 0), from = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_INT(bind(to, (struct sockaddr *)&address, size), 0);
    CHECK_INT(getsockname(to, (struct sockaddr *)&address, &size), 0);
    CHECK_INT(proc_connect(NULL, from, (struct sockaddr *)&address, size, 0), 0);
    CHECK_INT(proc_write_all(NULL, from, NULL, 0, 0), 0); /* nothing is sent */
    CHECK_INT(proc_write_all(NULL, from, "abc", 3, 0), 3);
    CHECK_INT(proc_write_all(NULL, from, "de", 2, 0), 2);
    CHECK_INT(proc_read(NULL, to, got, 8, PROC_FOREVER), 3);
    CHECK_INT(proc_read(NULL, to, got, 8, PROC_FOREVER), 2);
    CHECK(memcmp(got, "dec", 3) == 0);
    CHECK_FAILED(proc_accept(NULL, to, PROC_FOREVER), EOPNOTSUPP);
    close(to), close(from);
}

static void bad_input(void) {
    int ends[2], pair[2], fresh = socket(AF_INET, SOCK_STREAM, 0), path = open("/", O_PATH);
    CHECK_INT(pipe(ends), 0);
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    listening l = listening_open(TCP, true);
    const struct sockaddr *address = (struct sockaddr *)&l.address;
    const int bad[] = {-1, INT32_MIN, INT32_MAX, path};
    for (int i = 0; i < 4; i++) {
        CHECK_FAILED(proc_accept(NULL, bad[i], PROC_FOREVER), EBADF);
        CHECK_FAILED(proc_connect(NULL, bad[i], address, l.size, PROC_FOREVER), EBADF);
    }
    CHECK_FAILED(proc_accept(NULL, ends[0], PROC_FOREVER), ENOTSOCK);
    CHECK_FAILED(proc_connect(NULL, ends[0], address, l.size, PROC_FOREVER), ENOTSOCK);
    CHECK_FAILED(proc_accept(NULL, fresh, PROC_FOREVER), EINVAL);
    CHECK_FAILED(proc_accept(NULL, pair[0], PROC_FOREVER), EINVAL);
    CHECK_FAILED(proc_connect(NULL, pair[0], address, l.size, PROC_FOREVER), EINVAL);
    CHECK_FAILED(proc_connect(NULL, fresh, NULL, l.size, PROC_FOREVER), EINVAL);
    CHECK_FAILED(proc_connect(NULL, fresh, NULL, 0, PROC_FOREVER), EINVAL);
    CHECK_FAILED(proc_connect(NULL, fresh, address, 1, PROC_FOREVER), EINVAL);
    CHECK_INT(proc_connect(NULL, fresh, address, l.size, PROC_FOREVER), 0);
    CHECK_INT(close(proc_accept(NULL, l.fd, PROC_FOREVER)), 0);
    shutdown(l.fd, SHUT_RDWR);
    CHECK_FAILED(proc_accept(NULL, l.fd, PROC_FOREVER), EINVAL);
    close(ends[0]), close(ends[1]), close(pair[0]), close(pair[1]), close(fresh), close(path);
    listening_close(&l);
}

static void none_left(void) {
    if (check_environment("CHECK_SERIAL", 0)) /* Valgrind accepts it, and then closes it. */
        return;
    FOR_EACH_LISTENING(l) {
        CHECK(listening_connect(&l, NULL, PROC_FOREVER) >= 0);
        struct rlimit former = fds_limit(0);
        proc_cancel *cancel = proc_cancel_new(NULL);
        CHECK_FAILED(proc_accept(cancel, l.fd, PROC_FOREVER), EMFILE);
        fds_unlimit(former);
        CHECK_INT(close(proc_accept(cancel, l.fd, PROC_FOREVER)), 0);
        proc_cancel_unref(cancel);
    }
}

CHECK_MAIN(CASE(accepted), CASE(flags), CASE(cancelled), CASE(time_is_up), CASE(deadline),
           CASE(room), CASE(refused), CASE(begun), CASE(datagrams), CASE(bad_input),
           CASE(none_left))
