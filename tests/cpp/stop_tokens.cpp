/* std::stop_token in callables, and proc::stop_link (C++20). Laws:
 *
 *   given            A callable that takes a std::stop_token is given one, which is stopped when the process is cancelled.
 *   results          What it returns and throws is treated as of every callable.
 *   says_stopped     It says "stopped, as asked" by the handle that it runs under, which it need not be given.
 *   no_handle        A link of an empty handle throws EINVAL.
 *   prefers          A callable that can take both gets the handle.
 *   already          Under a cancelled handle the token is stopped already, and a callback is called in its constructor.
 *   callback         A std::stop_callback is called once, on the thread that cancels, before that goes on.
 *   removed          One that was destroyed before is never called.
 *   itself           A callback may destroy itself, and make others, which are called at once.
 *   waits            Destroying a callback waits until it has come to its end on another thread.
 *   waiting          A std::condition_variable_any that waits with the token is woken.
 *   thread           The token may be handed to threads.
 *   outlives         A token that is kept for longer than its callable or its link runs can be asked, and is not stopped any more.
 *   other_way        A std::stop_token cancels a handle, by a callback of one line.
 */
#include "gate.hpp"
#include "told.hpp"
#include <cerrno>
#include <functional>
#include <gtest/gtest.h>
#include <optional>
#include <procession.hpp>
#include <thread>

namespace {

using callback = std::stop_callback<std::function<void()>>;

/* A sibling that fails once the gate is open, which cancels the others. */
auto fails_after(gate &started) {
    return [&started] {
        started.wait();
        throw std::runtime_error("first");
    };
}

TEST(stop_tokens, given) {
    gate started;
    const auto waits = [&](std::stop_token token) {
        EXPECT_TRUE(token.stop_possible());
        EXPECT_FALSE(token.stop_requested());
        gate stopped;
        const std::stop_callback wakes(token, [&] { stopped.open(); });
        started.open();
        stopped.wait();
        EXPECT_TRUE(token.stop_requested());
    };
    EXPECT_EQ(proc::try_run(proc::group(waits, fails_after(started))).message(), "first");
}

TEST(stop_tokens, results) {
    const auto returns = [](std::stop_token) { return proc::error(7, "returned"); };
    EXPECT_EQ(proc::try_run(returns).code(), 7);
    const auto throws = [](const std::stop_token &) { throw std::length_error("thrown"); };
    EXPECT_THROW(proc::try_run(throws).rethrow(), std::length_error);
    EXPECT_FALSE(proc::try_run([](std::stop_token) {}));
}

TEST(stop_tokens, says_stopped) {
    const proc::cancel cancel;
    cancel.trigger(proc::error(EINTR, "enough"));
    const auto returns = [](const std::stop_token &) { return proc::token::current().error(); };
    EXPECT_EQ(proc::try_run(returns, cancel).get(), cancel.error().get());
    const auto throws = [](const std::stop_token &) {
        proc::token::current().throw_if_cancelled();
    };
    EXPECT_TRUE(proc::try_run(throws, cancel).is_echo(cancel));
    EXPECT_FALSE(proc::try_run(proc::sequence(returns, throws)));
}

TEST(stop_tokens, no_handle) {
    try {
        const proc::stop_link link{proc::token()};
        FAIL() << "it should have thrown";
    } catch (const proc::failure &failure) {
        EXPECT_EQ(failure.error().code(), EINVAL);
    }
}

struct both {
    proc::error operator()(std::stop_token) const { return proc::error(1); }
    proc::error operator()(const proc::cancel &) const { return proc::error(2); }
};

struct token_or_nothing {
    proc::error operator()() const { return proc::error(1); }
    proc::error operator()(std::stop_token) const { return proc::error(2); }
};

TEST(stop_tokens, prefers) {
    EXPECT_EQ(proc::try_run(both()).code(), 2);
    EXPECT_EQ(proc::try_run(token_or_nothing()).code(), 2);
}

TEST(stop_tokens, already) {
    const proc::cancel cancel;
    cancel.trigger();
    int calls = 0;
    const auto looks = [&](std::stop_token token) {
        EXPECT_TRUE(token.stop_requested());
        const std::stop_callback counts(token, [&] { calls++; });
        EXPECT_EQ(calls, 1);
    };
    proc::run(looks, cancel);
    EXPECT_EQ(calls, 1);
}

TEST(stop_tokens, callback) {
    const proc::cancel cancel;
    const proc::stop_link link(cancel);
    told notes;
    const std::stop_callback callback(link.token(), std::ref(notes));
    notes.expect_once_at_trigger(cancel);
}

TEST(stop_tokens, removed) {
    const proc::cancel cancel;
    const proc::stop_link link(cancel);
    {
        const std::stop_callback never(link.token(), [] { ADD_FAILURE() << "it was called"; });
    }
    cancel.trigger();
    EXPECT_TRUE(link.token().stop_requested());
}

TEST(stop_tokens, itself) {
    const proc::cancel cancel;
    const proc::stop_link link(cancel);
    std::optional<callback> removes;
    int calls = 0;
    removes.emplace(link.token(), [&] {
        int *const counted = &calls; /* What the callback holds goes with it. */
        const callback inner(link.token(), [counted] { ++*counted; });
        removes.reset();
        ++*counted;
    });
    cancel.trigger();
    EXPECT_FALSE(removes);
    EXPECT_EQ(calls, 2);
}

TEST(stop_tokens, waits) {
    const proc::cancel cancel;
    const proc::stop_link link(cancel);
    gate runs;
    gate may_end;
    bool ended = false;
    std::optional<callback> one;
    one.emplace(link.token(), [&] {
        runs.open();
        may_end.wait();
        ended = true;
    });
    std::jthread canceller([&] { cancel.trigger(); });
    runs.wait();
    may_end.open();
    one.reset();
    EXPECT_TRUE(ended);
}

TEST(stop_tokens, waiting) {
    gate started;
    const auto waits = [&](std::stop_token token) {
        std::mutex mutex;
        std::condition_variable_any never;
        std::unique_lock lock(mutex);
        started.open();
        EXPECT_FALSE(never.wait(lock, token, [] { return false; }));
    };
    EXPECT_EQ(proc::try_run(proc::group(waits, fails_after(started), waits)).message(), "first");
}

TEST(stop_tokens, thread) {
    gate started;
    const auto has_a_thread = [&](std::stop_token token) {
        gate stopped;
        std::jthread thread([&] {
            const std::stop_callback wakes(token, [&] { stopped.open(); });
            started.open();
            stopped.wait();
        });
    };
    EXPECT_EQ(proc::try_run(proc::group(has_a_thread, fails_after(started))).message(), "first");
}

TEST(stop_tokens, outlives) {
    const proc::cancel cancel;
    std::stop_token of_callable;
    proc::run([&](std::stop_token token) { of_callable = std::move(token); }, cancel);
    const std::stop_token of_link = proc::stop_link(cancel).token();
    const std::stop_callback never(of_link, [] { ADD_FAILURE() << "it was called"; });
    cancel.trigger();
    for (const std::stop_token &token : {of_callable, of_link}) {
        EXPECT_FALSE(token.stop_requested());
        EXPECT_FALSE(token.stop_possible());
    }
}

TEST(stop_tokens, other_way) {
    const proc::cancel cancel;
    std::stop_source source;
    const std::stop_callback link(source.get_token(), [cancel] { cancel.trigger(); });
    EXPECT_FALSE(cancel.cancelled());
    source.request_stop();
    EXPECT_TRUE(cancel.cancelled());
}

} // namespace
