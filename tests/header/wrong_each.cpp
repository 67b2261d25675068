// This must be rejected, in these words: a callable that does not take the elements.
#include <procession.hpp>

proc::process wrong();

proc::process wrong() {
    const std::vector<std::string> texts;
    return proc::each(texts, 0, [](int) {});
}
