/* reports.c: what people and machines on call ask for. /metrics is for Prometheus, /debug/tree shows every process that runs:
 * as text or, with ?format=json or "Accept: application/json", as JSON.
 */
#define _GNU_SOURCE
#include "hit_counter.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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
    NUMBER(helpers_total, "Threads of the library that came to help with such a run."),
    NUMBER(cancellations_total, "Cancellations."),
};

/* What only grows ends in _total, and is a counter. */
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
    return answer_with(web, connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8",
                       MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE));
}

static bool wants_json(struct MHD_Connection *connection) {
    const char *format = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "format");
    const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept");
    return format ? strcmp(format, "json") == 0
                  : accept && strstr(accept, "application/json") != NULL;
}

/* proc_dump writes to a descriptor: here to that of a file in memory, which is the body of the answer. */
enum MHD_Result report_tree(struct web *web, struct MHD_Connection *connection) {
    bool json = wants_json(connection);
    struct stat written;
    int fd = memfd_create("tree", MFD_CLOEXEC);
    if (fd < 0)
        return MHD_NO;
    proc_error *error = proc_dump(fd, json ? PROC_DUMP_JSON : PROC_DUMP_TEXT);
    if (error || fstat(fd, &written) != 0) {
        proc_error_unref(error);
        close(fd);
        return MHD_NO;
    }
    return answer_with(web, connection, MHD_HTTP_OK,
                       json ? "application/json" : "text/plain; charset=utf-8",
                       MHD_create_response_from_fd((size_t)written.st_size, fd));
}
