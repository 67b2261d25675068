/* proc::make. Laws:
 *
 *   kinds            Functions, pointers to them, lambdas, std::function, function objects, std::bind and std::ref can be called.
 *   members          So can pointers to members, of an object, of what points to it and of a std::reference_wrapper.
 *   arguments        A callable takes proc::cancel (by value or const reference) or nothing; one that can take both gets the handle.
 *   results          It returns void, which is success, or a proc::error.
 *   the_handle       The handle that it gets is the one that the process runs under, and a copy of it lives on.
 *   move_only        A callable may be move-only. A move leaves one object, which is destroyed once, after the last copy.
 *   copied           An lvalue is copied, and the original is left as it is.
 *   state            What it keeps in itself stays from run to run: it is called as it is stored, and not looked at as const.
 *   at_once          The same process may run several times at once.
 *   empty            An empty std::function or a null pointer is bad input: EINVAL, and nothing around it is started.
 *   throwing_copy    An exception of the callable's own copying passes, and leaks nothing.
 */
#include "counted.hpp"
#include "gate.hpp"
#include <atomic>
#include <cerrno>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <procession.hpp>

namespace {

proc::error fail() { return {EIO, "a function"}; }

proc::error fail_with(int code, const proc::cancel &) { return proc::error(code); }

struct object {
    proc::error operator()() const { return {EIO, "an object"}; }
};

TEST(callables, kinds) {
    const auto text = [](const proc::process &process) { return proc::try_run(process).message(); };
    EXPECT_EQ(text(proc::make(fail)), "a function");
    EXPECT_EQ(text(proc::make(&fail)), "a function");
    EXPECT_EQ(text(proc::make(object())), "an object");
    EXPECT_EQ(text(proc::make(std::function<proc::error()>(fail))), "a function");
    EXPECT_EQ(text(proc::make([] { return proc::error(EIO, "a lambda"); })), "a lambda");
    EXPECT_EQ(text(proc::make(std::bind(fail_with, EPIPE, std::placeholders::_1))), "Broken pipe");
    const object one;
    EXPECT_EQ(text(proc::make(std::ref(one))), "an object");
}

struct both {
    proc::error operator()() const { return {EIO, "nothing"}; }
    proc::error operator()(const proc::cancel &) const { return {EIO, "a handle"}; }
};

TEST(callables, arguments) {
    const proc::cancel cancel;
    cancel.trigger(proc::error(EINTR, "asked"));
    const auto by_value = [](proc::cancel given) { return given.error(); };
    const auto by_reference = [](const proc::cancel &given) { return given.error(); };
    const auto generic = [](const auto &given) { return given.error(); };
    EXPECT_EQ(proc::try_run(by_value, cancel).message(), "asked");
    EXPECT_EQ(proc::try_run(by_reference, cancel).message(), "asked");
    EXPECT_EQ(proc::try_run(generic, cancel).message(), "asked");
    EXPECT_EQ(proc::try_run(std::function<proc::error(proc::cancel)>(by_value), cancel).code(),
              EINTR);
    EXPECT_EQ(proc::try_run(both(), cancel).message(), "a handle");
}

struct service {
    int number;
    std::atomic<int> *sum;

