/*
 * procession/cancel.hpp - part of procession.hpp: being asked to stop
 */
#ifndef PROCESSION_CANCEL_HPP
#define PROCESSION_CANCEL_HPP

#include <chrono>
#include <cstdint>
#include <limits>
#include <procession/exception.hpp>
#include <type_traits>

namespace proc {

namespace detail {

/** Nanoseconds for C: rounded up, nothing for what is past, and at most what they can say: 292 years. */
template <class Rep, class Period>
std::int64_t nanoseconds(const std::chrono::duration<Rep, Period> &time) {
    const std::chrono::duration<long double, std::nano> exact = time;
    if (!(exact.count() > 0))
        return 0;
    if (exact.count() >= static_cast<long double>(std::numeric_limits<std::int64_t>::max()))
        return std::numeric_limits<std::int64_t>::max();
    return std::chrono::ceil<std::chrono::duration<std::int64_t, std::nano>>(exact).count();
}

} // namespace detail

/**
 * A cancel handle: the context that a process runs in. It says once, and for good, that the process
 * should stop, and why. Handles form a tree: cancelling one cancels all below it.
 *
 * A value of one word: a copy is the same handle, and keeps it. What was moved from is empty: it is
 * never cancelled, and what is done to it has no effect.
 *
 * The one that a callable receives it may keep, as a copy, for longer than it runs. A callable that takes
 * it as `const proc::cancel &` is spared the copy.
 *
 * Threads: as for every value of this library (see detail::handle).
 */
class cancel : public detail::handle<cancel, proc_cancel, proc_cancel_ref, proc_cancel_unref> {
  public:
    /** A new handle, with nothing above. */
    cancel() noexcept : handle(proc_cancel_new(nullptr)) {}

    /** The handle of the innermost process that runs on this thread; empty outside of any. */
    [[nodiscard]] static cancel current() noexcept { return share(proc_current()); }

    /** A new handle below this one; it is born cancelled if this one is. */
    [[nodiscard]] cancel child() const noexcept { return adopt(proc_cancel_new(get())); }

    /**
     * Cancels this handle and all below it, and wakes who waits on them. Only the first call counts: its
     * cause stays. Hooks run before it returns, but it does not wait for anybody to stop.
     *
     * @param cause  why; success stands for an error with code ECANCELED.
     */
    void trigger(proc::error cause = {}) const noexcept {
        proc_cancel_trigger(get(), cause.release());
    }

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
        using exact =
            std::chrono::duration<long double, std::nano>; // What is far off may be subtracted.
        const exact now = std::chrono::steady_clock::now().time_since_epoch();
        return wait(exact(deadline.time_since_epoch()) - now);
    }

    /**
     * What a callable returns to say "stopped, as asked": the cause of the cancellation itself. Whoever
     * cancelled knows it for its own echo, and does not report it as a failure. To a sequence in between
     * it is an error like any other, which ends it. Success if it is not cancelled.
     */
    [[nodiscard]] proc::error error() const noexcept {
        return proc::error::adopt(proc_cancel_error(get()));
    }

    /**
     * Why it was cancelled: of a group's handle it is the first failing child's error, of proc::main's an
     * error with code EINTR that names the signal, of a handle below another its parent's cause. Success
     * if it is not cancelled.
     */
    [[nodiscard]] proc::error cause() const noexcept {
        return proc::error::share(proc_cancel_cause(get()));
    }

    /** Throws `error()` as a proc::failure if it is cancelled: "stopped, as asked" from deep inside. */
    void throw_if_cancelled() const {
        if (auto asked = error())
            throw failure(std::move(asked));
    }

    /**
     * A descriptor that is readable once the handle is cancelled, for poll, epoll and event loops. It is
     * made when it is first asked for, is the handle's, and lives as long as it. Throws a
     * proc::failure with a code of `errno` if none can be had.
     */
    [[nodiscard]] int fd() const {
        const int descriptor = proc_cancel_fd(get());
        if (descriptor < 0)
            throw failure(proc::error::from_errno("proc_cancel_fd"));
        return descriptor;
    }

    /**
     * poll(2), which ends when the handle is cancelled too. Signals do not end it.
     *
     * @return how many are ready; 0 if the time is up; -1 if it is cancelled. Throws a proc::failure with a
     *         code of `errno` if polling fails.
     */
    template <class Rep, class Period>
    [[nodiscard]] int poll(pollfd *fds, nfds_t count,
                           const std::chrono::duration<Rep, Period> &time) const {
        return polled(proc_poll(get(), fds, count, detail::nanoseconds(time)));
    }

    /** The same, for as long as it takes. */
    [[nodiscard]] int poll(pollfd *fds, nfds_t count) const {
        return polled(proc_poll(get(), fds, count, PROC_FOREVER));
    }

  private:
    using handle::handle;

    static int polled(int ready) {
        if (ready < 0 && errno != ECANCELED)
            throw failure(proc::error::from_errno("proc_poll"));
        return ready;
    }
};

} // namespace proc

#endif
