/* Tasks and regions by hand. Laws:
 *
 *   in_it            What runs with the handle of a task_scope is in that task; it ends with the scope, and has not failed.
 *   unwound          One that an exception leaves has failed; one that was begun while an exception passes by has not.
 *   stopped          One that is left by an exception while its handle is cancelled has stopped, as asked: that is no failure.
 *   ended            end() says when it ends, and with which error; later ends do nothing.
 *   moved            It can be moved, also to another thread, where it ends; one that is assigned to ends first.
 *   above            It is cancelled with the handle that it was given; without one it is not.
 *   nameless         Without a name, its handle is cancelled with EINVAL, and a region throws that.
 *   region           A region is in the task of its handle, or in that of the callable, and ends with its scope.
 */
#include "gate.hpp"
#include <cerrno>
#include <gtest/gtest.h>
#include <procession.hpp>
#include <procession/scope.hpp>
#include <procession/trace.hpp>
#include <thread>

namespace {

/* Writes down how tasks end and where regions are. */
class scopes : public testing::Test {
  protected:
    void SetUp() override {
        proc::trace_hooks hooks;
        hooks.task_end = [this](const proc::trace_task &task, const proc::error &failed,
                                const proc::error &) {
            said.push_back(task.task_type + (": " + failed.message()));
        };
        hooks.region_begin = [this](const proc::trace_task *task, std::uint64_t, const char *type) {
            said.push_back(type + std::string(task != nullptr ? " in " : "") +
                           (task != nullptr ? task->task_type : ""));
        };
        hooks.region_end = [this](std::uint64_t) { said.emplace_back("region ends"); };
        proc::trace_set_hooks(hooks);
    }

    void TearDown() override { proc::trace_set_hooks({}); }

    void expect(const std::vector<std::string> &expected) { EXPECT_EQ(said, expected); }

    std::vector<std::string> said{}; // NOLINT: of a test
};

TEST_F(scopes, in_it) {
    {
        const proc::task_scope request("request");
        proc::run(proc::task("part", [&] { EXPECT_TRUE(said.empty()); }), request.cancel());
        expect({"part: success"});
    }
    expect({"part: success", "request: success"});
}

/* Begins and ends a task while an exception passes by. */
struct cleans_up {
    cleans_up() = default;
    cleans_up(const cleans_up &) = delete;
    cleans_up &operator=(const cleans_up &) = delete;
    ~cleans_up() { const proc::task_scope scope("cleanup"); }
};

TEST_F(scopes, unwound) {
    const auto fails = [] {
        const proc::task_scope request("request");
        const cleans_up cleanup;
        throw std::runtime_error("thrown");
    };
    EXPECT_THROW(fails(), std::runtime_error);
    expect({"cleanup: success", "request: left by an exception"});
}

TEST_F(scopes, stopped) {
    const auto stops = [] {
        const proc::task_scope request("request");
        request.cancel().trigger();
        request.cancel().throw_if_cancelled();
    };
    EXPECT_ANY_THROW(stops());
    expect({"request: success"});
}

TEST_F(scopes, ended) {
    proc::task_scope request("request");
    request.end(proc::error(EIO, "disk"));
    expect({"request: disk"});
    EXPECT_EQ(request.cancel().get(), nullptr);
    request.end();
    expect({"request: disk"});
}

TEST_F(scopes, moved) {
    proc::task_scope request("request");
    std::thread([moved = std::move(request)] { EXPECT_NE(moved.cancel().get(), nullptr); }).join();
    expect({"request: success"});
    request = proc::task_scope("second");
    request = proc::task_scope("third");
    expect({"request: success", "second: success"});
}

TEST_F(scopes, above) {
    const proc::cancel above;
    const proc::task_scope below("below", above);
    const proc::task_scope free("free");
    above.trigger(proc::error(EINTR, "asked"));
    EXPECT_EQ(below.cancel().cause().message(), "asked");
    EXPECT_FALSE(free.cancel().cancelled());
}

TEST_F(scopes, nameless) {
    const proc::task_scope none(nullptr);
    EXPECT_EQ(none.cancel().cause().code(), EINVAL);
    EXPECT_THROW(const proc::region region(nullptr), proc::failure);
}

TEST_F(scopes, region) {
    const proc::task_scope request("request");
    {
        const proc::region outer("outer");
        const proc::region inner("inner", request.cancel());
    }
    expect({"outer", "inner in request", "region ends", "region ends"});
    said.clear();
    proc::run(proc::task("web", [] { const proc::region parse("parse"); }));
    expect({"parse in web", "region ends", "web: success"});
}

} // namespace
