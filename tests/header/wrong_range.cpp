// This must be rejected, in these words: a range that can be gone through once.
#include <iterator>
#include <procession.hpp>
#include <sstream>

struct numbers {
    std::istream &from;
    auto begin() const { return std::istream_iterator<int>(from); }
    auto end() const { return std::istream_iterator<int>(); }
};

proc::process wrong(std::istream &from);

proc::process wrong(std::istream &from) {
    return proc::each(numbers{from}, 0, [](int) {});
}
