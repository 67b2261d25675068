/* Processes as operations of Asio, of the one without Boost or, with PROCESSION_ASIO_BOOST, of Boost's. Laws:
 *
 *   tokens      Every completion token gets what the callable returns; of a process, for void and an error only whether it failed.
 *   throws      What fails is thrown as a proc::failure, whose rethrow() brings the exception back; a callback has the error itself.
 *   codes       Codes of Asio are those of errno, as errors and in exceptions, of Boost once the program has said so.
 *   bad_input   What is empty is EINVAL.
 *   executor    The handler is called on its executor, which has work to do until then; without one not by who starts it.
 *   allocator   Memory is the handler's, and free again when that is called.
 *   cancelled   A cancellation of the handle stops it.
 *   slot        So does one by the handler's slot, of any type but none, and it stops nothing else.
 *   signal      The other way, a hook emits by a signal of Asio's, and the operation that has its slot ends.
 *   destroyed   A context that is destroyed cancels what still runs for it, waits for it, and calls no handler.
 *   coroutine   So are coroutines of Asio; and a process waits for one by a promise.
 */
#include <utility>
#ifdef PROCESSION_ASIO_BOOST
#include <boost/asio.hpp>
namespace asio = boost::asio;
#else
#include <asio.hpp>
#include <asio/experimental/deferred.hpp>
#endif
#include "gate.hpp"
#include <cerrno>
#include <functional>
#include <gtest/gtest.h>
#include <procession.hpp>
#include <procession/asio.hpp>
#include <thread>

