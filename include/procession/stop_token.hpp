/*
 * procession/stop_token.hpp - part of procession.hpp: the standard library's way of asking to stop (C++20)
 */
#ifndef PROCESSION_STOP_TOKEN_HPP
#define PROCESSION_STOP_TOKEN_HPP

#include <procession/hook.hpp> // IWYU pragma: export

#if __cplusplus >= 202002L && __has_include(<stop_token>)
#include <stop_token>
#endif

#ifdef __cpp_lib_jthread

namespace procession {
inline namespace v0_2 {

namespace detail {

/** What a cancellation stops. */
class stop_linked {
  public:
    stop_linked(const stop_linked &) = delete;
    stop_linked &operator=(const stop_linked &) = delete;
    [[nodiscard]] std::stop_token token() const noexcept { return source_.get_token(); }

  protected:
    stop_linked() = default;
    ~stop_linked() { proc_hook_remove(hook_); }

    static void stop(void *link) noexcept {
        std::stop_source kept =
            static_cast<stop_linked *>(link)->source_; // A callback may destroy the link.
        kept.request_stop();
    }

    std::stop_source source_{}; // It is there before the hook is, which may be called at once.
    proc_hook *hook_ = nullptr;
};

/** For as long as a callable runs, to which the handle is lent. */
class lent_stop_link : public stop_linked {
  public:
    explicit lent_stop_link(const procession::token &cancel) {
        hook_ = proc_on_cancel_lent(cancel.get(), stop, static_cast<stop_linked *>(this));
    }
};

} // namespace detail

/**
 * A std::stop_token that is stopped when a handle is cancelled, for code that knows nothing of this library.
 * A callable that takes a std::stop_token gets one of these.
 *
 *     proc::stop_link link(cancel);
 *     ready.wait(lock, link.token(), [&] { return !queue.empty(); });
 *
 * std::stop_callback, std::condition_variable_any and all else works with it. Callbacks run on the thread that
 * cancels. Tokens may outlive the link; they are not stopped any more then. (The other direction is one line:
 * `std::stop_callback link(token, [cancel] { cancel.trigger(); });`)
 *
 * A callable that only has such a token says "stopped, as asked" by the handle that it runs under: it returns
 * `proc::token::current().error()`, or calls `proc::token::current().throw_if_cancelled()`.
 *
 * It takes two allocations: that of its hook, and that of what std::stop_tokens share. Where a callable is given a std::stop_token, its hook takes none: to one
 * that does nothing that is two fifths as much again as to be run, in instructions. A proc::token takes none at all.
 */
class stop_link : public detail::stop_linked {
  public:
    /** @param cancel  if it is cancelled already, the token is stopped already. If it is empty, a proc::failure with EINVAL is thrown. */
    explicit stop_link(const procession::token &cancel) {
        hook_ = proc_on_cancel(cancel.get(), stop, static_cast<stop_linked *>(this));
        if (hook_ == nullptr)
            throw failure(error::from_errno("proc_on_cancel"));
    }
};

} // namespace v0_2
} // namespace procession

#endif

#endif
