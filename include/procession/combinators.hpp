/*
 * procession/combinators.hpp - part of procession.hpp: processes made of others that lie beside each other
 */
#ifndef PROCESSION_COMBINATORS_HPP
#define PROCESSION_COMBINATORS_HPP

#include <initializer_list>
#include <procession/pointers.hpp> // IWYU pragma: export
#include <procession/process.hpp>  // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

namespace detail {

template <class Part, class = void> inline constexpr bool is_range = false;

template <class Part>
inline constexpr bool is_range<Part, std::void_t<decltype(std::begin(std::declval<Part &>()))>> =
    true;

/** As what its elements are reached. */
template <class Range>
using element_type = std::remove_reference_t<decltype(*std::begin(std::declval<Range &>()))>;

template <class Part, class = void> inline constexpr bool is_owner = false;

/** A container may be emptied if it is given up, unlike a view: its elements are const if it is. */
template <class Part>
inline constexpr bool is_owner<Part, std::enable_if_t<!std::is_reference_v<Part> &&
                                                      std::is_const_v<element_type<const Part>>>> =
    !std::is_const_v<element_type<Part>>;

/** What a combinator combines: processes, callables, and ranges of these, in a row. */
class parts {
  public:
    /** Of so many, or more, if there are ranges among them. */
    explicit parts(std::size_t count) : list_(count) {}

    parts(const parts &) = delete;
    parts &operator=(const parts &) = delete;

    ~parts() {
        for (proc_impl *part : list_)
            proc_unref(part);
    }

    template <class Part> void add(Part &&part) {
        static_assert(is_process<Part> || is_callable<std::decay_t<Part>> || is_range<Part>,
                      "procession: a combinator takes processes, callables, and ranges of these");
        if constexpr (is_process<Part> || is_callable<std::decay_t<Part>>) {
            list_.add(nullptr); // First there is room, and then somebody to own.
            list_[list_.size() - 1] = detail::to_process(std::forward<Part>(part)).release();
        } else {
            add_all<is_owner<Part>>(part);
        }
    }

    /** Hands them over to a function of C. */
    template <class Combinator> process combine(const Combinator &combinator) && {
        const row<proc_impl *> given = std::move(list_);
        return process::adopt(combinator(given.data(), given.size()));
    }

  private:
    template <bool moves, class Range> void add_all(Range &range) {
        for (auto &&part : range) {
            if constexpr (moves)
                add(std::move(part));
            else
                add(part);
        }
    }

    row<proc_impl *> list_;
};

/** Whether it is one part, and not a range of them. */
template <class Part>
inline constexpr bool is_part = is_process<Part> || is_callable<std::decay_t<Part>>;

template <class Combinator, class... Parts>
process combine(const Combinator &combinator, Parts &&...given) {
    if constexpr (sizeof...(given) > 0 && (is_part<Parts> && ...)) {
        // NOLINTNEXTLINE(modernize-avoid-c-arrays): not worth reading <array>
        process made[] = {detail::to_process(std::forward<Parts>(given))...};
        // NOLINTNEXTLINE(modernize-avoid-c-arrays): as above
        proc_impl *impls[sizeof...(given)];
        for (std::size_t i = 0; i < sizeof...(given); ++i)
            impls[i] = made[i].release();
        return process::adopt(combinator(impls, sizeof...(given)));
    } else {
        parts all(sizeof...(given));
        (all.add(std::forward<Parts>(given)), ...);
        return std::move(all).combine(combinator);
    }
}

/** Of a list in braces, whose elements cannot be moved. */
template <class Combinator>
process combine(const Combinator &combinator, std::initializer_list<process> &given) {
    row<proc_impl *> impls(given.size());
    for (const process &part : given)
        impls.add(proc_ref(part.get()));
    return process::adopt(combinator(impls.data(), impls.size()));
}

/** A function of C that takes a limit, with that limit. */
template <class Combinator> auto limited(const Combinator &combinator, std::size_t limit) {
    return [combinator, limit](proc_impl *const *impls, std::size_t count) {
        return combinator(limit, impls, count);
    };
}

} // namespace detail

/**
 * Runs all at the same time, truly: one may wait for any other of them. Returns when all have completed,
 * with all their errors, in order of completion; what only passes on why they were cancelled
 * (`error.is_echo`) comes after the failures.
 *
 * Each argument is a process, a callable, or a range of these (a std::vector or std::array, say), whose elements are moved if
 * the container is given up, else copied. An empty process or callable among them is bad input: the result fails with
 * EINVAL and a message that names function and index, and nothing is started. None at all succeed at once.
 */
template <class... Parts> [[nodiscard]] process concurrent(Parts &&...parts) {
    return detail::combine(proc_concurrent, std::forward<Parts>(parts)...);
}

