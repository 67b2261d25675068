/* proc::promise and proc::await; proc::queue. Laws:
 *
 *   success          What awaits a promise completes when it is completed, before and after.
 *   failure          … with its error; an exception arrives as what it was.
 *   first            Only the first completion counts, and is told so.
 *   threads          Any thread may complete it; many may await it.
 *   cancelled        A cancellation ends the wait, and the promise is as it was.
 *   broken           When its last copy is gone, what awaits it fails with EPIPE; awaiting it is no copy.
 *   values           A copy is the same promise; an empty one cannot be awaited.
 *
 *   queue.runs       A callable or a process runs on the thread that runs the queue, in order, under its own handle; its exception arrives
 *                    where it is waited for.
 *   queue.waits      A run waits for the first: for ever, for a time, or until a handle is cancelled; run_ready does not.
 *   queue.values     A copy is the same queue; an empty one has nothing, and with the last copy what waits fails with EPIPE.
 */
#include "gate.hpp"
#include <cerrno>
#include <gtest/gtest.h>
#include <procession.hpp>
#include <thread>

namespace {

TEST(promise, success) {
    const proc::promise promise;
    const proc::process waits = proc::await(promise);
    proc::run(proc::group(waits, waits, [promise] { promise.complete(); }));
    proc::run(waits);
}

struct derived : std::runtime_error {
    using std::runtime_error::runtime_error;
};

TEST(promise, failure) {
    const proc::promise by_error;
    by_error.complete(proc::error(std::make_error_code(std::errc::no_space_on_device)));
    EXPECT_EQ(proc::try_run(proc::await(by_error)).code(), ENOSPC);
    const proc::promise by_exception;
    by_exception.complete(std::make_exception_ptr(derived("thrown")));
    const proc::error error = proc::try_run(proc::task("t", proc::await(by_exception)));
    EXPECT_EQ(error.message(), "t: thrown");
    EXPECT_THROW(error.rethrow(), derived);
    const proc::promise by_none;
    by_none.complete(std::exception_ptr());
    proc::run(proc::await(by_none));
}

TEST(promise, first) {
    const proc::promise promise;
    EXPECT_TRUE(promise.complete(proc::error(EIO, "first")));
    EXPECT_FALSE(promise.complete());
    EXPECT_FALSE(promise.complete(std::make_exception_ptr(derived("third"))));
    EXPECT_EQ(proc::try_run(proc::await(promise)).message(), "first");
}

TEST(promise, threads) {
    const proc::promise promise;
    const std::vector<proc::process> many(20, proc::await(promise));
    const proc::job job = proc::start(proc::group(many));
    std::thread([promise] { promise.complete(); }).join();
    EXPECT_TRUE(job.wait());
}

TEST(promise, cancelled) {
    const proc::promise promise;
    const proc::cancel cancel;
    cancel.trigger(proc::error(EINTR, "asked"));
    EXPECT_TRUE(proc::try_run(proc::await(promise), cancel).is_echo(cancel));
    EXPECT_TRUE(promise.complete());
    EXPECT_FALSE(proc::try_run(proc::await(promise), cancel));
}

TEST(promise, broken) {
    proc::process waits;
    {
        const proc::promise promise;
        waits = proc::await(promise);
    }
    EXPECT_EQ(proc::try_run(waits).code(), EPIPE);
    auto held = std::make_unique<proc::promise>();
    const proc::job job = proc::start(proc::await(*held));
    held.reset();
    EXPECT_TRUE(job.wait());
}

TEST(promise, values) {
    proc::promise promise;
    const proc::promise copy = promise;
    EXPECT_EQ(copy.get(), promise.get());
    const proc::promise moved = std::move(promise);
    EXPECT_EQ(moved.get(), copy.get());
    EXPECT_EQ(promise.get(), nullptr); // NOLINT(bugprone-use-after-move): it is empty
    EXPECT_FALSE(promise.complete());
    EXPECT_EQ(proc::try_run(proc::await(promise)).message(), "proc_await: promise is NULL");
    moved.complete();
    proc::run(proc::await(copy));
}

TEST(queue, runs) {
    const proc::queue queue;
    std::string order;
    std::thread::id thread;
    const auto first = queue.on([&](const proc::cancel &cancel) {
        EXPECT_EQ(proc::cancel::current().get(), cancel.get());
        thread = std::this_thread::get_id();
        order += "first ";
        proc::run(queue.on([&] { order += "inside "; }), cancel);
        throw derived("thrown");
    });
    const auto second = queue.on(proc::task("s", [&] { order += "second"; }));
    proc::job job = proc::start(proc::concurrent(proc::task("t", first), second));
    while (!job.wait(std::chrono::nanoseconds(0)))
        queue.run_for(std::chrono::milliseconds(1));
    EXPECT_EQ(job.try_join().message(), "t: thrown");
    EXPECT_EQ(thread, std::this_thread::get_id());
    // A helper may come to the second one before the job's thread has put the first one into the queue.
    EXPECT_TRUE(order == "first inside second" || order == "secondfirst inside ") << order;
}

TEST(queue, waits) {
    const proc::queue queue;
    const proc::cancel cancel;
    EXPECT_EQ(queue.run_ready(), 0);
    EXPECT_EQ(queue.run_for(std::chrono::milliseconds(1)), 0);
    EXPECT_LT(queue.fd(), 1 << 20);
    const proc::job job = proc::start(queue.on([] {}));
    EXPECT_EQ(queue.run(), 1);
    cancel.trigger();
    EXPECT_EQ(queue.run(cancel), 0);
    EXPECT_EQ(queue.run_for(cancel, std::chrono::hours(1)), 0);
}

TEST(queue, values) {
    proc::queue queue;
    const proc::queue copy = queue;
    EXPECT_EQ(copy.get(), queue.get());
    const proc::process waits = copy.on([] {});
    const proc::queue moved = std::move(queue);
    EXPECT_EQ(queue.get(), nullptr); // NOLINT(bugprone-use-after-move): it is empty
    EXPECT_EQ(queue.run(), 0);
    EXPECT_EQ(proc::try_run(queue.on([] {})).code(), EINVAL);
    EXPECT_THROW((void)queue.fd(), proc::failure);
    const proc::process gone = proc::queue().on([] {});
    EXPECT_EQ(proc::try_run(gone).code(), EPIPE);
    EXPECT_EQ(moved.get(), copy.get());
}

} // namespace
