// This must be rejected, in these words: something that cannot be called.
#include <procession.hpp>

int wrong();

int wrong() { return std::get<0>(proc::all(42)); }
