/* proc::all, proc::first, proc::map: what callables return. Laws:
 *
 *   kinds            A value of any type that can be moved is given back; for void, success and processes std::monostate.
 *   none             None at all give an empty tuple, or an empty vector.
 *   at_once          All run at the same time, on the caller's handle if it is given, and where they lie.
 *   throws           A failure is thrown as by proc::run; an exception arrives as what it was, and cancels the others.
 *   references       What a callable returns by reference is copied.
 *   destroyed        Each value is destroyed once, also if another callable fails.
 *   of_first         The first that succeeds gives its value, and says which it was; the others are cancelled.
 *   none_succeeds    If none succeeds, all errors are thrown.
 *   values_of_many   Of several that succeed, one counts, and the values of others are destroyed.
 *   in_order         A map's values are in the order of its range, however its callables end.
 *   of_range         It takes what proc::each takes; the elements are the range's own.
 *   limit            At most so many are called at the same time.
 *   named            A failure is named by its number.
 *   from_inside      A callable that cancels the others by hand and succeeds leaves no value for them: ECANCELED.
 *   empty            Empty callables and processes are bad input.
 */
#include "counted.hpp"
#include "gate.hpp"
#include <array>
#include <atomic>
#include <cerrno>
#include <functional>
#include <gtest/gtest.h>
#include <list>
#include <procession.hpp>
#include <string>

