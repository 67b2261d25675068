/* proc::with_nursery and proc::nursery. Laws:
 *
 *   children         Whoever has the nursery spawns: its body, its children, other threads. All run at the same time.
 *   kinds            A child is a process or a callable of any kind, also one that can only be moved.
 *   bodies           A body takes the nursery, and a handle after it if it can.
 *   outlived         Children go on when the body has returned; a copy of the nursery lets them spawn then.
 *   failure          The first failure cancels the others; an exception arrives as what it was.
 *   body_throws      So does one that leaves the body, and the children are waited for.
 *   limit            No more children than the limit are there at once, and who spawns waits for a place.
 *   try_spawn        A full nursery takes none without waiting.
 *   swallowed        What on_failure returns as success fails nothing.
 *   replaced         What it returns or throws fails the nursery, and is the cause.
 *   filters          It may be any callable, is shared by copies of the options, and lives as long as the process.
 *   stopped          A spawn in a nursery that is cancelled throws the cause, which stays an echo.
 *   over             After its end it takes no child and has none, however long it is kept.
 *   refused          A child that is bad input is refused, and fails nothing. So is a body that is empty.
 *   waits            wait() says whether no child is left; time and a cancellation end it.
 *   handle           Its handle is what the children run under, and cancelling that cancels them.
 *   deadlock         Children that would all wait for each other's places do not: EDEADLK.
 *   destroyed        Each callable is destroyed once: run or not, accepted or not.
 *   again            The process may run again, and at the same time.
 *   values           A copy is the same nursery; an empty one is bad input.
 */
#include "counted.hpp"
#include "gate.hpp"
#include <cerrno>
#include <functional>
#include <gtest/gtest.h>
#include <optional>
#include <procession.hpp>
#include <thread>

