/* stats.h: what the tests of proc_get_stats share: looking, and trees of which is known what happens in them. */
#ifndef STATS_H
#define STATS_H

#include "leaf.h"

static inline proc_stats look(void) {
    proc_stats stats = PROC_STATS_INIT;
    proc_get_stats(&stats);
    return stats;
}

static inline void let_go_at_once(void) {
    proc_config config = PROC_CONFIG_INIT;
    config.idle_timeout_ns = PROC_AT_ONCE;
    CHECK_OK(proc_configure(&config));
}

/* In it run 7 callbacks, of which 2 fail, 3 tasks, of which 2 fail, and 2 fan-outs. */
static inline proc_impl *tree(void) {
    proc_impl *pair = PROC_CONCURRENT(succeeding(), proc_task("pair", failing("fails")));
    proc_impl *steps = PROC_SEQUENCE(succeeding(), proc_task("step", succeeding()));
    proc_impl *rest = PROC_SEQUENCE(failing("fails"), succeeding());
    return proc_task("tree", PROC_CONCURRENT(PROC_GROUP(succeeding()), pair, steps, rest,
                                             proc_trace_region("r", succeeding())));
}

static inline void *run_trees(void *user_data) {
    for (int i = *(int *)user_data; i > 0; i--)
        proc_error_unref(proc_run(tree(), NULL));
    return NULL;
}

static inline void check_order(const proc_stats *before, const proc_stats *now) {
#define NO_LESS(field) CHECK(now->field >= before->field)
    NO_LESS(threads_peak);
    NO_LESS(threads_created_total);
    NO_LESS(processes_started_total);
    NO_LESS(processes_failed_total);
    NO_LESS(tasks_started_total);
    NO_LESS(tasks_failed_total);
    NO_LESS(fan_outs_total);
    NO_LESS(helpers_total);
    NO_LESS(cancellations_total);
    NO_LESS(children_spawned_total);
    NO_LESS(timeouts_total);
    CHECK(now->processes_failed_total <= now->processes_started_total);
    CHECK(now->processes_running <= now->processes_started_total);
    CHECK(now->tasks_failed_total <= now->tasks_started_total);
    CHECK(now->tasks_running <= now->tasks_started_total);
    CHECK(now->threads_idle <= now->threads_live && now->threads_live <= now->threads_peak);
    CHECK(now->threads_peak <= now->threads_created_total);
}

#endif
