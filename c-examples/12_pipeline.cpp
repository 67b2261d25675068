/* 12_pipeline: stages that run at the same time, with bounded channels between them; an exception in one stops the others.
 *
 *     c++ -std=c++17 12_pipeline.cpp -o 12_pipeline $(pkg-config --cflags --libs procession) -pthread && ./12_pipeline
 *
 * The first stage makes lines, the second makes numbers of them, the third adds these up. Who waits at a channel waits for
 * the cancellation too. In the second run a line is no number: the exception cancels the group, the other stages stop, and
 * the exception comes back as what it was, up to `main`.
 */
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <procession.hpp>
#include <queue>

/* Items on their way from one stage to the next; nothing comes after the last one. */
template <class Item> class channel {
  public:
    void put(const proc::cancel &cancel, std::optional<Item> item) {
        const auto has_room = [&] { return items_.size() < 2; };
        once(cancel, has_room, [&] { items_.push(std::move(item)); });
    }

    std::optional<Item> take(const proc::cancel &cancel) {
        std::optional<Item> taken;
        const auto has_one = [&] { return !items_.empty(); };
        once(cancel, has_one, [&] { taken.swap(items_.front()), items_.pop(); });
        return taken;
    }

  private:
    /* Does something once that is possible. Throws "stopped, as asked" if it is cancelled before. */
    template <class Possible, class Action>
    void once(const proc::cancel &cancel, Possible possible, Action action) {
        /* The hook lies outside of the lock: it must not be destroyed under a lock that it takes. */
        const proc::hook wakes(cancel, [this] {
            const std::lock_guard<std::mutex> lock(mutex_);
            changed_.notify_all();
        });
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [&] { return cancel.cancelled() || possible(); });
        cancel.throw_if_cancelled();
        action();
        changed_.notify_all();
    }

    std::mutex mutex_{};
    std::condition_variable changed_{};
    std::queue<std::optional<Item>> items_{};
};

struct bad_line : std::runtime_error {
    bad_line(int at, const std::string &line)
        : std::runtime_error("no number: " + line), number(at) {}
    int number;
};

static int sum_of(const std::vector<std::string> &input) {
    channel<std::string> lines;
    channel<int> numbers;
    int sum = 0;
    const auto read = [&](const proc::cancel &cancel) {
        for (const std::string &line : input)
            lines.put(cancel, line);
        lines.put(cancel, {});
    };
    const auto parse = [&](const proc::cancel &cancel) {
        int count = 0;
        while (const auto line = lines.take(cancel)) {
            ++count;
            if (line->find_first_not_of("0123456789") != std::string::npos)
                throw bad_line(count, *line);
            numbers.put(cancel, std::stoi(*line));
        }
        numbers.put(cancel, {});
    };
    const auto add = [&](const proc::cancel &cancel) {
        while (const auto number = numbers.take(cancel))
            sum += *number;
    };
    const proc::error error = proc::try_run(
        proc::group(proc::task("read", read), proc::task("parse", parse), proc::task("add", add)));
    if (error)
        std::cout << "the pipeline failed: " << error.message() << "\n";
    error.rethrow(); /* The exception, as what it was; on success nothing. */
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
