/*
 * procession/token.hpp - part of procession.hpp: being asked to stop
 */
#ifndef PROCESSION_TOKEN_HPP
#define PROCESSION_TOKEN_HPP

#include <cstdint>
#include <limits>
#include <mutex> // Has the durations and clocks that it waits by. In C++20, libstdc++'s <chrono> brings calendars and streams along, a tenth of all.
#include <optional>
#include <procession/exception.hpp> // IWYU pragma: export
#include <type_traits>

#ifndef __GLIBCXX__
#include <chrono>
#endif

namespace procession {
inline namespace v0_2 {

template <class T> class key;

namespace detail {

/** What is put under a key. It is not deduced from what is given, which is converted to it. */
template <class T> struct valued { using type = std::remove_cv_t<T>; };

template <class T> using value_of = typename valued<T>::type;

/** Nanoseconds for C: rounded up, nothing for what is past, and at most what they can say: 292 years. */
template <class Rep, class Period>
std::int64_t nanoseconds(const std::chrono::duration<Rep, Period> &time) {
    const std::chrono::duration<long double, std::nano> exact = time;
    if (!(exact.count() > 0))
        return 0;
    if (exact.count() >= static_cast<long double>(std::numeric_limits<std::int64_t>::max()))
        return std::numeric_limits<std::int64_t>::max();
    const auto whole = static_cast<std::int64_t>(exact.count());
    return static_cast<long double>(whole) < exact.count() ? whole + 1 : whole;
}

inline std::int64_t nanoseconds(const std::chrono::nanoseconds &time) noexcept {
    return time.count() > 0 ? time.count() : 0;
}

/** The same until a deadline; what is far off may be subtracted. */
template <class Duration>
std::int64_t
nanoseconds(const std::chrono::time_point<std::chrono::steady_clock, Duration> &deadline) {
    using exact = std::chrono::duration<long double, std::nano>;
    const exact now = std::chrono::steady_clock::now().time_since_epoch();
    return nanoseconds(exact(deadline.time_since_epoch()) - now);
}

/** For what takes a time or a deadline. */
template <class Time> using if_time = decltype(detail::nanoseconds(std::declval<const Time &>()));

} // namespace detail

/**
 * What a cancel handle says, without the power to cancel: whether a process should stop, and why. It waits, polls, reads and writes
 * until then, speaks for the task that it is in, and makes handles below itself, which are their maker's to cancel.
 *
 * Every handle is a token, and every function that does not cancel takes one; so a callable that takes a `proc::token` in the place of
 * its handle cannot stop what is around it, nor can any helper that it passes it on to.
 *
 * A value of one word: a copy is the same handle, and keeps it. One that is default-constructed or was moved from is empty: it is
 * never cancelled. (Functions of C know no tokens: who gives them what `get` lends, gives them the handle.)
 *
 * Threads: as for every value of this library (see detail::handle).
 */
class token : public detail::handle<token, proc_cancel, proc_cancel_ref, proc_cancel_unref> {
  public:
    /** An empty one. */
    token() noexcept = default;

    /** That of the innermost process that runs on this thread; empty outside of any. */
    [[nodiscard]] static token current() noexcept { return share(proc_current()); }

    /** A new handle below this one; it is born cancelled if this one is. */
    [[nodiscard]] cancel child() const noexcept;

    /**
     * The handle that is cancelled when this one begins to drain or is cancelled, with the cause of the signal or of that. It is the same each time;
     * a copy keeps this one, too.
     */
    [[nodiscard]] token drain_handle() const noexcept { return share(proc_drain_handle(get())); }

    /**
     * A new handle below this one, with a deadline: when the time is up, it is cancelled, with an error with code ETIMEDOUT. It
     * strikes on time, whether or not anybody waits: hooks run, on a thread of the library's, and the descriptor is readable.
     */
    template <class Rep, class Period>
    [[nodiscard]] cancel child(const std::chrono::duration<Rep, Period> &time) const
        noexcept(std::is_arithmetic_v<Rep>);

    /** The same, with a point in time. */
    template <class Duration>
    [[nodiscard]] cancel
    child(const std::chrono::time_point<std::chrono::steady_clock, Duration> &deadline) const
        noexcept(std::is_arithmetic_v<typename Duration::rep>);

    /** How long it is until the nearest deadline of it and all above; nothing without one; 0 if it is cancelled, for whatever reason. */
    [[nodiscard]] std::optional<std::chrono::nanoseconds> remaining() const noexcept {
        const std::int64_t left = proc_cancel_remaining(get());
        if (left < 0)
            return std::nullopt;
        return std::chrono::nanoseconds(left);
    }

    /**
     * A new handle below this one that has a value, as have those below it, and what runs with them. Cancelling it does not cancel this
     * one. The value is moved into the handle; it is destroyed once, after the last copy of the last handle that can see it.
     */
    template <class T>
    [[nodiscard]] cancel with_value(const key<T> &key, detail::value_of<T> value) const;

    /**
     * The value that it has under a key: of the nearest handle above that was given one; NULL: there is none. It is there as long as the
     * handle is. An empty handle has the values of the one in which this thread runs, as proc::value.
     */
    template <class T> [[nodiscard]] T *value(const key<T> &key) const noexcept;

    /**
     * Says which one of its kind the innermost task is that this handle is in: shown in dumps and traces. The label is
     * copied, and the last one counts; NULL takes it away. In no task, or when that has ended, nothing happens.
     */
    void label(const char *text) const noexcept { proc_task_label(get(), text); }

    /**
     * Says to the service manager in words what the program does (STATUS), instead of the number of tasks; NULL: that again. Line breaks become
     * spaces. Outside of proc::main nothing happens.
     */
    void status(const char *text) const noexcept { proc_status(get(), text); }

    /**
     * Says that the innermost service is up that this handle is in, or, outside of all, the program (`proc_ready`, proc::service). Further calls do
     * nothing, and neither does one outside of proc::main.
     */
    void ready() const noexcept { proc_ready(get()); }

    /**
     * Whether it is cancelled or will be soon: proc::main was asked to stop, a stack stops, or a shield holds a cancellation up. Then take no new
     * work. Once it is true, it stays so. Async-signal-safe.
     */
    [[nodiscard]] bool draining() const noexcept { return proc_draining(get()); }

    /**
     * Says that the innermost service that this handle is in (or the program, outside of services) is alive for the given time from now:
     * while any of these is late, proc_healthy is false, and the service manager gets no WATCHDOG=1. Outside of proc::main nothing happens.
     */
    template <class Rep, class Period>
    void alive(const std::chrono::duration<Rep, Period> &valid) const {
        proc_alive(get(), detail::nanoseconds(valid));
    }

    /** It no longer needs to. */
    void stop_vouching() const noexcept { proc_alive(get(), PROC_FOREVER); }

    /** Whether it is cancelled; costs one atomic load. Async-signal-safe. */
    [[nodiscard]] bool cancelled() const noexcept { return proc_cancelled(get()); }

    /** Blocks until it is cancelled; only an empty handle returns at once, and false. */
    bool wait() const noexcept { return proc_wait(get(), PROC_FOREVER); }

    /** Blocks until it is cancelled (true) or the time is up, by the monotonic clock (false). */
    template <class Rep, class Period>
    bool wait(const std::chrono::duration<Rep, Period> &time) const
        noexcept(std::is_arithmetic_v<Rep>) {
        return proc_wait(get(), detail::nanoseconds(time));
    }

    /** The same, until a deadline. */
    template <class Duration>
    bool
    wait_until(const std::chrono::time_point<std::chrono::steady_clock, Duration> &deadline) const
        noexcept(std::is_arithmetic_v<typename Duration::rep>) {
        return proc_wait(get(), detail::nanoseconds(deadline));
    }

    /**
     * What a callable returns to say "stopped, as asked": the cause of the cancellation itself. Whoever
     * cancelled knows it for its own echo, and does not report it as a failure. To a sequence in between
     * it is an error like any other, which ends it. Success if it is not cancelled.
     */
    [[nodiscard]] procession::error error() const noexcept {
        return procession::error::adopt(proc_cancel_error(get()));
    }

    /**
     * Why it was cancelled: of a group's handle it is the first failing child's error, of proc::main's an
     * error with code EINTR that names the signal, of a handle below another its parent's cause. Success
     * if it is not cancelled.
     */
    [[nodiscard]] procession::error cause() const noexcept {
        return procession::error::share(proc_cancel_cause(get()));
    }

    /** Throws `error()` as a proc::cancelled if it is cancelled: "stopped, as asked" from deep inside. */
    void throw_if_cancelled() const {
        if (auto asked = error())
            throw procession::cancelled(std::move(asked));
    }

    /**
     * A descriptor that is readable once the handle is cancelled, for poll, epoll and event loops. It is
     * made when it is first asked for, is the handle's, and lives as long as it. Throws a
     * proc::failure with a code of `errno` if none can be had.
     */
    [[nodiscard]] int fd() const {
        const int descriptor = proc_cancel_fd(get());
        if (descriptor < 0)
            throw failure(procession::error::from_errno("proc_cancel_fd"));
        return descriptor;
    }

    /**
     * poll(2), which ends when the handle is cancelled too. Signals do not end it.
     *
     * @param time  here and below: how long, or a deadline, a point in time of std::chrono::steady_clock.
     * @return how many are ready; 0 if the time is up; -1 if it is cancelled. Throws a proc::failure with a
     *         code of `errno` if polling fails.
     */
    template <class Time, class = detail::if_time<Time>>
    [[nodiscard]] int poll(pollfd *fds, nfds_t count, const Time &time) const {
        return polled(proc_poll(get(), fds, count, detail::nanoseconds(time)));
    }

    /** The same, for as long as it takes. */
    [[nodiscard]] int poll(pollfd *fds, nfds_t count) const {
        return polled(proc_poll(get(), fds, count, PROC_FOREVER));
    }

    /**
     * Reads what there is, as proc_read: from blocking descriptors and others, whose flags are left as they are. Signals do not
     * end it.
     *
     * @return how many bytes; 0 at the end; -1 if it is cancelled, then nothing was read, or if the time is up (`errno` is ECANCELED or
     *         ETIMEDOUT). Throws a proc::failure with a code of `errno` if reading fails.
     */
    template <class Time, class = detail::if_time<Time>>
    [[nodiscard]] ssize_t read(int fd, void *buffer, std::size_t size, const Time &time) const {
        return read_within(fd, buffer, size, detail::nanoseconds(time));
    }

    /** The same, for as long as it takes. */
    [[nodiscard]] ssize_t read(int fd, void *buffer, std::size_t size) const {
        return read_within(fd, buffer, size, PROC_FOREVER);
    }

    /**
     * Writes all of it, as proc_write_all; the time is that of the whole call. It raises no signal.
     *
     * @return whether all was written. If not, it is cancelled, or the time is up (`errno` is ECANCELED or ETIMEDOUT), and an
     *         unknown part was written. Throws a proc::failure with a code of `errno` if writing fails: EPIPE if nobody
     *         will read it.
     */
    template <class Time, class = detail::if_time<Time>>
    [[nodiscard]] bool write_all(int fd, const void *buffer, std::size_t size,
                                 const Time &time) const {
        return write_all_within(fd, buffer, size, detail::nanoseconds(time));
    }

    /** The same, for as long as it takes. */
    [[nodiscard]] bool write_all(int fd, const void *buffer, std::size_t size) const {
        return write_all_within(fd, buffer, size, PROC_FOREVER);
    }

    /**
     * Accepts a connection, as proc_accept. It is the caller's, close-on-exec and non-blocking.
     *
     * @return the connection; -1 if it is cancelled, or if the time is up (`errno` is ECANCELED or ETIMEDOUT). Throws a proc::failure
     *         with a code of `errno` if accepting fails.
     */
    template <class Time, class = detail::if_time<Time>>
    [[nodiscard]] int accept(int listener, const Time &time) const {
        return accept_within(listener, detail::nanoseconds(time));
    }

    /** The same, for as long as it takes. */
    [[nodiscard]] int accept(int listener) const { return accept_within(listener, PROC_FOREVER); }

    /**
     * Connects a socket, as proc_connect. Unless it returns true, the socket is only good for being closed.
     *
     * @return whether it is connected. If not, the handle is cancelled, or the time is up (`errno` is ECANCELED or ETIMEDOUT; the
     *         latter also if it is the system's time). Throws a proc::failure with a code of `errno` if connecting fails.
     */
    template <class Time, class = detail::if_time<Time>>
    [[nodiscard]] bool connect(int socket, const ::sockaddr *address, std::uint32_t size,
                               const Time &time) const {
        return connect_within(socket, address, size, detail::nanoseconds(time));
    }

    /** The same, for as long as it takes. */
    [[nodiscard]] bool connect(int socket, const ::sockaddr *address, std::uint32_t size) const {
        return connect_within(socket, address, size, PROC_FOREVER);
    }

  private:
    using handle::handle;

    static int polled(int ready) {
        if (ready < 0 && errno != ECANCELED)
            throw failure(procession::error::from_errno("proc_poll"));
        return ready;
    }

    template <class Result> static Result done(Result result, const char *function) {
        if (result < 0 && errno != ECANCELED && errno != ETIMEDOUT)
            throw failure(procession::error::from_errno(function));
        return result;
    }

    ssize_t read_within(int fd, void *buffer, std::size_t size, std::int64_t timeout_ns) const {
        return done(proc_read(get(), fd, buffer, size, timeout_ns), "proc_read");
    }

    bool write_all_within(int fd, const void *buffer, std::size_t size,
                          std::int64_t timeout_ns) const {
        return done(proc_write_all(get(), fd, buffer, size, timeout_ns), "proc_write_all") >= 0;
    }

    int accept_within(int listener, std::int64_t timeout_ns) const {
        return done(proc_accept(get(), listener, timeout_ns), "proc_accept");
    }

    bool connect_within(int socket, const ::sockaddr *address, std::uint32_t size,
                        std::int64_t timeout_ns) const {
        return done(proc_connect(get(), socket, address, size, timeout_ns), "proc_connect") == 0;
    }
};

} // namespace v0_2
} // namespace procession

#endif
