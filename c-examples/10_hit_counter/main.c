/* 10_hit_counter: a daemon that counts its visitors: an HTTP server (libmicrohttpd) made of this library's processes.
 *
 *     hit_counter [OPTION...]         --help lists them
 *
 * Build it with the library (the README says how), or by itself:
 *
 *     cc *.c -o hit_counter $(pkg-config --cflags --libs procession libmicrohttpd) -pthread
 *
 * Then open http://127.0.0.1:8080/ and stop the server with Ctrl-C. On SIGINT or SIGTERM it takes no new connections,
 * answers the requests in flight, saves the count and exits with 0. SIGUSR1 shows what it does. The directory deploy, beside
 * this one, has it run by systemd and by Kubernetes. This file shows the tree of processes; web.c serves.
 */
#define _GNU_SOURCE
#include "hit_counter.h"

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

static proc_error *save(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    return counter_save(user_data);
}

/* A full disk may have room again later: it is tried again, and only the last save decides whether the count is lost. */
static proc_error *flush(proc_cancel *cancel, void *user_data) {
    while (!proc_wait(cancel, PROC_SECONDS(1))) {
        proc_error *error = counter_save(user_data);
        if (error)
            fprintf(stderr, "hit_counter: flusher: %s\n", proc_error_message(error));
        proc_error_unref(error);
    }
    return NULL;
}

static proc_error *give(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    return user_data;
}

/* The last save comes after everything that counts has ended, whatever became of it: a sequence would skip this step
 * after a failure. The errors of both are put together as the library does it. */
static proc_error *serve_then_save(proc_cancel *cancel, void *user_data) {
    struct web *web = user_data;
    proc_impl *group =
        PROC_GROUP(proc_task("web", web_process(web)),
                   proc_task("statistics", proc_new(print_statistics, web->counter, NULL)),
                   proc_task("flusher", proc_new(flush, web->counter, NULL)));
    proc_error *error = proc_run(group, cancel);
    proc_impl *last = proc_task("save", proc_new(save, web->counter, NULL));
    return proc_run(PROC_CONCURRENT(proc_new(give, error, NULL), last), cancel);
}

static proc_error *run(proc_impl *impl, const struct options *options) {
    proc_main_options how = PROC_MAIN_OPTIONS_INIT;
    how.drain_ns = PROC_MS(options->drain_ms);
    how.grace_ns = options->grace_ms < 0 ? PROC_FOREVER : PROC_MS(options->grace_ms);
    how.dump_signal = SIGUSR1;
    how.notify = true;
    return proc_main_with(impl, &how);
}

int main(int argc, char **argv) {
    struct options options;
    struct counter counter;
    options_parse(&options, argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN); /* a client that goes away is no reason to die */

    proc_error *error = counter_load(&counter, options.state);
    if (error)
        return proc_exit_status(error);
    struct web web = {.options = &options, .counter = &counter};
    int status = proc_exit_status(run(proc_new(serve_then_save, &web, NULL), &options));
    if (status == 0)
        printf("hit_counter: stopped at %" PRIu64 " hits, saved in %s\n", counter.hits,
               options.state);
    return status;
}
