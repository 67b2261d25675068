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

namespace proc {

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
 */
class stop_link {
  public:
    /** @param cancel  if it is cancelled already, the token is stopped already. */
    explicit stop_link(const token &cancel)
        : hook_(cancel, [source = source_]() mutable { source.request_stop(); }) {}

    stop_link(const stop_link &) = delete;
    stop_link &operator=(const stop_link &) = delete;
    ~stop_link() = default;

    [[nodiscard]] std::stop_token token() const noexcept { return source_.get_token(); }

  private:
    std::stop_source source_{};
    hook hook_;
};

} // namespace proc

#endif

#endif
