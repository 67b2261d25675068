/* Out of memory: each allocation that C++ code makes is denied in turn. (The library's own cannot fail: they end the program.) Laws:
 *
 *   interposed       (The tests of this file see and deny the allocations of C++.)
 *   making           Making a tree throws std::bad_alloc and leaks nothing, or makes it.
 *   small            A callable that fits into a pointer needs no memory, as a process or as a hook, and neither does a list of such.
 *   values           So it is for what keeps values and ranges, and for nurseries.
 *   values_back      Running callables for their values throws, and leaks none, or gives all.
 *   carrying         An exception that leaves a callable becomes an error all the same: one that carries it, or one that says, with
 *                    ENOMEM, that there was no memory for it.
 *   sending          An item for which a channel has no memory stays with its sender; that is std::bad_alloc.
 */
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <gtest/gtest.h>
#include <new>
#include <procession.hpp>

namespace {

/* How many allocations this thread may still make before one is denied; negative: all. */
thread_local int allowed = -1;

/* Checks what the code returns if its first allocation is denied, its second, and so on, until none is. Returns how many it makes. */
template <class Code, class Check> int deny_each(const Code &code, const Check &check) {
    for (int count = 0;; count++) {
        allowed = count;
        const auto result = code();
        const bool was_denied = std::exchange(allowed, -1) < 0;
        check(result, was_denied);
        if (!was_denied)
            return count;
    }
}

} // namespace

[[gnu::noinline]] void *operator new(std::size_t size) {
    if (allowed >= 0 && allowed-- == 0)
        throw std::bad_alloc();
    void *memory = std::malloc(size > 0 ? size : 1);
    return memory != nullptr ? memory : throw std::bad_alloc();
}

[[gnu::noinline]] void operator delete(void *memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void *memory, std::size_t) noexcept { std::free(memory); }

namespace {

/* What the code returns; nothing if it was denied an allocation. */
template <class Code> std::optional<decltype(std::declval<Code>()())> made(const Code &code) {
    try {
        return code();
    } catch (const std::bad_alloc &) {
        return std::nullopt;
    }
}

TEST(memory, interposed) {
    const auto allocates_twice = [] {
        return made(
            [] { return std::make_unique<std::unique_ptr<int>>(std::make_unique<int>(1)); });
    };
    const auto check = [](const auto &result, bool was_denied) {
        EXPECT_EQ(result.has_value(), !was_denied);
    };
    EXPECT_EQ(deny_each(allocates_twice, check), 2);
}

TEST(memory, making) {
    const auto held = std::make_shared<int>(0);
    const auto works = [held] { ++*held; };
    const std::string name = "a name that is longer than fits into a string by itself";
    const auto makes = [&] {
        return made([&] {
            const std::vector<std::function<void()>> range(2, works);
            return proc::task(name, proc::group(works, range, proc::sequence(works)));
        });
    };
    const auto check = [](const auto &process, bool was_denied) {
        EXPECT_EQ(process.has_value(), !was_denied);
        if (process)
            proc::run(*process);
    };
    EXPECT_GE(deny_each(makes, check), 8);
    EXPECT_EQ(*held, 4);
    EXPECT_EQ(held.use_count(), 2) << "what is held beside this and the lambda leaked";
}

TEST(memory, small) {
    int runs = 0;
    const auto counts = [&runs] { ++runs; };
    const auto runs_all = [&] {
        const proc::cancel cancel;
        const proc::hook hook(cancel, counts);
        proc::run(proc::sequence(
            counts, [] {}, counts, proc::make(counts)));
        cancel.trigger();
        return runs;
    };
    EXPECT_EQ(deny_each(runs_all, [](int total, bool) { EXPECT_EQ(total, 4); }), 0);
}

const proc::key<std::string> key("key");

TEST(memory, values) {
    const auto held = std::make_shared<int>(0);
    const std::vector<std::shared_ptr<int>> range(2, held);
    const std::string text = "a text that is longer than fits into a string by itself";
    const auto body = [held](const proc::nursery &) { ++*held; };
    const auto takes = [](const std::shared_ptr<int> &number) { ++*number; };
    const auto makes = [&] {
        return made([&] {
            proc::nursery_options options;
            options.on_failure = [held](const proc::error &) {};
            return proc::finally(proc::with_value(key, text, proc::with_nursery(body, options)),
                                 proc::each(range, 1, takes));
        });
    };
    const auto check = [&](const auto &process, bool was_denied) {
        EXPECT_EQ(process.has_value(), !was_denied);
        if (process)
            proc::run(*process);
    };
    EXPECT_GE(deny_each(makes, check), 6);
    EXPECT_EQ(*held, 3);
    EXPECT_EQ(held.use_count(), 4) << "what is held beside this, the range and the lambda leaked";
}

TEST(memory, values_back) {
    const auto held = std::make_shared<int>(0);
    const auto gives = [&](std::size_t number) {
        return std::make_pair(held, std::make_unique<std::size_t>(number));
    };
    const auto runs = [&]() -> std::optional<std::size_t> {
        try {
            const auto [first] = proc::all([&] { return gives(0); });
            return proc::map(3, 1, gives).size() + *first.second;
        } catch (const std::bad_alloc &) {
            return std::nullopt;
        } catch (const proc::failure &failure) {
            EXPECT_THROW(failure.rethrow(), std::bad_alloc);
            return std::nullopt;
        }
    };
    const auto check = [&](const auto &size, bool was_denied) {
        EXPECT_EQ(size.has_value(), !was_denied);
        EXPECT_EQ(held.use_count(), 1);
    };
    EXPECT_GE(deny_each(runs, check), 8);
}

std::exception_ptr nested_exception() {
    try {
        try {
            throw std::system_error(ENOENT, std::generic_category(), "a text that needs memory");
        } catch (...) {
            std::throw_with_nested(std::runtime_error("and another one that needs more of it"));
        }
    } catch (...) {
        return std::current_exception();
    }
}

TEST(memory, carrying) {
    const std::exception_ptr exception = nested_exception();
    const proc::process throws = proc::make([&] { std::rethrow_exception(exception); });
    const auto check = [&](const proc::error &error, bool was_denied) {
        EXPECT_EQ(error.code(), was_denied ? ENOMEM : ENOENT);
        EXPECT_EQ(error.exception(), was_denied ? nullptr : exception);
        EXPECT_NE(error.message().find(was_denied ? "no memory" : "another one"),
                  std::string::npos);
    };
    EXPECT_GE(deny_each([&] { return proc::try_run(throws); }, check), 3);
}

TEST(memory, sending) {
    const proc::channel<std::unique_ptr<int>> channel(1);
    auto item = std::make_unique<int>(1);
    const auto sends = [&] { return made([&] { return channel.send(std::move(item)); }); };
    const auto check = [&](const auto &sent, bool was_denied) {
        EXPECT_EQ(sent.has_value(), !was_denied);
        EXPECT_EQ(item != nullptr, was_denied);
        EXPECT_EQ(channel.size(), was_denied ? 0 : 1);
    };
    EXPECT_EQ(deny_each(sends, check), 1);
}

} // namespace
