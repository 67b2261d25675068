/* proc::key, with_value, value. Laws:
 *
 *   found            What a handle or a process is given, all below it have, on whatever thread.
 *   nearest          The nearest one counts; keys are told apart by where they lie, not by their names.
 *   none             Where there is none there is NULL.
 *   current          Without a handle it is the value of the callable that runs on this thread.
 *   cancellation     A handle with a value is cancelled with the one above it, and not the other way round.
 *   types            A value may be move-only, const, a pointer; what is given is converted to it.
 *   destroyed        It is destroyed once, with the last handle that can see it.
 *   changed          One that guards itself may be changed.
 *   empty            An empty process is bad input, and the value is destroyed.
 *   with_c           C finds it by the same key.
 */
#include "counted.hpp"
#include "gate.hpp"
#include <cerrno>
#include <gtest/gtest.h>
#include <procession.hpp>
#include <string>

namespace {

const proc::key<const std::string> request("request");
const proc::key<int> number("number");
const proc::key<int> other_number("number");

TEST(values, found) {
    const proc::cancel cancel = proc::cancel().with_value(request, "a");
    EXPECT_EQ(*cancel.value(request), "a");
    EXPECT_EQ(*cancel.child().child().value(request), "a");
    gate both;
    const auto looks = [&](const proc::cancel &own) {
        both.meet(2);
        EXPECT_EQ(*own.value(request), "a");
    };
    proc::run(proc::group(looks, proc::task("t", looks)), cancel);
    proc::run(proc::with_value(request, "a", proc::group(looks, looks)));
    const auto spawns = [&](const proc::nursery &nursery) { nursery.spawn(looks); };
    proc::run(proc::with_nursery(spawns), cancel);
}

TEST(values, nearest) {
    const proc::cancel above = proc::cancel().with_value(number, 1);
    const proc::cancel below = above.with_value(number, 2);
    EXPECT_EQ(*above.value(number), 1);
    EXPECT_EQ(*below.value(number), 2);
    EXPECT_EQ(below.value(other_number), nullptr);
    const auto looks = [](const proc::cancel &own) {
        EXPECT_EQ(*own.value(number), 3);
        EXPECT_EQ(*own.value(other_number), 4);
    };
    proc::run(proc::with_value(number, 3, proc::with_value(other_number, 4, looks)), below);
    EXPECT_STREQ(number.name(), other_number.name());
}

TEST(values, none) {
    EXPECT_EQ(proc::cancel().value(number), nullptr);
    EXPECT_EQ(proc::value(number), nullptr);
    proc::run([](const proc::cancel &own) { EXPECT_EQ(own.value(number), nullptr); });
}

TEST(values, current) {
    const auto looks = [] {
        EXPECT_EQ(*proc::value(number), 5);
        EXPECT_EQ(*proc::cancel::adopt(nullptr).value(number), 5);
        EXPECT_EQ(*proc::cancel::current().value(number), 5);
    };
    proc::run(proc::with_value(number, 5, proc::concurrent(looks, looks)));
    EXPECT_EQ(proc::value(number), nullptr);
}

TEST(values, cancellation) {
    const proc::cancel above;
    const proc::cancel below = above.with_value(number, 1);
    const proc::cancel beside = above.with_value(number, 1);
    below.trigger();
    EXPECT_FALSE(above.cancelled());
    above.trigger(proc::error(EINTR, "asked"));
    EXPECT_EQ(beside.cause().message(), "asked");
    EXPECT_EQ(*beside.value(number), 1);
}

TEST(values, types) {
    static const proc::key<std::unique_ptr<int>> box("box");
    static const proc::key<const char *> text("text");
    static const proc::key<std::shared_ptr<const int>> object("object");
    static const proc::key<const double> exact("exact");
    const proc::cancel cancel = proc::cancel()
                                    .with_value(box, std::make_unique<int>(7))
                                    .with_value(text, nullptr)
                                    .with_value(object, std::make_shared<int>(8))
                                    .with_value(exact, 1);
    EXPECT_EQ(**cancel.value(box), 7);
    ASSERT_NE(cancel.value(text), nullptr);
    EXPECT_EQ(*cancel.value(text), nullptr);
    EXPECT_EQ(**cancel.value(object), 8);
    static_assert(std::is_same_v<decltype(cancel.value(exact)), const double *>);
    EXPECT_EQ(*cancel.value(exact), 1.0);
}

TEST(values, destroyed) {
    static const proc::key<counted> key("counted");
    std::atomic<int> count = 0;
    proc::cancel below = proc::cancel().with_value(key, counted(&count)).child();
    EXPECT_EQ(count, 1);
    EXPECT_NE(below.value(key), nullptr);
    below = proc::cancel();
    EXPECT_EQ(count, 0);
    proc::process process = proc::with_value(key, counted(&count),
                                             [&](const proc::cancel &own) { below = own.child(); });
    proc::run(process);
    proc::run(std::move(process));
    EXPECT_EQ(count, 1);
    (*below.value(key))();
    below = proc::cancel();
    EXPECT_EQ(count, 0);
}

TEST(values, changed) {
    static const proc::key<std::atomic<int> *> counter("counter");
    std::atomic<int> count = 0;
    const auto counts = [](std::size_t) { ++**proc::value(counter); };
    proc::run(proc::with_value(counter, &count, proc::each(20, 3, counts)));
    EXPECT_EQ(count, 20);
}

TEST(values, empty) {
    static const proc::key<counted> key("counted");
    std::atomic<int> count = 0;
    const auto error = proc::try_run(proc::with_value(key, counted(&count), proc::process()));
    EXPECT_EQ(error.message(), "proc_with_value: impl is NULL");
    EXPECT_EQ(count, 0);
}

TEST(values, with_c) {
    const proc::cancel cancel = proc::cancel().with_value(number, 6);
    EXPECT_EQ(*static_cast<int *>(proc_value(cancel.get(), number.get())), 6);
    EXPECT_STREQ(number.get()->name, "number");
}

} // namespace
