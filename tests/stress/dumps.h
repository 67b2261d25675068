/* dumps.h: what the library writes to standard error: live trees, each of them whole. While they are gathered, this program's own
 * messages go where standard error went before.
 */
#ifndef DUMPS_H
#define DUMPS_H

#include "check.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

static int dumps_file = -1;

/* A sanitizer's, if there is one. */
__attribute__((weak)) void __sanitizer_set_report_fd(void *fd);

static inline void dumps_gather(void) {
    int errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    dumps_file = memfd_create("dumps", MFD_CLOEXEC);
    CHECK(errors > 0 && dumps_file > 0 && fcntl(dumps_file, F_SETFL, O_APPEND) == 0);
    stderr = fdopen(errors, "w");
    setvbuf(stderr, NULL, _IONBF, 0);
    if (__sanitizer_set_report_fd)
        __sanitizer_set_report_fd((void *)(intptr_t)errors);
    CHECK(dup2(dumps_file, STDERR_FILENO) == STDERR_FILENO);
}

/* The end of the dump that begins there: as many lines that name a process as it says, and some of children not yet started. */
static inline const char *dump_end(const char *dump) {
    long running = strtol(dump + strlen("procession: "), NULL, 10), lines = 0;
    const char *line = strchr(dump, '\n') + 1;
    for (; *line && strncmp(line, "procession: ", 12) != 0; line = strchr(line, '\n') + 1) {
        const char *end = strchr(line, '\n');
        if (!CHECK(end))
            return line + strlen(line);
        bool is_process = memmem(line, (size_t)(end - line), ", thread ", 9) != NULL;
        lines += is_process;
        CHECK(is_process || memmem(line, (size_t)(end - line), " not yet started", 16));
    }
    CHECK_INT(lines, running);
    return line;
}

/* Looks at all that were written since the last time, and tells how many. */
static inline size_t dumps_check(void) {
    struct stat file;
    size_t count = 0;
    CHECK_INT(fstat(dumps_file, &file), 0);
    char *text = calloc(1, (size_t)file.st_size + 1);
    CHECK_INT(pread(dumps_file, text, (size_t)file.st_size, 0), file.st_size);
    for (const char *dump = text; *dump; dump = dump_end(dump), count++)
        if (!CHECK(strncmp(dump, "procession: ", 12) == 0 && strstr(dump, " running\n"))) {
            fprintf(stderr, "  standard error says: %s\n", dump);
            break;
        }
    free(text);
    CHECK_INT(ftruncate(dumps_file, 0), 0);
    return count;
}

#endif
