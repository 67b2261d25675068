/* This must be rejected: the argument is not what the format says. */
#include <procession.h>

void wrong(void);

void wrong(void) { proc_trace_logf(NULL, "test", "%s", 42); }
