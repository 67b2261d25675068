// This must be rejected, in these words: what a callable returns has no default value, which Asio's handlers are given for none.
#include <asio/detached.hpp>
#include <procession/asio.hpp>

struct only_of_something {
    explicit only_of_something(int) {}
};

void wrong();

void wrong() {
    proc::async_run([] { return only_of_something(1); }, asio::detached);
}
