/* proc::cancel. Laws:
 *
 *   triggers         A new handle is not cancelled; triggered, it is, for good, with the first cause; success stands for ECANCELED.
 *   a_tree           A handle below a cancelled one is cancelled, with its cause; one made below it is born cancelled.
 *   values           A copy is the same handle and keeps it; an empty one is never cancelled, and takes everything.
 *   asked            error() and cause() are the very cause; throw_if_cancelled() throws it; before, they are success and do nothing.
 *   wakes            wait() ends with the cancellation, and with the time that it is given.
 *   deadlines        wait_until() ends with the cancellation, and at its deadline, however far off that is.
 *   durations        Durations of any unit are rounded up; what is past is no time at all; what is too long is 292 years.
 *   current          current() is the handle that the innermost callable was given; empty outside.
 *   descriptor       fd() is one descriptor, readable once cancelled; of an empty handle it is bad input.
 *   polls            poll() says how many files are ready, 0 if the time is up, -1 if it is cancelled; it throws what poll fails with.
 *   any              any() is below several, in a list, a container or, as any_of(), one by one, and cancelled with the first; empty ones are left out.
 *   drains           drain_handle() is the same each time, cancelled with the handle, and not the other way round.
 *   with_c           Handles are exchanged with C by adopt, share, get and release.
 */
#include "gate.hpp"
#include <cerrno>
#include <cmath>
#include <gtest/gtest.h>
#include <procession.hpp>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace std::chrono_literals;

TEST(cancel, triggers) {
    const proc::cancel cancel;
    EXPECT_FALSE(cancel.cancelled());
    cancel.trigger({EINTR, "first"});
    cancel.trigger({EIO, "second"});
    EXPECT_TRUE(cancel.cancelled());
    EXPECT_EQ(cancel.cause().message(), "first");
    const proc::cancel other;
    EXPECT_FALSE(other.cancelled());
    other.trigger();
    EXPECT_EQ(other.cause().code(), ECANCELED);
}

TEST(cancel, a_tree) {
    const proc::cancel above;
    const proc::cancel below = above.child().child();
    const proc::cancel beside = above.child();
    beside.trigger();
    EXPECT_FALSE(above.cancelled());
    EXPECT_FALSE(below.cancelled());
    above.trigger({EINTR, "from above"});
    EXPECT_EQ(below.cause().message(), "from above");
    EXPECT_EQ(below.cause().get(), above.child().cause().get());
}

TEST(cancel, values) {
    proc::cancel cancel;
    const proc::cancel copy = cancel;
    EXPECT_EQ(copy.get(), cancel.get());
    const proc::cancel moved = std::move(cancel);
    moved.trigger();
    EXPECT_TRUE(copy.cancelled());
    EXPECT_EQ(cancel.get(), nullptr);
    cancel.trigger({EIO, "of nobody"});
    EXPECT_FALSE(cancel.cancelled());
    EXPECT_FALSE(cancel.wait());
    EXPECT_FALSE(cancel.error());
    EXPECT_NO_THROW(cancel.throw_if_cancelled());
    EXPECT_FALSE(cancel.child().cancelled());
    cancel = copy;
    EXPECT_TRUE(cancel.cancelled());
}

TEST(cancel, asked) {
    const proc::cancel cancel;
    const proc::error cause(EINTR, "why");
    EXPECT_FALSE(cancel.error());
    EXPECT_FALSE(cancel.cause());
    EXPECT_NO_THROW(cancel.throw_if_cancelled());
    cancel.trigger(cause);
    EXPECT_EQ(cancel.error().get(), cause.get());
    EXPECT_EQ(cancel.cause().get(), cause.get());
    try {
        cancel.throw_if_cancelled();
        FAIL() << "it should have thrown";
    } catch (const proc::cancelled &thrown) {
        EXPECT_EQ(thrown.error().get(), cause.get());
    }
}

TEST(cancel, wakes) {
    const proc::cancel cancel;
    EXPECT_FALSE(cancel.wait(0s));
    EXPECT_FALSE(cancel.wait(1us));
    gate both;
    const auto waits = [&] {
        both.meet(2);
        EXPECT_TRUE(cancel.wait());
    };
    const auto waits_long = [&] {
        both.meet(2);
        EXPECT_TRUE(cancel.wait(std::chrono::hours::max()));
    };
    const auto triggers = [&] {
        both.wait(2);
        cancel.trigger();
    };
    proc::run(proc::concurrent(waits, waits_long, triggers));
    EXPECT_TRUE(cancel.wait(0s));
    EXPECT_TRUE(cancel.wait(-1s));
}

TEST(cancel, deadlines) {
    using clock = std::chrono::steady_clock;
    using in_hours = std::chrono::time_point<clock, std::chrono::hours>;
    const proc::cancel cancel;
    EXPECT_FALSE(cancel.wait_until(clock::now()));
    EXPECT_FALSE(cancel.wait_until(clock::now() + 1ms));
    EXPECT_FALSE(cancel.wait_until(clock::time_point::min()));
    EXPECT_FALSE(cancel.wait_until(in_hours::min()));
    gate both;
    const auto waits = [&] {
        both.open();
        EXPECT_TRUE(cancel.wait_until(clock::time_point::max()));
    };
    const auto waits_long = [&] {
        both.open();
        EXPECT_TRUE(cancel.wait_until(in_hours::max()));
    };
    const auto triggers = [&] {
        both.wait(2);
        cancel.trigger();
    };
    proc::run(proc::concurrent(waits, waits_long, triggers));
}

