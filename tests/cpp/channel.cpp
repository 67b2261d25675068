/* proc::channel. Laws:
 *
 *   in_order         Items come out in the order in which they were sent; a full channel takes none, and an empty one has none.
 *   kinds            Items of few bytes and of many, those that can only be moved, and those that C++ must copy, come out as they went in.
 *   hand_over        Without capacity a sender waits until its item is received.
 *   values           A copy is the same channel; an empty one has nothing, and all that cannot be done is thrown.
 *   bad_capacity     A channel for which there is no memory is std::bad_alloc.
 *   stays            An item that was given up and not sent is the sender's as it was, for whatever reason that is.
 *   copies           An item that is not given up is copied; so is one that might throw on its way, and one of another type.
 *   none             What was not received says why; to look at it throws that.
 *   cancelled        A cancellation ends waits, and comes before what could be done.
 *   closed           A close ends waits; what is in the channel is received before.
 *   timed            Time ends waits, of any unit and sign.
 *   loops            items() gives what comes until the channel is closed and empty, or the handle cancelled, and leaves the rest.
 *   loop_releases    A loop has destroyed an item when it waits for the next.
 *   destroyed        Items that are left are destroyed with the last copy of the channel, and received ones by who has them.
 *   descriptor       fd() is one descriptor, readable while there is something to receive, and once closed.
 *   with_c           C sees small items as they are and others by their addresses.
 *   once_each        Under many senders, receivers and ends of waits, each item is received once.
 *   cancelled_midway What was sent when a cancellation came is received, and nothing else.
 */
#include "gate.hpp"
#include <array>
#include <atomic>
#include <cerrno>
#include <functional>
#include <gtest/gtest.h>
#include <numeric>
#include <poll.h>
#include <procession.hpp>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using status = proc::channel_status;
using boxes = proc::channel<std::unique_ptr<int>>;

/* It can be moved, but who does it must be prepared for an exception. */
struct fragile {
    explicit fragile(std::string from) : text(std::move(from)) {}
    fragile(const fragile &) = default;
    fragile(fragile &&other) noexcept(false) : text(std::move(other.text)) {
        throw std::logic_error("it was moved");
    }
    fragile &operator=(const fragile &) = default;
    fragile &operator=(fragile &&) noexcept(false) = default;
    ~fragile() = default;
    std::string text;
};

template <class Code> void throws_code(int code, const Code &does) {
    try {
        does();
        FAIL() << "it should have thrown";
    } catch (const proc::failure &failure) {
        EXPECT_EQ(failure.error().code(), code) << failure.what();
    }
}

bool is_readable(int descriptor) {
    pollfd file{descriptor, POLLIN, 0};
    return ::poll(&file, 1, 0) == 1;
}

TEST(channel, in_order) {
    const proc::channel<int> channel(3);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 3; i++)
            EXPECT_EQ(channel.try_send(10 * round + i), status::ok);
        EXPECT_EQ(channel.try_send(99), status::timeout);
        EXPECT_EQ(channel.size(), 3);
        for (int i = 0; i < 3; i++)
            EXPECT_EQ(*channel.receive(), 10 * round + i);
        EXPECT_EQ(channel.try_receive().status(), status::timeout);
        EXPECT_EQ(channel.size(), 0);
    }
}

template <class Item> void goes_through(Item item) {
    const proc::channel<Item> channel(1);
    const Item same(item);
    EXPECT_EQ(channel.send(std::move(item)), status::ok);
    const auto received = channel.receive();
    EXPECT_TRUE(*received == same);
}

TEST(channel, kinds) {
    goes_through('c');
    goes_through<const char *>("text");
    goes_through(std::array<char, 3>{'a', 'b', 'c'});
    goes_through(std::array<long, 8>{1, 2, 3, 4, 5, 6, 7, 8});
    goes_through(std::array<long, 9>{1, 2, 3, 4, 5, 6, 7, 8, 9});
    goes_through(std::string("text"));
    goes_through(std::vector<int>(1000, 7));
    goes_through(std::make_shared<int>(1));
    const boxes channel(1);
    EXPECT_EQ(channel.send(std::make_unique<int>(5)), status::ok);
    const std::unique_ptr<int> box = *channel.receive();
    EXPECT_EQ(*box, 5);
}

TEST(channel, hand_over) {
    const proc::channel<std::string> channel(0);
    std::atomic<bool> is_sent = false;
    const auto sends = [&] {
        EXPECT_EQ(channel.send("item"), status::ok);
        is_sent = true;
    };
    const auto receives = [&] {
        pollfd file{channel.fd(), POLLIN, 0};
        EXPECT_EQ(::poll(&file, 1, -1), 1); // A sender waits.
        EXPECT_FALSE(is_sent);
        EXPECT_EQ(channel.size(), 0);
        EXPECT_EQ(*channel.try_receive(), "item");
    };
    proc::run(proc::concurrent(sends, receives));
    EXPECT_TRUE(is_sent);
    EXPECT_EQ(channel.try_send("nobody waits for it"), status::timeout);
}

