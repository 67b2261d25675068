/* Coroutines that wait for processes. Laws:
 *
 *   gives       co_await gives what the callable returns, moved; nothing of a process, for void and an error.
 *   throws      What fails is thrown as a proc::failure, whose rethrow() brings the exception back; of what is bad input, EINVAL.
 *   lazy        Nothing is started before it is awaited.
 *   goes_on     Without an executor, or with an empty one, the coroutine goes on on a thread of the library, where it may block.
 *   executor    With one it goes on where that calls what it is given, with a handle or without.
 *   cancelled   A cancellation of the handle stops it, and is thrown.
 *   destroyed   A coroutine that is destroyed while it waits cancels the process and waits for it; it does not go on.
 *   many        Jobs that have ended are joined, however many coroutines wait at the same time.
 */
#include "gate.hpp"
#include <cerrno>
#include <functional>
#include <gtest/gtest.h>
#include <procession.hpp>
#include <procession/async.hpp>
#include <thread>

#ifdef __cpp_impl_coroutine

namespace {

/* A coroutine that begins at once, and whose end is a promise. */
struct coroutine {
    struct promise_type {
        proc::promise ended{};
        coroutine get_return_object() {
            return {ended, std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void unhandled_exception() noexcept { ended.complete(std::current_exception()); }
        void return_void() noexcept { ended.complete(); }
    };

    void wait() const { EXPECT_FALSE(proc::try_run(proc::await(ended))); }

    proc::promise ended;
    std::coroutine_handle<> handle;
};

/* What an event loop is: a queue, which the test empties. */
struct loop {
    proc::channel<std::function<void()>> calls{8};

    auto executor() {
        return [this](auto resume) { EXPECT_EQ(calls.send(resume), proc::channel_status::ok); };
    }
    void run_one() { (*calls.receive())(); }
};

coroutine gives_values() {
    EXPECT_EQ(*co_await proc::async([] { return std::make_unique<int>(3); }), 3);
    EXPECT_FALSE(co_await proc::async([](const proc::token &token) { return token.cancelled(); }));
    co_await proc::async([] { return proc::error(); });
    co_await proc::async(proc::make([] {}));
    static_assert(
        std::is_void_v<decltype(proc::detail::awaiter<proc::process, proc::detail::here>({}, {}, {})
                                    .await_resume())>);
}

TEST(async, gives) { gives_values().wait(); }

/* The code of what a process fails with. */
template <class Part> coroutine fails_with(Part part, int &code) {
    try {
        co_await proc::async(std::move(part));
    } catch (const proc::failure &failure) {
        code = failure.error().code();
    }
}

coroutine rethrows() {
    try {
        (void)co_await proc::async([]() -> int { throw std::out_of_range("thrown"); });
        ADD_FAILURE() << "it should have thrown";
    } catch (const proc::failure &failure) {
        EXPECT_THROW(failure.rethrow(), std::out_of_range);
    }
}

TEST(async, throws) {
    rethrows().wait();
    int code = 0;
    fails_with([] { return proc::error(EIO, "disk"); }, code).wait();
    EXPECT_EQ(code, EIO);
    fails_with(proc::process(), code = 0).wait();
    EXPECT_EQ(code, EINVAL);
    fails_with(std::function<void()>(), code = 0).wait();
    EXPECT_EQ(code, EINVAL);
}

TEST(async, lazy) {
    bool called = false;
    {
        [[maybe_unused]] const auto never = proc::async([&] { called = true; });
    }
    EXPECT_FALSE(called);
}

coroutine blocks(std::thread::id &went_on) {
    co_await proc::async([] {}, proc::token(), std::function<void(std::function<void()>)>());
    went_on = std::this_thread::get_id();
    co_await proc::async([] {});
    proc::run(proc::group([] {}, [] {}));
}

TEST(async, goes_on) {
    std::thread::id went_on;
    blocks(went_on).wait();
    EXPECT_NE(went_on, std::this_thread::get_id());
}

coroutine goes_on_in(loop &loop, const proc::cancel &cancel) {
    const auto caller = std::this_thread::get_id();
    const auto ran =
        co_await proc::async([] { return std::this_thread::get_id(); }, cancel, loop.executor());
    EXPECT_NE(ran, caller);
    EXPECT_EQ(std::this_thread::get_id(), caller);
    co_await proc::async([] {}, loop.executor());
    EXPECT_EQ(std::this_thread::get_id(), caller);
}

TEST(async, executor) {
    loop loop;
    const auto running = goes_on_in(loop, proc::cancel());
    loop.run_one();
    loop.run_one();
    running.wait();
}

coroutine waits(const proc::token &above, gate &begun, proc::error &thrown) {
    const auto part = [&](const proc::token &token) {
        begun.open();
        token.wait();
        return token.error();
    };
    try {
        co_await proc::async(part, above);
    } catch (const proc::failure &failure) {
        thrown = failure.error();
    }
}

TEST(async, cancelled) {
    const proc::cancel cancel;
    gate begun;
    proc::error thrown;
    const auto running = waits(cancel, begun, thrown);
    begun.wait();
    cancel.trigger(proc::error(EIO, "cause"));
    running.wait();
    EXPECT_EQ(thrown, cancel.cause());
}

coroutine lends(gate &begun, bool &ended) {
    std::string here = "what is in the coroutine";
    co_await proc::async([&](const proc::token &token) {
        begun.open();
        token.wait();
        here += " is there until it ends";
        ended = true;
    });
    ADD_FAILURE() << "it went on";
}

TEST(async, destroyed) {
    gate begun;
    bool ended = false;
    const auto running = lends(begun, ended);
    begun.wait();
    running.handle.destroy();
    EXPECT_TRUE(ended);
}

/* A job that is not joined keeps its executor. */
coroutine counts(std::atomic<int> &count, std::shared_ptr<int> kept) {
    const auto executor = [kept](auto resume) { resume(); }; // Named, as g++ 12.2 wants it.
    for (int i = 0; i < 100; ++i)
        count += co_await proc::async([] { return 1; }, executor);
    EXPECT_LT(kept.use_count(), 200);
}

TEST(async, many) {
    std::atomic<int> count = 0;
    std::vector<coroutine> all;
    const auto kept = std::make_shared<int>();
    for (int i = 0; i < 8; ++i)
        all.push_back(counts(count, kept));
    for (const coroutine &one : all)
        one.wait();
    EXPECT_EQ(count, 800);
}

} // namespace

#endif
