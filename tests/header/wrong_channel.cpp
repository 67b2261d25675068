// This must be rejected, in these words: a channel of something that is no value.
#include <procession.hpp>

proc::channel<const int> wrong();

proc::channel<const int> wrong() { return proc::channel<const int>(1); }
