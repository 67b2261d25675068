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

/* waiting.c */
void rendezvous(int n, int repetitions);
void first(int n, int repetitions);

/* observed.c */
void failure(int n, int repetitions);
void memory(int n, int repetitions);
void idle(int n, int seconds);

/* calls.c */
void cancelled(int n, int repetitions);
void step(int n, int repetitions);
void handle(int n, int repetitions);

/* cold.c */
void cold(int n, int repetitions);
void start(int n, int repetitions);

/* traced.c */
void region_off(int n, int repetitions);
void region_on(int n, int repetitions);
void log_on(int n, int repetitions);
void task_off(int n, int repetitions);
void task_on(int n, int repetitions);

/* main.c */
proc_error *nothing(proc_cancel *cancel, void *user_data);
proc_impl *group_of(int n, proc_fn fn, void *user_data);
void run(proc_impl *impl);
void run_again(void *impl);

#endif
