/*
 * procession/callable.hpp - part of procession.hpp: what may be called as a process, and how
 */
#ifndef PROCESSION_CALLABLE_HPP
#define PROCESSION_CALLABLE_HPP

#include <procession/stop_token.hpp>

namespace proc::detail {

template <class Callable> using takes_cancel = std::is_invocable<Callable &, const cancel &>;

#ifdef __cpp_lib_jthread
template <class Callable> using takes_stop_token = std::is_invocable<Callable &, std::stop_token>;
#else
template <class Callable> using takes_stop_token = std::false_type;
#endif

/** Once it takes one thing, it is not asked for the next: of a generic lambda, that would not compile. */
template <class Callable>
inline constexpr bool is_callable =
    std::disjunction_v<takes_cancel<Callable>, takes_stop_token<Callable>,
                       std::is_invocable<Callable &>>;

/** Calls it with these arguments; what it returns, as an error. */
template <class Callable, class... Arguments>
error outcome(Callable &callable, Arguments &&...arguments) {
    using returned = std::invoke_result_t<Callable &, Arguments...>;
    static_assert(std::is_void_v<returned> || std::is_same_v<std::decay_t<returned>, error>,
                  "procession: a callable returns void or proc::error");
    if constexpr (std::is_void_v<returned>) {
        std::invoke(callable, std::forward<Arguments>(arguments)...);
        return {};
    } else {
        return std::invoke(callable, std::forward<Arguments>(arguments)...);
    }
}

template <class Callable> error call(Callable &callable, const cancel &cancel) {
    if constexpr (takes_cancel<Callable>::value)
        return outcome(callable, cancel);
#ifdef __cpp_lib_jthread
    else if constexpr (takes_stop_token<Callable>::value)
        return outcome(callable, stop_link(cancel).token());
#endif
    else
        return outcome(callable);
}

/** A handle that the library lends: no reference is taken for it, and none given up. */
class lent {
  public:
    explicit lent(proc_cancel *borrowed) noexcept : cancel_(cancel::adopt(borrowed)) {}
    lent(const lent &) = delete;
    lent &operator=(const lent &) = delete;
    ~lent() { (void)cancel_.release(); }
    [[nodiscard]] const cancel &get() const noexcept { return cancel_; }

  private:
    cancel cancel_;
};

/** The functions that C has for a callable, whose user data it is. */
template <class Callable> struct callback {
    static proc_error *run(proc_cancel *cancel, void *user_data) {
        const lent handle(cancel);
        try {
            return call(*static_cast<Callable *>(user_data), handle.get()).release();
        } catch (...) {
            const auto exception = std::current_exception();
            if (!exception)
                throw; // Not of C++, or pthread_exit: nothing can carry it. It ends the program, as in C.
            return error(exception).release();
        }
    }

    static void destroy(void *user_data) { delete static_cast<Callable *>(user_data); }
};

} // namespace proc::detail

#endif
