/* 07_payload: an error that carries a value of the program's own.
 *
 *     cc 07_payload.c -o 07_payload $(pkg-config --cflags --libs procession) && ./07_payload
 *
 * Every error has a code and a text. A payload is for callers that know its type: here, the place of a syntax error.
 * It is destroyed together with the error, and can be read through the task errors around it.
 */
#include <errno.h>
#include <procession.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct place {
    int line;
    int column;
};

static void destroy_place(void *payload) {
    printf("the payload is destroyed\n");
    free(payload);
}

static proc_error *syntax_error(const char *text, const char *at) {
    struct place *place = calloc(1, sizeof *place);
    if (place == NULL)
        return proc_errno("calloc");
    place->line = 1;
    for (const char *c = text; c < at; c++) {
        place->column = *c == '\n' ? 0 : place->column + 1;
        place->line += *c == '\n';
    }
    return proc_error_with_payload(EINVAL, "unexpected '!'", place, destroy_place);
}

static proc_error *parse(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    const char *text = user_data;
    const char *bad = strchr(text, '!');
    return bad ? syntax_error(text, bad) : NULL;
}

int main(void) {
    char text[] = "listen = 80\nname = !\n";
    proc_error *error = proc_run(proc_task("configuration", proc_new(parse, text, NULL)), NULL);

    const struct place *place = proc_error_payload(error); /* valid as long as the error */
    if (place)
        printf("line %d, column %d\n", place->line, place->column + 1);
    return proc_exit_status(error);
}
