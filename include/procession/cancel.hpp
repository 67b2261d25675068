/*
 * procession/cancel.hpp - part of procession.hpp: asking to stop
 */
#ifndef PROCESSION_CANCEL_HPP
#define PROCESSION_CANCEL_HPP

#include <initializer_list>
#include <procession/pointers.hpp> // IWYU pragma: export
#include <procession/token.hpp>    // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

/**
 * A cancel handle: the context that a process runs in. It says once, and for good, that the process
 * should stop, and why. Handles form a tree: cancelling one cancels all below it.
 *
 * A handle is the power to cancel. A callable receives the handle of its caller: code that has it, or a copy, may cancel all that runs
 * under it, beside the callable too, so below proc::main the program. Let a callable, and each helper to which it passes it on,
 * take a `proc::token`, unless it is to have that power; and what a callable is to be able to cancel itself, it runs under a handle below
 * (`child`).
 *
 * A value of one word: a copy is the same handle, and keeps it. What was moved from is empty: it is
 * never cancelled, and what is done to it has no effect.
 *
 * The one that a callable receives it may keep, as a copy, for longer than it runs. A callable that takes
 * it as `const proc::cancel &`, or as `const proc::token &`, is spared the copy.
 *
 * Threads: as for every value of this library (see detail::handle).
 */
class cancel : public procession::token {
  public:
    /** A new handle, with nothing above. */
    cancel() noexcept : cancel(proc_cancel_new(nullptr)) {}

    /** A handle of a reference that is yours, and becomes its; NULL makes an empty one. */
    [[nodiscard]] static cancel adopt(proc_cancel *owned) noexcept { return cancel(owned); }

    /** A handle of a reference that stays whose it was; NULL makes an empty one. */
    [[nodiscard]] static cancel share(const proc_cancel *borrowed) noexcept {
        return cancel(proc_cancel_ref(const_cast<proc_cancel *>(borrowed)));
    }

    /** The handle of the innermost process that runs on this thread; empty outside of any. */
    [[nodiscard]] static cancel current() noexcept { return share(proc_current()); }

    /**
     * A new handle below several, the elements of a container, handles or tokens: it is cancelled with the first of them that is, with its cause. It is in the task of the first
     * element and has its values; it drains with any, and has the nearest deadline of all. Empty handles are left out.
     */
    template <class Handles> [[nodiscard]] static cancel any(const Handles &parents) {
        detail::row<proc_cancel *> all;
        for (const procession::token &parent : parents)
            all.add(parent.get());
        return adopt(proc_cancel_new_any(all.data(), all.size()));
    }

    /** The same: `proc::cancel::any({request, connection})`. */
    [[nodiscard]] static cancel any(std::initializer_list<procession::token> parents) {
        return any<std::initializer_list<procession::token>>(parents);
    }

    /** The same, one by one: `proc::cancel::any_of(request, connection)`. */
    template <class... Handles> [[nodiscard]] static cancel any_of(const Handles &...parents) {
        return any({procession::token(parents)...});
    }

    /** A new handle with a deadline, with nothing above; as `child` makes it of a time. */
    template <class Rep, class Period>
    [[nodiscard]] static cancel
    after(const std::chrono::duration<Rep, Period> &time) noexcept(std::is_arithmetic_v<Rep>) {
        return adopt(proc_cancel_new_timeout(nullptr, detail::nanoseconds(time)));
    }

    /** The same, with a point in time. */
    template <class Duration>
    [[nodiscard]] static cancel
    until(const std::chrono::time_point<std::chrono::steady_clock, Duration> &deadline) noexcept(
        std::is_arithmetic_v<typename Duration::rep>) {
        return adopt(proc_cancel_new_timeout(nullptr, detail::nanoseconds(deadline)));
    }

    /** The same handle, without the power to cancel: what a helper needs. */
    [[nodiscard]] procession::token token() const noexcept { return *this; }

    /** As that of a token; cancelling it does nothing to this one. */
    [[nodiscard]] cancel drain_handle() const noexcept { return share(proc_drain_handle(get())); }

    /**
     * Cancels this handle and all below it, and wakes the threads that wait on them. Only the first call counts: its
     * cause stays. When it returns, all of them are cancelled, and the hooks of what it has cancelled itself
     * have run; but it does not wait for anybody to stop.
     *
     * The handles keep the cause. It must not carry an exception that owns one of them (proc::error).
     *
     * @param cause  why; success stands for an error with code ECANCELED.
     */
    void trigger(procession::error cause = {}) const noexcept {
        proc_cancel_trigger(get(), cause.release());
    }

  private:
    explicit cancel(proc_cancel *owned) noexcept
        : procession::token(procession::token::adopt(owned)) {}
};

template <class Duration>
cancel
token::child(const std::chrono::time_point<std::chrono::steady_clock, Duration> &deadline) const
    noexcept(std::is_arithmetic_v<typename Duration::rep>) {
    return cancel::adopt(proc_cancel_new_timeout(get(), detail::nanoseconds(deadline)));
}

inline cancel token::child() const noexcept { return cancel::adopt(proc_cancel_new(get())); }

template <class Rep, class Period>
cancel token::child(const std::chrono::duration<Rep, Period> &time) const
    noexcept(std::is_arithmetic_v<Rep>) {
    return cancel::adopt(proc_cancel_new_timeout(get(), detail::nanoseconds(time)));
}

inline bool error::is_echo(const token &cancel) const noexcept {
    return proc_error_is_echo(get(), cancel.get());
}

} // namespace v0_2
} // namespace procession

#endif
