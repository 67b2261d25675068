/*
 * procession/supervise.hpp - part of procession.hpp: restarts and ordered stops
 */
#ifndef PROCESSION_SUPERVISE_HPP
#define PROCESSION_SUPERVISE_HPP

#include <procession/callback.hpp>    // IWYU pragma: export
#include <procession/combinators.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

/** When a supervised process runs again (proc::supervise). A time that is to be for ever is `std::chrono::nanoseconds::max()`. */
struct supervise_options {
    /** How long it waits before it runs the process again. Each failure doubles that for the next one, up to the longest. */
    std::chrono::nanoseconds first_delay = std::chrono::milliseconds(100);
    std::chrono::nanoseconds longest_delay = std::chrono::seconds(30);

    /** Each delay is chosen at random between so many percent less and so many percent more. */
    int jitter_percent = 20;

    /** A run that took so long was healthy: the delay after it is the first again. */
    std::chrono::nanoseconds healthy_after = std::chrono::seconds(60);

    /** More failures than that within that time are too many: it gives up. SIZE_MAX: never; 0: at the first. */
    std::size_t most = 5;
    std::chrono::nanoseconds within = std::chrono::seconds(60);

    /** Whether it runs again when it has succeeded, too, after the first delay. */
    bool restart_on_success = false;

    /**
     * Asked after each failure whether it is to run again; if not, the error ends it, as it is. It runs on the thread that runs the
     * process. It must not throw: what leaves it ends the program (std::terminate). Empty: it is, after any error.
     */
    detail::callback<bool(const error &)> restart{};
};

namespace detail {

/** Code that says whether to run again, as C calls it. */
struct restart_judge {
    callback<bool(const error &)> says;

    static bool ask(const proc_error *failed, void *user_data) noexcept {
        const lent<error> own(const_cast<proc_error *>(failed));
        return static_cast<restart_judge *>(user_data)->says(own.get());
    }

    /** That is there as long as the process: it is a value around that. */
    static process keep(detail::owned<restart_judge> judge, process supervised) {
        static const proc_key key = {"proc::supervise"};
        return process::adopt(
            proc_with_value(&key, judge.release(), destroy<restart_judge>, supervised.release()));
    }
};

} // namespace detail

/**
 * Runs a process or callable again when it fails: after a delay, which grows as long as it goes on failing, and not for ever.
 *
 *     proc::supervise({.most = 10}, proc::task("cache", cache))
 *
 * If it has failed too often in too short a time, this gives up, and fails with the last error, wrapped: "gave up after 6 failures in
 * 3.1 s: TEXT". Each failure before that is a log of the trace, of the category `proc_supervise`.
 *
 * A cancellation ends it as it would end the process; one that comes during a delay ends that, with the cause. An empty process is
 * bad input; so are a jitter that is less than 0 or more than 100, and a longest delay that is shorter than the first.
 *
 * Ownership: the options are moved or copied into the process.
 */
template <class Part> [[nodiscard]] process supervise(supervise_options options, Part &&part) {
    process child = detail::to_process(std::forward<Part>(part));
    detail::owned<detail::restart_judge> judge;
    if (options.restart)
        judge = detail::owned<detail::restart_judge>(
            new detail::restart_judge{std::move(options.restart)});
    const proc_supervise_options given{sizeof given,
                                       detail::nanoseconds(options.first_delay),
                                       detail::nanoseconds(options.longest_delay),
                                       options.jitter_percent,
                                       detail::at_once_or(options.healthy_after),
                                       options.most,
                                       detail::at_once_or(options.within),
                                       options.restart_on_success,
                                       judge ? detail::restart_judge::ask : nullptr,
                                       judge.get()};
    process made = process::adopt(proc_supervise(&given, child.release()));
    return judge ? detail::restart_judge::keep(std::move(judge), std::move(made)) : made;
}

/** The same, as it is done if nothing else is said. */
template <class Part> [[nodiscard]] process supervise(Part &&part) {
    return supervise(supervise_options(), std::forward<Part>(part));
}

/**
 * Runs what stands on each other: each begins when the one before it is up, and stops before that one. Arguments are as for
 * proc::concurrent, the lowest first.
 *
 *     proc::main(proc::stack(proc::task("store", store), proc::supervise(proc::task("cache", cache)), proc::task("front", front)))
 *
 * One is up when all services in it are (`proc_service`); if there are none, when `proc_ready` is called in it; and in any case when it has
 * succeeded. It stops when one has failed, when it is cancelled from above, and when all have succeeded. Then none begins any more, and
 * those that run are cancelled from the last to the first; each has completed before the one below it hears of it. All are draining
 * from the beginning of the stop on.
 *
 * All errors are listed, the first failure first, as by proc::group.
 */
template <class... Parts> [[nodiscard]] process stack(Parts &&...parts) {
    return detail::combine(proc_stack, std::forward<Parts>(parts)...);
}

[[nodiscard]] inline process stack(std::initializer_list<process> parts) {
    return detail::combine(proc_stack, parts);
}

} // namespace v0_2
} // namespace procession

#endif
