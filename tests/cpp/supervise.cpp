/* proc::supervise and proc::stack. Laws:
 *
 *   again            What fails, by an error or an exception, runs again until it succeeds; without options, too.
 *   gives_up         The last error comes back, wrapped, and with it its exception.
 *   asked            `restart` is asked with each error, and may say no.
 *   kept             What it has captured lives as long as the process, and is destroyed once.
 *   options          Each option is what it says; for ever is for ever.
 *   on_success       A success ends it, or makes it run again.
 *   stacked          What stands on each other begins upwards and stops downwards.
 *   ranges           The parts may be processes, callables and ranges of these.
 *   bad_input        Empty processes are bad input, and so are options that cannot be.
 */
#include "gate.hpp"
#include <cerrno>
#include <gtest/gtest.h>
#include <mutex>
#include <procession.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;

proc::supervise_options at_most(std::size_t most) {
    proc::supervise_options options;
    options.first_delay = 0s;
    options.most = most;
    return options;
}

TEST(supervise, again) {
    int runs = 0;
    const auto fails_twice = [&runs] {
        switch (runs++) {
        case 0:
            throw std::runtime_error("thrown");
        case 1:
            return proc::error(5, "returned");
        default:
            return proc::error();
        }
    };
    proc::run(proc::supervise(at_most(2), fails_twice));
    EXPECT_EQ(runs, 3);
    proc::run(proc::supervise([] {}));
    proc::run(proc::supervise(proc::task("t", [] {})));
#if __cplusplus >= 202002L
    runs = 0;
    proc::run(proc::supervise({.first_delay = 1ms, .most = 5}, fails_twice));
    EXPECT_EQ(runs, 3);
#endif
}

TEST(supervise, gives_up) {
    const auto fails = [] { throw std::out_of_range("far"); };
    const auto error = proc::try_run(proc::supervise(at_most(2), proc::task("t", fails)));
    EXPECT_EQ(error.message().find("gave up after 3 failures in "), 0U);
    EXPECT_NE(error.message().find("t: far"), std::string::npos);
    EXPECT_THROW(proc::run(proc::supervise(at_most(0), fails)), proc::failure);
}

TEST(supervise, asked) {
    std::vector<int> codes;
    auto options = at_most(9);
    options.restart = [&codes](const proc::error &error) {
        codes.push_back(error.code());
        return error.code() != 3;
    };
    int runs = 0;
    const auto error =
        proc::try_run(proc::supervise(options, [&runs] { return proc::error(++runs, "counted"); }));
    EXPECT_EQ(error.message(), "counted");
    EXPECT_EQ(codes, (std::vector<int>{1, 2, 3}));
}

TEST(supervise, kept) {
    auto alive = std::make_shared<int>(7);
    const std::weak_ptr<int> seen = alive;
    auto options = at_most(9);
    options.restart = [alive = std::move(alive)](const proc::error &) { return *alive == 8; };
    auto process = proc::supervise(std::move(options), [] { return proc::error(5, "no"); });
    options = {};
    for (int i = 0; i < 2; i++) {
        EXPECT_FALSE(seen.expired());
        EXPECT_EQ(proc::try_run(process).message(), "no");
    }
    process = {};
    EXPECT_TRUE(seen.expired());
}

TEST(supervise, options) {
    auto options = at_most(SIZE_MAX);
    options.first_delay = options.longest_delay = std::chrono::nanoseconds::max();
    const auto fails = [] { return proc::error(5, "no"); };
    const auto waits = proc::timeout(300ms, proc::supervise(options, fails)); // It fails in less.
    EXPECT_EQ(proc::try_run(waits).code(), ETIMEDOUT);
    options = at_most(1);
    options.within = 0s;
    int runs = 0;
    const auto fails_often = [&runs] {
        for (const auto began = proc::now(); proc::now() == began;)
            ;
        return ++runs < 20 ? proc::error(5, "no") : proc::error();
    };
    proc::run(proc::supervise(options, fails_often));
    EXPECT_EQ(runs, 20);
}

TEST(supervise, on_success) {
    auto options = at_most(0);
    options.restart_on_success = true;
    int runs = 0;
    const auto succeeds = [&runs](const proc::cancel &cancel) {
        if (++runs == 5)
            cancel.trigger();
    };
    proc::run(proc::supervise(options, succeeds));
    EXPECT_EQ(runs, 5);
}

/* Notes that it has begun and ended, in a text. */
class scene {
  public:
    auto living(char name) {
        return [this, name](const proc::cancel &cancel) {
            note(name);
            proc_ready(cancel.get());
            EXPECT_TRUE(cancel.wait(gate::deadline()));
            note(static_cast<char>(name - 'a' + 'A'));
            return cancel.error();
        };
    }

    [[nodiscard]] std::string log() const { return log_; }

  private:
    void note(char name) {
        const std::lock_guard<std::mutex> lock(mutex_);
        log_ += name;
    }

    std::mutex mutex_;
    std::string log_;
};

TEST(supervise, stacked) {
    scene s;
    const auto fails = [] { throw std::runtime_error("top"); };
    const auto error = proc::try_run(proc::stack(s.living('a'), s.living('b'), fails));
    EXPECT_EQ(error.message(), "top");
    EXPECT_EQ(s.log(), "abBA");
}

TEST(supervise, ranges) {
    scene s;
    std::vector<proc::process> two;
    two.push_back(proc::make(s.living('a')));
    two.push_back(proc::supervise(s.living('b')));
    const auto fails = [] { return proc::error(5, "top"); };
    EXPECT_EQ(proc::try_run(proc::stack(std::move(two), proc::make(fails))).code(), 5);
    EXPECT_EQ(s.log(), "abBA");
    proc::run(proc::stack({proc::make([] {}), proc::make([] {})}));
    proc::run(proc::stack());
}

TEST(supervise, bad_input) {
    EXPECT_EQ(proc::try_run(proc::supervise(proc::process())).message(),
              "proc_supervise: impl is NULL");
    auto options = at_most(1);
    options.jitter_percent = 101;
    options.restart = [](const proc::error &) { return true; };
    EXPECT_EQ(proc::try_run(proc::supervise(options, [] {})).code(), EINVAL);
    EXPECT_EQ(proc::try_run(proc::stack(proc::make([] {}), proc::process())).message(),
              "proc_stack: impls[1] is NULL");
}

} // namespace
