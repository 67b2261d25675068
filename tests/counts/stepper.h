/* stepper.h: what a stretch of code costs, counted: its instructions, the locked ones among them, its system calls.
 *
 * `step_through` runs a program of its own and goes through what is between two calls of `STEP_MARK` one instruction after the other. Counts
 * are the same on every machine of a kind and under any load, so they can be a test. Only on x86-64, where a lock can be seen in
 * the bytes of an instruction.
 */
#ifndef STEPPER_H
#define STEPPER_H

#include <sys/types.h>

struct steps {
    long instructions;
    long locked;
    long system_calls;
    long futex_calls;
};

/* Before and after what is counted, in the child. */
#define STEP_MARK() __asm__ volatile("int3" ::: "memory")

/* Counts between the next two marks of `child`, which is traced and stopped or on its way to the first. 0, or -1 if it ended before. */
int step_through(pid_t child, struct steps *steps);

#endif
