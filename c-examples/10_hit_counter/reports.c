/* reports.c: monitoring. /metrics is for Prometheus; /debug/tree shows every running process, as text or, with ?format=json,
 * as JSON.
 */
#define _GNU_SOURCE
#include "reports.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "responses.h"

#define NUMBER(name, help)                                                                         \
    { #name, help, offsetof(proc_stats, name) }

static const struct number {
    const char *name, *help;
    size_t place;
} numbers[] = {
    NUMBER(threads_live, "Threads of the library."),
    NUMBER(threads_idle, "Threads of the library without work."),
    NUMBER(threads_peak, "The most threads of the library at the same time."),
    NUMBER(threads_created_total, "Threads that the library made."),
    NUMBER(threads_denied_total, "Threads that the system did not give."),
    NUMBER(processes_running, "Callbacks that run."),
    NUMBER(processes_started_total, "Callbacks that were called."),
    NUMBER(processes_failed_total, "Callbacks that returned an error."),
    NUMBER(tasks_running, "Tasks that run."),
    NUMBER(tasks_started_total, "Tasks that were begun."),
    NUMBER(tasks_failed_total, "Tasks that ended with an error."),
    NUMBER(fan_outs_total, "Runs of several processes at the same time."),
    NUMBER(nurseries_running, "Nurseries that run."),
    NUMBER(children_spawned_total, "Processes that nurseries have accepted."),
    NUMBER(helpers_total, "Threads of the library that came to help with one of these."),
    NUMBER(cancellations_total, "Cancellations."),
    NUMBER(timeouts_total, "Deadlines that have struck."),
};

/* Names of values that only grow end in _total: these are counters. */
static void write_number(FILE *out, const char *name, const char *help, uint64_t value) {
    size_t length = strlen(name);
    bool grows = length > 6 && strcmp(name + length - 6, "_total") == 0;
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n", name, help, name,
            grows ? "counter" : "gauge", name, value);
}

static void write_metrics(FILE *out, const struct web *web) {
    proc_stats stats = PROC_STATS_INIT;
    char name[64];
    proc_get_stats(&stats);
    write_number(out, "http_visitors_total", "Visitors that were counted.", web->counter->hits);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        snprintf(name, sizeof name, "procession_%s", numbers[i].name);
        write_number(out, name, numbers[i].help,
                     *(const uint64_t *)(const void *)((const char *)&stats + numbers[i].place));
    }
}

enum MHD_Result report_metrics(struct web *web, struct MHD_Connection *connection) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        return MHD_NO;
    write_metrics(out, web);
    if (fclose(out) != 0) {
        free(text);
        return MHD_NO;
    }
    return respond(web, connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8",
                   MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE));
}

/* The formats of the tree, by their names in a query. The first is the default. */
static const struct format {
    const char *name, *type;
    proc_dump_format dump;
} formats[] = {
    {"text", "text/plain; charset=utf-8", PROC_DUMP_TEXT},
    {"json", "application/json", PROC_DUMP_JSON},
};

static const struct format *wanted(struct MHD_Connection *connection) {
    const char *name = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "format");
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (name == NULL || strcmp(name, formats[i].name) == 0)
            return &formats[i];
    return NULL;
}

/* proc_dump writes to a descriptor: here to a file in memory, which becomes the body of the answer. The file is complete
 * before the answer begins, so its length is known, and a failure can still be reported. */
static proc_error *dump(proc_dump_format format, int *fd) {
    *fd = memfd_create("tree", MFD_CLOEXEC);
    if (*fd < 0)
        return proc_errno("memfd_create");
    proc_error *error = proc_dump(*fd, format);
    if (error)
        close(*fd);
    return error;
}

static enum MHD_Result tell_failure(struct web *web, struct MHD_Connection *connection,
                                    proc_error *error) {
    char text[256];
    snprintf(text, sizeof text, "%s\n", proc_error_message(error));
    proc_error_unref(error);
    return respond_text(web, connection, MHD_HTTP_INTERNAL_SERVER_ERROR, text);
}

enum MHD_Result report_tree(struct web *web, struct MHD_Connection *connection) {
    int fd;
    const struct format *format = wanted(connection);
    if (format == NULL)
        return respond_text(web, connection, MHD_HTTP_BAD_REQUEST, "The format is text or json.\n");
    proc_error *error = dump(format->dump, &fd);
    if (error)
        return tell_failure(web, connection, error);
    size_t size = (size_t)lseek(fd, 0, SEEK_CUR);
    struct MHD_Response *response = MHD_create_response_from_fd(size, fd);
    if (response == NULL)
        close(fd); /* otherwise the response owns it */
    return respond(web, connection, MHD_HTTP_OK, format->type, response);
}
