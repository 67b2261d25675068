// A program of somebody else in C++ that runs something by Asio.
#include <asio/use_future.hpp>
#include <procession/asio.hpp>

int main() {
    return proc::async_run([] { return 3; }, asio::use_future).get() == 3 ? 0 : 1;
}
