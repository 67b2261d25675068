/*
 * procession/exception_codes.hpp - part of procession.hpp: the codes of exceptions
 */
#ifndef PROCESSION_EXCEPTION_CODES_HPP
#define PROCESSION_EXCEPTION_CODES_HPP

#include <atomic>
#include <exception>
#include <procession/fwd.hpp> // IWYU pragma: export
#include <string_view>
#include <system_error>

namespace procession {
inline namespace v0_2 {

namespace detail {

/** Those of standalone Asio are, but there are versions in which they equal none of the standard library's. */
inline bool has_errno(const std::error_category &category) noexcept {
    return category == std::system_category() || std::string_view(category.name()) == "asio.system";
}

/** The code of `errno` that a code is, or stands for; 0: it is none. */
inline int errno_of(const std::error_code &code) noexcept {
    if (has_errno(code.category()) || code == std::errc(code.value()))
        return code.value();
    const std::error_condition condition = code.default_error_condition();
    return condition.category() == std::generic_category() ? condition.value() : 0;
}

/** Knows the codes of exceptions of a type; 0: it is of another one, or has none. It stays as long as the program runs. */
struct code_reader {
    int (*read)(const std::exception &exception) noexcept = nullptr;
    const code_reader *next = nullptr;
};

inline std::atomic<const code_reader *> code_readers = nullptr;

inline void enter(code_reader &reader) noexcept {
    reader.next = code_readers.load();
    while (!code_readers.compare_exchange_weak(reader.next, &reader)) {
    }
}

inline int code_of(const std::exception &exception) noexcept {
    for (const code_reader *reader = code_readers.load(); reader != nullptr; reader = reader->next)
        if (const int code = reader->read(exception))
            return code;
    return 0;
}

} // namespace detail

/**
 * While the program runs, exceptions of a type that is no std::system_error keep their code as errors: it has a `code()`, of which a
 * std::error_code can be made. For instance those of Boost, in one source file:
 *
 *     static const proc::exception_codes<boost::system::system_error> codes_of_boost;
 *
 * It holds from where it is made on, for what is derived from the type, too, and for as long as the program runs; so a plug-in that may be
 * unloaded leaves it to the program.
 */
template <class Exception> class exception_codes {
  public:
    exception_codes() noexcept {
        static detail::code_reader reader{read};
        static const bool entered = (detail::enter(reader), true);
        (void)entered;
    }

  private:
    static int read(const std::exception &exception) noexcept {
        const auto *const own = dynamic_cast<const Exception *>(&exception);
        return own != nullptr ? detail::errno_of(static_cast<std::error_code>(own->code())) : 0;
    }
};

} // namespace v0_2
} // namespace procession

#endif