namespace {

/* The error that it throws. */
template <class Code> proc::error failure_of(const Code &code) {
    try {
        code();
    } catch (const proc::failure &failure) {
        return failure.error();
    }
    return {};
}

struct derived : std::runtime_error {
    using std::runtime_error::runtime_error;
};

int three() { return 3; }

/* Goes on until it is cancelled. */
int waits(const proc::cancel &cancel) {
    EXPECT_TRUE(cancel.wait(gate::deadline()));
    cancel.throw_if_cancelled();
    return 0;
}

TEST(results, kinds) {
    const auto text = [](const proc::cancel &) { return std::string("text"); };
    const auto box = [] { return std::make_unique<int>(4); };
    const auto succeeds = [] { return proc::error(); };
    const std::function<bool()> function = [] { return true; };
    auto [number, word, moved, nothing, success, process, yes] = proc::all(
        three, text, box, [] {}, succeeds, proc::make([] {}), function);
    static_assert(std::is_same_v<decltype(nothing), std::monostate>);
    static_assert(std::is_same_v<decltype(success), std::monostate>);
    static_assert(std::is_same_v<decltype(process), std::monostate>);
    EXPECT_EQ(number, 3);
    EXPECT_EQ(word, "text");
    EXPECT_EQ(*moved, 4);
    EXPECT_TRUE(yes);
#ifdef __cpp_lib_jthread
    const auto stops = [](const std::stop_token &token) { return token.stop_possible(); };
    EXPECT_TRUE(std::get<0>(proc::all(stops)));
#endif
}

TEST(results, none) {
    EXPECT_EQ(proc::all(), std::tuple<>());
    EXPECT_TRUE(proc::map(std::vector<int>(), 0, [](int one) { return one; }).empty());
    EXPECT_TRUE(proc::map(0, 1, [](std::size_t one) { return one; }).empty());
}

TEST(results, at_once) {
    gate all;
    const proc::cancel cancel;
    auto meets = [&, calls = std::make_unique<int>(0)](const proc::cancel &own) mutable {
        all.meet(2);
        cancel.trigger(proc::error(EINTR, "asked"));
        EXPECT_TRUE(own.cancelled());
        return ++*calls;
    };
    const auto other = [&] {
        all.meet(2);
        return 7;
    };
    const auto sum =
        std::apply([](int one, int two) { return one + two; }, proc::all(cancel, meets, other));
    EXPECT_EQ(sum, 8);
    const auto stops = [](std::size_t, const proc::cancel &own) {
        EXPECT_TRUE(own.cancelled());
        own.throw_if_cancelled();
    };
    EXPECT_EQ(failure_of([&] { (void)proc::map(cancel, 2, 0, stops); }).message(), "asked");
    EXPECT_EQ(failure_of([&] { (void)proc::map(cancel, std::vector{1}, 0, stops); }).code(), EINTR);
}

TEST(results, throws) {
    gate started;
    const auto begins = [&](const proc::cancel &cancel) {
        started.open();
        return waits(cancel);
    };
    const auto throws = [&]() -> int {
        started.wait();
        throw derived("thrown");
    };
    const auto fails = [] { return proc::error(EIO, "returned"); };
    const proc::error thrown = failure_of([&] { (void)proc::all(begins, throws); });
    EXPECT_EQ(thrown.message(), "thrown");
    EXPECT_THROW(thrown.rethrow(), derived);
    EXPECT_EQ(failure_of([&] { (void)proc::all(fails, [] {}); }).code(), EIO);
    EXPECT_EQ(failure_of([&] { (void)proc::all(proc::task("t", fails)); }).message(),
              "t: returned");
}

TEST(results, references) {
    const std::string same = "a text that is longer than fits into a string by itself";
    const auto refers = [&]() -> const std::string & { return same; };
    const auto [text] = proc::all(refers);
    static_assert(std::is_same_v<decltype(text), const std::string>);
    EXPECT_EQ(text, same);
    EXPECT_NE(text.data(), same.data());
}

TEST(results, destroyed) {
    std::atomic<int> count = 0;
    const auto makes = [&] { return counted(&count); };
    {
        const auto both = proc::all(makes, makes);
        EXPECT_EQ(count, 2);
        const auto many = proc::map(3, 2, [&](std::size_t) { return counted(&count); });
        EXPECT_EQ(count, 5);
        const auto one = proc::first(makes, makes, makes);
        EXPECT_EQ(count, 6);
        (void)both, (void)many, (void)one;
    }
    EXPECT_EQ(count, 0);
    gate made;
    const auto fails = [&]() -> int {
        made.wait();
        throw derived("fails");
    };
    const auto has_made = [&] {
        made.open();
        return makes();
    };
    EXPECT_TRUE(failure_of([&] { (void)proc::all(has_made, fails); }));
    EXPECT_EQ(count, 0);
}

TEST(results, of_first) {
    gate failed;
    const auto fails = [&]() -> std::string {
        failed.open();
        throw derived("fails");
    };
    const auto succeeds = [&] {
        failed.wait();
        return std::make_unique<int>(5);
    };
    const auto answer = proc::first(waits, fails, succeeds, waits);
    ASSERT_EQ(answer.index(), 2);
    EXPECT_EQ(*std::get<2>(answer), 5);
    EXPECT_EQ(proc::first(waits, [] {}).index(), 1);
    EXPECT_EQ(proc::first(waits, proc::make([] {})).index(), 1);
    const proc::cancel cancel;
    EXPECT_EQ(proc::first(cancel, three).index(), 0);
}

TEST(results, none_succeeds) {
    const auto throws = []() -> int { throw derived("thrown"); };
    const auto fails = [] { return proc::error(EIO, "returned"); };
    const proc::error error = failure_of([&] { (void)proc::first(throws, fails); });
    EXPECT_EQ(error.count(), 2);
    EXPECT_TRUE(error.is(EIO));
    EXPECT_THROW(error.rethrow(), derived);
    const proc::cancel cancel;
    cancel.trigger(proc::error(EINTR, "asked"));
    const proc::error asked = failure_of([&] { (void)proc::first(cancel, waits, waits); });
    EXPECT_TRUE(asked.is_echo(cancel));
}

TEST(results, values_of_many) {
    std::atomic<int> count = 0;
    gate all;
    const auto makes = [&] {
        all.open();
        return counted(&count);
    };
    for (int round = 0; round < 50; round++) {
        const auto one = proc::first(makes, makes, makes, makes);
        EXPECT_EQ(count, 1);
        EXPECT_LT(one.index(), 4);
    }
    EXPECT_EQ(count, 0);
}

TEST(results, in_order) {
    gate last;
    const auto waits_for_last = [&](int number) {
        if (number < 3)
            last.wait();
        else
            last.open();
        return 10 * number;
    };
    EXPECT_EQ(proc::map(std::vector{1, 2, 3}, 0, waits_for_last), (std::vector{10, 20, 30}));
    const auto squares = proc::map(1000, 3, [](std::size_t number) { return number * number; });
    for (std::size_t i = 0; i < squares.size(); i++)
        EXPECT_EQ(squares[i], i * i);
}

TEST(results, of_range) {
    std::list<std::string> texts{"a", "bb", "ccc"};
    EXPECT_EQ(proc::map(texts, 2, &std::string::size), (std::vector<std::size_t>{1, 2, 3}));
    const auto takes = [](std::string &text, const proc::cancel &) { return std::move(text); };
    EXPECT_EQ(proc::map(texts, 0, takes), (std::vector<std::string>{"a", "bb", "ccc"}));
    EXPECT_EQ(texts.front(), "");
    const std::array<int, 2> numbers{1, 2};
    EXPECT_EQ(proc::map(numbers, 1, [](const int &one) { return &one; }),
              (std::vector<const int *>{numbers.data(), &numbers[1]}));
    int plain[] = {3, 4}; // NOLINT(modernize-avoid-c-arrays): these, too
    EXPECT_EQ(proc::map(plain, 0, [](int &one) { return ++one; }), (std::vector{4, 5}));
    EXPECT_EQ(proc::map(plain, 0, [](int one) { return one == 4; }),
              (std::vector<bool>{true, false}));
    EXPECT_EQ(proc::map(plain, 0, [](int) {}).size(), 2);
    std::vector<std::unique_ptr<int>> boxes;
    boxes.push_back(std::make_unique<int>(9));
    const auto gives = [](std::unique_ptr<int> &box) { return std::move(box); };
    EXPECT_EQ(*proc::map(std::move(boxes), 1, gives).at(0), 9);
}

TEST(results, limit) {
    std::atomic<int> running = 0;
    (void)proc::map(300, 2, [&](std::size_t) {
        EXPECT_LE(++running, 2);
        return --running;
    });
    gate all;
    (void)proc::map(3, 0, [&](std::size_t) { all.meet(3); });
}

TEST(results, named) {
    const auto throws = [](const std::string &text) {
        return text.empty() ? throw derived("no text") : text.size();
    };
    const std::vector<std::string> texts{"a", "b", ""};
    const proc::error error = failure_of([&] { (void)proc::map(texts, 0, throws); });
    EXPECT_EQ(error.message(), "[2]: no text");
    EXPECT_THROW(error.rethrow(), derived);
}

TEST(results, from_inside) {
    const auto stops = [](std::size_t number, const proc::cancel &cancel) {
        cancel.trigger();
        return number;
    };
    EXPECT_EQ(failure_of([&] { (void)proc::map(3, 1, stops); }).code(), ECANCELED);
    EXPECT_EQ(proc::map(1, 1, stops).size(), 1);
}

TEST(results, empty) {
    const std::function<int()> none;
    const std::function<int(int)> takes_one;
    const proc::process nothing;
    const auto never = [] { ADD_FAILURE() << "it was called"; };
    const auto message = [](const auto &code) { return failure_of(code).message(); };
    EXPECT_EQ(message([&] { (void)proc::all(never, none); }), "proc_group: impls[1] is NULL");
    EXPECT_EQ(message([&] { (void)proc::first(none, never); }), "proc_any: impls[0] is NULL");
    EXPECT_EQ(message([&] { (void)proc::all(never, nothing); }), "proc_group: impls[1] is NULL");
    EXPECT_EQ(message([&] { (void)proc::first(nothing); }), "proc_any: impls[0] is NULL");
    EXPECT_EQ(message([&] { (void)proc::map(std::vector{1}, 0, takes_one); }),
              "proc_each: fn is NULL");
}

} // namespace
