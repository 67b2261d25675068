/*
 * procession/received.hpp - part of procession.hpp: what a channel gives, or why it gives nothing
 */
#ifndef PROCESSION_RECEIVED_HPP
#define PROCESSION_RECEIVED_HPP

#include <cerrno>
#include <optional>
#include <procession/exception.hpp> // IWYU pragma: export
#include <type_traits>

namespace procession {
inline namespace v0_2 {

/** How sending or receiving ended. The numbers are those that `errno` has in C. */
enum class channel_status : int {
    /** The item was sent, or there is one. */
    ok = 0,
    /** The handle is cancelled. */
    cancelled = ECANCELED,
    /** The channel is closed. To a receiver: and empty. */
    closed = EPIPE,
    /** The time is up. */
    timeout = ETIMEDOUT,
};

template <class T> class channel;

namespace detail {

/**
 * Whether items lie in the channel as they are, which C copies byte by byte. Others, and those larger than a line of the
 * cache, lie on the heap, and their addresses in the channel.
 */
template <class T>
inline constexpr bool lies_in_channel =
    std::conjunction_v<std::is_trivially_copyable<T>, std::is_move_constructible<T>,
                       std::bool_constant<sizeof(T) <= 64>>;

} // namespace detail

/**
 * What receiving from a channel returns: an item, or why there is none.
 *
 *     if (auto item = channel.receive(cancel))
 *         use(*item);
 *
 * It owns the item, which `*std::move(item)` takes out. To look at one that is not there throws a proc::failure with the
 * reason as its code. It can be moved; what was moved from has no item that means anything.
 */
template <class T> class received {
  public:
    /** Whether there is an item. */
    explicit operator bool() const noexcept { return static_cast<bool>(item_); }

    /** Why there is none; `ok` if there is one. */
    [[nodiscard]] channel_status status() const noexcept { return status_; }

    [[nodiscard]] T &operator*() & { return checked(*this); }
    [[nodiscard]] const T &operator*() const & { return checked(*this); }
    [[nodiscard]] T &&operator*() && { return std::move(checked(*this)); }
    [[nodiscard]] T *operator->() { return std::addressof(checked(*this)); }
    [[nodiscard]] const T *operator->() const { return std::addressof(checked(*this)); }

  private:
    friend channel<T>;

    using place =
        std::conditional_t<detail::lies_in_channel<T>, std::optional<T>, detail::owned<T>>;

    received(channel_status status, place item) noexcept
        : status_(status), item_(std::move(item)) {}

    template <class Self> static auto &checked(Self &self) {
        if (!self)
            throw failure(error(static_cast<int>(self.status_), "there is no item"));
        return *self.item_;
    }

    channel_status status_;
    place item_;
};

} // namespace v0_2
} // namespace procession

#endif
