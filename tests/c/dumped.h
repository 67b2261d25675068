/* dumped.h: what proc_dump says. */
#ifndef DUMPED_H
#define DUMPED_H

#include "check.h"

enum { DUMP_ROOM = 1 << 20 };

/* The caller frees it. */
static inline char *dump(proc_dump_format format) {
    FILE *file = tmpfile();
    char *text = calloc(1, DUMP_ROOM);
    CHECK_OK(proc_dump(fileno(file), format));
    CHECK(pread(fileno(file), text, DUMP_ROOM - 1, 0) > 0);
    fclose(file);
    return text;
}

#define CHECK_DUMPED(part) check_dumped((part), __FILE__, __LINE__)

static inline void check_dumped(const char *part, const char *file, int line) {
    char *text = dump(PROC_DUMP_TEXT);
    check_has(text, part, "the dump", file, line);
    free(text);
}

#endif
