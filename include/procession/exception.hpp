/*
 * procession/exception.hpp - part of procession.hpp: exceptions as errors
 *
 * How an exception is carried: as the payload of the error, a std::exception_ptr. That it is one is known from
 * the payload's type, a text, which all copies of this header agree on, in whatever shared object they are.
 * An address would not do: with hidden visibility or dlopen, each has its own of an inline function or variable.
 *
 * To look at an exception is to catch it, and to throw it again costs as much as to throw it. So each is looked at where it is caught
 * first, and only those that are nested in it are thrown again.
 */
#ifndef PROCESSION_EXCEPTION_HPP
#define PROCESSION_EXCEPTION_HPP

#include <cerrno>
#include <cstdlib>
#include <procession/exception_codes.hpp> // IWYU pragma: export
#include <procession/failure.hpp>         // IWYU pragma: export
#include <procession/own.hpp>             // IWYU pragma: export
#include <typeinfo>

namespace procession {
inline namespace v0_2 {

namespace detail {

/* The representation of a std::exception_ptr is the C++ library's, so its name is part of the type. */
#if defined(_LIBCPP_VERSION)
inline constexpr const char *exception_type = "std::exception_ptr of libc++";
#elif defined(__GLIBCXX__)
inline constexpr const char *exception_type = "std::exception_ptr of libstdc++";
#else
inline constexpr const char *exception_type = "std::exception_ptr";
#endif

/** What an exception says of itself. */
struct told {
    std::string text{};
    /** 0: it has none. */
    int code = 0;
    /** The error that it is; success: it is none. */
    error own{};
    std::exception_ptr nested{};
};

inline told tell(const error &caught) { return {caught.message(), caught.code(), caught, {}}; }

inline told tell(const cancelled &caught) { return tell(caught.error()); }

inline told tell(const failure &caught) { return tell(caught.error()); }

/* What <cxxabi.h> has by these names, without its hundreds of lines for compilers. */
std::type_info *type_of_caught() noexcept __asm__("__cxa_current_exception_type");
char *demangle(const char *name, char *buffer, std::size_t *size, int *status) noexcept
    __asm__("__cxa_demangle");

/** A text that C has allocated. */
struct malloced {
    explicit malloced(char *owned) noexcept : text(owned) {}
    malloced(const malloced &) = delete;
    malloced &operator=(const malloced &) = delete;
    ~malloced() { std::free(text); } // NOLINT(cppcoreguidelines-no-malloc)

    char *const text;
};

/** The name of the type of what was caught last. */
inline std::string name_of_caught() {
    const char *name = type_of_caught()->name();
    int status = 0;
    const malloced demangled(demangle(name, nullptr, nullptr, &status));
    return demangled.text != nullptr ? demangled.text : name;
}

inline told tell(const std::exception &caught) {
    const char *const text = caught.what();
    return {text != nullptr ? text : name_of_caught(), code_of(caught), {}, {}};
}

inline told tell(const std::system_error &caught) {
    return {caught.what(), errno_of(caught.code()), {}, {}};
}

/** Whatever is not of any of these types. */
struct unknown {};

inline told tell(unknown) { return {name_of_caught(), 0, {}, {}}; }

/**
 * Does something. An exception is given to `see` as it is caught, as the first of these types that it is; what that returns is returned.
 * What is both of type First and of another one is thrown again by `see`, if that wants to know.
 */
template <class First, class Action, class See>
auto watched(const Action &action, const See &see) -> decltype(action()) {
    try {
        return action();
    } catch (const First &caught) {
        return see(caught);
    } catch (const failure &caught) {
        return see(caught);
    } catch (const std::system_error &caught) {
        return see(caught);
    } catch (const std::exception &caught) {
        return see(caught);
    } catch (const cancelled &caught) {
        return see(caught);
    } catch (const error &caught) {
        return see(caught);
    } catch (...) {
        if (!std::current_exception())
            throw; // Not of C++, or pthread_exit: nothing can carry it. It ends the program, as in C.
        return see(unknown());
    }
}

/** It is thrown again to see what else it is. */
inline told tell(const std::nested_exception &caught) {
    told all = watched<unknown>([]() -> told { throw; }, [](const auto &it) { return tell(it); });
    all.nested = caught.nested_ptr();
    return all;
}

inline told tell(const std::exception_ptr &exception) {
    return watched<std::nested_exception>([&]() -> told { std::rethrow_exception(exception); },
                                          [](const auto &caught) { return tell(caught); });
}

inline void release_exception(void *payload) noexcept {
    delete static_cast<std::exception_ptr *>(payload);
}

/** The error of what is being caught: the one that it is, or that is nested in it, with the texts around that; else one that carries it. */
inline error carry(told outer) {
    if (outer.own && !outer.nested)
        return std::move(outer.own);
    while (outer.nested) {
        told inner = tell(outer.nested);
        if (inner.own && !inner.nested)
            return inner.own.wrap(outer.text);
        outer.text.append(": ").append(inner.text);
        outer.code = outer.code != 0 ? outer.code : inner.code;
        outer.nested = std::move(inner.nested);
    }
    detail::owned<std::exception_ptr> carried(new std::exception_ptr(std::current_exception()));
    return error::adopt(proc_error_with_typed_payload(
        outer.code, outer.text.c_str(), exception_type, carried.release(), release_exception));
}

/** The same, of what has been caught as what it is, for C. */
template <class Caught> proc_error *error_of(const Caught &caught) noexcept {
    try {
        return detail::carry(detail::tell(caught)).release();
    } catch (...) {
        return proc_error_new(ENOMEM, "there is no memory to carry an exception");
    }
}

/** Does something that returns an error, for C, to which no exception may get: the error of one carries it. */
template <class Action> proc_error *carrying(const Action &action) {
    return detail::watched<std::nested_exception>(
        action, [](const auto &caught) { return detail::error_of(caught); });
}

inline proc_error *error_of(const std::error_code &code, const char *what) {
    if (!code)
        return nullptr;
    const std::string text = what != nullptr ? what + (": " + code.message()) : code.message();
    return proc_error_new(errno_of(code), text.c_str());
}

} // namespace detail

inline error::error(const std::error_code &code, detail::text what)
    : handle(detail::error_of(code, what.c_str())) {}

inline error::error(const std::exception_ptr &exception) noexcept
    : handle(exception
                 ? detail::carrying([&]() -> proc_error * { std::rethrow_exception(exception); })
                 : nullptr) {}

inline std::exception_ptr error::exception() const noexcept {
    const void *found = proc_error_find_payload(get(), detail::exception_type);
    return found != nullptr ? *static_cast<const std::exception_ptr *>(found) : nullptr;
}

inline void error::rethrow() const {
    if (const auto original = exception())
        std::rethrow_exception(original);
    if (*this)
        throw failure(*this);
}

} // namespace v0_2
} // namespace procession

#endif
