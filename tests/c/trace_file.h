/* trace_file.h: a directory of the test's own for the files of traces, and looks at them. */
#ifndef TRACE_FILE_H
#define TRACE_FILE_H

#include "check.h"
#include <dirent.h>
#include <sys/stat.h>

static char directory[] = "/tmp/procession-trace-XXXXXX";

/* A path in the test's own directory; it is overwritten by the next call. */
static inline const char *in_directory(const char *name) {
    static char path[100];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static inline void make_directory(void) {
    strcpy(directory + strlen(directory) - 6, "XXXXXX");
    CHECK(mkdtemp(directory) != NULL);
}

static inline void remove_directory(void) {
    DIR *entries = opendir(directory);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        unlink(in_directory(entry->d_name));
    closedir(entries);
    CHECK(rmdir(directory) == 0);
}

static inline long long size_of(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 ? (long long)status.st_size : -1;
}

/* Checks code and text, and releases the error. */
static inline void check_refused(proc_error *error, int code, const char *part) {
    CHECK_INT(proc_error_code(error), code);
    CHECK_HAS(proc_error_message(error), part);
    proc_error_unref(error);
}

/* How many descriptors of this program are that file. */
static inline int descriptors_of(const char *path) {
    struct stat file, other;
    int count = 0;
    CHECK(stat(path, &file) == 0);
    for (int fd = 0; fd < 1024; fd++)
        count +=
            fstat(fd, &other) == 0 && other.st_ino == file.st_ino && other.st_dev == file.st_dev;
    return count;
}

#endif
