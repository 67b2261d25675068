/* proc::finally and proc::shield. Laws:
 *
 *   whatever         What cleans up runs after a success, a failure, an exception and a cancellation, on the same thread.
 *   shielded         A cancellation does not reach what cleans up.
 *   both             It fails with the errors of both; exceptions arrive as what they were.
 *   late             A cancellation reaches what is shielded when the time is over that it was given.
 *   never            … or never; inside it drains from the moment of the cancellation.
 *   passes           Errors of what is shielded pass as they are, and callables may be move-only.
 *   empty            An empty process is bad input, and nothing is started.
 */
#include "counted.hpp"
#include "gate.hpp"
#include <cerrno>
#include <gtest/gtest.h>
#include <procession.hpp>
#include <thread>

namespace {

using namespace std::chrono_literals;

/* What became of it, and whether what cleans up ran. */
template <class Part> proc::error cleaned_up(Part &&part, const proc::cancel &cancel = {}) {
    const auto here = std::this_thread::get_id();
    int calls = 0;
    const auto cleans_up = [&](const proc::cancel &own) {
        EXPECT_EQ(std::this_thread::get_id(), here);
        EXPECT_FALSE(own.cancelled());
        ++calls;
    };
    auto error = proc::try_run(proc::finally(std::forward<Part>(part), cleans_up), cancel);
    EXPECT_EQ(calls, 1);
    return error;
}

proc::error stops(const proc::cancel &cancel) {
    EXPECT_TRUE(cancel.wait(gate::deadline()));
    return cancel.error();
}

TEST(shield, whatever) {
    EXPECT_FALSE(cleaned_up([] {}));
    EXPECT_EQ(cleaned_up(proc::make([] { return proc::error(EIO); })).code(), EIO);
    EXPECT_EQ(cleaned_up([] { throw std::runtime_error("thrown"); }).message(), "thrown");
}

TEST(shield, shielded) {
    const proc::cancel cancel;
    cancel.trigger(proc::error(EINTR, "asked"));
    EXPECT_TRUE(cleaned_up(stops, cancel).is_echo(cancel));
}

TEST(shield, both) {
    std::atomic<int> count = 0;
    const auto throws = [] { throw std::out_of_range("first"); };
    proc::process process =
        proc::finally(throws, [&count, held = std::make_unique<counted>(&count)] {
            EXPECT_EQ(count, 1);
            throw std::length_error("second");
        });
    const proc::error error = proc::try_run(std::move(process));
    EXPECT_EQ(error.message(), "2 errors:\n- first\n- second");
    EXPECT_THROW(error.rethrow(), std::out_of_range);
    EXPECT_THROW(error[1].rethrow(), std::length_error);
    EXPECT_EQ(count, 0);
}

TEST(shield, late) {
    const proc::cancel cancel;
    const auto asked = std::chrono::steady_clock::now();
    cancel.trigger(proc::error(EINTR, "asked"));
    EXPECT_TRUE(proc::try_run(proc::shield(20ms, stops), cancel).is_echo(cancel));
    EXPECT_GE(std::chrono::steady_clock::now() - asked, 20ms);
    EXPECT_TRUE(proc::try_run(proc::shield(0s, stops), cancel).is_echo(cancel));
    EXPECT_TRUE(proc::try_run(proc::shield(-1s, stops), cancel).is_echo(cancel));
}

TEST(shield, never) {
    const auto goes_on = [](const proc::cancel &above) {
        return [above](const proc::cancel &own) {
            EXPECT_FALSE(proc_draining(own.get()));
            above.trigger();
            EXPECT_TRUE(proc_draining(own.get()));
            EXPECT_FALSE(own.wait(1ms));
        };
    };
    const proc::cancel one;
    EXPECT_FALSE(proc::try_run(proc::shield(goes_on(one)), one));
    const proc::cancel other;
    EXPECT_FALSE(proc::try_run(proc::shield(std::chrono::hours::max(), goes_on(other)), other));
}

TEST(shield, passes) {
    auto throws = [one = std::make_unique<int>(1)] {
        if (*one == 1)
            throw std::out_of_range("thrown");
    };
    const auto error = proc::try_run(proc::shield(1s, proc::shield(std::move(throws))));
    EXPECT_THROW(error.rethrow(), std::out_of_range);
}

TEST(shield, empty) {
    const proc::process none;
    const auto never = [] { ADD_FAILURE() << "it was started"; };
    EXPECT_EQ(proc::try_run(proc::finally(none, never)).message(), "proc_finally: impl is NULL");
    EXPECT_EQ(proc::try_run(proc::finally(never, none)).message(), "proc_finally: cleanup is NULL");
    EXPECT_EQ(proc::try_run(proc::shield(1s, none)).message(), "proc_shield: impl is NULL");
    EXPECT_EQ(proc::try_run(proc::shield(none)).code(), EINVAL);
}

} // namespace
