/* proc::concurrent, group, sequence, those with a limit, race, any, background, task, trace_region. Laws:
 *
 *   mixed            Each takes processes, callables and ranges of these, in any mix and number, also in braces.
 *   none             None at all succeed at once; but to race or any they are bad input.
 *   concurrent       All run at the same time.
 *   group            The first failure cancels the others; all errors but echoes are listed.
 *   sequence         One after the other; the first error ends it.
 *   limits           With a limit, at most so many run at the same time, in order; 0 is none.
 *   race             The first to complete decides, by success or failure; the others are cancelled.
 *   any              The first to succeed decides; if none does, all errors are listed.
 *   background       What is of the background is cancelled when all others have ended, and that does not count.
 *   ranges           A container that is given up gives its elements up; others keep theirs.
 *   move_only        So their elements may be move-only, whatever the container: a std::array, a std::vector, a list of lists.
 *   reuse            A process that is passed by name stays; one that is moved is empty afterwards.
 *   task             A task names its errors, with a name of C or of C++; a trace region passes them on.
 *   empty            An empty process or callable among them is bad input, which names function and index, and nothing is started.
 *   null_name        So is a name that is NULL.
 *   too_deep         Deeper than PROC_MAX_DEPTH is bad input, with ELOOP.
 *   with_c           Processes are exchanged with C by adopt, share, get and release.
 */
#include "gate.hpp"
#include <array>
#include <atomic>
#include <cerrno>
#include <functional>
#include <gtest/gtest.h>
#include <list>
#include <procession.hpp>

namespace {

class counter {
  public:
    [[nodiscard]] proc::process process() {
        return proc::make([this] { ++runs_; });
    }

    [[nodiscard]] auto callable() {
        return [this] { ++runs_; };
    }

    [[nodiscard]] int take() { return runs_.exchange(0); }

