/* counter.c: the count, and the file that keeps it: one line with one decimal number.
 *
 * The file is replaced, never overwritten: the new file is complete and on the disk before it is renamed to the old name.
 * So whenever the program or the machine stops, the file has either the old count or the new one, never half of one.
 */
#define _GNU_SOURCE
#include "counter.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static proc_error *failed(const struct counter *counter, const char *what) {
    char text[PATH_MAX + 64];
    snprintf(text, sizeof text, "state file %s: %s", counter->path, what);
    return proc_errno(text);
}

/* Strict, because a file that is misread here would be overwritten later. */
static proc_error *parse(struct counter *counter, const char *text, size_t size) {
    char canonical[32];
    uint64_t hits = 0;
    bool is_number = sscanf(text, "%" SCNu64, &hits) == 1;
    size_t length = (size_t)snprintf(canonical, sizeof canonical, "%" PRIu64 "\n", hits);
    bool is_whole = size == length || size == length - 1; /* the newline may be missing */
    if (!is_number || !is_whole || memcmp(text, canonical, size) != 0)
        return proc_errorf(EINVAL, "state file %s: does not hold exactly one number",
                           counter->path);
    counter->hits = counter->saved = hits;
    return NULL;
}

static proc_error *read_file(struct counter *counter) {
    char text[32];
    int fd = open(counter->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? NULL : failed(counter, "open");
    ssize_t size = proc_read(NULL, fd, text, sizeof text - 1, PROC_FOREVER);
    proc_error *error = size < 0 ? failed(counter, "read") : NULL;
    close(fd);
    if (error)
        return error;
    text[size] = '\0';
    return parse(counter, text, (size_t)size);
}

proc_error *counter_load(struct counter *counter, const char *path) {
    *counter = (struct counter){.path = path};
    if (strlen(path) >= sizeof counter->directory)
        return proc_errorf(ENAMETOOLONG, "state file: %s", strerror(ENAMETOOLONG));
    char copy[PATH_MAX];
    strcpy(counter->directory, dirname(strcpy(copy, path)));
    /* Fails at the start, not after the first hit. */
    if (access(counter->directory, W_OK | X_OK) != 0)
        return failed(counter, counter->directory);
    return read_file(counter);
}

static proc_error *write_durably(const struct counter *counter, const char *path, uint64_t hits) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return failed(counter, "make a new one");
    bool written = dprintf(fd, "%" PRIu64 "\n", hits) > 0 && fsync(fd) == 0;
    proc_error *error = written ? NULL : failed(counter, "write a new one");
    close(fd);
    return error;
}

/* A rename is on the disk only when its directory is synced. */
static proc_error *sync_directory(const struct counter *counter) {
    int fd = open(counter->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    proc_error *error = fd >= 0 && fsync(fd) == 0 ? NULL : failed(counter, "sync its directory");
    if (fd >= 0)
        close(fd);
    return error;
}

proc_error *counter_save(proc_cancel *cancel, void *user_data) {
    struct counter *counter = user_data;
    (void)cancel; /* saving is quick, and must not stop in the middle */
    uint64_t hits = counter->hits;
    if (hits == counter->saved)
        return NULL;
    char path[PATH_MAX + 8];
    snprintf(path, sizeof path, "%s.new", counter->path);
    proc_error *error = write_durably(counter, path, hits);
    if (error == NULL && rename(path, counter->path) != 0)
        error = failed(counter, "replace it by the new one");
    if (error == NULL)
        error = sync_directory(counter);
    if (error == NULL)
        counter->saved = hits;
    return error;
}
