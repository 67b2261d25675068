// This must be rejected, in these words: an argument that nobody gives.
#include <procession.hpp>

proc::process wrong();

proc::process wrong() {
    return proc::make([](int) {});
}