namespace {

TEST(asio, tokens) {
    asio::io_context io;
    const proc::cancel cancel;
    int ended = 0;
    const auto counts = [&](const std::exception_ptr &exception) { ended += exception ? 0 : 1; };
    proc::async_run([] {}, cancel, asio::bind_executor(io, counts));
    auto text = proc::async_run([] { return std::string("text"); }, asio::use_future);
    auto nothing = proc::async_run([] {}, asio::use_future);
#ifndef PROCESSION_ASIO_BOOST
    auto later = proc::async_run([] { return 5; }, cancel, asio::experimental::deferred);
    EXPECT_EQ(std::move(later)(asio::use_future).get(), 5);
#endif
    io.run();
    EXPECT_EQ(ended, 1);
    EXPECT_EQ(text.get(), "text");
    EXPECT_NO_THROW(nothing.get());
}

TEST(asio, throws) {
    const auto fails = []() -> int { throw std::out_of_range("thrown"); };
    try {
        proc::async_run(fails, asio::use_future).get();
        FAIL() << "it should have thrown";
    } catch (const proc::failure &failure) {
        EXPECT_THROW(failure.rethrow(), std::out_of_range);
    }
    asio::io_context io;
    const proc::error disk(EIO, "disk");
    const auto is_told = [&](const std::exception_ptr &exception) {
        EXPECT_EQ(proc::error(exception), disk);
    };
    proc::async_run([&] { return disk; }, asio::bind_executor(io, is_told));
    EXPECT_EQ(io.run(), 1U);
}

TEST(asio, codes) {
#ifdef PROCESSION_ASIO_BOOST
    using boost::system::error_code;
    using boost::system::system_error;
    const proc::exception_codes<system_error> known;
#else
    using asio::error_code;
    using asio::system_error;
#endif
    const error_code refused = asio::error::connection_refused;
    const error_code aborted = asio::error::operation_aborted;
    const error_code at_end = asio::error::eof;
    EXPECT_EQ(proc::error(refused).code(), ECONNREFUSED);
    EXPECT_EQ(proc::error(refused, "connect").message(), "connect: " + refused.message());
    EXPECT_EQ(proc::error(aborted).code(), ECANCELED);
    EXPECT_EQ(proc::error(at_end).code(), -1);
    EXPECT_FALSE(proc::error(error_code()));
    const auto thrown = [](const error_code &code) {
        return proc::try_run(proc::task("web", [code] { throw system_error(code, "connect"); }));
    };
    EXPECT_EQ(thrown(refused).code(), ECONNREFUSED);
    EXPECT_EQ(thrown(at_end).code(), -1);
    EXPECT_EQ(thrown(refused).find<system_error>()->code(), refused);
}

TEST(asio, bad_input) {
    asio::io_context io;
    const auto is_told = [&](const std::exception_ptr &exception) {
        EXPECT_EQ(proc::error(exception).code(), EINVAL);
    };
    proc::async_run(proc::process(), asio::bind_executor(io, is_told));
    proc::async_run(std::function<void()>(), asio::bind_executor(io, is_told));
    EXPECT_EQ(io.run(), 2U);
}

TEST(asio, executor) {
    asio::io_context io;
    gate begun;
    gate goes_on;
    std::thread::id ran;
    const auto part = [&] {
        begun.open();
        goes_on.wait();
        ran = std::this_thread::get_id();
    };
    bool called = false;
    const auto is_told = [&](const std::exception_ptr &) {
        EXPECT_TRUE(io.get_executor().running_in_this_thread());
        called = true;
    };
    proc::async_run(part, asio::bind_executor(asio::make_strand(io), is_told));
    begun.wait();
    io.poll(); // There is nothing yet, and it is not out of work.
    EXPECT_FALSE(io.stopped() || called);
    goes_on.open();
    io.run();
    EXPECT_TRUE(called);
    EXPECT_NE(ran, std::this_thread::get_id());

    std::promise<std::thread::id> by;
    proc::async_run([] {},
                    [&](const std::exception_ptr &) { by.set_value(std::this_thread::get_id()); });
    EXPECT_NE(by.get_future().get(), std::this_thread::get_id());
}

/* Counts what is allocated, and not yet free. */
template <class T> struct counting {
    using value_type = T;
    explicit counting(std::atomic<int> &given, std::atomic<int> &all) : live(given), ever(all) {}
    template <class Other>
    counting(const counting<Other> &other) // NOLINT(google-explicit-constructor): as they are
        : live(other.live), ever(other.ever) {}

    T *allocate(std::size_t count) {
        ++live;
        ++ever;
        return std::allocator<T>().allocate(count);
    }
    void deallocate(T *place, std::size_t count) {
        --live;
        std::allocator<T>().deallocate(place, count);
    }
    template <class Other> bool operator==(const counting<Other> &other) const {
        return &live == &other.live;
    }

    std::atomic<int> &live;
    std::atomic<int> &ever;
};

/* A handler that has an allocator, and an executor. */
struct allocating {
    using allocator_type = counting<void>;
    using executor_type = asio::io_context::executor_type;

    [[nodiscard]] allocator_type get_allocator() const noexcept {
        return allocator_type(live, ever);
    }
    [[nodiscard]] executor_type get_executor() const noexcept { return io.get_executor(); }
    void operator()(const std::exception_ptr &) const { EXPECT_EQ(live, 0); }

