/* workloads.h: what the files of the benchmark of procession share. */
#ifndef WORKLOADS_H
#define WORKLOADS_H

#include "../bench.h"
#include <procession.h>

/* fan_out.c */
void trivial(int n, int repetitions);
void once(int n, int repetitions);
void tree(int n, int repetitions);
void construct(int n, int repetitions);

/* work.c */
void work_1us(int n, int repetitions);
void work_100us(int n, int repetitions);
void work_10ms(int n, int repetitions);

/* each.c */
void each(int n, int repetitions);
void each_memory(int n, int repetitions);

/* nursery.c */
void spawn_from_body(int n, int repetitions);
void spawn_from_children(int n, int repetitions);
void wake_median(int n, int repetitions);
void wake_worst(int n, int repetitions);
void one_by_one(int n, int repetitions);
void pending(int n, int repetitions);

/* channel.c */
void channel(int n, int repetitions);

/* programs.c */
void programs(int n, int repetitions);

/* echo.c */
void echo_requests(int n, int seconds);

/* waiting.c */
void rendezvous(int n, int repetitions);
void first(int n, int repetitions);

/* observed.c */
void failure(int n, int repetitions);
void memory(int n, int repetitions);
void idle(int n, int seconds);
void idle_deadlines(int n, int seconds);

/* calls.c */
void cancelled(int n, int repetitions);
void step(int n, int repetitions);
void handle(int n, int repetitions);

/* time.c */
void deadline(int n, int repetitions);
void deadline_below(int n, int repetitions);
void deadlines_held(int n, int repetitions);
void timeout(int n, int repetitions);
void timeout_below(int n, int repetitions);
void late_median(int n, int repetitions);
void late_worst(int n, int repetitions);
void late_hook_median(int n, int repetitions);
void late_hook_worst(int n, int repetitions);

/* due.c */
void due(int n, int repetitions);
void due_by_hand(int n, int repetitions);

/* cold.c */
void cold(int n, int repetitions);
void start(int n, int repetitions);

/* traced.c */
void region_off(int n, int repetitions);
void region_on(int n, int repetitions);
void log_on(int n, int repetitions);
void task_off(int n, int repetitions);
void task_on(int n, int repetitions);

/* simulation.c */
void simulated_random(int n, int repetitions);
void simulated_pct(int n, int repetitions);

/* main.c */
proc_error *nothing(proc_cancel *cancel, void *user_data);
proc_impl *group_of(int n, proc_fn fn, void *user_data);
void run(proc_impl *impl);
void run_again(void *impl);

#endif
