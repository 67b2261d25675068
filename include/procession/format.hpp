/*
 * procession/format.hpp - beside procession.hpp, and included on its own: errors in std::format, where there is one (C++20)
 */
#ifndef PROCESSION_FORMAT_HPP
#define PROCESSION_FORMAT_HPP

#include <procession/errors.hpp> // IWYU pragma: export

#if __cplusplus >= 202002L && __has_include(<format>)
#include <format>
#endif

#ifdef __cpp_lib_format

/** The whole text of an error, with what may be said of a text: `std::format("{:>20}", error)`. */
template <> struct std::formatter<procession::error> : std::formatter<std::string_view> {
    template <class Context> auto format(const procession::error &error, Context &context) const {
        return std::formatter<std::string_view>::format(error.message(), context);
    }
};

#endif

#endif
