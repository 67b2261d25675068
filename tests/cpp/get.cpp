/* What one callable returns. Laws:
 *
 *   get              get gives what the callable returns, moved; for void, an error and a process it is std::monostate.
 *   throws           If it fails, get throws a proc::failure, whose rethrow() brings the exception back.
 *   try_get          try_get gives a result: the value, or the error.
 *   where_it_lies    The callable is called where it lies, on this thread, under the handle that was given.
 *   bad_input        An empty callable or process is EINVAL.
 *   results          A result gives its value to who asks and has one, and throws or gives another one if not.
 *   told             on_done that takes a result gets the value, moved, or the error that the job is joined with; once, before the join returns.
 *   told_error       … one that takes an error gets that.
 *   told_process     … of a process, too.
 *   told_bad         … of what is bad input, EINVAL; and an empty on_done is none.
 *   told_cancelled   … of a job that was cancelled, the cause.
 */
#include "gate.hpp"
#include <cerrno>
#include <functional>
#include <gtest/gtest.h>
#include <procession.hpp>
#include <procession/get.hpp>

namespace {

const auto fails = []() -> int { throw std::out_of_range("thrown"); };

std::unique_ptr<int> makes() { return std::make_unique<int>(3); }

TEST(get, get) {
    EXPECT_EQ(*proc::get(makes), 3);
    EXPECT_EQ(proc::get([](const proc::token &token) { return token.cancelled(); }), false);
    const auto nothing = proc::get([] {});
    static_assert(std::is_same_v<decltype(nothing), const std::monostate>);
    (void)proc::get([] { return proc::error(); });
    (void)proc::get(proc::make([] {}));
}

TEST(get, throws) {
    EXPECT_THROW((void)proc::get(fails), proc::failure);
    try {
        (void)proc::get([] { return proc::error(EIO, "disk"); });
        FAIL() << "it should have thrown";
    } catch (const proc::failure &failure) {
        EXPECT_EQ(failure.error().message(), "disk");
    }
    try {
        (void)proc::get(fails);
    } catch (const proc::failure &failure) {
        EXPECT_THROW(failure.rethrow(), std::out_of_range);
    }
}

TEST(get, try_get) {
    const auto value = proc::try_get([] { return std::string("text"); });
    EXPECT_TRUE(value);
    EXPECT_EQ(*value, "text");
    const proc::result<int> none = proc::try_get(fails);
    EXPECT_FALSE(none.has_value());
    EXPECT_EQ(none.error().message(), "thrown");
    EXPECT_TRUE(proc::try_get(proc::make([] {})).has_value());
}

TEST(get, where_it_lies) {
    struct pinned {
        pinned() = default;
        pinned(const pinned &) = delete;
        pinned &operator=(const pinned &) = delete;
        ~pinned() = default;
        int operator()(const proc::cancel &cancel) {
            given = cancel.get();
            return ++calls;
        }
        int calls = 0;
        proc_cancel *given = nullptr;
    };
    pinned callable;
    const proc::cancel cancel;
    EXPECT_EQ(proc::get(callable, cancel), 1);
    EXPECT_EQ(callable.given, cancel.get());
    EXPECT_EQ(*proc::try_get(callable, cancel), 2);
    EXPECT_EQ(proc::get(callable), 3);
    EXPECT_NE(callable.given, nullptr);
}

TEST(get, bad_input) {
    const std::function<int()> none;
    EXPECT_EQ(proc::try_get(none).error().code(), EINVAL);
    EXPECT_EQ(proc::try_get(proc::process()).error().code(), EINVAL);
    EXPECT_THROW((void)proc::get(none), proc::failure);
}

TEST(get, results) {
    auto value = proc::try_get(makes);
    EXPECT_EQ(**value, 3);
    EXPECT_EQ(*value.value(), 3);
    EXPECT_EQ(value->get(), value.value().get());
    EXPECT_EQ(*std::move(value).value(), 3);
    const auto none = proc::try_get(fails);
    EXPECT_EQ(none.value_or(4), 4);
    EXPECT_EQ(proc::try_get(fails).value_or(4), 4);
    EXPECT_EQ(proc::try_get([] { return 5; }).value_or(4), 5);
    EXPECT_ANY_THROW((void)none.value());
    auto other = proc::try_get([] { return 6; });
    other = none;
    EXPECT_FALSE(other);
}

TEST(get, told) {
    int value = 0;
    int calls = 0;
    proc::job job =
        proc::start(makes, proc::cancel(), [&](proc::result<std::unique_ptr<int>> made) {
            value = **made;
            ++calls;
        });
    job.join();
    EXPECT_EQ(value, 3);
    EXPECT_EQ(calls, 1);
    proc::error told;
    job = proc::start(fails, proc::cancel(), [&](const auto &none) { told = none.error(); });
    const proc::error joined = job.try_join();
    EXPECT_EQ(told.get(), joined.get());
    EXPECT_THROW(told.rethrow(), std::out_of_range);
}

TEST(get, told_error) {
    proc::error told(EIO);
    proc::start([] {}, proc::cancel(),
                [&, held = makes()](const proc::error &failed) {
                    EXPECT_EQ(*held, 3);
                    told = failed;
                })
        .join();
    EXPECT_FALSE(told);
    proc::job job = proc::start(fails, [&](proc::error failed) { told = std::move(failed); });
    const proc::error ended = job.try_join();
    EXPECT_EQ(ended.get(), told.get());
}

TEST(get, told_process) {
    std::string told;
    const auto tells = [&](const proc::result<std::monostate> &ended) {
        told = ended ? "success" : ended.error().message();
    };
    proc::start(proc::group([] {}, [] {}), proc::cancel(), tells).join();
    EXPECT_EQ(told, "success");
    const proc::process broken = proc::task("t", [] { (void)fails(); });
    EXPECT_TRUE(proc::start(broken, proc::cancel(), tells).try_join());
    EXPECT_EQ(told, "t: thrown");
}

TEST(get, told_bad) {
    int code = 0;
    const auto tells = [&](const proc::error &failed) { code = failed.code(); };
    EXPECT_EQ(proc::start(proc::process(), proc::cancel(), tells).try_join().code(), EINVAL);
    EXPECT_EQ(code, EINVAL);
    code = 0;
    const std::function<int()> none;
    EXPECT_EQ(proc::start(none, proc::cancel(), tells).try_join().code(), EINVAL);
    EXPECT_EQ(code, EINVAL);
    const std::function<void(proc::error)> nobody;
    proc::start([] {}, proc::cancel(), nobody).join();
}

TEST(get, told_cancelled) {
    const proc::cancel cancel;
    cancel.trigger(proc::error(EINTR, "asked"));
    bool is_echo = false;
    proc::job job =
        proc::start([](const proc::token &token) { return token.error(); }, cancel,
                    [&](const proc::error &failed) { is_echo = failed.is_echo(cancel); });
    EXPECT_TRUE(job.try_join());
    EXPECT_TRUE(is_echo);
}

} // namespace
