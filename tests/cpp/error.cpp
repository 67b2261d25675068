/* proc::error. Laws:
 *
 *   success          A default-constructed error is success: false, code 0, "success", no parts.
 *   failure          A failure has the code and the message that it was made with; 0 becomes -1; NULL stands for strerror.
 *   of_errno         from_errno has errno's code, and "WHAT: STRERROR"; errno is what it was.
 *   of_error_code    Codes of the generic and the system category are kept, others become -1; "WHAT: TEXT"; code 0 is success.
 *   values           Copies share the error; what was moved from is success; assignment to itself changes nothing.
 *   task             A task error has a name and a cause; other errors have none.
 *   parts            Errors side by side are counted, indexed and gone through in order; a single one is its own part.
 *   iterators        They are forward iterators by the rules of C++20, and input iterators by those of C++17.
 *   searching        is() and find_task() look at every error in an error.
 *   wrapped          wrap() puts a text before an error, and is looked through; success and NULL change nothing.
 *   merged           merge() makes one of several, in their order: flat, each once; success is left out.
 *   echoes           is_echo(): nothing but why the handle, or one above it, was cancelled, however wrapped.
 *   with_c           adopt takes a reference over, share makes one, get borrows, release gives it up: a payload is destroyed once.
 */
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <gtest/gtest.h>
#include <procession.hpp>

