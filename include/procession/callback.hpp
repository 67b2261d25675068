/*
 * procession/callback.hpp - part of procession.hpp: callables of any type that the library calls
 */
#ifndef PROCESSION_CALLBACK_HPP
#define PROCESSION_CALLBACK_HPP

#include <atomic>
#include <procession/hook.hpp> // IWYU pragma: export
#include <type_traits>

namespace procession {
inline namespace v0_2 {
namespace detail {

template <class Signature> class callback;

/**
 * A callable in a struct of options, if there is one: of any type, and only as large as two pointers. Copies share it, so it may be
 * move-only. Nothing can carry an exception through the library from where it is called: what leaves it ends the program (std::terminate).
 */
template <class Result, class... Arguments> class callback<Result(Arguments...)> {
  public:
    /** None. */
    callback() noexcept = default;

    template <class Callable,
              class = std::enable_if_t<!std::is_same_v<std::decay_t<Callable>, callback>>>
    // NOLINTNEXTLINE(google-explicit-constructor): an option is written as the callable that it is
    callback(Callable &&callable) {
        using stored = std::decay_t<Callable>;
        static_assert(
            std::is_invocable_r_v<Result, stored &, Arguments...>,
            "procession: this callable takes or returns something else than is said where "
            "it is an option");
        if (detail::is_empty<stored>(callable))
            return;
        callable_ = shared::make<stored>(std::forward<Callable>(callable));
        function_ = call<stored>;
    }

    explicit operator bool() const noexcept { return function_ != nullptr; }

    Result operator()(Arguments... arguments) const noexcept {
        return function_(callable_, static_cast<Arguments &&>(arguments)...);
    }

  private:
    template <class Callable> static Result call(const shared &callable, Arguments... arguments) {
        return static_cast<Result>(
            detail::invoke(callable.as<Callable>(), static_cast<Arguments &&>(arguments)...));
    }

    shared callable_{};
    Result (*function_)(const shared &callable, Arguments... arguments) = nullptr;
};

/** A time for C, which has no largest one but for ever. */
inline std::int64_t or_forever(std::chrono::nanoseconds time) noexcept {
    return time == std::chrono::nanoseconds::max() ? PROC_FOREVER : nanoseconds(time);
}

/** The same where 0 stands for C's default, which is never meant here. */
inline std::int64_t at_once_or(std::chrono::nanoseconds time) noexcept {
    return time > std::chrono::nanoseconds::zero() ? or_forever(time) : PROC_AT_ONCE;
}

/** Keeps what C refers to, also as the program ends, as long as that runs, and where those who look for leaks see it. */
template <class Node> void keep(detail::owned<Node> node) noexcept {
    static std::atomic<Node *> last = nullptr;
    node->before = last.load();
    while (!last.compare_exchange_weak(node->before, node.get())) {
    }
    (void)node.release();
}

} // namespace detail
} // namespace v0_2
} // namespace procession

#endif
