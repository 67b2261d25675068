/*
 * procession/channel.hpp - part of procession.hpp: handing items from thread to thread
 */
#ifndef PROCESSION_CHANNEL_HPP
#define PROCESSION_CHANNEL_HPP

#include <cstddef>
#include <new>
#include <procession/cancel.hpp>   // IWYU pragma: export
#include <procession/received.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

namespace detail {

/** As for std::vector: what might throw on its way to the heap, or back, is copied, so that none can be lost. */
template <class T>
inline constexpr bool moves_safely =
    std::conjunction_v<std::is_nothrow_move_constructible<T>, std::is_nothrow_move_assignable<T>>;

/** How a call of C ended. What is no end of a wait is thrown. */
inline channel_status status_of(int code, const char *function) {
    const auto status = static_cast<channel_status>(code);
    switch (status) {
    case channel_status::ok:
    case channel_status::cancelled:
    case channel_status::closed:
    case channel_status::timeout:
        return status;
    }
    errno = code;
    throw failure(error::from_errno(function));
}

} // namespace detail

template <class T> class channel_items;

/**
 * A channel: a bounded queue of items, for many senders and many receivers, in which they wait for each other. Items come out
 * in the order in which they were sent; who has waited longest is served first.
 *
 *     const proc::channel<std::string> lines(16);
 *     const auto reads = [lines](const proc::cancel &cancel) {
 *         for (std::string line; std::getline(std::cin, line);)
 *             if (lines.send(std::move(line), cancel) != proc::channel_status::ok)
 *                 return;
 *         lines.close();
 *     };
 *     const auto counts = [lines](const proc::cancel &cancel) {
 *         for (auto &line : lines.items(cancel))
 *             count(line);
 *     };
 *     proc::run(proc::group(reads, counts));
 *
 * A value of one word: a copy is the same channel. What was moved from is empty: it has no items, closing it does nothing, and all
 * else throws a proc::failure with code EINVAL.
 *
 * Items are of any type that can be moved or copied. One that was sent is in the channel or with its receiver; one that was not
 * is still the sender's, as it was before, whatever was to be done with it. That holds for exceptions, too.
 *
 * Ownership: items that are left are destroyed with the last copy of the channel, which does not close it. Their destructors
 * must not throw.
 *
 * Threads: as for every value of this library (see detail::handle). A cancellation, a close and the time end every wait;
 * signals do not.
 *
 * C: an item that can be copied byte by byte (std::is_trivially_copyable) and has at most 64 bytes is the same to C, in a channel of
 * `proc_channel_new(capacity, sizeof(T), NULL)`. Of all others C sees a `T *`, which was made by `new` and is its receiver's.
 */
