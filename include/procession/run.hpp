/*
 * procession/run.hpp - part of procession.hpp: running a process
 */
#ifndef PROCESSION_RUN_HPP
#define PROCESSION_RUN_HPP

#include <procession/process.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

/**
 * Runs a process, or a callable as one, and returns how it ended when it has completed. May be called from
 * a callable. Nothing is thrown but what making a process of a callable throws.
 *
 * Threads: it runs on the calling thread, and on threads of the library where it needs more than one. When
 * this returns, nothing of it runs any more.
 *
 * @param part    what to run; an empty process fails with EINVAL.
 * @param cancel  the handle to run under; without, or if it is empty, a new one, which nothing cancels.
 */
template <class Part>
[[nodiscard]] error try_run(Part &&part, const token &cancel) noexcept(detail::is_process<Part>) {
    process what = detail::to_process(std::forward<Part>(part));
    return error::adopt(proc_run(what.release(), cancel.get()));
}

template <class Part> [[nodiscard]] error try_run(Part &&part) noexcept(detail::is_process<Part>) {
    process what = detail::to_process(std::forward<Part>(part));
    return error::adopt(proc_run(what.release(), nullptr));
}

/**
 * The same, but an error is thrown, as a proc::failure. To have the exception that failed the process,
 * `failure.rethrow()`.
 */
template <class Part> void run(Part &&part, const token &cancel) {
    if (auto failed = procession::try_run(std::forward<Part>(part), cancel))
        throw failure(std::move(failed));
}

template <class Part> void run(Part &&part) {
    if (auto failed = procession::try_run(std::forward<Part>(part)))
        throw failure(std::move(failed));
}

/** What `main` should return: 0 for success, else 1, and "PROGRAM: MESSAGE" is printed to standard error. */
[[nodiscard]] inline int exit_status(error error) noexcept {
    return proc_exit_status(error.release());
}

/**
 * Runs a process, or a callable as one, as the purpose of a program, and returns how it ended when it has
 * completed: what proc::main does, for programs that do more with the error.
 *
 * The first SIGINT or SIGTERM cancels the process, with a cause of code EINTR that names the signal; the process is
 * waited for. A further one, a second later or more, ends the program at once. An error that only passes on the
 * signal's cancellation is none. One call at a time: a second one fails with EBUSY. See `proc_main` in procession.h for
 * the details.
 */
template <class Part> [[nodiscard]] error try_main(Part &&part) noexcept(detail::is_process<Part>) {
    process what = detail::to_process(std::forward<Part>(part));
    return error::adopt(proc_main(what.release()));
}

/**
 * Runs a process, or a callable as one, as the purpose of a program (see proc::try_main), prints the error if
 * it fails, and returns the exit status.
 *
 *     int main() { return proc::main(proc::group(web, statistics)); }
 *
 * Unlike proc::run it does not throw: there is nobody above it who could catch, and an exception that leaves
 * `main` aborts a program, where a failed daemon should say why and exit with 1.
 */
template <class Part> [[nodiscard]] int main(Part &&part) noexcept(detail::is_process<Part>) {
    return exit_status(try_main(std::forward<Part>(part)));
}

} // namespace v0_2
} // namespace procession

#endif
