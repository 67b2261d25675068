/* programs.h: programs that are started one after the other. */
#ifndef KERNEL_PROGRAMS_H
#define KERNEL_PROGRAMS_H

void programs(int n, int repetitions);

#endif