template <class T>
class channel
    : public detail::handle<channel<T>, proc_channel, proc_channel_ref, proc_channel_unref> {
    using base = detail::handle<channel<T>, proc_channel, proc_channel_ref, proc_channel_unref>;
    static_assert(std::is_object_v<T> && !std::is_array_v<T> &&
                      std::is_same_v<T, std::remove_cv_t<T>>,
                  "procession: a channel carries values, which are no references, arrays or const");

  public:
    using base::get;

    /**
     * A new channel. Throws std::bad_alloc if there is no memory for so much.
     *
     * @param capacity  how many items it holds. 0: none; each sender waits for a receiver, to which the item goes directly.
     */
    explicit channel(std::size_t capacity) : channel(made(capacity)) {}

    /**
     * Sends an item. Blocks while the channel is full.
     *
     * An item that is given up (`std::move(item)`) is moved if it is sent, and stays as it is if not. It is copied instead if moving
     * or assigning it might throw, and so is one of another type that can be converted.
     *
     * @return ok, or why it was not sent: closed.
     */
    template <class Item = T> [[nodiscard]] channel_status send(Item &&item) const {
        return pass(std::forward<Item>(item), nullptr, PROC_FOREVER);
    }

    /** The same, or until a handle is cancelled. If it is already, nothing is sent, also if there is room. */
    template <class Item = T>
    [[nodiscard]] channel_status send(Item &&item, const token &cancel) const {
        return pass(std::forward<Item>(item), cancel.get(), PROC_FOREVER);
    }

    /** The same, or until the time is up, by the monotonic clock. */
    template <class Item = T, class Rep, class Period>
    [[nodiscard]] channel_status send_for(Item &&item,
                                          const std::chrono::duration<Rep, Period> &time) const {
        return pass(std::forward<Item>(item), nullptr, detail::nanoseconds(time));
    }

    /** The same, or until one of both. */
    template <class Item = T, class Rep, class Period>
    [[nodiscard]] channel_status send_for(Item &&item, const token &cancel,
                                          const std::chrono::duration<Rep, Period> &time) const {
        return pass(std::forward<Item>(item), cancel.get(), detail::nanoseconds(time));
    }

    /** The same, until a deadline. An empty handle never cancels. */
    template <class Item = T, class Duration>
    [[nodiscard]] channel_status
    send_until(Item &&item, const token &cancel,
               const std::chrono::time_point<std::chrono::steady_clock, Duration> &deadline) const {
        return pass(std::forward<Item>(item), cancel.get(), detail::nanoseconds(deadline));
    }

    /** Sends an item if that is possible without waiting; else it says closed or timeout. */
    template <class Item = T> [[nodiscard]] channel_status try_send(Item &&item) const {
        return pass(std::forward<Item>(item), nullptr, 0);
    }

    /**
     * Receives an item. Blocks while there is none.
     *
     * @return the item, or why there is none: closed, that is once what was in it has been received.
     */
    [[nodiscard]] received<T> receive() const { return take(nullptr, PROC_FOREVER); }

    /** The same, or until a handle is cancelled. If it is already, nothing is received, also if there are items. */
    [[nodiscard]] received<T> receive(const token &cancel) const {
        return take(cancel.get(), PROC_FOREVER);
    }

    /** The same, or until the time is up, by the monotonic clock. */
    template <class Rep, class Period>
    [[nodiscard]] received<T> receive_for(const std::chrono::duration<Rep, Period> &time) const {
        return take(nullptr, detail::nanoseconds(time));
    }

    /** The same, or until one of both. */
    template <class Rep, class Period>
    [[nodiscard]] received<T> receive_for(const token &cancel,
                                          const std::chrono::duration<Rep, Period> &time) const {
        return take(cancel.get(), detail::nanoseconds(time));
    }

    /** The same, until a deadline. An empty handle never cancels. */
    template <class Duration>
    [[nodiscard]] received<T> receive_until(
        const token &cancel,
        const std::chrono::time_point<std::chrono::steady_clock, Duration> &deadline) const {
        return take(cancel.get(), detail::nanoseconds(deadline));
    }

    /** Receives an item if there is one now; else it says closed or timeout. */
    [[nodiscard]] received<T> try_receive() const { return take(nullptr, 0); }

    /**
     * The items as they come, for a loop that ends when the channel is closed and empty:
     *
     *     for (auto &item : channel.items())
     *
     * Each is received when the loop comes to it, and destroyed when it goes on; it may be moved from. The loop may be left at
     * any time: what has not been received stays in the channel. Several loops share the items.
     */
    [[nodiscard]] channel_items<T> items() const { return items(token()); }

    /** The same, or until a handle is cancelled. */
    [[nodiscard]] channel_items<T> items(const token &cancel) const { return {*this, cancel}; }

    /**
     * Closes it: from now on nothing can be sent, and senders that wait keep their items. What is in it can still be received. Does not
     * block. To close it again does nothing.
     */
    void close() const noexcept { proc_channel_close(get()); }

    /** How many items are in it at this moment; in one of capacity 0 there are none. */
    [[nodiscard]] std::size_t size() const noexcept { return proc_channel_length(get()); }

    /**
     * A descriptor that is readable while there is something to receive, or the channel is closed, for poll, epoll and event loops.
     * Others may receive before you do, so use `try_receive` then. It is made when it is first asked for, is the
     * channel's, and lives as long as it. Throws a proc::failure with a code of `errno` if none can be had.
     */
    [[nodiscard]] int fd() const {
        const int descriptor = proc_channel_fd(get());
        if (descriptor < 0)
            throw failure(error::from_errno("proc_channel_fd"));
        return descriptor;
    }

  private:
    friend base;

    /** Only of a pointer to one: 0 is a capacity. */
    template <class Object, class = std::enable_if_t<std::is_same_v<Object, proc_channel>>>
    explicit channel(Object *owned) noexcept : base(owned) {}

    static proc_channel *made(std::size_t capacity) {
        proc_channel *const owned = detail::lies_in_channel<T>
                                        ? proc_channel_new(capacity, sizeof(T), nullptr)
                                        : proc_channel_new(capacity, sizeof(T *), destroy);
        return owned != nullptr ? owned : throw std::bad_alloc();
    }

    static void destroy(void *item) noexcept { delete *static_cast<T **>(item); }

    template <class Item>
    channel_status pass(Item &&item, proc_cancel *cancel, std::int64_t timeout_ns) const {
        using type = std::remove_cv_t<std::remove_reference_t<Item>>;
        if constexpr (!std::is_same_v<type, T>) {
            static_assert(std::is_convertible_v<const type &, T>,
                          "procession: an item that is moved has the very type of the channel's");
            T converted = std::as_const(item);
            return pass(std::move(converted), cancel, timeout_ns);
        } else {
            static_assert(is_moved<Item> || std::is_copy_constructible_v<T>,
                          "procession: an item that cannot be copied is sent by std::move");
            const int code = pass_item<Item>(item, cancel, timeout_ns);
            return detail::status_of(code, "proc_channel_send");
        }
    }

    template <class Item>
    static constexpr bool is_moved = std::is_same_v<Item, T> &&
                                     (detail::lies_in_channel<T> || detail::moves_safely<T>);

    /** 0, or the number of the error. */
    int pass_bytes(const void *bytes, proc_cancel *cancel, std::int64_t timeout_ns) const noexcept {
        return proc_channel_send(get(), cancel, bytes, timeout_ns) == 0 ? 0 : errno;
    }

    template <class Item>
    int pass_item(std::remove_reference_t<Item> &item, proc_cancel *cancel,
                  std::int64_t timeout_ns) const {
        if constexpr (detail::lies_in_channel<T>)
            return pass_bytes(std::addressof(item), cancel, timeout_ns);
        else
            return pass_boxed<Item>(item, cancel, timeout_ns);
    }

    template <class Item>
    int pass_boxed(std::remove_reference_t<Item> &item, proc_cancel *cancel,
                   std::int64_t timeout_ns) const {
        using given = std::conditional_t<is_moved<Item>, T &&, const T &>;
        detail::owned<T> boxed(new T(static_cast<given>(item)));
        T *const address = boxed.get();
        const int code = pass_bytes(&address, cancel, timeout_ns);
        if (code == 0)
            (void)boxed.release();
        else if constexpr (is_moved<Item>)
            item = std::move(*boxed);
        return code;
    }

    received<T> take(proc_cancel *cancel, std::int64_t timeout_ns) const {
        if constexpr (detail::lies_in_channel<T>) {
            // NOLINTNEXTLINE(modernize-avoid-c-arrays): not worth reading <array>
            alignas(T) std::byte bytes[sizeof(T)] = {};
            const auto status = take_bytes(bytes, cancel, timeout_ns);
            if (status != channel_status::ok)
                return {status, std::nullopt};
            return {status, std::move(*std::launder(reinterpret_cast<T *>(bytes)))};
        } else {
            T *item = nullptr;
            const auto status = take_bytes(&item, cancel, timeout_ns);
            return {status, detail::owned<T>(item)};
        }
    }

    channel_status take_bytes(void *bytes, proc_cancel *cancel, std::int64_t timeout_ns) const {
        const int code = proc_channel_receive(get(), cancel, bytes, timeout_ns) == 0 ? 0 : errno;
        return detail::status_of(code, "proc_channel_receive");
    }
};