  private:
    std::atomic<int> runs_{0};
};

template <class Combine> void takes_any_mix(const Combine &combine) {
    counter runs;
    const std::vector<proc::process> processes(3, runs.process());
    const std::array<std::function<void()>, 2> functions{runs.callable(), runs.callable()};
    proc::run(combine(runs.process(), runs.callable(), processes, functions,
                      std::list<proc::process>{runs.process()}, runs.callable()));
    EXPECT_EQ(runs.take(), 9);
    proc::run(combine(runs.callable()));
    EXPECT_EQ(runs.take(), 1);
    proc::run(combine(processes));
    EXPECT_EQ(runs.take(), 3);
    proc::run(combine(std::vector<std::vector<proc::process>>(2, processes)));
    EXPECT_EQ(runs.take(), 6);
    proc::run(combine());
    proc::run(combine(std::vector<proc::process>()));
    EXPECT_EQ(runs.take(), 0);
}

TEST(combinators, mixed) {
    takes_any_mix(
        [](auto &&...all) { return proc::concurrent(std::forward<decltype(all)>(all)...); });
    takes_any_mix([](auto &&...all) { return proc::group(std::forward<decltype(all)>(all)...); });
    takes_any_mix(
        [](auto &&...all) { return proc::sequence(std::forward<decltype(all)>(all)...); });
    takes_any_mix([](auto &&...all) {
        return proc::concurrent_limit(2, std::forward<decltype(all)>(all)...);
    });
    takes_any_mix(
        [](auto &&...all) { return proc::group_limit(1, std::forward<decltype(all)>(all)...); });
    counter runs;
    const proc::process one = runs.process();
    proc::run(proc::sequence({proc::concurrent({one, one}), proc::group({one}), one}));
    EXPECT_EQ(runs.take(), 4);
    proc::run(proc::sequence({proc::concurrent_limit(1, {one, one}), proc::group_limit(2, {one})}));
    EXPECT_EQ(runs.take(), 3);
    proc::run(proc::sequence({proc::race({one}), proc::any({one})}));
    EXPECT_EQ(runs.take(), 2);
}

TEST(combinators, none) {
    EXPECT_FALSE(proc::try_run(proc::concurrent()));
    EXPECT_FALSE(proc::try_run(proc::group({})));
    EXPECT_FALSE(proc::try_run(proc::sequence({})));
    EXPECT_FALSE(proc::try_run(proc::concurrent_limit(1)));
    EXPECT_FALSE(proc::try_run(proc::group_limit(1, {})));
    EXPECT_EQ(proc::try_run(proc::race()).code(), EINVAL);
    EXPECT_EQ(proc::try_run(proc::any({})).code(), EINVAL);
}

TEST(combinators, concurrent) {
    gate all;
    const auto meets = [&] { all.meet(3); };
    proc::run(proc::concurrent(meets, meets, meets));
}

TEST(combinators, group) {
    const auto waits = [](const proc::cancel &cancel) {
        EXPECT_TRUE(cancel.wait(gate::deadline()));
        return cancel.error();
    };
    const auto fails = [] { throw std::runtime_error("first"); };
    const auto cleans_up = [](const proc::cancel &cancel) {
        EXPECT_TRUE(cancel.wait(gate::deadline()));
        EXPECT_EQ(cancel.cause().message(), "first");
        return proc::error(EIO, "while cleaning up");
    };
    const proc::error error = proc::try_run(proc::group(waits, cleans_up, fails, waits));
    EXPECT_EQ(error.message(), "2 errors:\n- first\n- while cleaning up");
}

TEST(combinators, sequence) {
    std::string steps;
    const auto step = [&](char name) { return [&steps, name] { steps += name; }; };
    const auto fails = [] { throw std::runtime_error("in between"); };
    const proc::error error = proc::try_run(proc::sequence(step('a'), step('b'), fails, step('c')));
    EXPECT_EQ(steps, "ab");
    EXPECT_EQ(error.message(), "in between");
}

TEST(combinators, limits) {
    std::string steps;
    const auto step = [&](char name) { return [&steps, name] { steps += name; }; };
    const auto fails = [] { return proc::error(EIO, "in between"); };
    const auto in_a_row = proc::concurrent_limit(1, step('a'), fails, step('b'));
    EXPECT_EQ(proc::try_run(in_a_row).message(), "in between");
    EXPECT_EQ(steps, "ab");
    const auto until_failure = proc::group_limit(1, step('c'), fails, step('d'));
    EXPECT_EQ(proc::try_run(until_failure).message(), "in between");
    EXPECT_EQ(steps, "abc");
    gate all;
    const auto meets = [&] { all.meet(2); };
    proc::run(proc::concurrent_limit(2, meets, meets));
    proc::run(proc::group_limit(0, meets, meets, meets));
}

/* Goes on until it is cancelled because another one was first, and passes that on. */
proc::error comes_too_late(const proc::cancel &cancel) {
    EXPECT_TRUE(cancel.wait(gate::deadline()));
    EXPECT_EQ(cancel.cause().message(), "another one was first");
    return cancel.error();
}

TEST(combinators, race) {
    proc::run(proc::race(
        comes_too_late, [] {}, comes_too_late));
    const auto throws = [] { throw std::runtime_error("first"); };
    const proc::error error = proc::try_run(proc::race(comes_too_late, throws));
    EXPECT_EQ(error.message(), "first");
    EXPECT_THROW(error.rethrow(), std::runtime_error);
}

TEST(combinators, any) {
    gate failed;
    const auto fails = [&] {
        failed.open();
        throw std::runtime_error("fails");
    };
    const auto succeeds = [&] { failed.wait(); };
    proc::run(proc::any(fails, succeeds, comes_too_late));
    const proc::error error = proc::try_run(proc::any(fails, fails));
    EXPECT_EQ(error.message(), "2 errors:\n- fails\n- fails");
}

TEST(combinators, ranges) {
    counter runs;
    std::vector<proc::process> processes(2, runs.process());
    proc::run(proc::concurrent(processes));
    EXPECT_NE(processes[0].get(), nullptr);
    proc::run(proc::concurrent(std::move(processes)));
    EXPECT_EQ(runs.take(), 4);
    auto move_only = [callable = runs.callable(), one = std::make_unique<int>(1)] { callable(); };
    static_assert(!std::is_copy_constructible_v<decltype(move_only)>);
    std::vector<decltype(move_only)> callables;
    callables.push_back(std::move(move_only));
    proc::run(proc::group(std::move(callables)));
    EXPECT_EQ(runs.take(), 1);
}

TEST(combinators, move_only) {
    std::atomic<int> sum = 0;
    const auto adds = [&sum](int number) {
        return [&sum, number = std::make_unique<int>(number)] { sum += *number; };
    };
    using adding = decltype(adds(0));
    proc::run(proc::group(std::array<adding, 2>{adds(1), adds(2)}));
    EXPECT_EQ(sum, 3);
    std::array<std::list<adding>, 2> lists;
    lists[1].push_back(adds(10));
    proc::run(proc::sequence(std::move(lists), adds(20)));
    EXPECT_EQ(sum, 33);
}

TEST(combinators, reuse) {
    counter runs;
    proc::process process = runs.process();
    const proc::process twice = proc::sequence(process, process);
    proc::run(proc::concurrent(twice, std::move(process), twice));
    EXPECT_EQ(runs.take(), 5);
    EXPECT_EQ(process.get(), nullptr);
    EXPECT_EQ(proc::try_run(process).code(), EINVAL);
}

TEST(combinators, task) {
    const auto fails = [] { return proc::error(EIO, "disk"); };
    const std::string name = "a name that is longer than fits into a string by itself";
    EXPECT_EQ(proc::try_run(proc::task(name, fails)).message(), name + ": disk");
    EXPECT_EQ(proc::try_run(proc::task("web", proc::task("request", fails))).message(),
              "web: request: disk");
    EXPECT_EQ(proc::try_run(proc::trace_region("read", fails)).message(), "disk");
}

/* It fails so, and nothing of it was started. */
void is_bad(const proc::process &bad, int code, const std::string &message) {
    counter runs;
    const proc::process around = proc::concurrent(runs.process(), proc::task("t", bad));
    const proc::error error = proc::try_run(proc::sequence(runs.callable(), around));
    EXPECT_EQ(error.code(), code);
    EXPECT_EQ(error.message(), message);
    EXPECT_EQ(runs.take(), 0);
}

TEST(combinators, empty) {
    const proc::process none;
    const auto good = [] { ADD_FAILURE() << "it was started"; };
    is_bad(proc::concurrent(none), EINVAL, "proc_concurrent: impls[0] is NULL");
    is_bad(proc::group(good, good, none), EINVAL, "proc_group: impls[2] is NULL");
    is_bad(proc::sequence({proc::make(good), none}), EINVAL, "proc_sequence: impls[1] is NULL");
    is_bad(proc::concurrent_limit(1, none), EINVAL, "proc_concurrent_limit: impls[0] is NULL");
    is_bad(proc::group_limit(1, good, none), EINVAL, "proc_group_limit: impls[1] is NULL");
    is_bad(proc::race(none), EINVAL, "proc_race: impls[0] is NULL");
    is_bad(proc::any(good, none), EINVAL, "proc_any: impls[1] is NULL");
    is_bad(proc::task("t", none), EINVAL, "proc_task: impl is NULL");
    is_bad(proc::trace_region("r", none), EINVAL, "proc_trace_region: impl is NULL");
    const std::vector<proc::process> some{proc::make(good), none};
    is_bad(proc::group(good, some), EINVAL, "proc_group: impls[2] is NULL");
    const std::function<void()> nothing;
    proc::error (*null)() = nullptr;
    is_bad(proc::group(good, nothing), EINVAL, "proc_group: impls[1] is NULL");
    is_bad(proc::race(good, good, null), EINVAL, "proc_race: impls[2] is NULL");
    is_bad(proc::any(std::array<std::function<void()>, 2>{good, nothing}), EINVAL,
           "proc_any: impls[1] is NULL");
    is_bad(proc::task("t", nothing), EINVAL, "proc_task: impl is NULL");
    EXPECT_EQ(proc::try_run(none).message(), "proc_run: impl is NULL");
}

TEST(combinators, null_name) {
    const auto good = [] { ADD_FAILURE() << "it was started"; };
    is_bad(proc::task(nullptr, good), EINVAL, "proc_task: task_type is NULL");
    is_bad(proc::trace_region(nullptr, good), EINVAL, "proc_trace_region: region_type is NULL");
}

TEST(combinators, too_deep) {
    proc::process deep = proc::make([] { throw std::runtime_error("at the bottom"); });
    for (int level = 0; level < PROC_MAX_DEPTH; level++)
        deep = proc::sequence(std::move(deep));
    EXPECT_EQ(proc::try_run(deep).message(), "at the bottom");
    EXPECT_EQ(proc::try_run(proc::group(deep)).code(), ELOOP);
}

TEST(combinators, background) {
    std::atomic<int> ended = 0;
    const auto outlast = [&](const proc::cancel &cancel) {
        EXPECT_TRUE(cancel.wait(gate::deadline()));
        EXPECT_EQ(cancel.cause().code(), ECANCELED);
        ++ended;
        return cancel.error();
    };
    EXPECT_FALSE(proc::try_run(proc::group(proc::background(outlast), [] {})));
    EXPECT_FALSE(proc::try_run(proc::stack(proc::background(proc::make(outlast)))));
    EXPECT_EQ(ended, 1);
    EXPECT_EQ(proc::try_run(proc::background(proc::process())).code(), EINVAL);
}

proc_error *fail_in_c(proc_cancel *, void *user_data) {
    return proc_error_new(EIO, static_cast<const char *>(user_data));
}

TEST(combinators, with_c) {
    char text[] = "in C";
    const proc::process of_c = proc::process::adopt(proc_new(fail_in_c, text, nullptr));
    EXPECT_EQ(proc::try_run(proc::task("t", of_c)).message(), "t: in C");
    EXPECT_EQ(proc::process::share(of_c.get()).get(), of_c.get());
    proc::process given = proc::group(of_c, [] {});
    const auto error = proc::error::adopt(proc_run(proc_task("c", given.release()), nullptr));
    EXPECT_EQ(error.message(), "c: in C");
    EXPECT_EQ(given.get(), nullptr);
}

} // namespace