    asio::io_context &io;
    std::atomic<int> &live;
    std::atomic<int> &ever;
};

TEST(asio, allocator) {
    asio::io_context io;
    std::atomic<int> live = 0;
    std::atomic<int> ever = 0;
    proc::async_run([] {}, allocating{io, live, ever});
    EXPECT_EQ(io.run(), 1U);
    EXPECT_GT(ever, 0);
}

/* Waits until it is cancelled, and says so. */
auto waiting(gate &begun) {
    return [&begun](const proc::token &token) {
        begun.open();
        token.wait();
        return token.error();
    };
}

TEST(asio, cancelled) {
    asio::io_context io;
    gate begun;
    const proc::cancel cancel;
    const auto is_told = [&](const std::exception_ptr &exception) {
        EXPECT_EQ(proc::error(exception), cancel.cause());
    };
    proc::async_run(waiting(begun), cancel, asio::bind_executor(io, is_told));
    begun.wait();
    cancel.trigger(proc::error(EIO, "cause"));
    EXPECT_EQ(io.run(), 1U);
}

#if !defined(BOOST_ASIO_VERSION) || BOOST_ASIO_VERSION >= 101900

TEST(asio, slot) {
    asio::io_context io;
    gate begun;
    const proc::cancel above;
    asio::cancellation_signal signal;
    bool called = false;
    const auto is_told = [&](const std::exception_ptr &exception) {
        EXPECT_EQ(proc::error(exception).code(), ECANCELED);
        EXPECT_FALSE(signal.slot().has_handler());
        called = true;
    };
    proc::token own;
    const auto part = [&](const proc::token &token) {
        own = token;
        return waiting(begun)(token);
    };
    proc::async_run(part, above,
                    asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(io, is_told)));
    begun.wait();
    signal.emit(asio::cancellation_type::none);
    EXPECT_FALSE(own.cancelled());
    signal.emit(asio::cancellation_type::partial);
    io.run();
    EXPECT_TRUE(called);
    EXPECT_FALSE(above.cancelled());
}

TEST(asio, signal) {
    asio::io_context io;
    asio::steady_timer timer(io, std::chrono::hours(1));
    const auto stop = std::make_shared<asio::cancellation_signal>();
    const auto emit = [stop] { stop->emit(asio::cancellation_type::terminal); };
    const proc::cancel cancel;
    const proc::hook hook(cancel, [&io, emit] { asio::post(io, emit); });
    const proc::promise ended;
    const auto is_told = [ended](const auto &code) { ended.complete(proc::error(code)); };
    timer.async_wait(asio::bind_cancellation_slot(stop->slot(), is_told));
    const auto stops = [cancel] { cancel.trigger(); };
    const auto runs = [&] { io.run(); };
    const auto failed = proc::try_run(proc::concurrent(proc::await(ended), runs, stops));
    EXPECT_EQ(failed.code(), ECANCELED);
}

#endif

TEST(asio, destroyed) {
    gate begun;
    std::atomic<int> ended = 0;
    const auto part = [&](const proc::token &token) {
        begun.open();
        token.wait();
        ++ended;
    };
    const auto kept = std::make_shared<int>();
    {
        asio::io_context io;
        const auto never = [kept](const std::exception_ptr &) { ADD_FAILURE() << "called"; };
        proc::async_run(part, asio::bind_executor(io, never));
        proc::async_run(part, asio::bind_executor(asio::make_strand(io), never));
        begun.wait(2);
        EXPECT_EQ(kept.use_count(), 3 + 1); // And `never` itself.
    }
    EXPECT_EQ(ended, 2);
    EXPECT_EQ(kept.use_count(), 1);
}

#ifdef __cpp_impl_coroutine

asio::awaitable<void> gives_values(proc::cancel cancel) {
    EXPECT_EQ(co_await proc::async_run([] { return 3; }, asio::use_awaitable), 3);
    const auto moved = co_await proc::async_run([] { return std::make_unique<int>(4); }, cancel,
                                                asio::use_awaitable);
    EXPECT_EQ(*moved, 4);
    co_await proc::async_run([] { return proc::error(); }, asio::use_awaitable);
    co_await proc::async_run(proc::group([] {}, [] {}), asio::use_awaitable);
    throw std::out_of_range("thrown");
}

/* The coroutine is the operation of Asio here. */
TEST(asio, coroutine) {
    asio::io_context io;
    const proc::promise ended;
    asio::co_spawn(io, gives_values(proc::cancel()),
                   [ended](const std::exception_ptr &exception) { ended.complete(exception); });
    const auto runs = [&] { io.run(); };
    EXPECT_EQ(proc::try_run(proc::concurrent(proc::await(ended), runs)).message(), "thrown");
}

#endif

} // namespace
