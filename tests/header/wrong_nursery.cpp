// This must be rejected, in these words: a body that does not take its nursery.
#include <procession.hpp>

proc::process wrong();

proc::process wrong() {
    return proc::with_nursery([] {});
}
