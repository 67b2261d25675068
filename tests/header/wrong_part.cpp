// This must be rejected, in these words: something that cannot run.
#include <procession.hpp>

proc::process wrong();

proc::process wrong() { return proc::group(42); }
