/*
 * procession/errors.hpp - part of procession.hpp: what is in an error
 */
#ifndef PROCESSION_ERRORS_HPP
#define PROCESSION_ERRORS_HPP

#include <cstdint>
#include <iosfwd>
#include <procession/exception.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

namespace detail {

/** Whether there are no others in it. */
inline bool is_leaf(const proc_error *one) noexcept {
    return proc_error_cause(one) == nullptr && proc_error_count(one) == 1;
}

/** Goes through an error and all that is in it, depth first. To one error there may be more ways than could be gone: it comes once. */
class error_walk {
  public:
    /** @param whole  if it is success, there is nothing. */
    explicit error_walk(const error &whole) {
        if (whole)
            ahead_.add(whole.get());
    }

    /** The next one, and then what is in it; NULL: that was all. */
    const proc_error *next() {
        while (ahead_.size() > 0) {
            const proc_error *const one = ahead_.take_last();
            if (!is_new(one))
                continue;
            enter(one);
            return one;
        }
        return nullptr;
    }

    /** The next one that has no others in it. */
    const proc_error *next_leaf() {
        const proc_error *one = next();
        while (one != nullptr && !is_leaf(one))
            one = next();
        return one;
    }

    /** Leaves out what is in the last one. */
    void pass_by() { ahead_.cut(outside_); }

  private:
    void enter(const proc_error *one) {
        outside_ = ahead_.size();
        if (const proc_error *const cause = proc_error_cause(one))
            ahead_.add(cause);
        else if (const std::size_t count = proc_error_count(one); count > 1)
            for (std::size_t i = count; i > 0; --i)
                ahead_.add(proc_error_at(one, i - 1));
    }

    /** Those that were met lie in order, and it is looked for where it would lie. */
    bool is_new(const proc_error *one) {
        std::size_t first = 0;
        for (std::size_t count = met_.size(); count > 0;) {
            const std::size_t half = count / 2;
            const bool is_behind = place(met_[first + half]) < place(one);
            first += is_behind ? half + 1 : 0;
            count = is_behind ? count - half - 1 : half;
        }
        if (first < met_.size() && met_[first] == one)
            return false;
        met_.insert(first, one);
        return true;
    }

    static std::uintptr_t place(const proc_error *one) noexcept {
        return reinterpret_cast<std::uintptr_t>(one);
    }

    row<const proc_error *> ahead_{};
    row<const proc_error *> met_{};
    std::size_t outside_ = 0;
};

inline std::exception_ptr nested_in(const std::exception_ptr &exception) noexcept {
    try {
        std::rethrow_exception(exception);
    } catch (const std::nested_exception &caught) {
        return caught.nested_ptr();
    } catch (...) {
        return nullptr;
    }
}

/** An exception, or one that is nested in it, as what it is; NULL: there is none of that type. */
template <class Exception> const Exception *as(std::exception_ptr exception) {
    for (; exception; exception = nested_in(exception)) {
        try {
            std::rethrow_exception(exception);
        } catch (const Exception &found) {
            return std::addressof(found);
        } catch (...) { // Not this one, but perhaps the next.
        }
    }
    return nullptr;
}

/** Of codes that are not of `errno`. */
class own_category : public std::error_category {
  public:
    [[nodiscard]] const char *name() const noexcept override { return "procession"; }
    [[nodiscard]] std::string message(int code) const override {
        return "error " + std::to_string(code);
    }

    static const std::error_category &get() noexcept {
        static const own_category only;
        return only;
    }
};

} // namespace detail

/** Whether they are the same error. Two with the same text are two errors. */
[[nodiscard]] inline bool operator==(const error &left, const error &right) noexcept {
    return left.get() == right.get();
}

[[nodiscard]] inline bool operator!=(const error &left, const error &right) noexcept {
    return !(left == right);
}

/** Its whole text; that of success is "success". */
template <class Traits>
std::basic_ostream<char, Traits> &operator<<(std::basic_ostream<char, Traits> &stream,
                                             const error &error) {
    return stream << proc_error_message(error.get());
}

inline bool error::is_echo_of(const error &cause) const {
    detail::error_walk walk(*this);
    while (const proc_error *const one = walk.next()) {
        if (one == cause.get())
            walk.pass_by();
        else if (detail::is_leaf(one))
            return false;
    }
    return *this && cause;
}

inline std::vector<error> error::leaves() const {
    detail::row<const proc_error *> found;
    detail::error_walk walk(*this);
    while (const proc_error *const one = walk.next_leaf())
        found.add(one);
    std::vector<error> all(found.size());
    for (std::size_t i = 0; i < found.size(); ++i)
        all[i] = share(found[i]);
    return all;
}

template <class Exception> const Exception *error::find() const {
    detail::error_walk walk(*this);
    while (const proc_error *const one = walk.next_leaf())
        if (const auto *const found = detail::as<Exception>(share(one).exception()))
            return found;
    return nullptr;
}

inline std::string error::one_line() const {
    constexpr std::string_view item = "\n- ";
    std::string line;
    std::string_view rest = proc_error_message(get());
    while (!rest.empty()) {
        if (rest.substr(0, item.size()) == item) {
            line += !line.empty() && line.back() == ':' ? " " : "; ";
            rest.remove_prefix(item.size());
            continue;
        }
        const char next = rest.front();
        const bool is_control = static_cast<unsigned char>(next) < 0x20 || next == 0x7F;
        line += is_control ? ' ' : next;
        rest.remove_prefix(1);
    }
    return line;
}

inline std::error_code error::as_error_code() const {
    const error first = share(detail::error_walk(*this).next_leaf());
    if (!first)
        return {};
    if (const auto *const thrown = first.find<std::system_error>();
        thrown != nullptr && thrown->code())
        return thrown->code();
    const int code = first.code();
    return {code, code > 0 ? std::generic_category() : detail::own_category::get()};
}

#ifdef __cpp_lib_source_location
inline std::optional<std::source_location> error::where() const noexcept {
    void *const found = proc_error_find_payload(get(), detail::location_type);
    if (found == nullptr)
        return std::nullopt;
    return std::bit_cast<std::source_location>(found);
}
#endif

} // namespace v0_2
} // namespace procession

#endif
