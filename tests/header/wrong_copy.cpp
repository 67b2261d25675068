// This must be rejected, in these words: a callable that cannot be copied, and is not given up.
#include <procession.hpp>

proc::process wrong();

proc::process wrong() {
    const auto move_only = [one = std::make_unique<int>(1)] { (void)*one; };
    return proc::make(move_only);
}
