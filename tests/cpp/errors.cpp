/* What is in an error. Laws:
 *
 *   same             Two errors are equal if they are the same one, through whatever ran in between; success equals success.
 *   echo_of          An error is an echo of a cause if there is nothing else in it, in whatever tasks, texts and multi errors.
 *   joined           join merges its arguments.
 *   leaves           leaves gives the failures at the ends, in order, each once, however many ways there are to it.
 *   find             find gives the first exception of a type or derived from it, also one that is nested, and of a later error.
 *   one_line         one_line has all of the text and no control character.
 *   as_error_code    The code is that of the first failure's std::system_error, or its own; success is 0.
 *   stream           It is written to a stream as its text.
 *   context          What runs in a context fails with the text before its error, and echoes stay echoes.
 *   where            In C++20, an error that is made of a code knows where that was, through tasks and texts; others do not.
 *   format           Where there is std::format, it is formatted as its text is.
 */
#include <cerrno>
#include <gtest/gtest.h>
#include <procession.hpp>
#include <procession/format.hpp>
#include <sstream>

namespace {

struct http_error : std::runtime_error {
    explicit http_error(int given) : std::runtime_error("http"), status(given) {}
    int status;
};

struct not_found : http_error {
    not_found() : http_error(404) {}
};

const proc::error disk(EIO, "disk");
const proc::error net(ENETDOWN, "net");

/* As it leaves a task. */
proc::error in_task(const proc::error &error) {
    return proc::try_run(proc::task("t", [&] { return error; }));
}

TEST(errors, same) {
    EXPECT_EQ(disk, proc::try_run([] { return disk; }));
    EXPECT_NE(disk, proc::error(EIO, "disk"));
    EXPECT_NE(disk, proc::error());
    EXPECT_EQ(proc::error(), proc::error());
    EXPECT_EQ(in_task(disk).cause(), disk);
}

TEST(errors, echo_of) {
    EXPECT_TRUE(disk.is_echo_of(disk));
    EXPECT_TRUE(in_task(disk.wrap("text")).is_echo_of(disk));
    EXPECT_FALSE(disk.is_echo_of(in_task(disk)));
    EXPECT_FALSE(proc::error(EIO, "disk").is_echo_of(disk));
    const proc::error both = proc::error::join(disk, net);
    EXPECT_FALSE(both.is_echo_of(disk));
    EXPECT_TRUE(in_task(both).is_echo_of(both));
    EXPECT_TRUE(proc::error::join(disk, in_task(disk)).is_echo_of(disk));
    EXPECT_FALSE(proc::error().is_echo_of(disk));
    EXPECT_FALSE(disk.is_echo_of(proc::error()));
    EXPECT_FALSE(proc::error().is_echo_of(proc::error()));
}

TEST(errors, joined) {
    EXPECT_EQ(proc::error::join(disk, proc::error(), net).message(), "2 errors:\n- disk\n- net");
    EXPECT_EQ(proc::error::join(disk), disk);
    EXPECT_FALSE(proc::error::join());
}

TEST(errors, leaves) {
    EXPECT_TRUE(proc::error().leaves().empty());
    EXPECT_EQ(disk.leaves(), std::vector<proc::error>{disk});
    proc::error tree = proc::error::join(in_task(disk), net.wrap("text"));
    for (int i = 0; i < 100; ++i) // More ways than could be gone.
        tree = proc::error::join(in_task(tree), tree.wrap("again"));
    EXPECT_EQ(tree.leaves(), (std::vector<proc::error>{disk, net}));
}

[[noreturn]] void throw_nested() {
    try {
        throw not_found();
    } catch (const http_error &) {
        std::throw_with_nested(std::logic_error("around"));
    }
}

TEST(errors, find) {
    const proc::error error = proc::try_run(proc::concurrent_limit(
        1, [] { return disk; }, [] { throw std::length_error("long"); },
        proc::task("t", throw_nested)));
    ASSERT_NE(error.find<http_error>(), nullptr);
    EXPECT_EQ(error.find<http_error>()->status, 404);
    EXPECT_NE(error.find<not_found>(), nullptr);
    EXPECT_STREQ(error.find<std::exception>()->what(), "long");
    EXPECT_EQ(error.find<std::out_of_range>(), nullptr);
    EXPECT_EQ(*proc::try_run([] { throw 7; }).find<int>(), 7);
    EXPECT_EQ(proc::error().find<std::exception>(), nullptr);
    EXPECT_EQ(disk.find<std::exception>(), nullptr);
}

TEST(errors, one_line) {
    EXPECT_EQ(disk.one_line(), "disk");
    EXPECT_EQ(proc::error().one_line(), "success");
    EXPECT_EQ(proc::error::join(disk, in_task(net)).one_line(), "2 errors: disk; t: net");
    EXPECT_EQ(proc::error(EIO, "a\nb\tc\x7f-\u00fc").one_line(), "a b c -\u00fc");
    EXPECT_EQ(proc::error(EIO, "\n- a").one_line(), "; a");
}

TEST(errors, as_error_code) {
    EXPECT_FALSE(proc::error().as_error_code());
    EXPECT_EQ(in_task(disk).as_error_code(), std::errc::io_error);
    EXPECT_EQ(proc::error::join(net, disk).as_error_code(), std::errc::network_down);
    const std::error_code code = std::make_error_code(std::io_errc::stream);
    const proc::error thrown = proc::try_run([&] { throw std::system_error(code); });
    EXPECT_EQ(thrown.as_error_code(), code);
    EXPECT_EQ(proc::error::join(disk, thrown).as_error_code(), std::errc::io_error);
    const std::error_code own = proc::error(-7, "own").as_error_code();
    EXPECT_EQ(own.value(), -7);
    EXPECT_STREQ(own.category().name(), "procession");
    EXPECT_EQ(own.message(), "error -7");
    EXPECT_TRUE(proc::try_run([] { throw std::system_error(std::error_code()); }).as_error_code());
}

TEST(errors, stream) {
    std::ostringstream stream;
    stream << in_task(disk) << ", " << proc::error();
    EXPECT_EQ(stream.str(), "t: disk, success");
}

TEST(errors, context) {
    EXPECT_EQ(proc::try_run(proc::with_context("load", [] { return disk; })).message(),
              "load: disk");
    EXPECT_FALSE(proc::try_run(proc::with_context("load", [] {})));
    const proc::error thrown = proc::try_run(proc::with_context("load", throw_nested));
    EXPECT_EQ(thrown.message(), "load: around: http");
    EXPECT_NE(thrown.find<not_found>(), nullptr);
    const proc::cancel cancel;
    cancel.trigger(disk);
    const auto stops = [](const proc::token &token) { return token.error(); };
    EXPECT_TRUE(proc::try_run(proc::with_context("load", stops), cancel).is_echo(cancel));
    EXPECT_EQ(proc::try_run(proc::with_context(nullptr, [] { return disk; })), disk);
    EXPECT_EQ(proc::try_run(proc::with_context("load", proc::process())).code(), EINVAL);
}

#ifdef __cpp_lib_source_location
TEST(errors, where) {
    const proc::error made(EIO, "disk");
    const std::source_location here = std::source_location::current();
    ASSERT_TRUE(made.where().has_value());
    EXPECT_EQ(made.where()->line() + 1, here.line());
    EXPECT_STREQ(made.where()->file_name(), here.file_name());
    EXPECT_EQ(in_task(made.wrap("text")).where()->line(), made.where()->line());
    EXPECT_EQ(proc::error(EIO).where()->function_name(), here.function_name());
    EXPECT_FALSE(proc::error().where());
    EXPECT_FALSE(proc::try_run([] { throw 7; }).where());
    EXPECT_EQ(made.message(), "disk");
    EXPECT_EQ(proc::error(EIO).message(), proc::error(EIO, nullptr).message());
}
#endif

#ifdef __cpp_lib_format
TEST(errors, format) {
    EXPECT_EQ(std::format("{}", in_task(disk)), "t: disk");
    EXPECT_EQ(std::format("{:>6}", disk), "  disk");
}
#endif

} // namespace
