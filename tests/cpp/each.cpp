/* proc::each. Laws:
 *
 *   ranges           It takes all that can be gone through more than once, and gives each element to its callable once.
 *   numbers          Or the numbers below one.
 *   arguments        A callable takes an element, and a handle after it if it can.
 *   limit            At most so many run at the same time; 0 is none; with 1 in order.
 *   failure          The first failure cancels the others, and is named by its number; an exception arrives as what it was.
 *   owned            A range that is given up is moved, one that is not is copied; both are destroyed with the process.
 *   constness        Elements of what the process owns are const; those that a view refers to are what they are.
 *   again            The process may run again, and at the same time.
 *   empty            No elements succeed at once; a callable that is empty is bad input.
 */
#include "counted.hpp"
#include "gate.hpp"
#include <array>
#include <atomic>
#include <cerrno>
#include <forward_list>
#include <functional>
#include <gtest/gtest.h>
#include <list>
#include <map>
#include <procession.hpp>
#include <set>
#include <string_view>
#if __cplusplus >= 202002L
#include <ranges>
#include <span>
#endif

namespace {

/* How often each number below some was given. */
class tally {
  public:
    explicit tally(std::size_t size) : counts_(size) {}

    void operator()(std::size_t number) { ++counts_[number]; }

    void expect_once_each() {
        for (auto &count : counts_)
            EXPECT_EQ(count.exchange(0), 1);
    }

  private:
    std::vector<std::atomic<int>> counts_;
};

template <class Range> void gives_each(Range range) {
    tally seen(4);
    proc::run(proc::each(range, 0, [&](const auto &element) { seen(element); }));
    seen.expect_once_each();
    proc::run(proc::each(std::move(range), 2, [&](std::size_t element) { seen(element); }));
    seen.expect_once_each();
}

TEST(each, ranges) {
    gives_each(std::vector<std::size_t>{0, 1, 2, 3});
    gives_each(std::array<std::size_t, 4>{0, 1, 2, 3});
    gives_each(std::list<std::size_t>{0, 1, 2, 3});
    gives_each(std::forward_list<std::size_t>{0, 1, 2, 3});
    gives_each(std::set<std::size_t>{0, 1, 2, 3});
    gives_each(std::initializer_list<std::size_t>{0, 1, 2, 3});
    std::atomic<int> sum = 0;
    proc::run(
        proc::each(std::map<std::string, int>{{"a", 1}, {"b", 2}}, 0,
                   [&](const std::pair<const std::string, int> &pair) { sum += pair.second; }));
    EXPECT_EQ(sum, 3);
    proc::run(proc::each(std::string_view("abc"), 0, [&](char letter) { sum += letter - 'a'; }));
    EXPECT_EQ(sum, 6);
    proc::run(proc::each(std::vector<bool>{true, false, true}, 0, [&](bool bit) { sum += bit; }));
    EXPECT_EQ(sum, 8);
#if __cplusplus >= 202002L
    constexpr std::array<std::size_t, 4> numbers{3, 2, 1, 0};
    gives_each(std::span(numbers));
    gives_each(std::views::iota(std::size_t{0}, std::size_t{4}));
    gives_each(numbers | std::views::transform([](std::size_t number) { return 3 - number; }));
    gives_each(numbers | std::views::filter([](std::size_t number) { return number < 9; }));
    gives_each(std::views::iota(std::size_t{0}) | std::views::take(4));
#endif
}

TEST(each, numbers) {
    tally seen(1000);
    proc::run(proc::each(1000, 3, std::ref(seen)));
    seen.expect_once_each();
    proc::run(proc::each(1000U, 0, [&](std::size_t number) { seen(number); }));
    seen.expect_once_each();
}

TEST(each, arguments) {
    std::atomic<int> calls = 0;
    const std::vector<std::string> texts{"a", "b"};
    const auto counts = [&](const std::string &, const proc::cancel &own) {
        EXPECT_FALSE(own.cancelled());
        ++calls;
    };
    const auto by_value = [&](std::string text, proc::cancel) {
        const std::string own = std::move(text);
        calls += static_cast<int>(own.size());
    };
    const auto anything = [](const auto &...given) {
        return proc::error(static_cast<int>(sizeof...(given)));
    };
    proc::run(proc::each(texts, 0, counts));
    proc::run(proc::each(texts, 0, by_value));
    EXPECT_EQ(calls, 4);
    EXPECT_EQ(proc::try_run(proc::each(1, 0, anything)).code(), 2);
#ifdef __cpp_lib_jthread
    const auto with_token = [&](std::size_t, const std::stop_token &token) {
        EXPECT_TRUE(token.stop_possible());
        ++calls;
    };
    proc::run(proc::each(3, 0, with_token));
    EXPECT_EQ(calls, 7);
#endif
}

TEST(each, limit) {
    gate all;
    proc::run(proc::each(3, 0, [&](std::size_t) { all.meet(3); }));
    std::vector<std::size_t> order;
    proc::run(proc::each(5, 1, [&](std::size_t number) { order.push_back(number); }));
    EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2, 3, 4}));
    std::atomic<int> running = 0;
    proc::run(proc::each(300, 2, [&](std::size_t) {
        EXPECT_LE(++running, 2);
        --running;
    }));
}

