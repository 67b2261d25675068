/* Traces, logs and hooks. Laws:
 *
 *   file             A trace is written to a file between start and stop; what cannot be started or stopped says why, or throws it.
 *   enabled          While somebody wants to know, trace_enabled() is true, and texts are composed; else they are not.
 *   tasks            Hooks are told of tasks with their parents, what each failed with, why it was cancelled, and the word that they gave.
 *   regions          … and of regions, logs, and of what is started and arrives.
 *   replaced         Hooks that are set take the place of others, which are not called any more; empty ones: none are.
 *   within           From within a hook none can be set (EDEADLK), and those that are set stay.
 *   throwing         What leaves a hook ends the program, with its text.
 */
#include "dies.hpp"
#include <atomic>
#include <cerrno>
#include <procession.hpp>
#include <procession/trace.hpp>

namespace {

class trace : public dies {
  protected:
    void TearDown() override {
        EXPECT_FALSE(proc::try_trace_set_hooks({}));
        dies::TearDown();
    }
};

std::string place() { return testing::TempDir() + "trace-" + std::to_string(getpid()); }

TEST_F(trace, file) {
    EXPECT_EQ(proc::try_trace_start(nullptr).code(), EINVAL);
    EXPECT_THROW(proc::trace_start("/"), proc::failure);
    EXPECT_EQ(proc::try_trace_stop().code(), EINVAL);
    EXPECT_THROW(proc::trace_stop(), proc::failure);
    EXPECT_EQ(proc::try_trace_snapshot(place()).code(), ENODATA);
    EXPECT_THROW(proc::trace_snapshot(place()), proc::failure);
    proc::trace_start(place());
    EXPECT_EQ(proc::try_trace_start(place()).code(), EBUSY);
    proc::trace_stop();
    EXPECT_EQ(unlink(place().c_str()), 0);
}

TEST_F(trace, enabled) {
    int composed = 0;
    const auto compose = [&] { return "text " + std::to_string(++composed); };
    std::vector<std::string> said;
    EXPECT_FALSE(proc::trace_enabled());
    proc::trace_log(nullptr, compose);
    EXPECT_EQ(composed, 0);
    proc::trace_hooks hooks;
    hooks.log = [&](const proc::trace_task *task, const char *category, const char *message) {
        EXPECT_EQ(task, nullptr);
        said.push_back(std::string(category) + ":" + message);
    };
    proc::trace_set_hooks(hooks);
    EXPECT_TRUE(proc::trace_enabled());
    proc::trace_log("c", compose);
    proc::trace_log(nullptr, "plain");
    EXPECT_EQ(said, (std::vector<std::string>{"c:text 1", ":plain"}));
}

TEST_F(trace, tasks) {
    std::vector<std::string> said;
    int word = 0;
    proc::trace_hooks hooks;
    hooks.task_begin = [&](const proc::trace_task &task, const proc::trace_task *parent) {
        EXPECT_EQ(parent != nullptr ? parent->word : nullptr, parent != nullptr ? &word : nullptr);
        said.push_back(std::string(task.task_type) + (parent != nullptr ? " in" : ""));
        return &word;
    };
    hooks.task_end = [&](const proc::trace_task &task, const proc::error &failed,
                         const proc::error &cause) {
        EXPECT_EQ(task.word, &word);
        said.push_back(std::string(task.task_type) + ", " + failed.message() + ", " +
                       cause.message());
    };
    proc::trace_set_hooks(std::move(hooks));
    std::uint64_t number = 0;
    const auto inner = proc::task("inner", [&](const proc::token &token) {
        number = proc::trace_task_id(token);
        throw std::runtime_error("thrown");
    });
    EXPECT_TRUE(proc::try_run(proc::task("outer", inner)));
    EXPECT_NE(number, 0U);
    EXPECT_EQ(proc::trace_task_id(proc::cancel()), 0U);
    const proc::cancel cancel;
    cancel.trigger(proc::error(EINTR, "asked"));
    (void)proc::try_run(proc::task("late", [](const proc::token &t) { return t.error(); }), cancel);
    EXPECT_EQ(said, (std::vector<std::string>{"outer", "inner in", "inner, thrown, success",
                                              "outer, inner: thrown, success", "late",
                                              "late, success, asked"}));
}

TEST_F(trace, regions) {
    std::atomic<int> regions = 0;
    std::atomic<std::uint64_t> spawned = 0;
    std::atomic<std::uint64_t> arrived = 0;
    proc::trace_hooks hooks;
    hooks.region_begin = [&](const proc::trace_task *task, std::uint64_t, const char *type) {
        EXPECT_STREQ(type, "parse");
        EXPECT_STREQ(task->task_type, "web");
        ++regions;
    };
    hooks.region_end = [&](std::uint64_t) { regions += 10; };
    hooks.spawn = [&](const proc::trace_task *, std::uint64_t spawn) { spawned = spawn; };
    hooks.arrive = [&](const proc::trace_task *, std::uint64_t spawn) { arrived = spawn; };
    proc::trace_set_hooks(std::move(hooks));
    proc::job job = proc::start(proc::task("web", proc::trace_region("parse", [] {})));
    job.join();
    EXPECT_EQ(regions, 11);
    EXPECT_NE(spawned, 0U);
    EXPECT_EQ(spawned, arrived);
}

TEST_F(trace, replaced) {
    int former = 0;
    int latter = 0;
    proc::trace_hooks hooks;
    hooks.log = [&, held = std::make_unique<int>(1)](const proc::trace_task *, const char *,
                                                     const char *) { former += *held; };
    proc::trace_set_hooks(hooks);
    hooks.log = [&](const proc::trace_task *, const char *, const char *) { ++latter; };
    proc::trace_set_hooks(hooks);
    proc::trace_log("c", "text");
    proc::trace_set_hooks({});
    EXPECT_FALSE(proc::trace_enabled());
    proc::trace_log("c", "text");
    EXPECT_EQ(former, 0);
    EXPECT_EQ(latter, 1);
}

TEST_F(trace, within) {
    int calls = 0;
    proc::trace_hooks hooks;
    hooks.log = [&](const proc::trace_task *, const char *, const char *) {
        EXPECT_EQ(proc::try_trace_set_hooks({}).code(), EDEADLK);
        EXPECT_THROW(proc::trace_set_hooks({}), proc::failure);
        ++calls;
    };
    proc::trace_set_hooks(hooks);
    proc::trace_log("c", "text");
    proc::trace_log("c", "text");
    EXPECT_EQ(calls, 2);
}

void throw_in_hook() {
    proc::trace_hooks hooks;
    hooks.log = [](const proc::trace_task *, const char *, const char *) {
        throw std::runtime_error("lost");
    };
    proc::trace_set_hooks(hooks);
    proc::trace_log("c", "text");
}

TEST_F(trace, throwing) {
    EXPECT_EXIT(throw_in_hook(), testing::KilledBySignal(SIGABRT), "what\\(\\): +lost");
}

} // namespace
