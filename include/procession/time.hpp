/*
 * procession/time.hpp - part of procession.hpp: what goes by the clock
 */
#ifndef PROCESSION_TIME_HPP
#define PROCESSION_TIME_HPP

#include <procession/process.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

/**
 * The time by the library's clock, which all its durations go by: since some moment in the past, by CLOCK_MONOTONIC. Nobody sets it, and
 * it stands while the machine is suspended. Async-signal-safe.
 */
[[nodiscard]] inline std::chrono::nanoseconds now() noexcept {
    return std::chrono::nanoseconds(proc_now());
}

/** A process that waits so long, and then succeeds. Cancelled before that, also before it begins, it fails with the cause. */
template <class Rep, class Period>
[[nodiscard]] process delay(const std::chrono::duration<Rep, Period> &time) {
    return process::adopt(proc_delay(detail::nanoseconds(time)));
}

/**
 * Runs a process or callable that is cancelled when its time is up.
 *
 *     proc::run(proc::timeout(2s, [&](const proc::cancel &cancel) { return fetch(cancel); }));
 *
 * The cause is an error with code ETIMEDOUT that tells the time: "timed out after 2 s". It strikes on time, but nothing ends a callable
 * that does not stop. When what it runs has completed, that decides: a success is one, late or in time; if it fails, this fails with its errors.
 * Of several that only pass on this one's own cause the first stands for all, after other errors. To what is around, it is a failure as any other.
 *
 * What is inside runs below a handle of its own. An empty process is bad input. A time that is over begins it, cancelled.
 */
template <class Rep, class Period, class Part>
[[nodiscard]] process timeout(const std::chrono::duration<Rep, Period> &time, Part &&part) {
    process child = detail::to_process(std::forward<Part>(part));
    return process::adopt(proc_timeout(detail::nanoseconds(time), child.release()));
}

/**
 * Runs a process or callable again and again: at once, and then at each multiple of the period since then, until it is cancelled; that is a
 * success. A run that takes longer skips the times that it has missed. An error ends it. A period of 0 or less and an empty process are
 * bad input.
 */
template <class Rep, class Period, class Part>
[[nodiscard]] process every(const std::chrono::duration<Rep, Period> &period, Part &&part) {
    process child = detail::to_process(std::forward<Part>(part));
    return process::adopt(proc_every(detail::nanoseconds(period), child.release()));
}

} // namespace v0_2
} // namespace procession

#endif
