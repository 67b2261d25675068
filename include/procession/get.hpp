/*
 * procession/get.hpp - part of procession.hpp: what one callable returns, now or when a job has ended
 */
#ifndef PROCESSION_GET_HPP
#define PROCESSION_GET_HPP

#include <procession/job.hpp>     // IWYU pragma: export
#include <procession/results.hpp> // IWYU pragma: export

#if __cplusplus > 202002L && __has_include(<expected>)
#include <expected>
#endif

namespace procession {
inline namespace v0_2 {

namespace detail {

struct result_maker;

} // namespace detail

#ifdef __cpp_lib_expected

template <class T> using result = std::expected<T, error>;

#else

/**
 * A value, or the error for which there is none: a std::expected<T, proc::error> where the standard library has that (C++23), else a class with
 * the part of it that is here.
 */
template <class T> class result {
  public:
    [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }

    /** The value. If there is none, it throws a proc::failure (where it is a std::expected, a std::bad_expected_access). */
    [[nodiscard]] T &value() & { return checked(*this); }
    [[nodiscard]] const T &value() const & { return checked(*this); }
    [[nodiscard]] T &&value() && { return std::move(checked(*this)); }

    /** The same; but where it is a std::expected, it must have one. */
    [[nodiscard]] T &operator*() & { return checked(*this); }
    [[nodiscard]] const T &operator*() const & { return checked(*this); }
    [[nodiscard]] T &&operator*() && { return std::move(checked(*this)); }
    [[nodiscard]] T *operator->() { return std::addressof(checked(*this)); }
    [[nodiscard]] const T *operator->() const { return std::addressof(checked(*this)); }

    /** The value, or another one. */
    template <class Other> [[nodiscard]] T value_or(Other &&other) const & {
        return has_value() ? *value_ : static_cast<T>(std::forward<Other>(other));
    }
    template <class Other> [[nodiscard]] T value_or(Other &&other) && {
        return has_value() ? *std::move(value_) : static_cast<T>(std::forward<Other>(other));
    }

    /** Why there is none; success if there is one. */
    [[nodiscard]] const procession::error &error() const noexcept { return error_; }

  private:
    friend detail::result_maker;

    result(std::optional<T> value, procession::error failed)
        : value_(std::move(value)), error_(std::move(failed)) {}

    template <class Self> static auto &checked(Self &self) {
        if (!self)
            throw failure(self.error_);
        return *self.value_;
    }

    std::optional<T> value_;
    procession::error error_;
};

#endif

namespace detail {

/** Makes one of a place that is filled unless something has failed. */
struct result_maker {
    template <class T> static result<T> make(std::optional<T> &place, const error &failed) {
#ifdef __cpp_lib_expected
        if (!place)
            return std::unexpected(failed);
        return *std::move(place);
#else
        return result<T>(std::move(place), failed);
#endif
    }
};

/** How a job has ended, for who is told of that. */
template <class T> struct ending {
    std::optional<T> value{};
    error failed{};

    /** Runs what the job is, under its handle. */
    template <class Part> error run(Part &part, const cancel &cancel) {
        if constexpr (is_process<Part>) {
            failed = try_run(part, cancel);
            if (!failed)
                value.emplace();
        } else {
            failed = error::adopt(detail::guarded([&] {
                return detail::fill(value,
                                    [&]() -> decltype(auto) { return detail::call(part, cancel); });
            }));
        }
        return failed;
    }

    template <class Callable> void tell(Callable &on_done) {
        if constexpr (std::is_invocable_v<Callable &, result<T>>)
            detail::invoke(on_done, result_maker::make(value, failed));
        else
            detail::invoke(on_done, std::move(failed));
    }
};

template <class Part> bool is_bad(const Part &part) {
    if constexpr (is_process<Part>)
        return part.get() == nullptr;
    else
        return detail::is_empty<std::decay_t<Part>>(part);
}

/** A job's process, which notes how it ends. One that is bad input has ended already, and one for which there is no thread is never run. */
template <class T, class Part, class Owner> process noting(Part &&part, const Owner &ended) {
    using stored = std::decay_t<Part>;
    static_assert(can_be_kept<Part>,
                  "procession: a callable that cannot be copied is given by std::move");
    if (detail::is_bad(part)) {
        process bad;
        if constexpr (!is_process<Part>)
            bad = process::adopt(proc_new(nullptr, nullptr, nullptr));
        ended.template as<ending<T>>().failed = try_run(bad);
        return bad;
    }
    ended.template as<ending<T>>().failed = error(EAGAIN, "there was no thread for the job");
    return make([ended, kept = stored(std::forward<Part>(part))](const cancel &cancel) mutable {
        return ended.template as<ending<T>>().run(kept, cancel);
    });
}

/** Whether a callable wants to know how a job has ended. */
template <class Callable, class Part>
using takes_ending = std::conjunction<
    std::negation<std::is_invocable<Callable &>>,
    std::disjunction<std::is_invocable<Callable &, result<returned_by<std::decay_t<Part>>>>,
                     std::is_invocable<Callable &, error>>>;

} // namespace detail

/**
 * Runs a callable, and gives what it returns.
 *
 *     const std::string page = proc::get([&](const proc::token &token) { return fetch(token); }, cancel);
 *
 * If it fails, it throws a proc::failure, as proc::run does. What it returns is moved or copied, as by `auto`; for void, a proc::error and a
 * process it is a std::monostate. It is called where it lies, on this thread: it is neither copied nor moved.
 *
 * For several at once there is proc::all.
 *
 * @param part    a callable as those of proc::make; an empty one is bad input.
 * @param cancel  the handle to run under; without, or if it is empty, a new one, which nothing cancels.
 */
template <class Part>
[[nodiscard]] detail::returned_by<Part> get(Part &&part, const token &cancel = {}) {
    std::optional<detail::returned_by<Part>> place;
    run(detail::filling(part, place, [] {}), cancel);
    return detail::taken(place);
}

/** The same, but returns the error, too: a proc::result, which is a std::expected where there is one. */
template <class Part>
[[nodiscard]] result<detail::returned_by<Part>> try_get(Part &&part, const token &cancel = {}) {
    std::optional<detail::returned_by<Part>> place;
    const error failed = try_run(detail::filling(part, place, [] {}), cancel);
    return detail::result_maker::make(place, failed);
}

/**
 * Starts a callable or a process as proc::start does, and tells how it has ended:
 *
 *     job = proc::start(fetch, cancel, [&loop](proc::result<std::string> page) { loop.post(std::move(page)); });
 *
 * Here `on_done` takes a proc::result with what the callable has returned (of a process a std::monostate), or a proc::error; in all else it
 * is as that of the other proc::start, which takes nothing.
 */
template <class Part, class Callable,
          std::enable_if_t<detail::takes_ending<std::decay_t<Callable>, Part>::value, int> = 0>
[[nodiscard]] job start(Part &&part, const token &cancel, Callable &&on_done,
                        detail::beginning &&beginning = detail::beginning(detail::now())) {
    using T = detail::returned_by<std::decay_t<Part>>;
    const auto ended = detail::shared::make<detail::ending<T>>();
    process what = detail::noting<T>(std::forward<Part>(part), ended);
    if (detail::is_empty<std::decay_t<Callable>>(on_done))
        return job(std::move(what), cancel, {}, std::move(beginning));
    auto tells = [ended, kept = std::decay_t<Callable>(std::forward<Callable>(on_done))]() mutable {
        ended.template as<detail::ending<T>>().tell(kept);
    };
    return job(std::move(what), cancel, detail::to_notice(std::move(tells)), std::move(beginning));
}

template <class Part, class Callable,
          std::enable_if_t<detail::takes_ending<std::decay_t<Callable>, Part>::value, int> = 0>
[[nodiscard]] job start(Part &&part, Callable &&on_done,
                        detail::beginning &&beginning = detail::beginning(detail::now())) {
    return procession::start(std::forward<Part>(part), token(), std::forward<Callable>(on_done),
                             std::move(beginning));
}

} // namespace v0_2
} // namespace procession

#endif
