// A program of somebody else that imports the module, and includes no header of the library.
#include <chrono>
#include <cstdlib>
#include <string>
#include <tuple>
#include <variant>

import procession;

namespace {

bool gives_values() {
    const auto [one, two] = proc::all([] { return 1; }, [] { return std::string("two"); });
    return one == 1 && two == "two" && proc::get([] { return 3; }) == 3;
}

bool tells_errors() {
    const auto fails = [] { throw proc::error(5, "no"); };
    const proc::error failed = proc::try_run(proc::task("web", fails));
    return failed.code() == 5 && failed.message() == "web: no" && failed == failed;
}

bool hands_over() {
    const proc::channel<int> numbers(1);
    proc::job sender = proc::start([numbers] { (void)numbers.send(7); });
    return *numbers.receive() == 7 && !sender.try_join();
}

} // namespace

int main() {
    const auto work = [](const proc::token &token) { token.wait(std::chrono::milliseconds(1)); };
    if (!gives_values() || !tells_errors() || !hands_over())
        return EXIT_FAILURE;
    return procession::main(proc::group(work, proc::make(work)), proc::main_options());
}
