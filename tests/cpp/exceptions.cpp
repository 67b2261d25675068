/* What leaves a callable other than by returning. Laws:
 *
 *   any_type         An exception of any type becomes an error that carries it; rethrow() brings back that very object,
 *                    whatever threads, combinators and runs are between.
 *   texts            The message is what(); of what is no std::exception, the name of its type.
 *   of_nothing       What leaves is an error, also if it has no text, or was made of success.
 *   codes            The code is that of a std::system_error of errno's categories, or what it stands for, else -1.
 *   nested           Nested exceptions follow after ": ", and the first code of them counts.
 *   failure          A proc::failure is unpacked: what leaves is the same error, not another one around it.
 *   thrown_error     So is a proc::error that is thrown.
 *   nested_error     If either is nested in other exceptions, what leaves is that error with their texts around it.
 *   echo             "Stopped, as asked" may be thrown from a run inside a callable: it is still the echo.
 *   echo_in_words    … also if the error itself is thrown, or others were thrown with it nested in them: of a signal, too.
 *   cancelled        What throw_if_cancelled throws is no std::exception, so what tries again lets it pass. It is the echo, whatever
 *                    it is nested in.
 *   derived          What is derived from a proc::failure is unpacked as that is. If something is nested in it, it is carried.
 *   of_several       rethrow() of a multi error throws the first exception in it; the others are in its parts. Without any, it
 *                    throws a proc::failure with the error; on success it returns.
 *   foreign_payload  A payload that C code attached is never taken for an exception, even if it is one byte long.
 *   by_hand          A std::exception_ptr becomes an error as if it had left a callable; NULL is success.
 *   thrown_once      What leaves a callable is not thrown again to see what it is.
 *   released         The exception object is released with the last error that carries it.
 *   knows_its_object An exception that only knows the object that has failed, which owns the handle that it cancels, leaves
 *                    nothing behind.
 */
#include <csignal>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <future>
#include <gtest/gtest.h>
#include <procession.hpp>
#include <unistd.h>
#include <unwind.h>

