/* proc::condition, and deadlines that are points in time. Laws:
 *
 *   notified         What waits is woken when it is notified, and goes on when what it waits for holds, with its lock.
 *   holds_already    What holds already is not waited for, also in a cancelled handle and when the time is up.
 *   cancelled        A cancellation ends the wait, before, while and whenever it comes, with the lock held.
 *   under_the_mutex  Who cancels may hold the mutex of those that wait.
 *   in_time          The time and a deadline end it, and what is too long is no time that is over.
 *   uncancelled      An empty handle never cancels.
 *   lets_go          While it waits, the mutex is free.
 *   many             One notification wakes one of several; all wake all.
 *   deadlines        Handles, waits of jobs and nurseries, and channels take points in time as they take durations.
 */
#include "gate.hpp"
#include <cerrno>
#include <gtest/gtest.h>
#include <procession.hpp>
#include <procession/condition.hpp>
#include <shared_mutex>
#include <thread>

namespace {

using namespace std::chrono_literals;

using clock = std::chrono::steady_clock;

/* A number that is waited for. */
struct counter {
    std::mutex mutex{};
    proc::condition changed{};
    int value = 0;

    void add(int more) {
        {
            const std::lock_guard<std::mutex> lock(mutex);
            value += more;
        }
        changed.notify_all();
    }

    /* Whether it becomes that. */
    bool reaches(int wanted, const proc::token &token) {
        std::unique_lock<std::mutex> lock(mutex);
        const bool reached = changed.wait(lock, token, [&] { return value >= wanted; });
        EXPECT_TRUE(lock.owns_lock());
        EXPECT_EQ(reached, value >= wanted);
        return reached;
    }
};

TEST(condition, notified) {
    counter counter;
    const auto waits = [&](const proc::token &token) { EXPECT_TRUE(counter.reaches(2, token)); };
    const auto adds = [&] { counter.add(1); };
    EXPECT_FALSE(proc::try_run(proc::group(waits, adds, waits, adds)));
}

TEST(condition, holds_already) {
    counter counter;
    const proc::cancel cancel;
    cancel.trigger();
    EXPECT_TRUE(counter.reaches(0, cancel));
    std::unique_lock<std::mutex> lock(counter.mutex);
    EXPECT_TRUE(counter.changed.wait_for(lock, cancel, -1s, [] { return true; }));
}

TEST(condition, cancelled) {
    const proc::cancel before;
    before.trigger();
    counter counter;
    EXPECT_FALSE(counter.reaches(1, before));
    for (int i = 0; i < 200; ++i) { // At whatever moment.
        const proc::cancel cancel;
        const auto waits = [&] { EXPECT_FALSE(counter.reaches(1, cancel)); };
        const auto cancels = [&] { cancel.trigger(); };
        EXPECT_FALSE(proc::try_run(proc::concurrent(waits, cancels, waits)));
    }
}

TEST(condition, under_the_mutex) {
    counter counter;
    for (int i = 0; i < 200; ++i) {
        const proc::cancel cancel;
        const auto waits = [&] { EXPECT_FALSE(counter.reaches(1, cancel)); };
        const auto cancels = [&] {
            const std::lock_guard<std::mutex> lock(counter.mutex);
            cancel.trigger();
        };
        EXPECT_FALSE(proc::try_run(proc::concurrent(waits, cancels, waits)));
    }
}

TEST(condition, in_time) {
    counter counter;
    const auto never = [] { return false; };
    std::unique_lock<std::mutex> lock(counter.mutex);
    const auto begun = clock::now();
    EXPECT_FALSE(counter.changed.wait_for(lock, {}, 2ms, never));
    EXPECT_GE(clock::now(), begun + 2ms);
    EXPECT_FALSE(counter.changed.wait_until(lock, {}, begun, never));
    EXPECT_FALSE(counter.changed.wait_for(lock, {}, -1h, never));
    const proc::cancel cancel = proc::cancel::after(1ms);
    EXPECT_FALSE(counter.changed.wait_for(lock, cancel, std::chrono::hours::max(), never));
    EXPECT_TRUE(cancel.cancelled());
}

TEST(condition, uncancelled) {
    counter counter;
    proc::job job = proc::start([&] { EXPECT_TRUE(counter.reaches(1, {})); });
    counter.add(1);
    job.join();
}

TEST(condition, lets_go) {
    std::shared_mutex mutex;
    proc::condition changed;
    bool is_set = false;
    const auto waits = [&](const proc::token &token) {
        std::unique_lock<std::shared_mutex> lock(mutex);
        EXPECT_TRUE(changed.wait(lock, token, [&] { return is_set; }));
        EXPECT_TRUE(lock.owns_lock());
    };
    const auto sets = [&] {
        const std::lock_guard<std::shared_mutex> lock(mutex);
        is_set = true;
        changed.notify_one();
    };
    EXPECT_FALSE(proc::try_run(proc::group(waits, sets)));
}

TEST(condition, many) {
    std::mutex mutex;
    proc::condition changed;
    int tickets = 0;
    const auto takes = [&](const proc::token &token) {
        std::unique_lock<std::mutex> lock(mutex);
        EXPECT_TRUE(changed.wait(lock, token, [&] { return tickets > 0; }));
        --tickets;
    };
    const auto gives = [&] {
        for (int i = 0; i < 4; ++i) {
            const std::lock_guard<std::mutex> lock(mutex);
            ++tickets;
            changed.notify_one();
        }
    };
    EXPECT_FALSE(proc::try_run(proc::group(takes, takes, gives, takes, takes)));
    EXPECT_EQ(tickets, 0);
}

TEST(condition, deadlines) {
    const auto past = clock::now() - 1s;
    const auto future = clock::now() + gate::deadline();
    EXPECT_EQ(proc::cancel::until(past).cause().code(), ETIMEDOUT);
    EXPECT_FALSE(proc::cancel::until(clock::time_point::max()).cancelled());
    const proc::token token = proc::cancel::until(future);
    EXPECT_LE(*token.remaining(), gate::deadline());
    EXPECT_EQ(token.child(past).cause().code(), ETIMEDOUT);
    EXPECT_FALSE(token.cancelled());
    const proc::channel<int> channel(1);
    EXPECT_EQ(channel.send_until(1, token, future), proc::channel_status::ok);
    EXPECT_EQ(channel.send_until(2, {}, past), proc::channel_status::timeout);
    EXPECT_EQ(*channel.receive_until({}, future), 1);
    EXPECT_EQ(channel.receive_until(token, past).status(), proc::channel_status::timeout);
    gate may_end;
    proc::job job = proc::start([&] { may_end.wait(); });
    EXPECT_FALSE(job.wait_until(past));
    may_end.open();
    EXPECT_TRUE(job.wait_until(future));
    proc::run(proc::with_nursery([&](const proc::nursery &nursery) {
        nursery.spawn([&] { may_end.wait(2); });
        EXPECT_FALSE(nursery.wait_until(past));
        may_end.open();
        EXPECT_TRUE(nursery.wait_until(future));
    }));
}

} // namespace