    void run() const { *sum += number; }
    proc::error stop(const proc::cancel &cancel) const {
        *sum += 100 * number;
        return cancel.error();
    }
};

TEST(callables, members) {
    std::atomic<int> sum = 0;
    const std::vector<service> values{{1, &sum}, {2, &sum}};
    proc::run(proc::each(values, 0, &service::run));
    proc::run(proc::each(values, 1, &service::stop));
    EXPECT_EQ(sum, 303);
    EXPECT_EQ(proc::map(values, 0, &service::number), (std::vector{1, 2}));
    sum = 0;
    std::vector<std::unique_ptr<service>> owned;
    owned.push_back(std::make_unique<service>(service{3, &sum}));
    proc::run(proc::each(std::move(owned), 0, &service::run));
    proc::run(proc::each(std::vector{&values[0], &values[1]}, 0, &service::run));
    proc::run(proc::each(std::vector{std::cref(values[1])}, 0, &service::run));
    EXPECT_EQ(sum, 8);
}

TEST(callables, results) {
    EXPECT_FALSE(proc::try_run([] {}));
    EXPECT_FALSE(proc::try_run([] { return proc::error(); }));
    const proc::error kept(EIO, "kept");
    EXPECT_EQ(proc::try_run([&] { return kept; }).get(), kept.get());
    EXPECT_EQ(proc::try_run([&]() -> const proc::error & { return kept; }).get(), kept.get());
    EXPECT_EQ(kept.message(), "kept");
}

TEST(callables, the_handle) {
    const proc::cancel cancel;
    proc::cancel kept;
    proc::run([&](const proc::cancel &given) { kept = given; }, cancel);
    EXPECT_EQ(kept.get(), cancel.get());
    proc::run(proc::group([&](proc::cancel given) { kept = std::move(given); }));
    EXPECT_TRUE(kept.cancelled());
    EXPECT_TRUE(kept.error());
}

TEST(callables, move_only) {
    std::atomic<int> count = 0;
    proc::process process = proc::make([one = std::make_unique<counted>(&count)] { (*one)(); });
    EXPECT_EQ(count, 1);
    proc::process copy = process;
    proc::run(std::move(process));
    EXPECT_EQ(count, 1);
    proc::run(copy);
    copy = proc::process();
    EXPECT_EQ(count, 0);
}

TEST(callables, copied) {
    std::atomic<int> count = 0;
    {
        const counted original(&count);
        const proc::process process = proc::group(original, proc::make(original));
        EXPECT_EQ(count, 3);
        proc::run(process);
        EXPECT_EQ(count, 3);
    }
    EXPECT_EQ(count, 0);
    proc::run(counted(&count));
    EXPECT_EQ(count, 0);
}

/** What is around a callable is often so, and cannot be called as const if that cannot. */
template <class Callable> struct wrapped {
    Callable callable;
    auto operator()() { return callable(); }
    auto operator()() const { return callable(); }
};

TEST(callables, state) {
    const auto counts = [calls = 0]() mutable {
        return ++calls < 3 ? proc::error() : proc::error(EIO, "the third call");
    };
    for (const proc::process &counting :
         {proc::make(counts), proc::make(wrapped<std::decay_t<decltype(counts)>>{counts})})
        EXPECT_EQ(proc::try_run(proc::sequence(counting, counting, counting)).message(),
                  "the third call");
    const proc::hook hook(proc::cancel(), wrapped<std::decay_t<decltype(counts)>>{counts});
}

TEST(callables, at_once) {
    gate all;
    const proc::process meets = proc::make([&] { all.meet(3); });
    proc::run(proc::concurrent(meets, meets, meets));
}

TEST(callables, empty) {
    int started = 0;
    const auto counts = [&] { ++started; };
    proc::error (*null)() = nullptr;
    const std::function<void(proc::cancel)> none;
    for (const proc::process &empty : {proc::make(null), proc::make(none)}) {
        const proc::error error = proc::try_run(proc::sequence(counts, proc::task("t", empty)));
        EXPECT_EQ(error.code(), EINVAL);
        EXPECT_EQ(error.message(), "proc_new: fn is NULL");
    }
    EXPECT_EQ(started, 0);
}

struct does_not_copy {
    explicit does_not_copy(std::atomic<int> *count) : inside(count) {}
    does_not_copy(const does_not_copy &other) : inside(other.inside) {
        throw std::length_error("no");
    }
    does_not_copy(does_not_copy &&) = delete;
    does_not_copy &operator=(const does_not_copy &) = delete;
    does_not_copy &operator=(does_not_copy &&) = delete;
    ~does_not_copy() = default;
    void operator()() const {}
    counted inside;
};

TEST(callables, throwing_copy) {
    std::atomic<int> count = 0;
    {
        const does_not_copy one(&count);
        EXPECT_THROW((void)proc::make(one), std::length_error);
        EXPECT_THROW((void)proc::group(counted(&count), one), std::length_error);
        EXPECT_EQ(count, 1);
    }
    EXPECT_EQ(count, 0);
}

} // namespace
