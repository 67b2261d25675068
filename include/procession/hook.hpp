/*
 * procession/hook.hpp - part of procession.hpp: what a cancellation interrupts
 */
#ifndef PROCESSION_HOOK_HPP
#define PROCESSION_HOOK_HPP

#include <procession/cancel.hpp> // IWYU pragma: export
#include <procession/invoke.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

/**
 * Calls a callable when a handle is cancelled, for as long as this object lives: to interrupt what waits
 * for something else than the handle.
 *
 *     proc::hook interrupt(cancel, [fd = socket.native_handle()] { ::shutdown(fd, SHUT_RDWR); });
 *     serve(socket); // Blocks in reads of its own.
 *
 * The callable must not throw: what leaves it ends the program (std::terminate); and Asio's `socket.shutdown(…)` throws when the
 * peer has gone already, unless it is given an error code. Where a hook is destroyed, and where its handle is cancelled, no
 * mutex may be held that the callable takes.
 *
 * The callable is called once or never: on the thread that cancels, or in the constructor if the handle is
 * cancelled already.
 *
 * Once a hook has been destroyed, its callable is not running and never will, so that it may refer to what
 * lives as long as the hook. Only if it is destroyed by the callable itself, or by what that runs, on
 * whatever thread, it does not wait, and the callable goes on to its end.
 *
 * So a hook that is a member comes after what its callable refers to, for members are destroyed in the reverse order; and where it is moved or
 * assigned to, what the callable refers to stays where it was.
 *
 * As in proc::make, a callable that is no more than the bytes of one pointer, and whose only `operator()` is const, is copied for
 * the call. What that writes to a `mutable` member of its own is lost; it is to refer to what it changes.
 *
 * It can be moved, not copied. A hook that was moved from, or is default-constructed, hooks nothing.
 */
class hook {
  public:
    hook() noexcept = default;

    /**
     * @param cancel    if empty, a proc::failure with EINVAL is thrown.
     * @param callable  takes nothing; what it returns is not looked at. It may be move-only. If empty, as above.
     */
    template <class Callable> [[nodiscard]] hook(const token &cancel, Callable &&callable) {
        using stored = std::decay_t<Callable>;
        const bool is_empty = detail::is_empty<stored>(callable);
        if constexpr (is_small<stored>) {
            void *const data = detail::in_pointer<stored>::put(callable);
            set(cancel, is_empty ? nullptr : call_small<stored>, data);
        } else {
            auto made = detail::shared::make<stored>(std::forward<Callable>(callable));
            set(cancel, is_empty ? nullptr : call<stored>, made.get());
            body_ = std::move(made);
        }
    }

    hook(hook &&other) noexcept : hook_(detail::take(other.hook_)), body_(std::move(other.body_)) {}

    hook &operator=(hook &&other) noexcept {
        hook taken(std::move(other));
        proc_hook_remove(hook_);
        hook_ = detail::take(taken.hook_);
        body_ = std::move(taken.body_);
        return *this;
    }

    hook(const hook &) = delete;
    hook &operator=(const hook &) = delete;

    ~hook() { proc_hook_remove(hook_); }

  private:
    /** As a callable that is made a process. */
    template <class Callable>
    static constexpr bool is_small = std::conjunction_v<
        std::bool_constant<detail::fits_pointer<Callable> && detail::has_one_call<Callable>>,
        std::is_invocable<const Callable &>>;

    void set(const token &cancel, void (*function)(void *user_data), void *user_data) {
        hook_ = proc_on_cancel(cancel.get(), function, user_data);
        if (hook_ == nullptr)
            throw failure(error::from_errno("proc_on_cancel"));
    }

    template <class Callable>
    static void call_small(void *user_data) noexcept { // NOLINT(bugprone-exception-escape): as said
        detail::in_pointer<Callable> callable(user_data);
        detail::invoke(callable.get());
    }

    /** The callable lives as long as the hook, and while it is called: it may destroy the hook. */
    template <class Callable>
    static void call(void *user_data) noexcept { // NOLINT(bugprone-exception-escape): as said
        const auto kept = detail::shared::share(static_cast<detail::counted *>(user_data));
        detail::invoke(kept.as<Callable>());
    }

    proc_hook *hook_ = nullptr;
    detail::shared body_{};
};

} // namespace v0_2
} // namespace procession

#endif