[[nodiscard]] inline process concurrent(std::initializer_list<process> parts) {
    return detail::combine(proc_concurrent, parts);
}

/**
 * Like proc::concurrent, and the first to fail cancels the others; all are waited for. They run below a
 * handle of the group's own, whose cause is the first failing one's error, and which is cancelled
 * before the group returns, on success too. Those that return that cause because they were asked to stop
 * (`cancel.error()`) are not listed again. All other errors are. The first failure is the first of them.
 */
template <class... Parts> [[nodiscard]] process group(Parts &&...parts) {
    return detail::combine(proc_group, std::forward<Parts>(parts)...);
}

[[nodiscard]] inline process group(std::initializer_list<process> parts) {
    return detail::combine(proc_group, parts);
}

/**
 * Runs one after the other, on the calling thread; arguments as for proc::concurrent. The first error ends it,
 * and those after that one are not started. Cancellation does not skip one: it sees the cancelled handle, so
 * that those which clean up still run, if those before return success when they are asked to stop. What must run after a
 * failure too, run it by proc::finally.
 */
template <class... Parts> [[nodiscard]] process sequence(Parts &&...parts) {
    return detail::combine(proc_sequence, std::forward<Parts>(parts)...);
}

[[nodiscard]] inline process sequence(std::initializer_list<process> parts) {
    return detail::combine(proc_sequence, parts);
}

/**
 * Like proc::concurrent, with at most so many at the same time. They begin in order: while fewer than that run and one has not begun,
 * the next begins. So one may wait only for those before it, and for others only if they have begun. With a limit of 1 all run
 * on the calling thread.
 *
 * Once the handle is cancelled in which it runs, what has not begun is not begun any more; then the cause is among the
 * errors, once.
 *
 * @param limit  0 is none: all run at the same time.
 */
template <class... Parts>
[[nodiscard]] process concurrent_limit(std::size_t limit, Parts &&...parts) {
    return detail::combine(detail::limited(proc_concurrent_limit, limit),
                           std::forward<Parts>(parts)...);
}

[[nodiscard]] inline process concurrent_limit(std::size_t limit,
                                              std::initializer_list<process> parts) {
    return detail::combine(detail::limited(proc_concurrent_limit, limit), parts);
}

/**
 * Like proc::group, with at most so many at the same time, which begin as those of proc::concurrent_limit. After a failure or a
 * cancellation, what has not begun is not begun any more. If that was a cancellation from above, its cause is among the errors, once.
 */
template <class... Parts> [[nodiscard]] process group_limit(std::size_t limit, Parts &&...parts) {
    return detail::combine(detail::limited(proc_group_limit, limit), std::forward<Parts>(parts)...);
}

[[nodiscard]] inline process group_limit(std::size_t limit, std::initializer_list<process> parts) {
    return detail::combine(detail::limited(proc_group_limit, limit), parts);
}

/**
 * Runs all at the same time, and the first to complete decides, by success or failure; arguments as for proc::concurrent, but none at
 * all is bad input, for nobody could be the first. Then the others are cancelled, with a cause of the code ECANCELED, "another one
 * was first", and waited for.
 *
 * If the first one has succeeded, so does the race, and errors of others are only told to the trace. If it has failed, its error is the
 * first; errors of others come after it. Those that only pass on that another one was first are left out.
 *
 * To have the first that succeeds, use proc::any, or proc::first, which gives its value.
 */
template <class... Parts> [[nodiscard]] process race(Parts &&...parts) {
    return detail::combine(proc_race, std::forward<Parts>(parts)...);
}

[[nodiscard]] inline process race(std::initializer_list<process> parts) {
    return detail::combine(proc_race, parts);
}

/** Like proc::race, but the first to *succeed* decides. If none does, it fails with all errors, as proc::group does. */
template <class... Parts> [[nodiscard]] process any(Parts &&...parts) {
    return detail::combine(proc_any, std::forward<Parts>(parts)...);
}

[[nodiscard]] inline process any(std::initializer_list<process> parts) {
    return detail::combine(proc_any, parts);
}

/**
 * Makes a child of a process or callable that is there for the others, such as statistics: of a group, nursery or stack, also inside of
 * tasks. It is cancelled when all others have ended that are not of the background; if there are no others, at once. The cause has
 * the code ECANCELED; an error that only passes it on does not count. Its own success ends nothing, its failure counts.
 *
 *     proc::group(serve, proc::background(count_requests))
 *
 * Anywhere else it is as if this were not there. It is run by a thread, also if it only waits. An empty process is bad input.
 */
template <class Part> [[nodiscard]] process background(Part &&part) {
    process child = detail::to_process(std::forward<Part>(part));
    return process::adopt(proc_background(child.release()));
}

} // namespace v0_2
} // namespace procession

#endif
