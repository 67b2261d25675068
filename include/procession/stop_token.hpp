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
 * It takes two allocations: that of its hook, and that of what std::stop_tokens share. To a callable that does nothing they are more than half as much again as
 * to be run; a proc::token takes none.
 */
class stop_link {
  public:
    /** @param cancel  if it is cancelled already, the token is stopped already. If it is empty, a proc::failure with EINVAL is thrown. */
    explicit stop_link(const procession::token &cancel)
        : hook_(proc_on_cancel(cancel.get(), stop, this)) {
        if (hook_ == nullptr)
            throw failure(error::from_errno("proc_on_cancel"));
    }

    stop_link(const stop_link &) = delete;
    stop_link &operator=(const stop_link &) = delete;
    ~stop_link() { proc_hook_remove(hook_); }

    [[nodiscard]] std::stop_token token() const noexcept { return source_.get_token(); }

  private:
    static void stop(void *link) noexcept {
        const std::stop_source kept =
            static_cast<stop_link *>(link)->source_; // A callback may destroy the link.
        kept.request_stop();
    }

    std::stop_source source_{}; // It is there before the hook is, which may be called at once.
    proc_hook *hook_;
};

} // namespace v0_2
} // namespace procession

#endif

#endif