namespace {

using namespace std::chrono_literals;

proc::error waits_for_cancellation(const proc::cancel &cancel) {
    EXPECT_TRUE(cancel.wait(gate::deadline()));
    return cancel.error();
}

proc::nursery_options limited_to(std::size_t limit) {
    proc::nursery_options options;
    options.limit = limit;
    return options;
}

template <class Filter> proc::nursery_options filtered_by(Filter &&filter) {
    proc::nursery_options options;
    options.on_failure = std::forward<Filter>(filter);
    return options;
}

/* What spawning throws. */
template <class Part> proc::error refusal(const proc::nursery &nursery, Part &&part) {
    try {
        nursery.spawn(std::forward<Part>(part));
    } catch (const proc::failure &failure) {
        return failure.error();
    }
    return {};
}

TEST(nursery, children) {
    gate all;
    const auto meets = [&] { all.meet(4); };
    proc::run(proc::with_nursery([&](const proc::nursery &nursery) {
        nursery.spawn(meets);
        nursery.spawn([nursery, meets] {
            nursery.spawn(meets);
            meets();
        });
        std::thread([&] { nursery.spawn(meets); }).join();
        all.wait(4);
    }));
}

struct moved_only {
    std::unique_ptr<std::atomic<int> *> runs;
    void operator()() const { ++**runs; }
};

void counts(std::atomic<int> *runs) { ++*runs; }

TEST(nursery, kinds) {
    std::atomic<int> runs = 0;
    const std::function<void()> function = [&] { ++runs; };
    const proc::process process = proc::make(function);
    proc::run(proc::with_nursery([&](const proc::nursery &nursery) {
        nursery.spawn(process);
        nursery.spawn(proc::group(process, function));
        nursery.spawn(function);
        nursery.spawn(std::bind(counts, &runs));
        nursery.spawn([&](const proc::cancel &) { ++runs; });
        nursery.spawn([&] {
            ++runs;
            return proc::error();
        });
        nursery.spawn(moved_only{std::make_unique<std::atomic<int> *>(&runs)});
    }));
    EXPECT_EQ(runs, 8);
}

TEST(nursery, bodies) {
    const auto message = [](proc::process process) {
        return proc::try_run(std::move(process)).message();
    };
    EXPECT_EQ(message(proc::with_nursery([](const proc::nursery &nursery) {
                  nursery.spawn([] { return proc::error(EIO, "alone"); });
              })),
              "alone");
    EXPECT_EQ(message(proc::with_nursery([](proc::nursery nursery, proc::cancel cancel) {
                  nursery.cancel().trigger(proc::error(EIO, "by hand"));
                  return cancel.error();
              })),
              "by hand");
    EXPECT_EQ(message(proc::with_nursery([](const auto &...given) {
                  static_assert(sizeof...(given) == 2);
                  return proc::error(EIO, "anything");
              })),
              "anything");
#ifdef __cpp_lib_jthread
    EXPECT_EQ(message(proc::with_nursery([](const proc::nursery &nursery, std::stop_token token) {
                  nursery.cancel().trigger();
                  return proc::error(EIO, token.stop_requested() ? "a token" : "no token");
              })),
              "a token");
#endif
}

TEST(nursery, outlived) {
    gate left;
    bool is_done = false;
    const auto last = [&] { is_done = true; };
    const auto body = [&](const proc::nursery &nursery) {
        nursery.spawn([&left, nursery, last] {
            left.wait();
            nursery.spawn(last);
        });
        nursery.spawn([&left] { left.open(); });
    };
    proc::run(proc::with_nursery(body));
    EXPECT_TRUE(is_done);
}

struct derived : std::runtime_error {
    using std::runtime_error::runtime_error;
};

TEST(nursery, failure) {
    const auto body = [](const proc::nursery &nursery) {
        nursery.spawn(waits_for_cancellation);
        nursery.spawn(proc::task("child", [] { throw derived("first"); }));
        nursery.spawn([](const proc::cancel &cancel) {
            EXPECT_TRUE(cancel.wait(gate::deadline()));
            EXPECT_THROW(cancel.cause().rethrow(), derived);
        });
    };
    const proc::error error = proc::try_run(proc::task("all", proc::with_nursery(body)));
    EXPECT_EQ(error.message(), "all: child: first");
    EXPECT_THROW(error.rethrow(), derived);
}

TEST(nursery, body_throws) {
    gate begun;
    bool was_cancelled = false;
    const auto body = [&](const proc::nursery &nursery) {
        nursery.spawn([&](const proc::cancel &cancel) {
            begun.open();
            was_cancelled = cancel.wait(gate::deadline());
            return cancel.error();
        });
        begun.wait();
        throw derived("of the body");
    };
    const proc::error error = proc::try_run(proc::with_nursery(body));
    EXPECT_EQ(error.message(), "of the body");
    EXPECT_THROW(error.rethrow(), derived);
    EXPECT_TRUE(was_cancelled);
}

TEST(nursery, limit) {
    std::atomic<int> running = 0;
    std::atomic<int> most = 0;
    std::atomic<int> runs = 0;
    const auto works = [&] {
        const int now = ++running;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);)
            continue;
        ++runs;
        --running;
    };
    const auto body = [&](const proc::nursery &nursery) {
        for (int i = 0; i < 300; i++) {
            nursery.spawn(works);
            EXPECT_LE(nursery.count(), 3);
        }
    };
    proc::run(proc::with_nursery(body, limited_to(3)));
    EXPECT_EQ(runs, 300);
    EXPECT_LE(most, 3);
}

TEST(nursery, try_spawn) {
    gate full;
    const auto waits = [&] { full.wait(); };
    const auto body = [&](const proc::nursery &nursery) {
        EXPECT_FALSE(nursery.try_spawn(waits));
        EXPECT_FALSE(nursery.try_spawn(proc::make(waits)));
        EXPECT_EQ(nursery.try_spawn(waits).code(), EAGAIN);
        full.open();
        EXPECT_TRUE(nursery.wait());
        EXPECT_FALSE(nursery.try_spawn(waits));
    };
    proc::run(proc::with_nursery(body, limited_to(2)));
}

/* Spawns one that fails, one that throws and one that goes on, and waits for them. */
void spawn_three(const proc::nursery &nursery) {
    nursery.spawn([] { return proc::error(EIO, "returned"); });
    nursery.spawn([] { throw derived("thrown"); });
    nursery.spawn([] {});
    (void)nursery.wait();
}

