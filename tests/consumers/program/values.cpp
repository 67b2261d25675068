// A program of somebody else in C++: a group of callables, one of which throws.
#include <iostream>
#include <procession.hpp>

int main() {
    const auto waits = [](const proc::cancel &cancel) {
        cancel.wait();
        return cancel.error();
    };
    const auto fails = [] { throw std::runtime_error("as planned"); };
    const proc::error error = proc::try_run(proc::group(waits, proc::task("failing", fails)));
    std::cout << "procession " << proc_version() << ": " << error.message() << "\n";
    try {
        error.rethrow();
    } catch (const std::runtime_error &original) {
        return original.what() != std::string("as planned");
    }
    return 1;
}
