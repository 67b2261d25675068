/* proc_read and proc_write_all: read and write that end at a cancellation. (What comes while they wait: io_waits.c; signals of
 * writes: no_sigpipe.c; kinds that need a way of their own: io_kinds.c) Laws, each on blocking and non-blocking pipes, named
 * pipes, sockets and terminals:
 *
 *   passes       What is written is read, as it is: small, and more than fits at once; reading gives what there is.
 *   end          0 at the end.
 *   cancelled    In a cancelled handle they fail with ECANCELED at once, whatever the time, and nothing was read or written.
 *   time_is_up   ETIMEDOUT once the time is up, not before; a time of 0 tries. A write that has begun says so, too.
 *   deadline     The deadline of the handle counts as well: ECANCELED.
 *   flags        The flags of the descriptor are as before, and no descriptor is left over but the handle's own.
 *   files        Regular files and devices; more than a file may grow is an error.
 *   bad_input    NULL with a size: EINVAL. A closed, a negative, and one for the other direction: EBADF, also with a size of 0,
 *                which does nothing, even with NULL. A directory: EISDIR; a socket that is not connected: as read says.
 *   no_handle    NULL is never cancelled: time counts, and what comes.
 */
#include "ends.h"
#include "fds.h"
#include "leaf.h"

/* Reads so many bytes, of room for more: at once, but that a terminal hands on what was written in parts. */
static void check_reads(proc_cancel *cancel, const ends *e, char *got, size_t room, ssize_t size) {
    ssize_t had = proc_read(cancel, e->reading, got, room, PROC_FOREVER);
    while (e->kind >= TERMINAL && had > 0 && had < size) {
        size_t left = room - (size_t)had;
        ssize_t part = proc_read(cancel, e->reading, got + had, left, PROC_FOREVER);
        had = part > 0 ? had + part : part;
    }
    CHECK_INT(had, size);
}

static void passes(void) {
    FOR_EACH_ENDS(e) {
        proc_cancel *cancel = proc_cancel_new(NULL);
        char got[8] = "";
        CHECK_INT(proc_write_all(cancel, e.writing, "abcde", 5, PROC_FOREVER), 5);
        check_reads(cancel, &e, got, 3, 3);
        CHECK_STR(got, "abc");
        check_reads(cancel, &e, got, sizeof got, 2);
        CHECK(memcmp(got, "de", 2) == 0);
        ends_pass_much(&e, check_scaled(1 << 20));
        proc_cancel_unref(cancel);
    }
}

static void end(void) {
    FOR_EACH_ENDS(e) {
        char got[8];
        if (e.kind >= TERMINAL) /* The end of these is of another kind (io_kinds.c). */
            continue;
        CHECK_INT(proc_write_all(NULL, e.writing, "x", 1, PROC_FOREVER), 1);
        close(e.writing);
        e.writing = -1;
        CHECK_INT(proc_read(NULL, e.reading, got, sizeof got, PROC_FOREVER), 1);
        CHECK_INT(proc_read(NULL, e.reading, got, sizeof got, PROC_FOREVER), 0);
        CHECK_INT(proc_read(NULL, e.reading, got, sizeof got, 0), 0);
    }
}

static const int64_t times[] = {0, 1, PROC_SECONDS(3600), INT64_MAX, PROC_FOREVER, INT64_MIN};

static void cancelled(void) {
    FOR_EACH_ENDS(e) {
        proc_cancel *cancel = proc_cancel_new(NULL);
        char got[8] = "";
        CHECK_INT(proc_write_all(NULL, e.writing, "x", 1, PROC_FOREVER), 1);
        proc_cancel_trigger(cancel, NULL);
        for (int i = 0; i < 6; i++) {
            CHECK_FAILED(proc_read(cancel, e.reading, got, sizeof got, times[i]), ECANCELED);
            CHECK_FAILED(proc_write_all(cancel, e.writing, "y", 1, times[i]), ECANCELED);
            CHECK_FAILED(proc_read(cancel, e.reading, NULL, 0, times[i]), ECANCELED);
            CHECK_FAILED(proc_write_all(cancel, -1, "y", 1, times[i]), ECANCELED);
        }
        CHECK_INT(proc_read(NULL, e.reading, got, sizeof got, PROC_FOREVER), 1);
        CHECK_STR(got, "x");
        CHECK_FAILED(proc_read(NULL, e.reading, got, sizeof got, 0), ETIMEDOUT);
        proc_cancel_unref(cancel);
    }
}

