/*
 * procession/process.hpp - part of procession.hpp: something to run
 */
#ifndef PROCESSION_PROCESS_HPP
#define PROCESSION_PROCESS_HPP

#include <procession/callable.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

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
 * It takes a proc::token or a proc::cancel, or with C++20 a std::stop_token, or nothing; the first that it can take. (With a proc::cancel
 * it could cancel what is around it.) It returns void, which is success, or a proc::error.
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
 * changes. Only one that is no more than the bytes of one pointer, and whose only `operator()` is const, as a function or
 * a lambda that captures one reference, is copied for each call: making it a process costs no memory. (So a `mutable` member of such a one keeps
 * nothing from call to call; an `operator()` that is not const does, and so does what is larger or cannot be copied byte by byte.)
 * See `proc_fn` in procession.h for signals and forks.
 *
 * @param callable  an empty std::function, or a null pointer to a function, is bad input: the process starts
 *                  nothing and fails with EINVAL, and so does every combinator above it. One that is given to a combinator
 *                  itself is named by that and its index, as an empty process is.
 */
template <class Callable> [[nodiscard]] process make(Callable &&callable) {
    using stored = std::decay_t<Callable>;
    static_assert(detail::is_callable<stored>, "procession: a callable takes proc::cancel, "
                                               "proc::token, std::stop_token (C++20) or nothing");
    static_assert(detail::can_be_kept<Callable>,
                  "procession: a callable that cannot be copied is given by std::move");
    if (detail::is_empty<stored>(callable))
        return process::adopt(proc_new(nullptr, nullptr, nullptr));
    if constexpr (detail::is_small<stored>) {
        void *const data = detail::in_pointer<stored>::put(callable);
        return process::adopt(proc_new(detail::run_small<stored>, data, nullptr));
    } else {
        auto *data = new stored(std::forward<Callable>(callable));
        return process::adopt(
            proc_new(detail::run_callable<stored>, data, detail::destroy<stored>));
    }
}

namespace detail {

template <class Part>
inline constexpr bool is_process = std::is_same_v<std::decay_t<Part>, process>;

/** A process of a process or a callable; an empty one of an empty one, so that who gets it says what it was meant for. */
template <class Part> process to_process(Part &&part) noexcept(is_process<Part>) {
    if constexpr (is_process<Part>)
        return std::forward<Part>(part);
    else
        return detail::is_empty<std::decay_t<Part>>(part)
                   ? process()
                   : procession::make(std::forward<Part>(part));
}

} // namespace detail

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

} // namespace v0_2
} // namespace procession

#endif