struct derived : std::runtime_error {
    using std::runtime_error::runtime_error;
};

TEST(each, failure) {
    gate others;
    const auto fails = [&](const std::string &text, const proc::cancel &cancel) {
        if (text == "fails") {
            others.wait(2);
            throw derived(text);
        }
        others.open();
        EXPECT_TRUE(cancel.wait(gate::deadline()));
        EXPECT_EQ(cancel.cause().message(), "[1]: fails");
        return cancel.error();
    };
    const std::vector<std::string> texts{"a", "fails", "b"};
    const proc::error error = proc::try_run(proc::each(texts, 0, fails));
    EXPECT_EQ(error.message(), "[1]: fails");
    EXPECT_THROW(error.rethrow(), derived);
    EXPECT_EQ(error.cause().message(), "fails");
}

TEST(each, owned) {
    std::atomic<int> count = 0;
    const auto calls = [&] {
        return [held = std::make_unique<counted>(&count)](const auto &one) { (*held)(), one(); };
    };
    std::list<counted> some(2, counted(&count));
    proc::process process = proc::each(some, 0, calls());
    EXPECT_EQ(count, 5);
    proc::run(process);
    EXPECT_EQ(count, 5);
    process = proc::each(std::move(some), 0, calls());
    EXPECT_EQ(count, 3);
    std::vector<std::unique_ptr<counted>> boxes;
    boxes.push_back(std::make_unique<counted>(&count));
    const auto *const box = boxes[0].get();
    process = proc::each(std::move(boxes), 0, [box](const std::unique_ptr<counted> &element) {
        EXPECT_EQ(element.get(), box);
    });
    EXPECT_EQ(count, 1);
    proc::run(std::move(process));
    EXPECT_EQ(count, 0);
}

TEST(each, constness) {
    std::vector<int> numbers{1, 2, 3};
    const auto is_const = [](auto &number) {
        static_assert(std::is_const_v<std::remove_reference_t<decltype(number)>>);
    };
    proc::run(proc::each(numbers, 0, is_const));
    proc::run(proc::each(std::move(numbers), 0, is_const));
#if __cplusplus >= 202002L
    std::array<int, 3> own{1, 2, 3};
    proc::run(proc::each(std::span(own), 0, [](int &number) { number *= 2; }));
    EXPECT_EQ(own, (std::array<int, 3>{2, 4, 6}));
#endif
}

TEST(each, again) {
    tally seen(3);
    const std::vector<std::size_t> numbers{0, 1, 2};
    const proc::process process = proc::each(numbers, 0, std::ref(seen));
    proc::run(process);
    seen.expect_once_each();
    gate all;
    const proc::process meets = proc::each(2, 0, [&](std::size_t) { all.meet(6); });
    proc::run(proc::group(meets, meets, meets));
}

TEST(each, empty) {
    const auto never = [](int) { ADD_FAILURE() << "it was called"; };
    proc::run(proc::each(std::list<int>(), 0, never));
    proc::run(proc::each(0, 0, never));
    const std::function<void(int)> none;
    const auto fails = proc::try_run(proc::each(std::vector<int>{1}, 0, none));
    EXPECT_EQ(fails.message(), "proc_each: fn is NULL");
    EXPECT_EQ(fails.code(), EINVAL);
}

} // namespace