TEST(channel, values) {
    proc::channel<int> channel(1);
    const proc::channel<int> copy = channel;
    EXPECT_EQ(copy.get(), channel.get());
    const proc::channel<int> moved = std::move(channel);
    EXPECT_EQ(moved.try_send(1), status::ok);
    EXPECT_EQ(*copy.try_receive(), 1);
    EXPECT_EQ(channel.get(), nullptr);
    EXPECT_EQ(channel.size(), 0);
    EXPECT_NO_THROW(channel.close());
    throws_code(EINVAL, [&] { (void)channel.send(1); });
    throws_code(EINVAL, [&] { (void)channel.receive(); });
    throws_code(EINVAL, [&] { (void)channel.fd(); });
    throws_code(EINVAL, [&] { (void)channel.items().begin(); });
    channel = copy;
    EXPECT_EQ(channel.try_send(2), status::ok);
    EXPECT_EQ(moved.size(), 1);
}

TEST(channel, bad_capacity) {
    constexpr auto most = std::numeric_limits<std::size_t>::max();
    EXPECT_THROW(proc::channel<int>{most}, std::bad_alloc);
    EXPECT_THROW(proc::channel<std::string>{most / 16}, std::bad_alloc);
}

/* Gives up an item, which is not sent, and sees that it is what it was. */
template <class Send> void keeps(const Send &send) {
    auto item = std::make_unique<int>(7);
    const int *const address = item.get();
    send(std::move(item));
    EXPECT_EQ(item.get(), address); // NOLINT(bugprone-use-after-move): it is back
}

TEST(channel, stays) {
    using item = std::unique_ptr<int> &&;
    boxes channel(1);
    const proc::cancel cancel;
    EXPECT_EQ(channel.send(nullptr), status::ok);
    keeps([&](item i) { EXPECT_EQ(channel.try_send(std::move(i)), status::timeout); });
    keeps([&](item i) { EXPECT_EQ(channel.send_for(std::move(i), 1us), status::timeout); });
    keeps([&](item i) { EXPECT_EQ(channel.send_for(std::move(i), cancel, 1us), status::timeout); });
    cancel.trigger();
    keeps([&](item i) { EXPECT_EQ(channel.send(std::move(i), cancel), status::cancelled); });
    EXPECT_EQ(*channel.try_receive(), nullptr);
    keeps([&](item i) { EXPECT_EQ(channel.send(std::move(i), cancel), status::cancelled); });
    channel.close();
    keeps([&](item i) { EXPECT_EQ(channel.send(std::move(i)), status::closed); });
    channel = boxes::adopt(nullptr);
    keeps([&](item i) { EXPECT_THROW((void)channel.send(std::move(i)), proc::failure); });
}

TEST(channel, copies) {
    const proc::channel<std::string> channel(2);
    const std::string same = "a text that is longer than fits into a string by itself";
    std::string text = same;
    EXPECT_EQ(channel.send(text), status::ok);
    EXPECT_EQ(channel.send(same.c_str()), status::ok);
    EXPECT_EQ(text, same);
    EXPECT_EQ(*channel.receive(), same);
    EXPECT_EQ(*channel.receive(), same);
    EXPECT_EQ(channel.send(std::move(text)), status::ok);
    EXPECT_EQ(channel.send({'a', 'b'}), status::ok);
    EXPECT_EQ(*channel.receive(), same);
    EXPECT_EQ(*channel.receive(), "ab");

    const proc::channel<fragile> others(1);
    fragile item(same);
    EXPECT_EQ(others.send(std::move(item)), status::ok);
    EXPECT_EQ(others.try_send(std::move(item)), status::timeout); // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(item.text, same);
    EXPECT_EQ(others.receive()->text, same);

    const proc::channel<std::function<int()>> functions(1);
    EXPECT_EQ(functions.send([] { return 42; }), status::ok);
    EXPECT_EQ((*functions.receive())(), 42);
}

TEST(channel, none) {
    const proc::channel<int> numbers(1);
    const proc::channel<std::string> texts(1);
    const auto late = numbers.try_receive();
    EXPECT_FALSE(late);
    EXPECT_EQ(late.status(), status::timeout);
    throws_code(ETIMEDOUT, [&] { (void)*late; });
    texts.close();
    auto never = texts.receive();
    EXPECT_FALSE(never);
    EXPECT_EQ(never.status(), status::closed);
    throws_code(EPIPE, [&] { (void)never->size(); });
    throws_code(EPIPE, [&] { const std::string text = *std::move(never); });
    EXPECT_EQ(numbers.send(3), status::ok);
    const auto received = numbers.receive();
    EXPECT_TRUE(received);
    EXPECT_EQ(received.status(), status::ok);
    EXPECT_EQ(*received, 3);
}

