/*
 * procession/invoke.hpp - part of procession.hpp: calling what can be called
 *
 * What std::invoke does, without <functional>, which would be a fifth of all that procession.hpp makes the compiler read.
 */
#ifndef PROCESSION_INVOKE_HPP
#define PROCESSION_INVOKE_HPP

#include <procession/fwd.hpp> // IWYU pragma: export
#include <type_traits>
#include <utility>

namespace procession {
inline namespace v0_2 {
namespace detail {

template <class Object, class = void> inline constexpr bool is_pointer_like = false;

template <class Object>
inline constexpr bool is_pointer_like<Object, std::void_t<decltype(*std::declval<Object>())>> =
    true;

/** The object whose member is meant: itself, what points to it, or a std::reference_wrapper. */
template <class Class, class Object> decltype(auto) object_of(Object &&object) {
    if constexpr (std::is_base_of_v<Class, std::decay_t<Object>>)
        return std::forward<Object>(object);
    else if constexpr (is_pointer_like<Object>)
        return *std::forward<Object>(object);
    else
        return object.get();
}

template <class Member, class Class, class Object, class... Arguments>
decltype(auto) invoke_member(Member Class::*member, Object &&object, Arguments &&...arguments) {
    if constexpr (std::is_function_v<Member>)
        return (detail::object_of<Class>(std::forward<Object>(object)).*
                member)(std::forward<Arguments>(arguments)...);
    else
        return detail::object_of<Class>(std::forward<Object>(object)).*member;
}

/** Calls it: a pointer to a member with its object first. */
template <class Callable, class... Arguments>
decltype(auto) invoke(Callable &callable, Arguments &&...arguments) {
    if constexpr (std::is_member_pointer_v<std::remove_cv_t<Callable>>)
        return detail::invoke_member(callable, std::forward<Arguments>(arguments)...);
    else
        return callable(std::forward<Arguments>(arguments)...);
}

/**
 * Whether there is one way to call it: it is a pointer to a function, or has one `operator()`, which is no template. If that can be
 * called as const, no other is called otherwise.
 */
template <class Callable, class = void>
inline constexpr bool has_one_call = std::is_pointer_v<Callable>;

template <class Callable>
inline constexpr bool has_one_call<Callable, std::void_t<decltype(&Callable::operator())>> = true;

template <class Callable, class = void> inline constexpr bool is_nullable = false;

/** Pointers, std::function and its like: they may refer to nothing. */
template <class Callable>
inline constexpr bool is_nullable<
    Callable,
    std::void_t<decltype(Callable(nullptr)),
                decltype(static_cast<bool>(std::declval<const Callable &>() == nullptr))>> = true;

template <class Callable> bool is_empty(const Callable &callable) {
    if constexpr (is_nullable<Callable>)
        return callable == nullptr;
    else
        return false;
}

} // namespace detail
} // namespace v0_2
} // namespace procession

#endif
