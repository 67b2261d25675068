// This must be rejected, in these words: a value that cannot be given back.
#include <mutex>
#include <procession.hpp>

void wrong();

void wrong() {
    (void)proc::all([] { return std::mutex(); });
}
