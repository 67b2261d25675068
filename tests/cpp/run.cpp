/* Running. Laws:
 *
 *   run              proc::run returns if the process succeeds, and throws its error as a proc::failure if not.
 *   try_run          proc::try_run returns the error, and throws nothing.
 *   under            Both run under the handle that they are given, and under a new one if it is empty or there is none.
 *   nested           Both may be called from callables, on whatever thread.
 *   exit_status      0 for success, else 1, and the text with the program's name in front of it on stderr.
 *   main             proc::main is proc::exit_status of what proc::try_main returns. An exception in the process is an error.
 *   signal           SIGTERM cancels what it runs; "stopped, as asked" is success.
 */
#include "dies.hpp"
#include <cerrno>
#include <procession.hpp>

namespace {

class run : public dies {};

const auto succeeds = [] {};
const auto fails = [] { throw std::runtime_error("it failed"); };

TEST_F(run, run) {
    EXPECT_NO_THROW(proc::run(succeeds));
    EXPECT_NO_THROW(proc::run(proc::make(succeeds)));
    EXPECT_THROW(proc::run(fails), proc::failure);
    try {
        proc::run(proc::task("t", fails));
        FAIL() << "it should have thrown";
    } catch (const std::exception &failure) {
        EXPECT_STREQ(failure.what(), "t: it failed");
    }
}

TEST_F(run, try_run) {
    EXPECT_FALSE(proc::try_run(succeeds));
    EXPECT_EQ(proc::try_run(fails).message(), "it failed");
    EXPECT_EQ(proc::try_run(proc::make(fails)).message(), "it failed");
    static_assert(noexcept(proc::try_run(proc::process())));
    static_assert(noexcept(proc::try_run(proc::process(), proc::cancel())));
}

TEST_F(run, under) {
    const proc::cancel cancel;
    const auto asks = [&](const proc::cancel &given) {
        EXPECT_EQ(given.get(), cancel.get());
        cancel.trigger(proc::error(EINTR, "asked"));
        return given.error();
    };
    EXPECT_EQ(proc::try_run(asks, cancel).message(), "asked");
    EXPECT_THROW(proc::run(asks, cancel), proc::failure);
    const auto is_new = [&](const proc::cancel &given) {
        EXPECT_NE(given.get(), nullptr);
        EXPECT_FALSE(given.cancelled());
    };
    proc::run(is_new, proc::cancel::adopt(nullptr));
    proc::run(is_new);
}

TEST_F(run, nested) {
    gate all;
    const auto meets = [&] { all.meet(4); };
    const proc::process pair = proc::concurrent(meets, meets);
    const auto runs = [&](const proc::cancel &cancel) { proc::run(pair, cancel); };
    const auto tries = [&](const proc::cancel &cancel) { return proc::try_run(pair, cancel); };
    EXPECT_FALSE(proc::try_run(proc::concurrent(runs, tries)));
}

/* What the program says when it fails. */
std::string says(const std::string &text) {
    return "^" + std::string(program_invocation_short_name) + ": " + text + "\n$";
}

TEST_F(run, exit_status) {
    EXPECT_EQ(proc::exit_status(proc::error()), 0);
    EXPECT_EXIT(_exit(proc::exit_status({EIO, "disk"})), testing::ExitedWithCode(1), says("disk"));
}

TEST_F(run, main) {
    EXPECT_FALSE(proc::try_main(succeeds));
    EXPECT_EQ(proc::try_main(fails).message(), "it failed");
    EXPECT_EQ(proc::main(succeeds), 0);
    const proc::process task = proc::task("web", fails);
    EXPECT_EXIT(_exit(proc::main(task)), testing::ExitedWithCode(1), says("web: it failed"));
    const proc::process none;
    EXPECT_EXIT(_exit(proc::main(none)), testing::ExitedWithCode(1),
                says("proc_main: impl is NULL"));
    static_assert(noexcept(proc::main(none)));
}

TEST_F(run, signal) {
    const auto waits = [](const proc::cancel &cancel) {
        EXPECT_TRUE(cancel.wait(gate::deadline()));
        EXPECT_TRUE(cancel.cause().is(EINTR));
        cancel.throw_if_cancelled();
    };
    const auto asks = [&](const proc::cancel &cancel) {
        EXPECT_EQ(kill(getpid(), SIGTERM), 0);
        waits(cancel);
    };
    EXPECT_EQ(proc::main(proc::group(waits, proc::task("t", asks))), 0);
}

} // namespace
