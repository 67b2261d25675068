// This must be rejected, in these words: what is no range, and no number.
#include <procession.hpp>

struct neither {};

void wrong();

void wrong() {
    (void)proc::map(neither(), 1, [](int) {});
}
