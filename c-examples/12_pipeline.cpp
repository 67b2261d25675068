/* 12_pipeline: stages that run at the same time, with bounded channels between them; an exception in one stops the others.
 *
 *     c++ -std=c++17 12_pipeline.cpp -o 12_pipeline $(pkg-config --cflags --libs procession) -pthread && ./12_pipeline
 *
 * The first stage sends lines, the second parses them as numbers, the third adds the numbers up. A stage that has sent everything
 * closes its channel, which ends the loop of the next stage. A wait at a channel also ends at a cancellation. In the second run a
 * line is not a number: the exception cancels the group, the other stages stop, and `main` gets the same exception.
 */
#include <iostream>
#include <procession.hpp>

struct bad_line : std::runtime_error {
    bad_line(int at, const std::string &line)
        : std::runtime_error("no number: " + line), number(at) {}
    int number;
};

static bool was_sent(proc::channel_status status) { return status == proc::channel_status::ok; }

static int sum_of(const std::vector<std::string> &input) {
    const proc::channel<std::string> lines(2);
    const proc::channel<int> numbers(2);
    int sum = 0;
    const auto read = [&](const proc::cancel &cancel) {
        for (const std::string &line : input)
            if (!was_sent(lines.send(line, cancel)))
                return;
        lines.close();
    };
    const auto parse = [&](const proc::cancel &cancel) {
        int count = 0;
        for (const std::string &line : lines.items(cancel)) {
            ++count;
            if (line.find_first_not_of("0123456789") != std::string::npos)
                throw bad_line(count, line);
            if (!was_sent(numbers.send(std::stoi(line), cancel)))
                return;
        }
        numbers.close();
    };
    const auto add = [&](const proc::cancel &cancel) {
        for (const int number : numbers.items(cancel))
            sum += number;
    };
    const proc::error error = proc::try_run(
        proc::group(proc::task("read", read), proc::task("parse", parse), proc::task("add", add)));
    if (error)
        std::cout << "the pipeline failed: " << error.message() << "\n";
    error.rethrow(); /* Throws the original exception; does nothing on success. */
    return sum;
}

static void add_up_twice() {
    std::cout << "the sum is " << sum_of({"30", "4", "50", "6"}) << "\n";
    try {
        sum_of({"30", "4", "fifty", "6", "70", "8", "90"});
    } catch (const bad_line &bad) {
        std::cout << "line " << bad.number << " is bad\n";
        throw;
    }
}

int main() { return proc::main(proc::make(add_up_twice)); }
