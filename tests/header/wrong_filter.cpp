// This must be rejected, in these words: a callable for failures that does not take them.
#include <procession.hpp>

proc::nursery_options wrong();

proc::nursery_options wrong() {
    proc::nursery_options options;
    options.on_failure = [] {};
    return options;
}