TEST(cancel, durations) {
    using proc::detail::nanoseconds;
    constexpr auto forever = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(nanoseconds(1500us), 1500000);
    EXPECT_EQ(nanoseconds(std::chrono::duration<int, std::pico>(1)), 1);
    EXPECT_EQ(nanoseconds(std::chrono::duration<double>(0.5)), 500000000);
    EXPECT_EQ(nanoseconds(0s), 0);
    EXPECT_EQ(nanoseconds(-1ns), 0);
    EXPECT_EQ(nanoseconds(std::chrono::hours::min()), 0);
    EXPECT_EQ(nanoseconds(std::chrono::hours::max()), forever);
    EXPECT_EQ(nanoseconds(std::chrono::nanoseconds::max()), forever);
    EXPECT_EQ(nanoseconds(std::chrono::duration<double>(HUGE_VAL)), forever);
    EXPECT_EQ(nanoseconds(std::chrono::duration<double>(std::nan(""))), 0);
}

TEST(cancel, current) {
    EXPECT_EQ(proc::cancel::current().get(), nullptr);
    const auto looks = [](const proc::cancel &given) {
        EXPECT_EQ(proc::cancel::current().get(), given.get());
    };
    const auto nests = [&](const proc::cancel &given) {
        proc::run(proc::group(looks, looks), given);
        looks(given);
    };
    proc::run(proc::task("t", nests));
    EXPECT_EQ(proc::cancel::current().get(), nullptr);
}

TEST(cancel, descriptor) {
    const proc::cancel cancel;
    pollfd file{cancel.fd(), POLLIN, 0};
    EXPECT_EQ(cancel.fd(), file.fd);
    EXPECT_EQ(::poll(&file, 1, 0), 0);
    cancel.trigger();
    EXPECT_EQ(::poll(&file, 1, 0), 1);
    try {
        (void)proc::cancel::adopt(nullptr).fd();
        FAIL() << "it should have thrown";
    } catch (const proc::failure &failure) {
        EXPECT_EQ(failure.error().code(), EINVAL);
    }
}

TEST(cancel, polls) {
    const proc::cancel cancel;
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    pollfd files[] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}};
    EXPECT_EQ(cancel.poll(files, 1, 0s), 0);
    EXPECT_EQ(cancel.poll(files, 2), 1);
    EXPECT_EQ(files[1].revents, POLLOUT);
    gate started;
    const auto polls = [&] {
        started.open();
        EXPECT_EQ(cancel.poll(files, 1), -1);
        EXPECT_EQ(cancel.poll(files, 2, 1h), -1);
    };
    const auto triggers = [&] {
        started.wait();
        cancel.trigger();
    };
    proc::run(proc::concurrent(polls, triggers));
    EXPECT_THROW((void)proc::cancel().poll(nullptr, 1, 0s), proc::failure);
    close(ends[0]);
    close(ends[1]);
}

TEST(cancel, any) {
    const std::vector<proc::cancel> parents(3);
    const proc::cancel first = proc::cancel::any(parents);
    proc::cancel moved;
    const proc::cancel taken = std::move(moved);
    const proc::cancel second = proc::cancel::any({parents[0], moved, parents[2]});
    parents[1].trigger({EINTR, "one"});
    EXPECT_EQ(first.cause().message(), "one");
    EXPECT_FALSE(second.cancelled());
    parents[2].trigger();
    EXPECT_TRUE(second.cancelled() && !parents[0].cancelled());
    const proc::cancel third = proc::cancel::any_of(parents[0], moved, second.token());
    EXPECT_TRUE(third.cancelled());
    EXPECT_FALSE(proc::cancel::any({}).cancelled());
    EXPECT_FALSE(proc::cancel::any_of().cancelled());
}

TEST(cancel, drains) {
    const proc::cancel cancel, other;
    const proc::cancel drains = cancel.drain_handle();
    EXPECT_EQ(drains.get(), cancel.drain_handle().get());
    EXPECT_FALSE(drains.cancelled());
    cancel.trigger({EINTR, "asked"});
    EXPECT_EQ(drains.cause().message(), "asked");
    other.drain_handle().trigger();
    other.status("not below proc::main");
    other.alive(std::chrono::seconds(0));
    EXPECT_TRUE(proc_healthy());
    other.stop_vouching();
    EXPECT_FALSE(other.cancelled());
}

TEST(cancel, with_c) {
    proc_cancel *owned = proc_cancel_new(nullptr);
    const proc::cancel shared = proc::cancel::share(owned);
    proc_cancel_trigger(owned, nullptr);
    proc::cancel adopted = proc::cancel::adopt(owned);
    EXPECT_TRUE(shared.cancelled());
    EXPECT_TRUE(proc_cancelled(adopted.get()));
    proc_cancel_unref(adopted.release());
    EXPECT_EQ(adopted.get(), nullptr);
    EXPECT_TRUE(shared.cancelled());
}

} // namespace