namespace {

proc::process failing(int code, const char *message) {
    return proc::make([=] { return proc::error(code, message); });
}

TEST(error, success) {
    const proc::error none;
    EXPECT_FALSE(none);
    EXPECT_EQ(none.code(), 0);
    EXPECT_EQ(none.message(), "success");
    EXPECT_EQ(none.count(), 0U);
    EXPECT_FALSE(none[0]);
    EXPECT_FALSE(none.cause());
    EXPECT_FALSE(none.task_type());
    EXPECT_FALSE(none.is(0));
    EXPECT_EQ(none.begin(), none.end());
    EXPECT_EQ(none.get(), nullptr);
}

TEST(error, failure) {
    const proc::error disk(EIO, "disk");
    EXPECT_TRUE(disk);
    EXPECT_EQ(disk.code(), EIO);
    EXPECT_EQ(disk.message(), "disk");
    EXPECT_EQ(proc::error(EIO, std::string("cut\0here", 8)).message(), "cut");
    EXPECT_EQ(proc::error(0, "zero").code(), -1);
    EXPECT_EQ(proc::error(ENOENT).message(), "No such file or directory");
    EXPECT_EQ(proc::error(ENOENT, nullptr).message(), "No such file or directory");
}

TEST(error, of_errno) {
    errno = EACCES;
    const proc::error denied = proc::error::from_errno("open");
    EXPECT_EQ(errno, EACCES);
    EXPECT_EQ(denied.code(), EACCES);
    EXPECT_EQ(denied.message(), "open: Permission denied");
    EXPECT_EQ(proc::error::from_errno().message(), "Permission denied");
}

TEST(error, of_error_code) {
    const proc::error generic(std::make_error_code(std::errc::timed_out), "connect");
    EXPECT_EQ(generic.code(), ETIMEDOUT);
    EXPECT_EQ(generic.message(), "connect: Connection timed out");
    const proc::error system(std::error_code(EPIPE, std::system_category()));
    EXPECT_EQ(system.code(), EPIPE);
    EXPECT_EQ(system.message(), "Broken pipe");
    const proc::error other(std::make_error_code(std::io_errc::stream), "read");
    EXPECT_EQ(other.code(), -1);
    EXPECT_EQ(other.message(), "read: " + std::make_error_code(std::io_errc::stream).message());
    EXPECT_FALSE(proc::error(std::error_code(), "nothing"));
}

TEST(error, values) {
    proc::error first(EIO, "first");
    proc::error copy = first;
    EXPECT_EQ(copy.get(), first.get());
    const proc::error moved = std::move(first);
    EXPECT_EQ(moved.get(), copy.get());
    EXPECT_FALSE(first);
    proc::error &self = copy;
    copy = self;
    copy = std::move(self);
    EXPECT_EQ(copy.get(), moved.get());
    copy = proc::error(EPIPE, "second");
    EXPECT_EQ(copy.message(), "second");
    EXPECT_EQ(moved.message(), "first");
    copy = proc::error();
    EXPECT_FALSE(copy);
}

TEST(error, task) {
    const proc::error task = proc::try_run(proc::task("web", failing(EIO, "disk")));
    EXPECT_EQ(task.task_type(), "web");
    EXPECT_EQ(task.message(), "web: disk");
    EXPECT_EQ(task.code(), EIO);
    EXPECT_EQ(task.cause().message(), "disk");
    EXPECT_FALSE(task.cause().task_type());
    EXPECT_FALSE(task.cause().cause());
    EXPECT_EQ(proc::try_run(proc::task("", failing(EIO, "disk"))).task_type(), "");
}

TEST(error, parts) {
    const proc::error two =
        proc::try_run(proc::concurrent(proc::sequence(), failing(1, "a"), failing(1, "a")));
    EXPECT_EQ(two.count(), 2U);
    EXPECT_EQ(two.message(), "2 errors:\n- a\n- a");
    EXPECT_FALSE(two[2]);
    std::size_t index = 0;
    for (const proc::error &part : two)
        EXPECT_EQ(part.get(), two[index++].get());
    EXPECT_EQ(index, 2U);
    auto at = two.begin();
    EXPECT_EQ((*at++).get(), two[0].get());
    EXPECT_EQ((*at).get(), two[1].get());
    EXPECT_EQ(++at, two.end());
    const proc::error one = two[1];
    EXPECT_EQ(one.count(), 1U);
    EXPECT_EQ((*one.begin()).get(), one.get());
}

TEST(error, iterators) {
    using iterator = proc::error::iterator;
    static_assert(std::is_default_constructible_v<iterator>);
    static_assert(std::is_same_v<std::iterator_traits<iterator>::reference, proc::error>);
    const proc::error whole =
        proc::error::merge({proc::error(1, "a"), proc::error(2, "b"), proc::error(3, "c")});
    const auto found = std::find_if(whole.begin(), whole.end(),
                                    [](const proc::error &part) { return part.is(2); });
    EXPECT_EQ(found->message(), "b");
    EXPECT_EQ(std::distance(found, whole.end()), 2);
    EXPECT_EQ(std::vector<proc::error>(whole.begin(), whole.end()).size(), 3);
    EXPECT_EQ(iterator(), iterator());
    EXPECT_NE(whole.begin(), iterator());
    std::atomic<int> sum = 0;
    proc::run(proc::each(whole, 0, [&](const proc::error &part) { sum += part.code(); }));
    EXPECT_EQ(sum, 6);
#ifdef __cpp_lib_ranges
    static_assert(std::forward_iterator<iterator>);
    static_assert(std::ranges::forward_range<const proc::error>);
    const auto is_odd = [](const proc::error &part) { return part.code() % 2 == 1; };
    EXPECT_EQ(std::ranges::count_if(whole, is_odd), 2);
#endif
}

TEST(error, searching) {
    const proc::error whole = proc::try_run(proc::task(
        "outer", proc::concurrent(failing(1, "a"), proc::task("inner", failing(2, "b")))));
    EXPECT_TRUE(whole.is(1));
    EXPECT_TRUE(whole.is(2));
    EXPECT_FALSE(whole.is(3));
    EXPECT_EQ(whole.find_task("inner").message(), "inner: b");
    EXPECT_EQ(whole.find_task(std::string("outer")).get(), whole.get());
    EXPECT_FALSE(whole.find_task("other"));
    EXPECT_FALSE(whole.find_task(nullptr));
}

TEST(error, wrapped) {
    const proc::error disk = proc::try_run(proc::task("flush", failing(EIO, "disk")));
    const proc::error said = disk.wrap(std::string("100 % of it"));
    EXPECT_EQ(said.message(), "100 % of it: flush: disk");
    EXPECT_EQ(said.code(), EIO);
    EXPECT_EQ(said.cause().get(), disk.get());
    EXPECT_EQ(said.find_task("flush").get(), disk.get());
    EXPECT_FALSE(said.task_type());
    EXPECT_EQ(said.count(), 1U);
    EXPECT_EQ(disk.message(), "flush: disk");
    EXPECT_EQ(disk.wrap(nullptr).get(), disk.get());
    EXPECT_FALSE(proc::error().wrap("nothing"));
}

TEST(error, merged) {
    const proc::error a(1, "a");
    const proc::error b(2, "b");
    const proc::error two = proc::error::merge({a, {}, b});
    EXPECT_EQ(two.message(), "2 errors:\n- a\n- b");
    EXPECT_EQ(two[0].get(), a.get());
    EXPECT_EQ(proc::error::merge({b, two, a}).message(), "2 errors:\n- b\n- a");
    EXPECT_EQ(proc::error::merge({{}, a, a}).get(), a.get());
    EXPECT_FALSE(proc::error::merge({}));
    EXPECT_FALSE(proc::error::merge({{}, {}}));
}

TEST(error, echoes) {
    const proc::cancel above;
    const proc::cancel below = above.child();
    EXPECT_FALSE(below.error().is_echo(below));
    above.trigger(proc::error(EINTR, "enough"));
    const proc::error echo = below.error();
    EXPECT_TRUE(echo.is_echo(below));
    EXPECT_TRUE(proc::error::merge({echo.wrap("a"), echo.wrap("b")}).is_echo(above));
    EXPECT_FALSE(proc::error::merge({echo, proc::error(EIO)}).is_echo(below));
    EXPECT_FALSE(proc::error(EINTR, "enough").is_echo(below));
    EXPECT_FALSE(proc::error().is_echo(below));
}

void count_release(void *payload) { ++*static_cast<int *>(payload); }

TEST(error, with_c) {
    int released = 0;
    proc_error *owned = proc_error_with_payload(EIO, "from C", &released, count_release);
    proc::error shared = proc::error::share(owned);
    EXPECT_EQ(shared.get(), owned);
    {
        const proc::error adopted = proc::error::adopt(owned);
        EXPECT_EQ(adopted.message(), "from C");
    }
    EXPECT_EQ(released, 0);
    proc_error *given = shared.release();
    EXPECT_FALSE(shared);
    EXPECT_EQ(released, 0);
    proc_error_unref(given);
    EXPECT_EQ(released, 1);
    EXPECT_FALSE(proc::error::adopt(nullptr));
    EXPECT_FALSE(proc::error::share(nullptr));
}

} // namespace