TEST(channel, cancelled) {
    const boxes full(1);
    const proc::channel<int> empty(1);
    const proc::cancel cancel;
    gate all;
    EXPECT_EQ(full.send(std::make_unique<int>(1)), status::ok);
    const auto sends = [&] {
        all.meet(4);
        keeps([&](std::unique_ptr<int> &&item) {
            EXPECT_EQ(full.send(std::move(item), cancel), status::cancelled);
        });
    };
    const auto receives = [&] {
        all.meet(4);
        EXPECT_EQ(empty.receive(cancel).status(), status::cancelled);
    };
    const auto receives_long = [&] {
        all.meet(4);
        EXPECT_EQ(empty.receive_for(cancel, 1h).status(), status::cancelled);
    };
    const auto triggers = [&] {
        all.meet(4);
        cancel.trigger();
    };
    proc::run(proc::concurrent(sends, receives, receives_long, triggers));
    EXPECT_EQ(full.receive(cancel).status(), status::cancelled);
    EXPECT_EQ(empty.send(1, cancel), status::cancelled);
    EXPECT_EQ(full.size(), 1);
    EXPECT_EQ(empty.size(), 0);
    EXPECT_EQ(full.receive(proc::cancel::adopt(nullptr)).status(), status::ok);
}

TEST(channel, closed) {
    const boxes full(1);
    const proc::channel<int> empty(1);
    gate all;
    EXPECT_EQ(full.send(std::make_unique<int>(1)), status::ok);
    const auto sends = [&] {
        all.meet(3);
        keeps([&](std::unique_ptr<int> &&item) {
            EXPECT_EQ(full.send(std::move(item)), status::closed);
        });
    };
    const auto receives = [&] {
        all.meet(3);
        EXPECT_EQ(empty.receive().status(), status::closed);
    };
    const auto closes = [&] {
        all.meet(3);
        full.close();
        empty.close();
        empty.close();
    };
    proc::run(proc::concurrent(sends, receives, closes));
    EXPECT_EQ(empty.try_send(1), status::closed);
    EXPECT_EQ(**full.receive(), 1);
    EXPECT_EQ(full.try_receive().status(), status::closed);
}

TEST(channel, timed) {
    const proc::channel<int> channel(1);
    const proc::cancel cancel;
    EXPECT_EQ(channel.receive_for(1ms).status(), status::timeout);
    EXPECT_EQ(channel.receive_for(-1h).status(), status::timeout);
    EXPECT_EQ(channel.receive_for(cancel, 1us).status(), status::timeout);
    EXPECT_EQ(channel.send_for(1, -1ns), status::ok);
    EXPECT_EQ(channel.send_for(2, 1ms), status::timeout);
    EXPECT_EQ(channel.send_for(2, cancel, 0s), status::timeout);
    const auto receives = [&] { EXPECT_EQ(*channel.receive_for(std::chrono::hours::max()), 1); };
    const auto sends = [&] { EXPECT_EQ(channel.send_for(2, 1h), status::ok); };
    proc::run(proc::concurrent(sends, receives));
    EXPECT_EQ(*channel.receive_for(std::chrono::duration<double>(1)), 2);
}

TEST(channel, loops) {
    const boxes channel(4);
    for (int i = 0; i < 4; i++)
        EXPECT_EQ(channel.send(std::make_unique<int>(i)), status::ok);
    const proc::cancel cancel;
    std::vector<std::unique_ptr<int>> kept;
    for (auto &item : channel.items()) {
        kept.push_back(std::move(item));
        break;
    }
    for (auto &item : channel.items(cancel)) {
        if (*item == 2)
            cancel.trigger();
        kept.push_back(std::move(item));
    }
    EXPECT_EQ(channel.size(), 1);
    channel.close();
    for (auto &item : channel.items())
        kept.push_back(std::move(item));
    ASSERT_EQ(kept.size(), 4);
    for (int i = 0; i < 4; i++)
        EXPECT_EQ(*kept[static_cast<std::size_t>(i)], i);
    for (auto &item : channel.items())
        FAIL() << "it is closed, and had " << *item;
    auto none = channel.items();
    EXPECT_TRUE(none.begin() == none.end());
}

/* Opens its gate when it is destroyed. */
struct opens {
    void operator()(gate *closed) const { closed->open(); }
};

TEST(channel, loop_releases) {
    using item = std::unique_ptr<gate, opens>;
    const proc::channel<item> channel(1);
    gate first;
    const auto sends = [&] {
        EXPECT_EQ(channel.send(item(&first)), status::ok);
        first.wait();
        channel.close();
    };
    const auto loops = [&] {
        int count = 0;
        for (auto &received : channel.items())
            count += received ? 1 : 0;
        EXPECT_EQ(count, 1);
    };
    proc::run(proc::concurrent(sends, loops));
}

