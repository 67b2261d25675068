// This must be rejected, in these words: an option that takes something else.
#include <procession.hpp>

int wrong();

int wrong() {
    proc::child_options options{{"true"}};
    options.on_output = [](int) {};
    return options.in;
}
