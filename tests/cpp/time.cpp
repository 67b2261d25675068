/* proc::now, delay, timeout, every, and handles with a deadline. Laws:
 *
 *   clock            proc::now is std::chrono::steady_clock's.
 *   delays           A delay succeeds after its time; cancelled, it fails with the cause.
 *   in_time          What completes in time decides, a callable too.
 *   time_is_up       What is cancelled because its time is up fails with ETIMEDOUT, which is no echo around it.
 *   durations        Durations of any type; what is over begins, cancelled.
 *   every            It runs again and again until it is cancelled, which is a success; an exception ends it.
 *   deadline         A handle with a deadline is cancelled at it, and says how long that is.
 *   no_deadline      A handle without one, and an empty one, have no time left to tell.
 *   bad_input        Empty processes and a period of 0 are bad input.
 */
#include "gate.hpp"
#include <atomic>
#include <cerrno>
#include <gtest/gtest.h>
#include <procession.hpp>
#include <stdexcept>

namespace {

using namespace std::chrono_literals;

proc::error until_cancelled(const proc::cancel &cancel) {
    EXPECT_TRUE(cancel.wait(gate::deadline()));
    return cancel.error();
}

TEST(time, clock) {
    const auto before = std::chrono::steady_clock::now().time_since_epoch();
    const auto now = proc::now();
    EXPECT_LE(before, now);
    EXPECT_LE(now, std::chrono::steady_clock::now().time_since_epoch());
}

TEST(time, delays) {
    const auto began = proc::now();
    proc::run(proc::delay(2ms));
    EXPECT_GE(proc::now() - began, 2ms);
    const proc::cancel cancelled;
    cancelled.trigger(proc::error(77, "enough"));
    EXPECT_EQ(proc::try_run(proc::delay(0s), cancelled).code(), 77);
}

TEST(time, in_time) {
    proc::run(proc::timeout(1h, [] {}));
    EXPECT_EQ(proc::try_run(proc::timeout(1h, [] { return proc::error(5, "no"); })).code(), 5);
}

TEST(time, time_is_up) {
    const auto slow = proc::timeout(3ms, until_cancelled);
    const auto error = proc::try_run(proc::group(proc::task("slow", slow), until_cancelled));
    EXPECT_EQ(error.code(), ETIMEDOUT);
    EXPECT_EQ(error.message(), "slow: timed out after 3 ms");
}

TEST(time, durations) {
    EXPECT_EQ(proc::try_run(proc::timeout(0.5ms, until_cancelled)).message(),
              "timed out after 500 µs");
    EXPECT_EQ(proc::try_run(proc::timeout(-1s, until_cancelled)).code(), ETIMEDOUT);
    std::atomic<bool> cancelled{false};
    proc::run(
        proc::timeout(0s, [&](const proc::cancel &cancel) { cancelled = cancel.cancelled(); }));
    EXPECT_TRUE(cancelled);
}

TEST(time, every) {
    int runs = 0;
    const proc::cancel cancel;
    proc::run(proc::every(1ms,
                          [&] {
                              if (++runs == 3)
                                  cancel.trigger();
                          }),
              cancel);
    EXPECT_EQ(runs, 3);
    EXPECT_THROW(proc::run(proc::every(1h, [] { throw std::runtime_error("no"); })),
                 std::exception);
}

TEST(time, deadline) {
    const proc::cancel parent;
    const auto cancel = parent.child(1h);
    const auto left = cancel.remaining();
    ASSERT_TRUE(left);
    EXPECT_LE(*left, 1h);
    EXPECT_GT(*left, 1h - gate::deadline());
    const auto nearer = cancel.child(2ms);
    EXPECT_TRUE(nearer.wait());
    EXPECT_EQ(nearer.cause().code(), ETIMEDOUT);
    EXPECT_EQ(nearer.remaining(), 0ns);
    EXPECT_FALSE(cancel.cancelled());
    const auto alone = proc::cancel::after(1ms);
    EXPECT_TRUE(alone.wait());
    EXPECT_EQ(alone.cause().message(), "timed out after 1 ms");
}

TEST(time, no_deadline) {
    const proc::cancel plain;
    EXPECT_FALSE(plain.remaining());
    proc::cancel given;
    const proc::cancel taken = std::move(given);
    EXPECT_FALSE(given.remaining()); // NOLINT(bugprone-use-after-move)
}

TEST(time, bad_input) {
    EXPECT_EQ(proc::try_run(proc::timeout(1s, proc::process())).code(), EINVAL);
    EXPECT_EQ(proc::try_run(proc::every(1s, proc::process())).code(), EINVAL);
    EXPECT_EQ(proc::try_run(proc::every(0s, [] {})).code(), EINVAL);
}

} // namespace