static int64_t elapsed(int64_t since) { return proc_now() - since; }

static void time_is_up(void) {
    const int64_t short_times[] = {0, 1, PROC_MS(1), PROC_MS(20)};
    FOR_EACH_ENDS(e) {
        proc_cancel *cancel = proc_cancel_new(NULL);
        static char much[1 << 22];
        char got[8];
        for (int i = 0; i < 4; i++) {
            int64_t begin = proc_now();
            CHECK_FAILED(proc_read(cancel, e.reading, got, 8, short_times[i]), ETIMEDOUT);
            CHECK(elapsed(begin) >= short_times[i]);
            begin = proc_now();
            CHECK_FAILED(proc_write_all(cancel, e.writing, much, sizeof much, short_times[i]),
                         ETIMEDOUT);
            CHECK(elapsed(begin) >= short_times[i]);
            ends_drain(&e);
        }
        proc_cancel_unref(cancel);
    }
}

static void deadline(void) {
    FOR_EACH_ENDS(e) {
        proc_cancel *soon = proc_cancel_new_timeout(NULL, PROC_MS(5));
        proc_cancel *later = proc_cancel_new_timeout(NULL, PROC_MS(5));
        static char much[1 << 22];
        char got[8];
        CHECK_FAILED(proc_read(soon, e.reading, got, 8, PROC_FOREVER), ECANCELED);
        CHECK(proc_cancelled(soon));
        CHECK_FAILED(proc_write_all(later, e.writing, much, sizeof much, PROC_SECONDS(3600)),
                     ECANCELED);
        CHECK_INT(proc_error_code(proc_cancel_cause(later)), ETIMEDOUT);
        proc_cancel_unref(soon);
        proc_cancel_unref(later);
    }
}

static void flags(void) {
    int open = fds_open();
    FOR_EACH_ENDS(e) {
        int reading = fcntl(e.reading, F_GETFL), writing = fcntl(e.writing, F_GETFL);
        proc_cancel *cancel = proc_cancel_new(NULL);
        static char much[1 << 20];
        char got[8];
        int before = fds_open();
        CHECK((reading & O_NONBLOCK) == (writing & O_NONBLOCK));
        CHECK_INT(proc_write_all(NULL, e.writing, "x", 1, PROC_FOREVER), 1);
        CHECK_INT(proc_read(NULL, e.reading, got, 8, PROC_FOREVER), 1);
        CHECK_INT(fds_open(), before);
        CHECK_FAILED(proc_read(cancel, e.reading, got, 8, PROC_MS(1)), ETIMEDOUT);
        CHECK_FAILED(proc_write_all(cancel, e.writing, much, sizeof much, 1), ETIMEDOUT);
        CHECK_INT(fds_open(), before + 1);
        CHECK_INT(fcntl(e.reading, F_GETFL), reading);
        CHECK_INT(fcntl(e.writing, F_GETFL), writing);
        proc_cancel_unref(cancel);
    }
    CHECK_INT(fds_open(), open);
}

static void files(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    FILE *file = tmpfile();
    int fd = fileno(file), zero = open("/dev/zero", O_RDONLY), full = open("/dev/full", O_WRONLY);
    static char much[3 << 20], got[3 << 20];
    memset(much, 'x', sizeof much);
    CHECK_INT(proc_write_all(cancel, fd, much, sizeof much, 0), sizeof much);
    CHECK_INT(proc_read(cancel, fd, got, sizeof got, 0), 0);
    CHECK_INT(lseek(fd, -5, SEEK_END), sizeof much - 5);
    CHECK_INT(proc_read(cancel, fd, got, sizeof got, PROC_FOREVER), 5);
    CHECK(memcmp(got, "xxxxx", 5) == 0);
    CHECK_INT(proc_read(cancel, zero, got, 5, PROC_FOREVER), 5);
    CHECK(memcmp(got, "\0\0\0\0\0", 5) == 0);
    CHECK_FAILED(proc_write_all(cancel, full, much, 5, PROC_FOREVER), ENOSPC);
    proc_cancel_trigger(cancel, NULL);
    CHECK_FAILED(proc_read(cancel, fd, got, 5, 0), ECANCELED);
    CHECK_FAILED(proc_write_all(cancel, fd, got, 5, 0), ECANCELED);
    CHECK_INT(lseek(fd, 0, SEEK_CUR), sizeof much);
    CHECK_INT(lseek(fd, 0, SEEK_END), sizeof much);
    close(zero), close(full);
    fclose(file);
    proc_cancel_unref(cancel);
}

