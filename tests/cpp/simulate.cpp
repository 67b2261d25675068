/* procession/simulate.hpp: a program in a world of its own. Laws:
 *
 *   a_day        A day of waits is over at once, by the clock of the run; outside of it nothing is simulated.
 *   same_seed    The same seed gives the same order, another one another order.
 *   fails        The error is the program's own, with the exception that it carries, and says how to run it again.
 *   all_orders   Of all orders one is found in which something goes wrong.
 *   signals      A signal that comes by itself stops a program that listens.
 *   made         What is thrown where the process is made fails the run; a callable may be what is to run.
 *   bad_input    An empty program, and options that cannot be.
 *   trace        Where the failing run's trace cannot be written, the error says so.
 *   outside      The calls that are for runs do nothing outside of one.
 */
#include <cerrno>
#include <csignal>
#include <functional>
#include <gtest/gtest.h>
#include <procession.hpp>
#include <procession/simulate.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using std::chrono::hours;

TEST(simulate, a_day) {
    const auto waits = [](const proc::token &token) {
        EXPECT_TRUE(proc::simulated());
        EXPECT_FALSE(token.wait(hours(24)));
        EXPECT_EQ(proc::now(), hours(24));
    };
    proc::simulate([&] { return waits; });
    EXPECT_FALSE(proc::simulated());
}

/* The order in which three say a letter. */
std::string order_of(std::uint64_t seed) {
    std::string order;
    const auto says = [&order](char letter) { return [&order, letter] { order += letter; }; };
    proc::simulation options;
    options.seed = seed;
    proc::simulate([&] { return proc::group(says('a'), says('b'), says('c')); }, options);
    return order;
}

TEST(simulate, same_seed) {
    std::vector<std::string> orders;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        orders.push_back(order_of(seed));
        EXPECT_EQ(order_of(seed), orders.back());
        EXPECT_EQ(orders.back().size(), 3U);
    }
    EXPECT_NE(orders, std::vector<std::string>(orders.size(), orders.front()));
}

TEST(simulate, fails) {
    const auto fails = [] { throw std::out_of_range("the disk is full"); };
    proc::simulation options;
    options.seed = 7;
    const proc::error failed =
        proc::try_simulate([&] { return proc::task("log", fails); }, options);
    EXPECT_THROW(failed.rethrow(), std::out_of_range);
    EXPECT_NE(failed.message().find("PROCESSION_SEED=7"), std::string::npos);
    EXPECT_EQ(failed.find_task("log").message(), "log: the disk is full");
    EXPECT_THROW(proc::simulate([&] { return fails; }), proc::failure);
}

/* Each reads, lets others go on, and writes. */
TEST(simulate, all_orders) {
    int number = 0;
    const auto adds = [&number] {
        const int before = number;
        proc::yield();
        number = before + 1;
    };
    const auto twice = [&] {
        number = 0;
        return proc::sequence(proc::group(adds, adds), [&number] {
            return number == 2 ? proc::error() : proc::error(ENODATA, "one is lost");
        });
    };
    proc::simulation options;
    options.schedule = proc::schedule::exhaustive;
    options.runs = 10000;
    EXPECT_EQ(proc::try_simulate(twice, options).code(), ENODATA);
    const auto once = [&] { return proc::group(adds); };
    EXPECT_FALSE(proc::try_simulate(once, options));
}

TEST(simulate, signals) {
    const auto stops = [](const proc::token &token) {
        proc::simulate_signal(SIGTERM, hours(1));
        EXPECT_TRUE(token.wait(hours(2)));
        EXPECT_EQ(proc::now(), hours(1));
        return token.error();
    };
    const auto program = [&] { return [&] { return proc::try_main(stops); }; };
    EXPECT_FALSE(proc::try_simulate(program));
}

TEST(simulate, made) {
    const auto throws = []() -> proc::process { throw std::length_error("too long"); };
    EXPECT_THROW(proc::try_simulate(throws).rethrow(), std::length_error);
    EXPECT_EQ(proc::try_simulate([] { return proc::process(); }).code(), EINVAL);
}

TEST(simulate, bad_input) {
    EXPECT_EQ(proc::try_simulate(std::function<proc::process()>()).code(), EINVAL);
    proc::simulation options;
    options.runs = 0;
    EXPECT_EQ(proc::try_simulate([] { return [] {}; }, options).code(), EINVAL);
    options = {};
    options.cancel_permille = 1001;
    EXPECT_EQ(proc::try_simulate([] { return [] {}; }, options).code(), EINVAL);
    options = {};
    options.early_wakes_permille = 1001;
    EXPECT_EQ(proc::try_simulate([] { return [] {}; }, options).code(), EINVAL);
}

TEST(simulate, slow) {
    proc::simulation options;
    options.slow_permille = 1000;
    options.slow = hours(1);
    const auto looks = [] {
        return [] {
            if (proc::now() > std::chrono::seconds(1))
                throw std::runtime_error("late");
        };
    };
    EXPECT_NE(std::string(proc::try_simulate(looks, options).message()).find("by up to 1 h"),
              std::string::npos);
}

TEST(simulate, child) {
    proc::child_options asked;
    asked.argv = {"convert", "in.png"};
    const auto converts = [asked] { return proc::child(asked); };
    EXPECT_EQ(proc::try_simulate(converts).code(), ENOTSUP);
    proc::simulation options;
    options.child = [](const proc_child_options &lent) {
        return proc::make([name = std::string(lent.argv[1])] { EXPECT_EQ(name, "in.png"); });
    };
    EXPECT_FALSE(proc::try_simulate(converts, options));
    options.kill_children_permille = 1000;
    EXPECT_NE(
        std::string(proc::try_simulate(converts, options).message()).find("killed by SIGKILL"),
        std::string::npos);
    options.kill_children_permille = 0;
    options.child = [](const proc_child_options &) { return proc::process(); };
    EXPECT_EQ(proc::try_simulate(converts, options).code(), ENOENT);
    options.child = [](const proc_child_options &) -> proc::process {
        throw std::runtime_error("no such picture");
    };
    EXPECT_NE(std::string(proc::try_simulate(converts, options).message()).find("no such picture"),
              std::string::npos);
}

TEST(simulate, trace) {
    proc::simulation options;
    options.trace_path = "/nowhere/run";
    const proc::error failed =
        proc::try_simulate([] { return [] { throw std::runtime_error("it failed"); }; }, options);
    EXPECT_NE(std::string(failed.message()).find("no trace: /nowhere/run: "), std::string::npos);
}

TEST(simulate, outside) {
    proc::yield();
    proc::simulate_signal(SIGTERM);
    EXPECT_FALSE(proc::simulated());
}

} // namespace
