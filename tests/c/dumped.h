/* dumped.h: what proc_dump says, and what is inside of what there. */
#ifndef DUMPED_H
#define DUMPED_H

#include "check.h"
#include <time.h>

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

/* In JSON, with no quote in a string: braces and quotes are balanced. */
static inline void check_balanced(const char *text) {
    int depth = 0;
    bool quoted = false;
    for (const char *at = text; *at; at++) {
        quoted ^= *at == '"';
        depth += quoted ? 0 : (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
    }
    CHECK(depth == 0 && !quoted);
}

/* How often the text has that part in it. */
static inline size_t dumped_times(const char *text, const char *part) {
    size_t times = 0;
    for (; (text = strstr(text, part)); text++)
        times++;
    return times;
}

/* Waits until a dump has it so often. The caller frees the dump. */
static inline char *dump_until(const char *part, size_t times) {
    char *text = dump(PROC_DUMP_TEXT);
    for (time_t end = time(NULL) + check_deadline(); dumped_times(text, part) < times;) {
        if (time(NULL) > end) {
            fprintf(stderr, "%s: not %zu times in a dump: %s\n%s\n", check_case_name, times, part,
                    text);
            abort();
        }
        free(text);
        text = dump(PROC_DUMP_TEXT);
    }
    return text;
}

#define CHECK_INSIDE(text, inner, outer) check_inside((text), (inner), (outer), __FILE__, __LINE__)

/* How far to the right a line of a dump begins. */
static inline int dumped_depth(const char *line) {
    int columns = 0;
    for (; *line && !(*line >= 'a' && *line <= 'z'); line++)
        columns += (*line & 0xC0) != 0x80;
    return columns;
}

static inline const char *dumped_line_before(const char *text, const char *line) {
    if (line == text)
        return NULL;
    for (line--; line > text && line[-1] != '\n'; line--)
        ;
    return line;
}

static inline bool dumped_line_has(const char *line, const char *part) {
    const char *found = strstr(line, part);
    return found && found < line + strcspn(line, "\n");
}

/* The line of the process inside of which that of this line is; NULL: it is inside of none. */
static inline const char *dumped_around(const char *text, const char *line) {
    int depth = dumped_depth(line);
    while (line && dumped_depth(line) >= depth)
        line = depth ? dumped_line_before(text, line) : NULL;
    return line;
}

/* The first line that has this in it. */
static inline const char *dumped_line(const char *text, const char *part) {
    const char *line = strstr(text, part);
    while (line && line > text && line[-1] != '\n')
        line--;
    return line;
}

/* The first process that has one text in its line is inside of one that has the other; NULL: inside of none. */
static inline void check_inside(const char *text, const char *inner, const char *outer,
                                const char *file, int line) {
    const char *found = dumped_line(text, inner);
    const char *around = found ? dumped_around(text, found) : NULL;
    bool holds = found && (outer ? around && dumped_line_has(around, outer) : !around);
    if (!check_that(holds, inner, file, line))
        fprintf(stderr, "should be inside of %s in:\n%s\n", outer ? outer : "nothing", text);
}

#endif
