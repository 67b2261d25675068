/*
 * procession/error.hpp - part of procession.hpp: what a process ends with
 */
#ifndef PROCESSION_ERROR_HPP
#define PROCESSION_ERROR_HPP

#include <cstddef>
#include <exception>
#include <optional>
#include <procession/handle.hpp>   // IWYU pragma: export
#include <procession/pointers.hpp> // IWYU pragma: export
#include <system_error>
#include <vector> // Has what iterators need; <iterator> itself brings streams along, and more lines than all of this header.

#if __cplusplus >= 202002L && __has_include(<source_location>)
#include <bit>
#include <source_location>
#endif

namespace procession {
inline namespace v0_2 {

#ifdef __cpp_lib_source_location
namespace detail {

/* Its representation is the C++ library's, so its name is part of the type. */
#ifdef _LIBCPP_VERSION
inline constexpr const char *location_type = "std::source_location of libc++";
#else
inline constexpr const char *location_type = "std::source_location of libstdc++";
#endif

/** An error that knows where it was made. A location is a pointer to what is static, and so it is the payload itself. */
inline proc_error *located(int code, const char *message,
                           const std::source_location &where) noexcept {
    return proc_error_with_typed_payload(code, message, location_type, std::bit_cast<void *>(where),
                                         nullptr);
}

} // namespace detail
#endif

/**
 * How a process ended: success, or an error, which never changes. `if (error)` asks whether it failed.
 *
 * Three kinds of errors: a *failure* has a code and a message; a *task error* says in which task its
 * cause happened; a *multi error* lists the errors of processes that ran side by side. A failure may
 * carry an exception. Any of them may be wrapped in a text.
 *
 * A value of one word: copying it shares the error, and what was moved from is success. On success
 * accessors answer as C does for NULL: code 0, message "success", no parts.
 *
 * A handle keeps why it was cancelled, and that of a group is cancelled by the first exception that leaves one of its
 * callables. If that exception owns a copy of the handle, or of one below it, perhaps as a member of the object that
 * has failed, the two keep each other and are never released. Let it own a std::weak_ptr of the object then, or what
 * is to be told of it.
 *
 * Threads: as for every value of this library (see detail::handle). The exception that an error carries
 * is one object, which all who catch it share.
 */
class error : public detail::handle<error, proc_error, proc_error_ref, proc_error_unref> {
  public:
    class iterator;

    /** Success. */
    error() noexcept = default;

#ifdef __cpp_lib_source_location
    /** As those below, and knows where in the source it was made (`where`). */
    explicit error(int code, std::source_location where = std::source_location::current()) noexcept
        : error(code, nullptr, where) {}
    error(int code, detail::text message,
          std::source_location where = std::source_location::current()) noexcept
        : handle(detail::located(code, message.c_str(), where)) {}
#else
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
#endif

    /**
     * What a function of C++ reports: success if the code is 0. Codes of `errno`'s categories, which are generic and system, are kept.
     * One of another category has the code that it stands for (`code.default_error_condition()`, or the same number, if the code
     * equals that): so those of Asio are kept. Else it is -1. The text is that of its category.
     *
     * @param what  what failed; the text is "WHAT: TEXT". NULL leaves it out.
     */
    explicit error(const std::error_code &code, detail::text what = nullptr);

    /**
     * An error that carries an exception, as one is made when it leaves a callable. NULL is success.
     *
     * Its message is `what()`, and for what is no std::exception the name of its type. Exceptions that are
     * nested in it (std::nested_exception) follow, each after ": ". Its code is that of the first of them
     * that is a std::system_error whose code is one of `errno`, or stands for one, else -1. Of other types with codes, as Boost's, a
     * program says so by proc::exception_codes.
     *
     * A proc::failure, a proc::cancelled and a proc::error are unpacked: the result is the error itself. If one of them is nested
     * in other exceptions, and none in it, the result is that error with the texts of the others before it, as `wrap` does; so
     * "stopped, as asked" stays that, whatever was said around it. The others are kept as their text alone.
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

    /** Errors as one: `merge` of what are the arguments. */
    template <class... Errors> [[nodiscard]] static error join(Errors &&...errors) {
        return merge(std::vector<error>{std::forward<Errors>(errors)...});
    }

    /**
     * All these as one: a multi error of them in this order, or the one that is left; success if none is. Multi
     * errors are opened, so that what they list stands side by side with the others. An error that is there twice,
     * as the same object, is listed once.
     */
    [[nodiscard]] static error merge(std::vector<error> errors);

    /**
     * This error with a text before its own: "TEXT: CAUSE". In all else it is what it wraps: `code`, `is`,
     * `find_task`, `exception` and `is_echo` look through the text, and `cause` gives what it wraps. Beside
     * others it counts as one. Success stays success; NULL adds nothing.
     */
    [[nodiscard]] error wrap(detail::text text) const noexcept;

    /** Whether it is an error. */
    explicit operator bool() const noexcept { return get() != nullptr; }

    /**
     * 0 on success, else not 0. A task error's is its cause's, a multi error's that of its first, which is the
     * first failure, if there is one in it.
     */
    [[nodiscard]] int code() const noexcept { return proc_error_code(get()); }

    /**
     * The whole text, in UTF-8. A task error's is "TASK_TYPE: TEXT"; a multi error's is "N errors:" and
     * then, for each, a line break, "- " and its text. Of an error that is in another more than once, all but the
     * first place say "(as above)". What is put together of others is cut at 1 MiB, and says how much was left out.
     */
    [[nodiscard]] std::string message() const { return proc_error_message(get()); }

    /** The name of the task that failed; nothing if it is not a task error. */
    [[nodiscard]] std::optional<std::string> task_type() const;

    /** Why the task failed, or what the text is around; success if it is neither a task error nor wrapped. */
    [[nodiscard]] error cause() const noexcept { return share(proc_error_cause(get())); }

    /** How many errors there are side by side: in a multi error two or more, else one; success: 0. */
    [[nodiscard]] std::size_t count() const noexcept { return proc_error_count(get()); }

    /**
     * One of the errors side by side; success if there are not so many. Combinators list failures first, then what
     * only passes on why they were cancelled, each in order of completion.
     */
    [[nodiscard]] error operator[](std::size_t index) const noexcept {
        return share(proc_error_at(get(), index));
    }

    /** The errors side by side, `for (proc::error part : error)`. Forward iterators (C++20), which live as long as the error. */
    [[nodiscard]] inline iterator begin() const noexcept;
    [[nodiscard]] inline iterator end() const noexcept;

    /** Whether the error, or any error in it, has this code. */
    [[nodiscard]] bool is(int code) const noexcept { return proc_error_is(get(), code); }

    /**
     * Whether it only says "stopped, as asked": there is nothing in it but why that handle, or one above it, was
     * cancelled, inside of any number of tasks, texts and multi errors. It is the cause itself that counts, not
     * what looks like it, and the whole of it. Success is no echo.
     */
    [[nodiscard]] bool is_echo(const token &cancel) const noexcept;

    /**
     * Whether there is nothing in it but that error itself, inside of any number of tasks, texts and multi errors: as `is_echo`, of a cause that
     * one has.
     */
    [[nodiscard]] bool is_echo_of(const error &cause) const;

    /** The failures in it that have no others in them, in order, each once; itself, if it is one. */
    [[nodiscard]] std::vector<error> leaves() const;

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
     * The first exception of this type, or one derived from it, that the error, any error in it, or any exception that is nested there
     * carries, depth first; NULL if none does. It is there as long as the error.
     *
     *     if (const auto *refused = error.find<http_error>())
     *         answer(refused->status());
     */
    template <class Exception> [[nodiscard]] const Exception *find() const;

    /** The text on one line, for a log: "2 errors: FIRST; SECOND". Line breaks and all other control characters become spaces. */
    [[nodiscard]] std::string one_line() const;

    /**
     * As the standard library reports one: the code of the std::system_error that its first failure carries, if it does; else its code, which
     * is one of std::generic_category if it is positive, and of a category "procession" if not. The text is left behind. Success is 0.
     */
    [[nodiscard]] std::error_code as_error_code() const;

#ifdef __cpp_lib_source_location
    /**
     * Where in the source it was made, or the first error in it of which that is known: one that was made of a code and a text, in C++20. It is
     * there as long as the code that has made it (a plug-in, say). Where the C++ library has no std::source_location, there is none: clang 14 with
     * libstdc++ lacks what that is made of (__builtin_source_location).
     */
    [[nodiscard]] std::optional<std::source_location> where() const noexcept;
#endif

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
    /* To C++17 a forward iterator refers to what is somewhere; what this gives is made. To C++20 that is no difference. */
    using iterator_category = std::input_iterator_tag;
    using iterator_concept = std::forward_iterator_tag;
    using value_type = error;
    using difference_type = std::ptrdiff_t;
    using reference = error;

    /** What `->` gives: it holds what it points to. */
    class pointer {
      public:
        [[nodiscard]] const error *operator->() const noexcept { return &part_; }

      private:
        friend iterator;
        explicit pointer(error part) noexcept : part_(std::move(part)) {}
        error part_;
    };

    /** One that may be assigned to, and compared with others that are made so. */
    iterator() noexcept = default;

    error operator*() const noexcept { return error::share(proc_error_at(whole_, index_)); }
    pointer operator->() const noexcept { return pointer(**this); }

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
        return left.whole_ == right.whole_ && left.index_ == right.index_;
    }

    friend bool operator!=(const iterator &left, const iterator &right) noexcept {
        return !(left == right);
    }

  private:
    friend error;
    iterator(const proc_error *whole, std::size_t index) noexcept : whole_(whole), index_(index) {}

    const proc_error *whole_ = nullptr;
    std::size_t index_ = 0;
};

inline error::iterator error::begin() const noexcept { return {get(), 0}; }

inline error::iterator error::end() const noexcept { return {get(), count()}; }

inline std::optional<std::string> error::task_type() const {
    const char *name = proc_error_task_type(get());
    return name ? std::optional<std::string>(name) : std::nullopt;
}

inline error error::merge(std::vector<error> errors) {
    detail::row<proc_error *> owned(errors.size());
    for (error &one : errors)
        owned.add(one.release());
    return adopt(proc_error_merge(owned.data(), owned.size()));
}

inline error error::wrap(detail::text text) const noexcept {
    if (text.c_str() == nullptr)
        return *this;
    return adopt(proc_error_wrap(proc_error_ref(get()), "%s", text.c_str()));
}

} // namespace v0_2
} // namespace procession

#endif
