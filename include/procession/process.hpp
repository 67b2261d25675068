/*
 * procession/process.hpp - part of procession.hpp: something to run
 */
#ifndef PROCESSION_PROCESS_HPP
#define PROCESSION_PROCESS_HPP

#include <initializer_list>
#include <procession/callable.hpp>
#include <vector>

namespace proc {

/**
 * A process: a description of something to run. It is a callable (proc::make), or a combinator made of
 * other processes. It never changes, and the same one may run many times and at the same time.
 *
 * A value of one word: a copy is the same process. One that is default-constructed or was moved from is
 * empty, which to functions of this library is what NULL is in C: bad input.
 *
 * Threads: as for every value of this library (see detail::handle).
 */
class process : public detail::handle<process, proc_impl, proc_ref, proc_unref> {
  public:
    /** An empty one. */
    process() noexcept = default;

  private:
    using handle::handle;
};

/**
 * Makes a process of a callable: a function, a lambda, a std::function, whatever can be called. It
 * blocks until its work is done, or until it is asked to stop.
 *
 * It takes a proc::cancel, or with C++20 a std::stop_token, or nothing; the first that it can take. It returns
 * void, which is success, or a proc::error.
 *
 * An exception of any type that leaves it becomes an error that carries it (proc::error has the
 * details). It must not be left by `longjmp`, which is undefined, nor by pthread_exit, a cancelled thread or what
 * another language throws, which end the program with a message that names its tasks.
 *
 * Ownership: the callable is moved or copied into the process, and destroyed after the last run and the last
 * copy of it have ended, on the thread that ended them. Its destructor must not throw. It may be move-only.
 *
 * Threads: runs on the thread that runs the process, or on one of the library's. It is called as it is
 * stored, not const; if the same process runs several times at once, so does it, and must guard what it
 * changes. See `proc_fn` in procession.h for signals and forks.
 *
 * @param callable  an empty std::function, or a null pointer to a function, is bad input: the process starts
 *                  nothing and fails with EINVAL, and so does every combinator above it.
 */
template <class Callable> [[nodiscard]] process make(Callable &&callable) {
    using stored = std::decay_t<Callable>;
    static_assert(detail::is_callable<stored>,
                  "procession: a callable takes proc::cancel, std::stop_token (C++20) or nothing");
    if (detail::is_empty<stored>(callable))
        return process::adopt(proc_new(nullptr, nullptr, nullptr));
    using functions = detail::callback<stored>;
    auto *data = new stored(std::forward<Callable>(callable));
    return process::adopt(proc_new(functions::run, data, functions::destroy));
}

namespace detail {

template <class Part>
inline constexpr bool is_process = std::is_same_v<std::decay_t<Part>, process>;

/** A process of a process or a callable. */
template <class Part> process to_process(Part &&part) noexcept(is_process<Part>) {
    if constexpr (is_process<Part>)
        return std::forward<Part>(part);
    else
        return make(std::forward<Part>(part));
}

template <class Part, class = void> inline constexpr bool is_range = false;

template <class Part>
inline constexpr bool is_range<Part, std::void_t<decltype(std::begin(std::declval<Part &>()))>> =
    true;

template <class Part, class = void> inline constexpr bool is_owner = false;

/** A container, unlike a view, may be emptied if it is given up. */
template <class Part>
inline constexpr bool is_owner<Part, std::void_t<typename Part::allocator_type>> = true;

/** What a combinator combines: processes, callables, and ranges of these, in a row. */
class parts {
  public:
    template <class Part> void add(Part &&part) {
        static_assert(is_process<Part> || is_callable<std::decay_t<Part>> || is_range<Part>,
                      "procession: a combinator takes processes, callables, and ranges of these");
        if constexpr (is_process<Part> || is_callable<std::decay_t<Part>>)
            list_.push_back(to_process(std::forward<Part>(part)));
        else
            add_all<is_owner<Part>>(part);
    }

    process combine(proc_impl *(*combinator)(proc_impl *const *, std::size_t)) && {
        std::vector<proc_impl *> impls;
        impls.reserve(list_.size());
        for (process &part : list_)
            impls.push_back(part.release());
        return process::adopt(combinator(impls.data(), impls.size()));
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

    std::vector<process> list_{};
};

template <class... Parts>
process combine(proc_impl *(*combinator)(proc_impl *const *, std::size_t), Parts &&...given) {
    parts all;
    (all.add(std::forward<Parts>(given)), ...);
    return std::move(all).combine(combinator);
}

} // namespace detail

/**
 * Runs all at the same time, truly: one may wait for any other of them. Returns when all have completed,
 * with all their errors, in order of completion.
 *
 * Each argument is a process, a callable, or a range of these (a std::vector, say), whose elements are moved if
 * the container is given up, else copied. An empty process among them is bad input: the result fails with
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
 * (`cancel.error()`) are not listed again. All other errors are.
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
 * that those which clean up still run, if those before return success when they are asked to stop.
 */
template <class... Parts> [[nodiscard]] process sequence(Parts &&...parts) {
    return detail::combine(proc_sequence, std::forward<Parts>(parts)...);
}

[[nodiscard]] inline process sequence(std::initializer_list<process> parts) {
    return detail::combine(proc_sequence, parts);
}

/**
 * Makes a process or callable a task: a named unit of work. If it fails, it fails with a task error, whose
 * text begins with the name. A thread of the library carries the name of the innermost task that it
 * runs: 15 bytes of it, the tail.
 *
 * @param task_type  the name, the same for all tasks of a kind; NULL is bad input.
 * @param part       what to run; an empty process is bad input.
 */
template <class Part> [[nodiscard]] process task(detail::text task_type, Part &&part) {
    process child = detail::to_process(std::forward<Part>(part));
    return process::adopt(proc_task(task_type.c_str(), child.release()));
}

/** Makes it a named interval in the trace, on one thread; arguments as for proc::task. Errors pass as they are. */
template <class Part> [[nodiscard]] process trace_region(detail::text region_type, Part &&part) {
    process child = detail::to_process(std::forward<Part>(part));
    return process::adopt(proc_trace_region(region_type.c_str(), child.release()));
}

} // namespace proc

#endif
