/*
 * procession/error.hpp - part of procession.hpp: what a process ends with
 */
#ifndef PROCESSION_ERROR_HPP
#define PROCESSION_ERROR_HPP

#include <cstddef>
#include <exception>
#include <iterator>
#include <optional>
#include <procession/handle.hpp>
#include <system_error>

namespace proc {

/**
 * How a process ended: success, or an error, which never changes. `if (error)` asks whether it failed.
 *
 * Three kinds of errors: a *failure* has a code and a message; a *task error* says in which task its
 * cause happened; a *multi error* lists the errors of processes that ran side by side. A failure may
 * carry an exception.
 *
 * A value of one word: copying it shares the error, and what was moved from is success. On success
 * accessors answer as C does for NULL: code 0, message "success", no parts.
 *
 * Threads: as for every value of this library (see detail::handle). The exception that an error carries
 * is one object, which all who catch it share.
 */
class error : public detail::handle<error, proc_error, proc_error_ref, proc_error_unref> {
  public:
    class iterator;

    /** Success. */
    error() noexcept = default;

    /** A failure with the text that the system has for a code of `errno`. 0 is none: it becomes -1. */
    explicit error(int code) noexcept : error(code, nullptr) {}

    /**
     * A failure.
     *
     * @param code     an `errno` value, or any other number of your own. 0 is none: it becomes -1.
     * @param message  UTF-8 (what is not is replaced by U+FFFD); NULL stands for `strerror(code)`.
     */
    error(int code, detail::text message) noexcept
        : handle(proc_error_new(code, message.c_str())) {}

    /**
     * What a function of C++ reports: success if the code is 0. Codes of `errno`'s categories, which are
     * generic and system, are kept; of another category the error has its text, and -1.
     *
     * @param what  what failed; the text is "WHAT: TEXT". NULL leaves it out.
     */
    explicit error(const std::error_code &code, detail::text what = nullptr);

    /**
     * An error that carries an exception, as one is made when it leaves a callable. NULL is success.
     *
     * Its message is `what()`, and for what is no std::exception the name of its type. Exceptions that are
     * nested in it (std::nested_exception) follow, each after ": ". Its code is that of the first of them
     * that is a std::system_error of `errno`'s categories or a proc::failure, else -1. A proc::failure alone
     * is unpacked: the result is its error itself.
     *
     * If there is no memory to carry it, the result is an error that says so, with code ENOMEM.
     */
    explicit error(const std::exception_ptr &exception) noexcept;

    /**
     * A failure of the calling thread's `errno`, with the text "WHAT: STRERROR". Call it before anything
     * else may change `errno`.
     *
     * @param what  what failed, for instance the function's name; NULL leaves it out.
     */
    [[nodiscard]] static error from_errno(detail::text what = nullptr) noexcept {
        return adopt(proc_errno(what.c_str()));
    }

    /** Whether it is an error. */
    explicit operator bool() const noexcept { return get() != nullptr; }

    /** 0 on success, else not 0. A task error's is its cause's, a multi error's that of its first. */
    [[nodiscard]] int code() const noexcept { return proc_error_code(get()); }

    /**
     * The whole text, in UTF-8. A task error's is "TASK_TYPE: TEXT"; a multi error's is "N errors:" and
     * then, for each, a line break, "- " and its text.
     */
    [[nodiscard]] std::string message() const { return proc_error_message(get()); }

    /** The name of the task that failed; nothing if it is not a task error. */
    [[nodiscard]] std::optional<std::string> task_type() const;

    /** Why the task failed; success if it is not a task error. */
    [[nodiscard]] error cause() const noexcept { return share(proc_error_cause(get())); }

    /** How many errors there are side by side: in a multi error two or more, else one; success: 0. */
    [[nodiscard]] std::size_t count() const noexcept { return proc_error_count(get()); }

    /** One of the errors side by side, in order of completion; success if there are not so many. */
    [[nodiscard]] error operator[](std::size_t index) const noexcept {
        return share(proc_error_at(get(), index));
    }

    /** The errors side by side, `for (proc::error part : error)`. Iterators live as long as the error. */
    [[nodiscard]] inline iterator begin() const noexcept;
    [[nodiscard]] inline iterator end() const noexcept;

    /** Whether the error, or any error in it, has this code. */
    [[nodiscard]] bool is(int code) const noexcept { return proc_error_is(get(), code); }

    /** The first task error with this name: the error itself or one in it, depth first; else success. */
    [[nodiscard]] error find_task(detail::text task_type) const noexcept {
        return share(proc_error_find_task(get(), task_type.c_str()));
    }

    /**
     * The first exception that the error or any error in it carries, depth first; NULL if none does.
     *
     * It is found wherever it was made, also in a plug-in; what C code attached as a payload is never
     * taken for one.
     */
    [[nodiscard]] std::exception_ptr exception() const noexcept;

    /**
     * Throws `exception()`, which is the original object; if there is none, a proc::failure with this
     * error. Of a multi error in which several carry one, that is the first; the others are in the parts.
     * On success it returns.
     */
    void rethrow() const;

  private:
    friend handle;
    using handle::handle;
};

/** Goes through the errors side by side. */
class error::iterator {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = error;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = error;

    error operator*() const noexcept { return error::share(proc_error_at(whole_, index_)); }

    iterator &operator++() noexcept {
        ++index_;
        return *this;
    }

    iterator operator++(int) noexcept {
        const iterator before = *this;
        ++index_;
        return before;
    }

    friend bool operator==(const iterator &left, const iterator &right) noexcept {
        return left.index_ == right.index_;
    }

    friend bool operator!=(const iterator &left, const iterator &right) noexcept {
        return !(left == right);
    }

  private:
    friend error;
    iterator(const proc_error *whole, std::size_t index) noexcept : whole_(whole), index_(index) {}

    const proc_error *whole_;
    std::size_t index_;
};

inline error::iterator error::begin() const noexcept { return {get(), 0}; }

inline error::iterator error::end() const noexcept { return {get(), count()}; }

inline std::optional<std::string> error::task_type() const {
    const char *name = proc_error_task_type(get());
    return name ? std::optional<std::string>(name) : std::nullopt;
}

} // namespace proc

#endif
