/* proc::hook, by the laws that the standard library's stop callbacks are held to, and those of its own. Laws:
 *
 *   once             A hook is called once, by who cancels, before trigger returns; a second trigger calls nothing.
 *   already          On a handle that is cancelled already, it is called once, on this thread, in the constructor.
 *   removed          A hook that was destroyed before is never called, and its callable is destroyed with it.
 *   everywhere       All hooks are called, of the handle and of those below, each once.
 *   some_removed     Of many on one handle those are called that are left, whichever are removed: first, last or in between.
 *   moved            Moving hands the hook on; what was moved from hooks nothing; assigning removes the old hook.
 *   destroys_itself  A callable may destroy its own hook, and goes on to its end with all that it holds.
 *   destroys_other   A callable that destroys a hook whose turn has not come keeps it from being called.
 *   registers        A hook that is made while hooks are called is called at once.
 *   waits            Destroying a hook waits until its callable, on another thread, has come to its end.
 *   waits_for_one    … but not for another hook of the same handle, however long that takes.
 *   races            Whoever is faster: a callable is called once at most, and not when its hook is gone.
 *   races_in         Whoever is faster: a hook that is made while its handle is cancelled is called exactly once.
 *   one_canceller    Of several threads that cancel, one calls the hooks, each once.
 *   interrupts       In a group, the failure of one interrupts the blocking call of another.
 *   move_only        A callable may be move-only; it is destroyed once.
 *   bad_input        An empty handle or callable throws EINVAL, and hooks nothing.
 *   throwing         An exception that leaves the callable ends the program, with its text.
 */
#include "dies.hpp"
#include "told.hpp"
#include <atomic>
#include <cerrno>
#include <functional>
#include <list>
#include <procession.hpp>
#include <thread>

