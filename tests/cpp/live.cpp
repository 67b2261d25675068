/* What runs now, and what has run. Laws:
 *
 *   dump             What runs is written as a tree, for people or as JSON; what cannot be written is returned, or thrown.
 *   numbers          Numbers are those of C, of this version.
 *   version          The library is that of the headers.
 */
#include "gate.hpp"
#include <cerrno>
#include <gtest/gtest.h>
#include <procession.hpp>
#include <procession/live.hpp>
#include <unistd.h>

namespace {

std::string dumped(proc::dump_format format) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    proc::run(proc::task("web", [&] { proc::dump(ends[1], format); }));
    close(ends[1]);
    std::string text(65536, '\0');
    const ssize_t size = read(ends[0], text.data(), text.size());
    close(ends[0]);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
}

TEST(live, dump) {
    EXPECT_NE(dumped(proc::dump_format::text).find("task web"), std::string::npos);
    EXPECT_EQ(dumped(proc::dump_format::json).front(), '{');
    EXPECT_EQ(proc::try_dump(-1).code(), EBADF);
    EXPECT_THROW(proc::dump(-1), proc::failure);
    EXPECT_EQ(proc::try_dump(1, static_cast<proc::dump_format>(7)).code(), EINVAL);
}

TEST(live, numbers) {
    const proc::stats before = proc::get_stats();
    proc::run(proc::task("web", [] { EXPECT_EQ(proc::get_stats().tasks_running, 1U); }));
    const proc::stats after = proc::get_stats();
    EXPECT_EQ(after.size, sizeof(proc_stats));
    EXPECT_EQ(after.tasks_started_total, before.tasks_started_total + 1);
    EXPECT_EQ(after.tasks_running, 0U);
}

TEST(live, version) {
    EXPECT_EQ(proc::version(), std::to_string(PROC_VERSION_MAJOR) + "." +
                                   std::to_string(PROC_VERSION_MINOR) + "." +
                                   std::to_string(PROC_VERSION_PATCH));
}

} // namespace