/** What channel::items gives, for one loop. */
template <class T> class channel_items {
  public:
    class iterator;

    /** Receives the first item. */
    [[nodiscard]] iterator begin() {
        next();
        return iterator(this);
    }

    [[nodiscard]] iterator end() noexcept { return {}; }

  private:
    friend channel<T>;

    channel_items(channel<T> channel, token cancel) noexcept
        : channel_(std::move(channel)), cancel_(std::move(cancel)) {}

    /** The item before is gone while this waits. */
    void next() {
        item_.reset();
        item_.emplace(channel_.receive(cancel_));
    }

    channel<T> channel_;
    token cancel_;
    std::optional<received<T>> item_{};
};

/** Goes from one item to the next, which it receives. */
template <class T> class channel_items<T>::iterator {
  public:
    /** The end. */
    iterator() noexcept = default;

    T &operator*() const { return **items_->item_; }

    iterator &operator++() {
        items_->next();
        return *this;
    }

    friend bool operator==(const iterator &left, const iterator &right) noexcept {
        return left.is_at_end() == right.is_at_end();
    }

    friend bool operator!=(const iterator &left, const iterator &right) noexcept {
        return !(left == right);
    }

  private:
    friend channel_items;
    explicit iterator(channel_items *items) noexcept : items_(items) {}

    bool is_at_end() const noexcept { return items_ == nullptr || !*items_->item_; }

    channel_items *items_ = nullptr;
};

} // namespace v0_2
} // namespace procession

#endif