TEST(nursery, swallowed) {
    std::atomic<int> returned = 0;
    std::atomic<int> thrown = 0;
    const auto tells = [&](const proc::error &error) { ++(error.exception() ? thrown : returned); };
    const auto body = [](const proc::nursery &nursery) {
        spawn_three(nursery);
        EXPECT_FALSE(nursery.cancel().cancelled());
        EXPECT_EQ(nursery.count(), 0);
    };
    proc::run(proc::with_nursery(body, filtered_by(tells)));
    proc::run(proc::with_nursery(body, filtered_by([&](const proc::error &error) {
                                     tells(error);
                                     return proc::error();
                                 })));
    EXPECT_EQ(returned, 2);
    EXPECT_EQ(thrown, 2);
}

TEST(nursery, replaced) {
    const auto fails = [](const proc::nursery &nursery) {
        nursery.spawn([] { throw derived("thrown"); });
        EXPECT_TRUE(nursery.cancel().wait(gate::deadline()));
        return nursery.cancel().error();
    };
    const auto message = [&](proc::nursery_options options) {
        return proc::try_run(proc::with_nursery(fails, std::move(options))).message();
    };
    EXPECT_EQ(message({}), "thrown");
    EXPECT_EQ(message(filtered_by([](const proc::error &error) { return error.wrap("seen"); })),
              "seen: thrown");
    EXPECT_EQ(message(filtered_by([](const proc::error &error) { error.rethrow(); })), "thrown");
    EXPECT_EQ(message(filtered_by([](const proc::error &) { throw derived("another"); })),
              "another");
    const auto passes = filtered_by([](proc::error error) { return error; });
    EXPECT_THROW(proc::try_run(proc::with_nursery(fails, passes)).rethrow(), derived);
}

TEST(nursery, filters) {
    std::atomic<int> count = 0;
    const std::function<void(proc::error)> none;
    const auto fails = [](const proc::nursery &nursery) {
        nursery.spawn([] { return proc::error(EIO); });
    };
    EXPECT_EQ(proc::try_run(proc::with_nursery(fails, filtered_by(none))).code(), EIO);
    proc::process process;
    {
        auto options = filtered_by(
            [held = std::make_unique<counted>(&count)](const proc::error &) { (*held)(); });
        process = proc::with_nursery(fails, options);
        process = proc::concurrent(std::move(process), proc::with_nursery(fails, options));
        EXPECT_EQ(count, 1);
    }
    proc::run(process);
    EXPECT_EQ(count, 1);
    process = {};
    EXPECT_EQ(count, 0);
#if __cplusplus >= 202002L
    proc::run(proc::with_nursery(fails, {.limit = 1, .on_failure = [](const proc::error &) {}}));
    EXPECT_EQ(proc::try_run(proc::with_nursery(fails, {.limit = 1})).code(), EIO);
#endif
}

TEST(nursery, stopped) {
    const proc::cancel cancel;
    const auto never = [] { ADD_FAILURE() << "it was started"; };
    const auto body = [&](const proc::nursery &nursery) {
        cancel.trigger(proc::error(EINTR, "asked"));
        EXPECT_EQ(nursery.try_spawn(never).message(), "asked");
        nursery.spawn(never);
        ADD_FAILURE() << "it was spawned";
    };
    const proc::error error = proc::try_run(proc::with_nursery(body), cancel);
    EXPECT_EQ(error.message(), "asked");
    EXPECT_TRUE(error.is_echo(cancel));
}

TEST(nursery, over) {
    std::atomic<int> count = 0;
    proc::nursery kept;
    proc::run(proc::with_nursery([&](const proc::nursery &nursery) {
        kept = nursery;
        nursery.spawn([] {});
    }));
    EXPECT_EQ(refusal(kept, counted(&count)).code(), EPIPE);
    EXPECT_EQ(kept.try_spawn(counted(&count)).code(), EPIPE);
    EXPECT_EQ(count, 0);
    EXPECT_EQ(kept.count(), 0);
    EXPECT_TRUE(kept.wait());
    EXPECT_TRUE(kept.cancel().cancelled());
}

TEST(nursery, refused) {
    const std::function<void()> none;
    proc::run(proc::with_nursery([&](const proc::nursery &nursery) {
        EXPECT_EQ(refusal(nursery, none).message(), "proc_spawn: impl is NULL");
        EXPECT_EQ(refusal(nursery, proc::process()).code(), EINVAL);
        EXPECT_EQ(nursery.try_spawn(proc::group(none)).code(), EINVAL);
    }));
    const std::function<void(const proc::nursery &)> no_body;
    const proc::error error = proc::try_run(proc::with_nursery(no_body));
    EXPECT_EQ(error.code(), EINVAL);
    EXPECT_EQ(error.message(), "proc_with_nursery: body is NULL");
}

