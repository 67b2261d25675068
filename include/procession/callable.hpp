/*
 * procession/callable.hpp - part of procession.hpp: what may be called as a process, and how
 */
#ifndef PROCESSION_CALLABLE_HPP
#define PROCESSION_CALLABLE_HPP

#include <procession/stop_token.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {
namespace detail {

/* What a callable is called with is what it is given first, such as its nursery, and then a way of being asked to stop. */

template <class Callable, class... Given>
using takes_cancel = std::is_invocable<Callable &, Given..., const cancel &>;

#ifdef __cpp_lib_jthread
template <class Callable, class... Given>
using takes_stop_token = std::is_invocable<Callable &, Given..., std::stop_token>;
#else
template <class Callable, class... Given> using takes_stop_token = std::false_type;
#endif

/** Once it takes one thing, it is not asked for the next: of a generic lambda, that would not compile. */
template <class Callable, class... Given>
inline constexpr bool is_callable =
    std::disjunction_v<takes_cancel<Callable, Given...>, takes_stop_token<Callable, Given...>,
                       std::is_invocable<Callable &, Given...>>;

/** Whether one that is given so can be moved or copied to where it is kept. */
template <class Callable>
inline constexpr bool can_be_kept = std::is_constructible_v<std::decay_t<Callable>, Callable>;

/** Calls it; what it returns. */
template <class Callable, class... Given>
decltype(auto) call(Callable &callable, const cancel &cancel, Given &&...given) {
    if constexpr (takes_cancel<Callable, Given...>::value)
        return detail::invoke(callable, std::forward<Given>(given)..., cancel);
#ifdef __cpp_lib_jthread
    else if constexpr (takes_stop_token<Callable, Given...>::value)
        return detail::invoke(callable, std::forward<Given>(given)...,
                              lent_stop_link(cancel).token());
#endif
    else
        return detail::invoke(callable, std::forward<Given>(given)...);
}

/** Does something; what that returns, as an error. */
template <class Action> error outcome(const Action &action) {
    using returned = decltype(action());
    static_assert(std::is_void_v<returned> || std::is_same_v<std::decay_t<returned>, error>,
                  "procession: a callable returns void or proc::error");
    if constexpr (std::is_void_v<returned>) {
        action();
        return {};
    } else {
        return action();
    }
}

/** The same for C. */
template <class Action> proc_error *guarded(const Action &action) {
    return detail::carrying([&] { return detail::outcome(action).release(); });
}

/** A value that the library lends: no reference is taken for it, and none given up. */
template <class Value> class lent {
  public:
    template <class Object>
    explicit lent(Object *borrowed) noexcept : value_(Value::adopt(borrowed)) {}
    lent(const lent &) = delete;
    lent &operator=(const lent &) = delete;
    ~lent() { (void)value_.release(); }
    [[nodiscard]] const Value &get() const noexcept { return value_; }

  private:
    Value value_;
};

/**
 * For C, whose user data one of these is. As all that C calls and that nothing can carry an exception out of, it is noexcept: that is
 * where std::terminate is called, with the exception as the current one, and not in a frame of another language.
 */
template <class Data> void destroy(void *user_data) noexcept {
    delete static_cast<Data *>(user_data);
}

/** The function that C has for a callable, which is its user data. */
template <class Callable> proc_error *run_callable(proc_cancel *cancel, void *user_data) {
    const lent<procession::cancel> handle(cancel);
    return detail::guarded(
        [&] { return detail::call(*static_cast<Callable *>(user_data), handle.get()); });
}

/** Whether a callable needs no memory: a function, say, or a lambda that captures one reference. Called as const, its copies are all the same. */
template <class Callable, bool = fits_pointer<Callable> &&has_one_call<Callable>>
inline constexpr bool is_small = false;

/** The others are not looked at as const: to ask that may not compile. */
template <class Callable>
inline constexpr bool is_small<Callable, true> = is_callable<const Callable>;

/** The function that C has for one that is the bytes of its user data. */
template <class Callable> proc_error *run_small(proc_cancel *cancel, void *user_data) {
    const lent<procession::cancel> handle(cancel);
    in_pointer<Callable> callable(user_data);
    return detail::guarded([&] { return detail::call(callable.get(), handle.get()); });
}

} // namespace detail
} // namespace v0_2
} // namespace procession

#endif
