/* This must be rejected: the argument is not what the format says. */
#include <procession.h>

proc_error *wrong(void);

proc_error *wrong(void) { return proc_errorf(1, "%s", 42); }