static void check_bad_fd(proc_cancel *cancel, int fd, bool reading) {
    char byte = 0;
    for (size_t size = 0; size <= 1; size++)
        for (int64_t time = -1; time <= 1; time++)
            CHECK_FAILED(reading ? proc_read(cancel, fd, &byte, size, time)
                                 : proc_write_all(cancel, fd, &byte, size, time),
                         EBADF);
}

static void bad_input(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    int directory = open("/", O_RDONLY | O_DIRECTORY), free_fd = dup(directory);
    int alone = socket(AF_INET, SOCK_STREAM, 0), path = open("/", O_PATH);
    char byte = 0;
    close(free_fd);
    for (int reading = 0; reading <= 1; reading++) {
        const int bad[] = {-1, INT32_MIN, free_fd, INT32_MAX, path};
        for (int i = 0; i < 5; i++) {
            check_bad_fd(cancel, bad[i], reading);
            check_bad_fd(NULL, bad[i], reading);
        }
    }
    CHECK_FAILED(proc_read(cancel, directory, &byte, 1, PROC_FOREVER), EISDIR);
    CHECK_FAILED(proc_write_all(cancel, directory, &byte, 1, PROC_FOREVER), EBADF);
    CHECK_FAILED(proc_read(cancel, alone, &byte, 1, PROC_FOREVER), ENOTCONN);
    CHECK_FAILED(proc_write_all(cancel, alone, &byte, 1, PROC_FOREVER), EPIPE);
    FOR_EACH_ENDS(e) {
        CHECK_FAILED(proc_read(cancel, e.reading, NULL, 1, PROC_FOREVER), EINVAL);
        CHECK_FAILED(proc_read(cancel, e.reading, NULL, SIZE_MAX, PROC_FOREVER), EINVAL);
        CHECK_FAILED(proc_read(cancel, e.reading, &byte, SIZE_MAX, PROC_FOREVER), EINVAL);
        CHECK_FAILED(proc_write_all(cancel, e.writing, NULL, 1, PROC_FOREVER), EINVAL);
        CHECK_FAILED(proc_write_all(cancel, e.writing, &byte, SIZE_MAX, PROC_FOREVER), EINVAL);
        CHECK_INT(proc_read(cancel, e.reading, NULL, 0, PROC_FOREVER), 0);
        CHECK_INT(proc_write_all(cancel, e.writing, NULL, 0, PROC_FOREVER), 0);
        CHECK_QUIET(e.reading);
        if (e.kind < SOCKET) {
            check_bad_fd(cancel, e.writing, true);
            check_bad_fd(cancel, e.reading, false);
        }
    }
    close(directory), close(alone), close(path);
    proc_cancel_unref(cancel);
}

static void no_handle(void) {
    FOR_EACH_ENDS(e) {
        char got[8] = "";
        CHECK_FAILED(proc_read(NULL, e.reading, got, 8, PROC_MS(1)), ETIMEDOUT);
        CHECK_INT(proc_write_all(NULL, e.writing, "xy", 2, PROC_FOREVER), 2);
        check_reads(NULL, &e, got, sizeof got, 2);
        CHECK_STR(got, "xy");
    }
}

CHECK_MAIN(CASE(passes), CASE(end), CASE(cancelled), CASE(time_is_up), CASE(deadline), CASE(flags),
           CASE(files), CASE(bad_input), CASE(no_handle))