namespace {

/* The error of a callable that throws this. */
template <class Thrown> proc::error thrown(const Thrown &what) {
    return proc::try_run([&what] { throw what; });
}

template <class Thrown> void comes_back(const Thrown &what) {
    const proc::error error = thrown(what);
    ASSERT_TRUE(error);
    EXPECT_THROW(error.rethrow(), Thrown);
    try {
        proc::run([&what] { throw what; });
        FAIL() << "it should have thrown";
    } catch (const proc::failure &failure) {
        EXPECT_THROW(failure.rethrow(), Thrown);
    }
}

struct plain {
    int value;
};

struct derived : std::runtime_error {
    using std::runtime_error::runtime_error;
};

template <class> struct of {};

enum class choice { one };

TEST(exceptions, any_type) {
    comes_back(std::runtime_error("x"));
    comes_back(derived("x"));
    comes_back(std::bad_alloc());
    comes_back(static_cast<int *>(nullptr));
    comes_back(plain{7});
    comes_back(choice::one);
    comes_back(42);
    comes_back(std::string("x"));
    comes_back(static_cast<const char *>("x"));
    comes_back(std::future_error(std::future_errc::no_state));
}

TEST(exceptions, that_very_object) {
    const std::exception *original = nullptr;
    const proc::process throwing = proc::make([&] {
        try {
            throw derived("deep");
        } catch (const derived &here) {
            original = &here;
            throw;
        }
    });
    const proc::process inner = proc::task("inner", proc::group(throwing, proc::sequence()));
    const auto nested_run = [&](const proc::cancel &cancel) { proc::run(inner, cancel); };
    const proc::error error = proc::try_run(proc::concurrent(proc::task("outer", nested_run)));
    EXPECT_EQ(error.message(), "outer: inner: deep");
    try {
        error.rethrow();
        ADD_FAILURE() << "it should have thrown";
    } catch (const derived &back) {
        EXPECT_EQ(&back, original);
    }
}

TEST(exceptions, texts) {
    EXPECT_EQ(thrown(std::runtime_error("what it says")).message(), "what it says");
    EXPECT_EQ(thrown(std::runtime_error("")).message(), "");
    EXPECT_EQ(thrown(42).message(), "int");
    EXPECT_EQ(thrown(plain{7}).message(), "(anonymous namespace)::plain");
    EXPECT_EQ(thrown(of<int>()).message(), "(anonymous namespace)::of<int>");
}

struct silent : std::exception {
    [[nodiscard]] const char *what() const noexcept override { return nullptr; }
};

TEST(exceptions, of_nothing) {
    EXPECT_EQ(thrown(silent()).message(), "(anonymous namespace)::silent");
    EXPECT_THROW(thrown(silent()).rethrow(), silent);
    const proc::error success = thrown(proc::failure(proc::error()));
    EXPECT_EQ(success.message(), "success");
    EXPECT_EQ(success.code(), -1);
    EXPECT_THROW(success.rethrow(), proc::failure);
    EXPECT_TRUE(thrown(proc::error()));
}

TEST(exceptions, codes) {
    EXPECT_EQ(thrown(std::runtime_error("x")).code(), -1);
    EXPECT_EQ(thrown(42).code(), -1);
    EXPECT_EQ(thrown(std::system_error(ENOSPC, std::generic_category())).code(), ENOSPC);
    EXPECT_EQ(thrown(std::system_error(ENOSPC, std::system_category(), "write")).message(),
              "write: No space left on device");
    EXPECT_EQ(thrown(std::system_error(std::make_error_code(std::io_errc::stream))).code(), -1);
    EXPECT_EQ(thrown(std::system_error(0, std::generic_category())).code(), -1);
    const std::error_code missing(ENOENT, std::generic_category());
    EXPECT_EQ(thrown(std::filesystem::filesystem_error("open", "/x", missing)).code(), ENOENT);
}

/* Throws its text with what is being caught nested in it. */
template <class Code> void explaining(const char *text, const Code &code) {
    try {
        code();
    } catch (...) {
        std::throw_with_nested(std::runtime_error(text));
    }
}

TEST(exceptions, nested) {
    const auto open = [] { throw std::system_error(ENOENT, std::generic_category(), "open"); };
    const auto read = [&] { explaining("configuration", open); };
    const proc::error error = proc::try_run([&] { explaining("start", read); });
    EXPECT_EQ(error.message(), "start: configuration: open: No such file or directory");
    EXPECT_EQ(error.code(), ENOENT);
    EXPECT_THROW(error.rethrow(), std::runtime_error);
    EXPECT_THROW(error.rethrow(), std::nested_exception);
    EXPECT_EQ(proc::try_run([] { explaining("number", [] { throw 42; }); }).message(),
              "number: int");
    const auto fails = [] { proc::run([] { return proc::error(EPIPE, "run"); }); };
    const proc::error around = proc::try_run([&] { explaining("around", fails); });
    EXPECT_EQ(around.message(), "around: run");
    EXPECT_EQ(around.code(), EPIPE);
    /* Thrown while nothing was caught, it has nothing nested in it. */
    struct alone : std::runtime_error, std::nested_exception {
        alone() : std::runtime_error("alone") {}
    };
    EXPECT_EQ(thrown(alone()).message(), "alone");
}

TEST(exceptions, failure) {
    const proc::error made(EIO, "made");
    const auto returning = [&] { return made; };
    EXPECT_EQ(proc::try_run(returning).get(), made.get());
    EXPECT_EQ(thrown(proc::failure(made)).get(), made.get());
    EXPECT_EQ(proc::try_run([&] { proc::run(returning); }).get(), made.get());
    try {
        proc::run(proc::task("t", returning));
        FAIL() << "it should have thrown";
    } catch (const std::exception &caught) {
        EXPECT_STREQ(caught.what(), "t: made");
        const auto &failure = dynamic_cast<const proc::failure &>(caught);
        EXPECT_EQ(failure.error().cause().get(), made.get());
        EXPECT_THROW(failure.rethrow(), proc::failure);
    }
}

TEST(exceptions, thrown_error) {
    const proc::error made(EIO, "made");
    const proc::error itself = thrown(made);
    EXPECT_EQ(itself.get(), made.get());
    EXPECT_THROW(itself.rethrow(), proc::failure);
    const proc::error original = thrown(derived("original"));
    EXPECT_THROW(thrown(original).rethrow(), derived);
}

TEST(exceptions, nested_error) {
    const proc::error made(EPIPE, "made");
    const auto as_itself = [&] { throw made; };
    const auto as_failure = [&] { throw proc::failure(made); };
    const auto around_itself = [&] { explaining("inner", as_itself); };
    const proc::error twice = proc::try_run([&] { explaining("outer", around_itself); });
    EXPECT_EQ(twice.message(), "outer: inner: made");
    EXPECT_EQ(twice.code(), EPIPE);
    EXPECT_EQ(twice.cause().get(), made.get());
    EXPECT_FALSE(twice.task_type());
    const proc::error once = proc::try_run([&] { explaining("outer", as_failure); });
    EXPECT_EQ(once.message(), "outer: made");
    EXPECT_EQ(once.cause().get(), made.get());
    EXPECT_EQ(proc::try_run([&] { explaining("", as_failure); }).message(), ": made");
    const proc::error original = thrown(derived("original"));
    const auto again = [&] { throw original; };
    EXPECT_THROW(proc::try_run([&] { explaining("around", again); }).rethrow(), derived);
    /* One made of success is no error: the exceptions around it are carried, as those around anything else. */
    const auto nothing = [] { throw proc::failure(proc::error()); };
    const proc::error odd = proc::try_run([&] { explaining("around", nothing); });
    EXPECT_EQ(odd.message(), "around: success");
    EXPECT_THROW(odd.rethrow(), std::runtime_error);
}

TEST(exceptions, echo) {
    const proc::process waits = proc::make([](const proc::cancel &cancel) {
        cancel.wait();
        cancel.throw_if_cancelled();
        ADD_FAILURE() << "it should have thrown";
    });
    const auto runs = [&](const proc::cancel &cancel) {
        proc::run(proc::task("in", waits), cancel);
    };
    const auto fails = [] { throw derived("first"); };
    const proc::error error = proc::try_run(proc::group(waits, runs, fails, waits));
    EXPECT_EQ(error.message(), "first");
    EXPECT_THROW(error.rethrow(), derived);
}

/* What many programs have somewhere. */
template <class Action> void tries_again(const Action &action) {
    for (int tries = 0; tries < 3; tries++) {
        try {
            return action();
        } catch (const std::exception &caught) {
            ADD_FAILURE() << "it would be tried again after: " << caught.what();
        }
    }
}

TEST(exceptions, cancelled) {
    const proc::cancel cancel;
    cancel.throw_if_cancelled();
    cancel.trigger(proc::error(EINTR, "enough"));
    const auto stops = [&] { cancel.throw_if_cancelled(); };
    const auto error = proc::try_run([&] { tries_again(stops); });
    EXPECT_EQ(error.get(), cancel.error().get());
    const auto explained = proc::try_run([&] { explaining("outer", stops); });
    EXPECT_EQ(explained.message(), "outer: enough");
    EXPECT_TRUE(explained.is_echo(cancel));
    try {
        stops();
        FAIL() << "it should have thrown";
    } catch (const proc::cancelled &caught) {
        EXPECT_STREQ(caught.what(), "enough");
        EXPECT_TRUE(caught.error().is_echo(cancel));
        EXPECT_EQ(proc::error(std::current_exception()).get(), cancel.error().get());
    }
}

struct failed_query : proc::failure {
    using proc::failure::failure;
};

TEST(exceptions, derived) {
    const proc::error made(EIO, "made");
    EXPECT_EQ(thrown(failed_query(made)).get(), made.get());
    const auto asks = [&] {
        try {
            throw std::runtime_error("disk");
        } catch (...) {
            std::throw_with_nested(failed_query(made));
        }
    };
    const proc::error both = proc::try_run(asks);
    EXPECT_EQ(both.message(), "made: disk");
    EXPECT_EQ(both.code(), EIO);
    EXPECT_THROW(both.rethrow(), failed_query);
    const auto stops = [&] { explaining("inner", [&] { throw proc::failure(made); }); };
    EXPECT_EQ(proc::try_run([&] { explaining("outer", stops); }).cause().get(), made.get());
}

/* Stop because they are asked to, and say so in all the ways there are. */
proc::process all_ways() {
    const auto itself = [](const proc::cancel &cancel) {
        cancel.wait();
        throw cancel.error();
    };
    const auto failure = [](const proc::cancel &cancel) {
        cancel.wait();
        throw proc::failure(cancel.cause());
    };
    const auto explained = [=](const proc::cancel &cancel) {
        explaining("outer", [&] { explaining("inner", [&] { itself(cancel); }); });
    };
    const auto wrapped = [](const proc::cancel &cancel) {
        cancel.wait();
        return cancel.error().wrap("wrapped");
    };
    return proc::concurrent(itself, failure, proc::task("t", explained), wrapped);
}

TEST(exceptions, echo_in_words) {
    const auto fails = [] { throw derived("first"); };
    EXPECT_EQ(proc::try_run(proc::group(all_ways(), fails)).message(), "first");
    const auto stops = [] { kill(getpid(), SIGTERM); };
    EXPECT_FALSE(proc::try_main(proc::concurrent(all_ways(), stops)));
}

TEST(exceptions, of_several) {
    const auto fails = [] { return proc::error(EIO, "no exception"); };
    const proc::process pair =
        proc::sequence(proc::concurrent(fails, proc::task("t", [] { throw plain{1}; })));
    const proc::error error = proc::try_run(proc::concurrent(fails, pair));
    EXPECT_EQ(error.count(), 3U);
    EXPECT_THROW(error.rethrow(), plain);
    int carried = 0;
    for (const proc::error &part : error)
        carried += part.exception() ? 1 : 0;
    EXPECT_EQ(carried, 1);
    const proc::error none = proc::try_run(proc::concurrent(fails, fails));
    EXPECT_FALSE(none.exception());
    EXPECT_THROW(none.rethrow(), proc::failure);
    EXPECT_NO_THROW(proc::error().rethrow());
    EXPECT_FALSE(proc::error().exception());
}

TEST(exceptions, foreign_payload) {
    proc_error *untyped = proc_error_with_payload(EIO, "from C", std::malloc(1), std::free);
    proc_error *typed =
        proc_error_with_typed_payload(EIO, "from C", "c", std::malloc(1), std::free);
    const proc::error foreign[] = {proc::error::adopt(untyped), proc::error::adopt(typed)};
    for (const proc::error &error : foreign) {
        EXPECT_FALSE(error.exception());
        EXPECT_THROW(error.rethrow(), proc::failure);
    }
    const auto throws = [] { throw plain{1}; };
    const auto fails = [&] { return foreign[1]; };
    EXPECT_THROW(proc::try_run(proc::concurrent(fails, throws)).rethrow(), plain);
}

TEST(exceptions, by_hand) {
    const proc::error error(std::make_exception_ptr(derived("by hand")));
    EXPECT_EQ(error.message(), "by hand");
    EXPECT_THROW(error.rethrow(), derived);
    EXPECT_FALSE(proc::error(std::exception_ptr()));
    const proc::error made(EIO, "made");
    EXPECT_EQ(proc::error(std::make_exception_ptr(proc::failure(made))).get(), made.get());
}

/* The sanitizers have these functions themselves. */
#ifndef __SANITIZE_ADDRESS__

thread_local int throws = 0;

template <class Function> Function original(const char *name) {
    return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

/* What the C++ library throws by, and throws again by, in this program. */
extern "C" {

_Unwind_Reason_Code _Unwind_RaiseException(_Unwind_Exception *exception) {
    throws++;
    return original<decltype(&_Unwind_RaiseException)>("_Unwind_RaiseException")(exception);
}

_Unwind_Reason_Code _Unwind_Resume_or_Rethrow(_Unwind_Exception *exception) {
    throws++;
    return original<decltype(&_Unwind_Resume_or_Rethrow)>("_Unwind_Resume_or_Rethrow")(exception);
}
}

template <class Action> int throws_in(const Action &action) {
    throws = 0;
    EXPECT_TRUE(proc::try_run(action));
    return throws;
}

TEST(exceptions, thrown_once) {
    EXPECT_EQ(throws_in([] { throw derived("x"); }), 1);
    EXPECT_EQ(
        throws_in([] { throw std::system_error(std::error_code(EIO, std::generic_category())); }),
        1);
    EXPECT_EQ(throws_in([] { throw proc::failure(proc::error(EIO)); }), 1);
    EXPECT_EQ(throws_in([] { throw proc::cancelled(proc::error(EIO)); }), 1);
    EXPECT_EQ(throws_in([] { throw proc::error(EIO); }), 1);
    EXPECT_EQ(throws_in([] { throw 42; }), 1);
}

#endif

TEST(exceptions, released) {
    auto object = std::make_shared<int>(1);
    const std::weak_ptr<int> watch = object;
    {
        const proc::error error = proc::try_run([&] { throw std::move(object); });
        const proc::error copy = proc::try_run(proc::task("t", [&] { return error; }));
        EXPECT_FALSE(watch.expired());
    }
    EXPECT_TRUE(watch.expired());
}

struct connection {
    proc::cancel cancel;
    std::shared_ptr<int> alive;
};

struct is_broken {
    std::weak_ptr<connection> which;
    int number;
};

TEST(exceptions, knows_its_object) {
    const auto alive = std::make_shared<int>();
    const auto breaks = [&alive](const proc::cancel &cancel) {
        const auto broken = std::make_shared<connection>(connection{cancel, alive});
        throw is_broken{broken, 7};
    };
    const auto waits = [](const proc::cancel &cancel) {
        cancel.wait();
        return cancel.error();
    };
    for (int i = 0; i < 3; i++) {
        const proc::error error = proc::try_run(proc::group(breaks, waits));
        try {
            error.rethrow();
            FAIL() << "it should have thrown";
        } catch (const is_broken &caught) {
            EXPECT_EQ(caught.number, 7);
            EXPECT_TRUE(caught.which.expired());
        }
    }
    EXPECT_EQ(alive.use_count(), 1);
}

} // namespace
