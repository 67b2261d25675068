/* programs.h: the program that is started again and again: one that does nothing. */
#ifndef PROGRAMS_H
#define PROGRAMS_H

#define PROGRAM "/bin/true"

#endif
