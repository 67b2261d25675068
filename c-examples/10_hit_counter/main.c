/* 10_hit_counter: a daemon that counts its visitors: an HTTP server (libmicrohttpd) made of this library's processes.
 *
 *     hit_counter [OPTION...]         --help lists them
 *
 * Build it with the library (the README says how), or by itself:
 *
 *     cc *.c -o hit_counter $(pkg-config --cflags --libs procession libmicrohttpd) -pthread
 *
 * Then open http://127.0.0.1:8080/ and stop the server with Ctrl-C. On SIGINT or SIGTERM it takes no new connections,
 * answers the requests in flight, saves the count and exits with 0. SIGUSR1 prints the live tree. The directory deploy, beside
 * this one, has files for systemd and Kubernetes. This file has the tree of processes; web_process.c serves. Each file
 * uses only the files after it: main, web_process, answers, reports, responses, clients, then the rest.
 */
#define _GNU_SOURCE
#include "counter.h"
#include "options.h"
#include "web_process.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

static proc_error *print_statistics(proc_cancel *cancel, void *user_data) {
    struct counter *counter = user_data;
    uint64_t before = counter->hits;
    while (!proc_wait(cancel, PROC_SECONDS(5))) {
        uint64_t hits = counter->hits;
        if (hits != before)
            printf("hit_counter: %" PRIu64 " hits, %.1f a second\n", hits,
                   (double)(hits - before) / 5);
        before = hits;
    }
    return NULL;
}

/* A full disk may have room later, so a failed save is tried again; only the failure of the last save is an error. */
static proc_error *flush(proc_cancel *cancel, void *user_data) {
    proc_error *error = counter_save(cancel, user_data);
    if (error)
        fprintf(stderr, "hit_counter: flusher: %s\n", proc_error_message(error));
    proc_error_unref(error);
    return NULL;
}

/* The last save comes after all counting has ended, also after a failure. */
static proc_impl *serve_then_save(struct web *web) {
    struct counter *counter = web->counter;
    return proc_finally(
        PROC_GROUP(
            proc_task("web", proc_new(web_serve, web, NULL)),
            proc_task("statistics", proc_new(print_statistics, counter, NULL)),
            proc_task("flusher", proc_every(PROC_SECONDS(1), proc_new(flush, counter, NULL)))),
        proc_task("save", proc_new(counter_save, counter, NULL)));
}

int main(int argc, char **argv) {
    struct options options;
    struct counter counter;
    options_parse(&options, argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN); /* a client that goes away must not end the server */

    proc_error *error = counter_load(&counter, options.state);
    if (error)
        return proc_exit_status(error);
    struct web web = {.options = &options, .counter = &counter};
    proc_main_options how = PROC_MAIN_OPTIONS_INIT;
    how.drain_ns = PROC_MS(options.drain_ms);
    how.grace_ns = options.grace_ms < 0 ? PROC_FOREVER : PROC_MS(options.grace_ms);
    how.dump_signal = SIGUSR1;
    how.notify = true;
    int status = proc_exit_status(proc_main_with(serve_then_save(&web), &how));
    if (status == 0)
        printf("hit_counter: stopped at %" PRIu64 " hits, saved in %s\n", counter.hits,
               options.state);
    return status;
}
