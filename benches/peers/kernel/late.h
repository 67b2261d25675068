/* late.h: how late the kernel's own timers are. */
#ifndef LATE_H
#define LATE_H

void late_median(int n, int repetitions);
void late_worst(int n, int repetitions);
void late_timerfd_median(int n, int repetitions);
void late_timerfd_worst(int n, int repetitions);

#endif