TEST(nursery, waits) {
    gate begun;
    gate goes_on;
    const auto works = [&] {
        begun.open();
        goes_on.wait();
    };
    proc::run(proc::with_nursery([&](const proc::nursery &nursery) {
        EXPECT_TRUE(nursery.wait());
        nursery.spawn(works);
        begun.wait();
        EXPECT_FALSE(nursery.wait(0s));
        EXPECT_FALSE(nursery.wait(-1s));
        EXPECT_FALSE(nursery.wait(100us));
        nursery.cancel().trigger();
        EXPECT_FALSE(nursery.wait());
        goes_on.open();
        while (nursery.count() > 0)
            std::this_thread::yield();
        EXPECT_TRUE(nursery.wait());
    }));
}

TEST(nursery, handle) {
    gate begun;
    const proc::cancel cancel;
    const auto body = [&](const proc::nursery &nursery) {
        nursery.spawn([nursery](const proc::cancel &given) {
            EXPECT_EQ(given.get(), nursery.cancel().get());
        });
        EXPECT_TRUE(nursery.wait(gate::deadline()));
        nursery.spawn([&](const proc::cancel &given) {
            begun.open();
            return waits_for_cancellation(given);
        });
        begun.wait();
        nursery.cancel().trigger(proc::error(ECANCELED, "by hand"));
    };
    EXPECT_EQ(proc::try_run(proc::with_nursery(body), cancel).message(), "by hand");
    EXPECT_FALSE(cancel.cancelled());
}

TEST(nursery, deadlock) {
    gate both;
    std::atomic<int> deadlocks = 0;
    const auto spawns = [&](const proc::nursery &nursery) {
        both.meet(2);
        deadlocks += refusal(nursery, [] {}).is(EDEADLK) ? 1 : 0;
    };
    const auto body = [&](const proc::nursery &nursery) {
        for (int i = 0; i < 2; i++)
            nursery.spawn([nursery, &spawns] { spawns(nursery); });
    };
    proc::run(proc::with_nursery(body, limited_to(2)));
    EXPECT_EQ(deadlocks, 1);
}

TEST(nursery, destroyed) {
    std::atomic<int> count = 0;
    gate begun;
    const auto body = [&begun, &count, held = counted(&count)](const proc::nursery &nursery) {
        held();
        for (int i = 0; i < 20; i++)
            nursery.spawn(counted(&count));
        nursery.spawn([&begun, held](const proc::cancel &cancel) {
            begun.open();
            EXPECT_TRUE(cancel.wait(gate::deadline()));
            held();
        });
        begun.wait();
        for (int i = 0; i < 20; i++) // Some of these are released without being run.
            nursery.spawn(counted(&count));
        nursery.cancel().trigger();
        EXPECT_EQ(refusal(nursery, counted(&count)).code(), ECANCELED);
        EXPECT_EQ(nursery.try_spawn(counted(&count)).code(), ECANCELED);
    };
    EXPECT_EQ(count, 1);
    EXPECT_FALSE(proc::try_run(proc::with_nursery(body)));
    EXPECT_EQ(count, 1);
}

TEST(nursery, again) {
    gate all;
    const proc::process process = proc::with_nursery(
        [&](const proc::nursery &nursery) { nursery.spawn([&all] { all.meet(3); }); });
    proc::run(proc::group(process, process, process));
    proc::run(process);
}

TEST(nursery, values) {
    const proc::nursery empty;
    EXPECT_EQ(empty.count(), 0);
    EXPECT_FALSE(empty.wait());
    EXPECT_EQ(empty.cancel().get(), nullptr);
    EXPECT_EQ(refusal(empty, [] {}).code(), EINVAL);
    EXPECT_EQ(empty.try_spawn([] {}).code(), EINVAL);
    proc::run(proc::with_nursery([](const proc::nursery &nursery) {
        proc::nursery copy = nursery;
        EXPECT_EQ(copy.get(), nursery.get());
        const proc::nursery moved = std::move(copy);
        EXPECT_EQ(copy.get(), nullptr);
        EXPECT_EQ(moved.get(), nursery.get());
    }));
}

} // namespace