namespace {

class hooks : public dies {};

TEST_F(hooks, once) {
    const proc::cancel cancel;
    told notes;
    const proc::hook hook(cancel, [&] {
        notes();
        EXPECT_TRUE(cancel.cancelled());
    });
    EXPECT_EQ(notes.calls, 0);
    notes.expect_once_at_trigger(cancel);
}

TEST_F(hooks, already) {
    const proc::cancel cancel;
    cancel.trigger();
    told notes;
    const proc::hook hook(cancel, std::ref(notes));
    EXPECT_EQ(notes.calls, 1);
    EXPECT_EQ(notes.caller, std::this_thread::get_id());
}

TEST_F(hooks, removed) {
    const proc::cancel cancel;
    const auto held = std::make_shared<int>(0);
    {
        const proc::hook hook(cancel, [held] { ADD_FAILURE() << "it was called"; });
        EXPECT_EQ(held.use_count(), 2);
    }
    EXPECT_EQ(held.use_count(), 1);
    cancel.trigger();
}

TEST_F(hooks, everywhere) {
    const proc::cancel above;
    const proc::cancel below = above.child();
    const proc::cancel beside;
    std::atomic<int> calls{0};
    std::list<proc::hook> all;
    for (const proc::cancel &cancel : {above, below, below.child(), above, beside, below})
        all.emplace_back(cancel, [&] { ++calls; });
    above.trigger();
    EXPECT_EQ(calls, 5);
    above.child().trigger();
    EXPECT_EQ(calls, 5);
}

TEST_F(hooks, some_removed) {
    constexpr int count = 9;
    const proc::cancel cancel;
    std::vector<int> calls(count);
    std::vector<std::optional<proc::hook>> all(count);
    for (int i = 0; i < count; i++)
        all[i].emplace(cancel, [&calls, i] { calls[i]++; });
    for (const int removed : {4, 0, 8, 5})
        all[removed].reset();
    cancel.trigger();
    EXPECT_EQ(calls, (std::vector<int>{0, 1, 1, 1, 0, 0, 1, 1, 0}));
}

TEST_F(hooks, moved) {
    const proc::cancel cancel;
    int calls = 0;
    proc::hook first(cancel, [&] { calls += 1; });
    proc::hook second = std::move(first);
    first = proc::hook(cancel, [&] { calls += 10; });
    first = std::move(second);
    proc::hook &self = first;
    first = std::move(self);
    const proc::hook none;
    cancel.trigger();
    EXPECT_EQ(calls, 1);
}

TEST_F(hooks, destroys_itself) {
    const proc::cancel cancel;
    std::optional<proc::hook> hook;
    auto held = std::make_unique<std::string>("held by the callable, for as long as it runs");
    std::string seen;
    hook.emplace(cancel, [&, held = std::move(held)] {
        hook.reset();
        seen = *held;
    });
    cancel.trigger();
    EXPECT_FALSE(hook);
    EXPECT_EQ(seen, "held by the callable, for as long as it runs");

    const proc::cancel other;
    hook.emplace(other, [&hook] { hook.reset(); });
    other.trigger();
    EXPECT_FALSE(hook);
}

/* Each destroys the other, so that the order in which they are called does not matter. */
TEST_F(hooks, destroys_other) {
    const proc::cancel cancel;
    std::optional<proc::hook> first;
    std::optional<proc::hook> second;
    int calls = 0;
    first.emplace(cancel, [&] {
        calls++;
        second.reset();
    });
    second.emplace(cancel, [&] {
        calls++;
        first.reset();
    });
    cancel.trigger();
    EXPECT_EQ(calls, 1);
    EXPECT_NE(first.has_value(), second.has_value());
}

TEST_F(hooks, registers) {
    const proc::cancel cancel;
    int calls = 0;
    const proc::hook outer(cancel, [&] {
        const proc::hook inner(cancel, [&] { calls++; });
        EXPECT_EQ(calls, 1);
    });
    cancel.trigger();
    EXPECT_EQ(calls, 1);
}

TEST_F(hooks, waits) {
    const proc::cancel cancel;
    gate runs;
    gate may_end;
    bool ended = false;
    std::optional<proc::hook> hook;
    hook.emplace(cancel, [&] {
        runs.open();
        may_end.wait();
        ended = true;
    });
    std::thread canceller([&] { cancel.trigger(); });
    runs.wait();
    may_end.open();
    hook.reset();
    EXPECT_TRUE(ended);
    canceller.join();
}

TEST_F(hooks, waits_for_one) {
    const proc::cancel cancel;
    gate runs;
    gate may_end;
    const auto blocks = [&] {
        runs.open();
        may_end.wait();
    };
    std::atomic<int> calls{0};
    std::optional<proc::hook> before;
    std::optional<proc::hook> after;
    before.emplace(cancel, [&] { ++calls; });
    const proc::hook blocking(cancel, blocks);
    after.emplace(cancel, [&] { ++calls; });
    std::thread canceller([&] { cancel.trigger(); });
    runs.wait();
    const int calls_before = calls;
    before.reset();
    after.reset();
    may_end.open();
    canceller.join();
    EXPECT_EQ(calls, calls_before);
    EXPECT_LE(calls, 1);
}

TEST_F(hooks, races) {
    for (int round = 0; round < 1000; round++) {
        const proc::cancel cancel;
        std::atomic<bool> there{true};
        std::atomic<int> calls{0};
        gate both;
        std::optional<proc::hook> hook;
        hook.emplace(cancel, [&] { calls += there ? 1 : 100; });
        std::thread canceller([&] {
            both.meet(2);
            cancel.trigger();
        });
        both.meet(2);
        hook.reset();
        there = false;
        canceller.join();
        EXPECT_LE(calls, 1);
    }
}

TEST_F(hooks, races_in) {
    for (int round = 0; round < 1000; round++) {
        const proc::cancel cancel;
        std::atomic<int> calls{0};
        gate both;
        std::thread canceller([&] {
            both.meet(2);
            cancel.trigger();
        });
        both.meet(2);
        const proc::hook hook(cancel, [&] { ++calls; });
        canceller.join();
        EXPECT_EQ(calls, 1);
    }
}

TEST_F(hooks, one_canceller) {
    constexpr int cancellers = 8;
    const proc::cancel cancel;
    gate all;
    std::atomic<int> calls{0};
    const proc::hook first(cancel, [&] { ++calls; });
    const proc::hook second(cancel, [&] { ++calls; });
    const proc::process triggers = proc::make([&] {
        all.meet(cancellers);
        cancel.trigger();
    });
    proc::run(proc::concurrent(std::vector<proc::process>(cancellers, triggers)));
    EXPECT_EQ(calls, 2);
}

TEST_F(hooks, interrupts) {
    gate blocking;
    gate foreign; /* What it waits on knows nothing of handles. */
    const auto waits = [&](const proc::cancel &cancel) {
        const proc::hook interrupt(cancel, [&] { foreign.open(); });
        blocking.open();
        foreign.wait();
        return cancel.error();
    };
    const auto fails = [&] {
        blocking.wait();
        throw std::runtime_error("first");
    };
    EXPECT_EQ(proc::try_run(proc::group(waits, fails)).message(), "first");
}

TEST_F(hooks, move_only) {
    const proc::cancel cancel;
    const auto held = std::make_shared<int>(0);
    {
        proc::hook hook(cancel, [one = std::make_unique<std::shared_ptr<int>>(held)] { ++**one; });
        proc::hook other = std::move(hook);
        cancel.trigger();
        EXPECT_EQ(held.use_count(), 2);
    }
    EXPECT_EQ(*held, 1);
    EXPECT_EQ(held.use_count(), 1);
}

TEST_F(hooks, bad_input) {
    const auto throws_einval = [](const auto &makes) {
        try {
            makes();
            ADD_FAILURE() << "it should have thrown";
        } catch (const proc::failure &failure) {
            EXPECT_EQ(failure.error().code(), EINVAL);
            EXPECT_EQ(failure.error().message(), "proc_on_cancel: Invalid argument");
        }
    };
    const proc::cancel cancel;
    throws_einval(
        [] { const proc::hook hook(proc::cancel::adopt(nullptr), [] { ADD_FAILURE(); }); });
    throws_einval([&] { const proc::hook hook(cancel, std::function<void()>()); });
    cancel.trigger();
}

void throw_in_hook() {
    const proc::cancel cancel;
    const proc::hook hook(cancel, [] { throw std::runtime_error("lost"); });
    try {
        cancel.trigger();
    } catch (...) {
        _exit(1);
    }
    _exit(0);
}

TEST_F(hooks, throwing) {
    EXPECT_EXIT(throw_in_hook(), testing::KilledBySignal(SIGABRT), "std::runtime_error.*lost");
}

} // namespace
