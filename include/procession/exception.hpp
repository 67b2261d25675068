/*
 * procession/exception.hpp - part of procession.hpp: errors as exceptions, and exceptions as errors
 *
 * How an exception is carried: as the payload of the error, a std::exception_ptr. That it is one is known from
 * the payload's type, a text, which all copies of this header agree on, in whatever shared object they are.
 * An address would not do: with hidden visibility or dlopen, each has its own of an inline function or variable.
 */
#ifndef PROCESSION_EXCEPTION_HPP
#define PROCESSION_EXCEPTION_HPP

#include <cerrno>
#include <cstdlib>
#include <cxxabi.h>
#include <memory>
#include <procession/error.hpp>
#include <string_view>
#include <typeinfo>

namespace proc {

/**
 * An error as an exception: what proc::run throws. `what()` is the whole text of the error.
 *
 * To let a callable fail with a code and a text, return a proc::error or throw one or this. Either leaves a
 * callable as the error itself, so that it is the same error however many runs it passes through.
 */
class [[gnu::visibility("default")]] failure final : public std::exception {
  public:
    explicit failure(proc::error error) noexcept : error_(std::move(error)) {}

    [[nodiscard]] const char *what() const noexcept override {
        return proc_error_message(error_.get());
    }

    [[nodiscard]] const proc::error &error() const noexcept { return error_; }

    /** Throws the original exception that the error carries, else this one: see error::rethrow. */
    [[noreturn]] void rethrow() const {
        error_.rethrow();
        throw *this;
    }

  private:
    proc::error error_;
};

namespace detail {

/* The representation of a std::exception_ptr is the C++ library's, so its name is part of the type. */
#if defined(_LIBCPP_VERSION)
inline constexpr const char *exception_type = "std::exception_ptr of libc++";
#elif defined(__GLIBCXX__)
inline constexpr const char *exception_type = "std::exception_ptr of libstdc++";
#else
inline constexpr const char *exception_type = "std::exception_ptr";
#endif

inline bool is_errno(const std::error_code &code) noexcept {
    return code.category() == std::generic_category() || code.category() == std::system_category();
}

/** The name of the type of what was caught last. */
inline std::string name_of_caught() {
    const char *name = abi::__cxa_current_exception_type()->name();
    int status = 0;
    const std::unique_ptr<char, void (*)(void *)> demangled(
        abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free);
    return demangled ? demangled.get() : name;
}

inline std::string text_of(const std::exception_ptr &exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception &caught) {
        const char *const text = caught.what();
        return text != nullptr ? text : name_of_caught();
    } catch (const error &caught) {
        return caught.message();
    } catch (...) {
        return name_of_caught();
    }
}

/** 0: it has none. */
inline int code_of(const std::exception_ptr &exception) noexcept {
    try {
        std::rethrow_exception(exception);
    } catch (const error &caught) {
        return caught.code();
    } catch (const std::system_error &caught) {
        return is_errno(caught.code()) ? caught.code().value() : 0;
    } catch (...) {
        return 0;
    }
}

inline std::exception_ptr nested_in(const std::exception_ptr &exception) noexcept {
    try {
        std::rethrow_exception(exception);
    } catch (const std::nested_exception &caught) {
        return caught.nested_ptr();
    } catch (...) {
        return nullptr;
    }
}

inline void release_exception(void *payload) noexcept {
    delete static_cast<std::exception_ptr *>(payload);
}

inline proc_error *carry(const std::exception_ptr &exception) {
    std::string text = text_of(exception);
    int code = code_of(exception);
    for (auto next = nested_in(exception); next; next = nested_in(next)) {
        text += ": " + text_of(next);
        code = code != 0 ? code : code_of(next);
    }
    auto *carried = new std::exception_ptr(exception);
    return proc_error_with_typed_payload(code, text.c_str(), exception_type, carried,
                                         release_exception);
}

/** The error that an exception is. Success of all else, and of one that was made of success: that is carried as it is. */
inline error unpacked(const std::exception_ptr &exception) noexcept {
    try {
        std::rethrow_exception(exception);
    } catch (const failure &caught) {
        return caught.error();
    } catch (const error &caught) {
        return caught;
    } catch (...) {
        return {};
    }
}

/** The error that an exception is, or that is nested in it, with the texts around it. Success if there is none. */
inline error unwrapped(const std::exception_ptr &exception) {
    constexpr std::string_view colon = ": ";
    std::string around;
    auto inmost = exception;
    while (auto nested = nested_in(inmost)) {
        around.append(text_of(inmost)).append(colon);
        inmost = std::move(nested);
    }
    error inside = unpacked(inmost);
    if (around.empty())
        return inside;
    around.resize(around.size() - colon.size()); // The last one comes with the wrapping.
    return inside.wrap(around);
}

inline proc_error *error_of(const std::exception_ptr &exception) noexcept {
    if (!exception)
        return nullptr;
    try {
        error inside = unwrapped(exception);
        return inside ? inside.release() : carry(exception);
    } catch (...) {
        return proc_error_new(ENOMEM, "there is no memory to carry an exception");
    }
}

inline proc_error *error_of(const std::error_code &code, const char *what) {
    if (!code)
        return nullptr;
    const std::string text = what != nullptr ? what + (": " + code.message()) : code.message();
    return proc_error_new(is_errno(code) ? code.value() : -1, text.c_str());
}

} // namespace detail

inline error::error(const std::error_code &code, detail::text what)
    : handle(detail::error_of(code, what.c_str())) {}

inline error::error(const std::exception_ptr &exception) noexcept
    : handle(detail::error_of(exception)) {}

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

} // namespace proc

#endif
