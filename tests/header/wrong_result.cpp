// This must be rejected, in these words: a result that nobody would look at.
#include <procession.hpp>

proc::process wrong();

proc::process wrong() {
    return proc::make([] { return 42; });
}
