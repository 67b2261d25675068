/*
 * procession/shield.hpp - part of procession.hpp: what a cancellation does not reach, or not at once
 */
#ifndef PROCESSION_SHIELD_HPP
#define PROCESSION_SHIELD_HPP

#include <procession/process.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

/**
 * Runs one, and then another one, which cleans up, whatever became of the first: whether it has succeeded, failed or was cancelled. Both
 * are processes or callables, and run on the calling thread, in the same task.
 *
 *     proc::finally(deliver, [&](const proc::cancel &cancel) { return flush(cancel); })
 *
 * It is for what must be said to others and may take time or fail; what is in memory a destructor cleans up. It is shielded from every
 * cancellation above: it runs below a handle of its own. But the program's stop holds for it, too: its grace period ends it with
 * all the rest, so what may take long sets itself a limit.
 *
 * It fails with the errors of both, the first one's first; if they are two and the first only passes on why it was cancelled, that comes
 * last. An echo alone stays one. An empty process is bad input, and neither runs.
 */
template <class Part, class Cleanup> [[nodiscard]] process finally(Part &&part, Cleanup &&cleanup) {
    process first = detail::to_process(std::forward<Part>(part));
    process then = detail::to_process(std::forward<Cleanup>(cleanup));
    return process::adopt(proc_finally(first.release(), then.release()));
}

/**
 * Runs a process or callable that a cancellation from above reaches only some time after it came: what has begun, for instance the
 * answer to a request, has that long to end well. Inside, `proc_draining` is true from the moment the cancellation came.
 *
 * The time counts from the cancellation, also if that came before this began to run. It runs below a handle of its own, so who cancels
 * that cancels nothing above. Errors pass as they are. An empty process is bad input.
 */
template <class Rep, class Period, class Part>
[[nodiscard]] process shield(const std::chrono::duration<Rep, Period> &grace, Part &&part) {
    process child = detail::to_process(std::forward<Part>(part));
    return process::adopt(proc_shield(detail::nanoseconds(grace), child.release()));
}

/** The same, but no cancellation from above ever reaches it. */
template <class Part> [[nodiscard]] process shield(Part &&part) {
    process child = detail::to_process(std::forward<Part>(part));
    return process::adopt(proc_shield(PROC_FOREVER, child.release()));
}

} // namespace v0_2
} // namespace procession

#endif