TEST(channel, destroyed) {
    const auto item = std::make_shared<int>(1);
    {
        const proc::channel<std::shared_ptr<int>> channel(3);
        for (int i = 0; i < 3; i++)
            EXPECT_EQ(channel.send(item), status::ok);
        EXPECT_EQ(item.use_count(), 4);
        (void)channel.receive();
        EXPECT_EQ(item.use_count(), 3);
        EXPECT_EQ(channel.send_for(item, 0s), status::ok);
        EXPECT_EQ(channel.send_for(item, 0s), status::timeout);
        EXPECT_EQ(item.use_count(), 4);
        channel.close();
        const std::vector copies(2, channel);
        EXPECT_EQ(copies[1].size(), 3);
    }
    EXPECT_EQ(item.use_count(), 1);
}

TEST(channel, descriptor) {
    const proc::channel<std::string> channel(2);
    const int descriptor = channel.fd();
    EXPECT_EQ(channel.fd(), descriptor);
    EXPECT_FALSE(is_readable(descriptor));
    EXPECT_EQ(channel.send("item"), status::ok);
    EXPECT_TRUE(is_readable(descriptor));
    EXPECT_EQ(*channel.try_receive(), "item");
    EXPECT_FALSE(is_readable(descriptor));
    channel.close();
    EXPECT_TRUE(is_readable(descriptor));
}

TEST(channel, with_c) {
    proc_channel *owned = proc_channel_new(2, sizeof(int), nullptr);
    const auto numbers = proc::channel<int>::adopt(owned);
    int number = 5;
    EXPECT_EQ(proc_channel_send(owned, nullptr, &number, 0), 0);
    EXPECT_EQ(*numbers.receive(), 5);
    EXPECT_EQ(numbers.send(6), status::ok);
    EXPECT_EQ(proc_channel_receive(numbers.get(), nullptr, &number, 0), 0);
    EXPECT_EQ(number, 6);

    proc::channel<std::string> texts(2);
    std::string *address = nullptr;
    EXPECT_EQ(texts.send("to C"), status::ok);
    EXPECT_EQ(proc_channel_receive(texts.get(), nullptr, &address, 0), 0);
    const std::unique_ptr<std::string> text(address);
    EXPECT_EQ(*text, "to C");
    address = new std::string("of C");
    EXPECT_EQ(proc_channel_send(texts.get(), nullptr, &address, 0), 0);
    const auto shared = proc::channel<std::string>::share(texts.get());
    proc_channel_unref(texts.release());
    EXPECT_EQ(texts.get(), nullptr);
    EXPECT_EQ(*shared.receive(), "of C");
}

TEST(channel, once_each) {
    constexpr int senders = 2;
    constexpr int items = 300;
    const boxes channel(1);
    std::vector<std::atomic<int>> received(static_cast<std::size_t>(senders) * items);
    const auto sends = [&](int sender) {
        for (int i = 0; i < items; i++) {
            auto item = std::make_unique<int>(sender * items + i);
            while (channel.send_for(std::move(item), 1us) == status::timeout)
                EXPECT_TRUE(item); // NOLINT(bugprone-use-after-move): it was not sent
            EXPECT_FALSE(item);
        }
    };
    const auto receives = [&] {
        for (auto item = channel.receive_for(1us); item.status() != status::closed;
             item = channel.receive_for(1us))
            if (item)
                ++received[static_cast<std::size_t>(**item)];
    };
    const auto closes = [&] { channel.close(); };
    proc::run(proc::concurrent(
        proc::sequence(proc::concurrent([&] { sends(0); }, [&] { sends(1); }), closes), receives,
        receives));
    for (const auto &count : received)
        EXPECT_EQ(count, 1);
}

TEST(channel, cancelled_midway) {
    const boxes channel(2);
    const proc::cancel cancel;
    std::atomic<int> sent = 0;
    int received = 0;
    const auto sends = [&] {
        for (int i = 0;; i++) {
            auto item = std::make_unique<int>(i);
            if (channel.send(std::move(item), cancel) != status::ok) {
                EXPECT_EQ(*item, i); // NOLINT(bugprone-use-after-move): it was not sent
                return;
            }
            ++sent;
        }
    };
    const auto receives = [&] {
        for ([[maybe_unused]] auto &item : channel.items())
            if (++received == 200)
                cancel.trigger();
    };
    const auto closes = [&] { channel.close(); };
    proc::run(proc::concurrent(proc::sequence(proc::concurrent(sends, sends), closes), receives));
    EXPECT_EQ(sent, received);
    EXPECT_GE(received, 200);
}

} // namespace
