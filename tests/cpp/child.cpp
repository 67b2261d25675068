/* proc::child. Laws:
 *
 *   runs             A program runs; how it ends is the result, and its status is stored.
 *   options          Each option is what it says.
 *   told             What it writes is told to a callable, by stream.
 *   kept             What that has captured lives as long as the process, and is destroyed once.
 *   stops            A cancellation stops it, in its time.
 *   bad_input        No name is bad input.
 */
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <memory>
#include <procession.hpp>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

proc::child_options shell(const char *script) {
    proc::child_options options;
    options.argv = {"sh", "-c", script};
    return options;
}

TEST(child, runs) {
    proc::run(proc::child({{"true"}}));
    proc::run(proc::child({{"sh", "-c", "exit 0"}}));
    proc::child_options options = shell("exit 3");
    int status = 0;
    options.status_out = &status;
    const auto error = proc::try_run(proc::task("t", proc::child(options)));
    EXPECT_EQ(error.code(), ECHILD);
    EXPECT_EQ(error.message(), "t: sh: exit status 3");
    EXPECT_EQ(WEXITSTATUS(status), 3);
#if __cplusplus >= 202002L
    proc::run(proc::child({.argv = {"true"}, .stop_after = 1s}));
#endif
}

TEST(child, options) {
    proc::child_options options = shell("test \"$(pwd)\" = / && test \"$x\" = y && cat");
    int in[2];
    int out[2];
    char read_back[10] = "";
    ASSERT_EQ(pipe2(in, O_CLOEXEC) + pipe2(out, O_CLOEXEC), 0);
    ASSERT_EQ(write(in[1], "hello", 5), 5);
    close(in[1]);
    options.envp = std::vector<std::string>{"x=y", "PATH=/bin:/usr/bin"};
    options.directory = "/";
    options.in = in[0];
    options.out = out[1];
    proc::run(proc::child(options));
    EXPECT_EQ(read(out[0], read_back, sizeof read_back), 5);
    EXPECT_STREQ(read_back, "hello");
    options.argv = {"/bin/sh", "-c", "test -z \"$PATHS$HOME\""};
    options.envp.emplace();
    options.in = -1;
    proc::run(proc::child(options));
    for (const int fd : {in[0], out[0], out[1]})
        close(fd);
}

TEST(child, told) {
    std::string told[3];
    proc::child_options options = shell("echo out; echo err >&2");
    options.on_output = [&told](int stream, std::string_view bytes) { told[stream] += bytes; };
    proc::run(proc::child(options));
    EXPECT_EQ(told[1], "out\n");
    EXPECT_EQ(told[2], "err\n");
}

TEST(child, kept) {
    auto shared = std::make_shared<int>(0);
    {
        proc::child_options options = shell("echo x");
        options.on_output = [shared](int, std::string_view) { ++*shared; };
        const auto process = proc::child(std::move(options));
        proc::run(process);
        proc::run(process);
        EXPECT_EQ(*shared, 2);
        EXPECT_EQ(shared.use_count(), 2);
    }
    EXPECT_EQ(shared.use_count(), 1);
}

proc::error stopped(proc::child_options options, int *status) {
    const proc::cancel cancel;
    options.on_output = [&cancel](int, std::string_view) {
        cancel.trigger(proc::error(EINTR, "enough"));
    };
    options.status_out = status;
    return proc::try_run(proc::child(std::move(options)), cancel);
}

TEST(child, stops) {
    int status = 0;
    EXPECT_EQ(stopped(shell("echo; sleep 1000"), &status).message(), "enough");
    EXPECT_EQ(WTERMSIG(status), SIGTERM);
    proc::child_options options = shell("trap '' TERM; echo; while :; do sleep 0.01; done");
    options.stop_after = 20ms;
    EXPECT_EQ(stopped(options, &status).message(), "enough");
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
    options = shell("trap 'sleep 0.1; exit 3' TERM; echo; while :; do sleep 0.01; done");
    options.stop_after = std::chrono::nanoseconds::max();
    EXPECT_EQ(stopped(options, &status).message(), "enough");
    EXPECT_EQ(WEXITSTATUS(status), 3);
    options.stop_after = 0s;
    EXPECT_EQ(stopped(options, &status).message(), "enough");
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

TEST(child, bad_input) {
    EXPECT_EQ(proc::try_run(proc::child({})).message(), "proc_child: options->argv[0] is NULL");
    EXPECT_EQ(proc::try_run(proc::child({{""}})).code(), EINVAL);
}

} // namespace
