/* proc::token. Laws:
 *
 *   cannot_cancel    A token has nothing that cancels, and no handle is made of one by accident; every handle is a token, also by token().
 *   same             It is the same handle: cancelled with it, with its cause; a copy keeps it; an empty one is never cancelled.
 *   callable         A callable may take one instead of a handle, by value or by reference, also after an element or a nursery.
 *   own_children     A handle that is made below one is its maker's: cancelling it leaves the token as it was.
 *   values           What a handle carries down, its token and all made below that have, too.
 *   taken            What waits, runs or hooks takes a token as well as a handle.
 *   current          current() is the token of the handle in which the thread runs; empty outside.
 *   any              A handle is made below several tokens as below handles.
 */
#include "gate.hpp"
#include <cerrno>
#include <gtest/gtest.h>
#include <procession.hpp>

namespace {

template <class Handle, class = void> constexpr bool can_cancel = false;

template <class Handle>
constexpr bool can_cancel<Handle, std::void_t<decltype(std::declval<Handle &>().trigger())>> = true;

static_assert(can_cancel<proc::cancel>);
static_assert(!can_cancel<proc::token>);
static_assert(std::is_convertible_v<proc::cancel, proc::token>);
static_assert(!std::is_constructible_v<proc::cancel, proc::token>);
static_assert(!std::is_assignable_v<proc::cancel &, proc::token>);

TEST(token, cannot_cancel) {
    const proc::cancel cancel;
    const auto token = cancel.token();
    static_assert(std::is_same_v<decltype(token), const proc::token>);
    EXPECT_EQ(token.get(), cancel.get());
    static_assert(std::is_same_v<decltype(token.drain_handle()), proc::token>);
    EXPECT_EQ(token.drain_handle().get(), cancel.drain_handle().get());
}

TEST(token, same) {
    proc::token kept;
    EXPECT_FALSE(kept.cancelled());
    EXPECT_FALSE(kept.wait());
    {
        const proc::cancel cancel;
        kept = cancel;
        EXPECT_FALSE(kept.cancelled());
        cancel.trigger(proc::error(EINTR, "asked"));
    }
    const proc::token moved = std::move(kept);
    EXPECT_TRUE(moved.wait(gate::deadline()));
    EXPECT_EQ(moved.cause().message(), "asked");
    EXPECT_TRUE(moved.error().is_echo(moved));
    EXPECT_FALSE(kept.cancelled()); // NOLINT(bugprone-use-after-move): it is empty
}

TEST(token, callable) {
    const proc::cancel cancel;
    cancel.trigger(proc::error(EINTR, "asked"));
    const auto by_value = [](proc::token token) { return token.error(); };
    const auto lent = [](const proc::token &token) { token.throw_if_cancelled(); };
    EXPECT_TRUE(proc::try_run(by_value, cancel).is_echo(cancel));
    EXPECT_TRUE(proc::try_run(proc::group(by_value, lent), cancel).is_echo(cancel));
    const auto element = [](int number, const proc::token &token) {
        return number == 2 ? token.error() : proc::error();
    };
    EXPECT_TRUE(
        proc::try_run(proc::each(std::vector<int>{1, 2}, 1, element), cancel).is_echo(cancel));
    const auto body = [](const proc::nursery &, const proc::token &token) { return token.error(); };
    EXPECT_TRUE(proc::try_run(proc::with_nursery(body), cancel).is_echo(cancel));
    EXPECT_EQ(std::get<0>(proc::all([](const proc::token &token) { return token.cancelled(); })),
              false);
}

TEST(token, own_children) {
    const proc::cancel cancel;
    const proc::token &token = cancel;
    const proc::cancel child = token.child();
    const proc::cancel timed = token.child(std::chrono::hours(1));
    child.trigger();
    EXPECT_FALSE(token.cancelled());
    EXPECT_TRUE(timed.remaining().has_value());
    cancel.trigger(proc::error(EINTR, "asked"));
    EXPECT_EQ(timed.cause().message(), "asked");
}

const proc::key<int> number("number");

TEST(token, values) {
    const proc::token token = proc::cancel().with_value(number, 3);
    EXPECT_EQ(*token.value(number), 3);
    EXPECT_EQ(*token.child().value(number), 3);
    EXPECT_EQ(*token.with_value(number, 4).value(number), 4);
}

TEST(token, taken) {
    const proc::cancel cancel;
    const proc::token &token = cancel;
    int calls = 0;
    const proc::hook hook(token, [&] { ++calls; });
    const proc::channel<int> channel(1);
    EXPECT_EQ(channel.send(1, token), proc::channel_status::ok);
    EXPECT_EQ(*channel.receive(token), 1);
    proc::job job =
        proc::start([](const proc::token &own) { return own.wait(), own.error(); }, token);
    cancel.trigger(proc::error(EINTR, "asked"));
    EXPECT_TRUE(job.try_join().is_echo(token));
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(channel.receive(token).status(), proc::channel_status::cancelled);
    EXPECT_THROW((void)proc::all(token, [](const proc::token &own) { return own.error(); }),
                 proc::failure);
}

TEST(token, current) {
    EXPECT_EQ(proc::token::current().get(), nullptr);
    proc::run([](const proc::cancel &cancel) {
        EXPECT_EQ(proc::token::current().get(), cancel.get());
        EXPECT_FALSE(proc::token::current().draining());
    });
}

TEST(token, any) {
    const proc::cancel one;
    const proc::cancel other;
    const std::vector<proc::token> tokens{one, other};
    const proc::cancel of_container = proc::cancel::any(tokens);
    const proc::cancel of_both = proc::cancel::any({one, other.token()});
    other.trigger(proc::error(EINTR, "asked"));
    EXPECT_EQ(of_container.cause().message(), "asked");
    EXPECT_EQ(of_both.cause().message(), "asked");
}

} // namespace
