/*
 * procession/daemon.hpp - part of procession.hpp: what a daemon needs of its system
 */
#ifndef PROCESSION_DAEMON_HPP
#define PROCESSION_DAEMON_HPP

#include <optional>
#include <procession/callback.hpp> // IWYU pragma: export
#include <procession/run.hpp>      // IWYU pragma: export
#include <vector>

namespace procession {
inline namespace v0_2 {

/**
 * How a program wants to be stopped (proc::main): what is not said is as without options.
 *
 *     return proc::main(web, {.grace = 10s, .notify = true});
 *
 * A time that is to be for ever is `std::chrono::nanoseconds::max()`. `proc_main_options` in procession.h tells more of each.
 */
struct main_options {
    /** What asks the program to stop; nothing: SIGINT and SIGTERM; an empty vector: no signal does. */
    std::optional<std::vector<int>> signals{};

    /** How long it goes on between the signal and the cancellation: it is draining (`cancel.draining`) from the signal on. */
    std::chrono::nanoseconds drain{0};

    /** How long it may take after that cancellation, before it is ended as by the signal. */
    std::chrono::nanoseconds grace = std::chrono::nanoseconds::max();

    /** Prints the live tree to standard error, each time it comes; 0: none does. */
    int dump_signal = 0;

    /** Whether to tell the service manager (sd_notify). */
    bool notify = false;

    /** Where to store which signal stopped the program, 0 if none did; null: nowhere. */
    int *signal_out = nullptr;

    /** How long after the first signal a further one ends the program; one that comes sooner is the same request. */
    std::chrono::nanoseconds force_after = std::chrono::seconds(1);

    /** How long it may go on when it stops because of a failure of its own; 0: for ever. */
    std::chrono::nanoseconds failure_grace{0};

    /** Whether to reap orphans, as process 1 of a container must. */
    bool reap = false;

    /**
     * Called before the program is ended by force, on a thread of its own, to save what was acknowledged. It has 2 seconds, and must not throw:
     * what leaves it ends the program (std::terminate). It may be move-only; copies of the options share it. Empty: nothing is called.
     */
    detail::callback<void()> on_abandon{};
};

namespace detail {

/** The options of C, in which those of C++ are borrowed. */
inline proc_main_options given(const main_options &options) noexcept {
    static const int none = 0; // Where there is no signal, there must still be an array.
    proc_main_options given = PROC_MAIN_OPTIONS_INIT;
    if (options.signals) {
        given.signals = options.signals->empty() ? &none : options.signals->data();
        given.signal_count = options.signals->size();
    }
    given.drain_ns = or_forever(options.drain);
    given.grace_ns = at_once_or(options.grace);
    given.dump_signal = options.dump_signal;
    given.notify = options.notify;
    given.signal_out = options.signal_out;
    given.force_after_ns = or_forever(options.force_after);
    given.failure_grace_ns = or_forever(options.failure_grace);
    given.reap = options.reap;
    if (options.on_abandon) {
        given.on_abandon = [](void *callable) {
            (*static_cast<const callback<void()> *>(callable))();
        };
        given.user_data = const_cast<callback<void()> *>(&options.on_abandon);
    }
    return given;
}

} // namespace detail

/** Runs a process, or a callable as one, as the purpose of a program, as proc::try_main without options does. Bad options are EINVAL. */
template <class Part>
[[nodiscard]] error try_main(Part &&part,
                             const main_options &options) noexcept(detail::is_process<Part>) {
    process what = detail::to_process(std::forward<Part>(part));
    const proc_main_options given = detail::given(options);
    return error::adopt(proc_main_with(what.release(), &given));
}

/** The same, but prints the error if it fails, and returns the exit status, as proc::main without options does. */
template <class Part>
[[nodiscard]] int main(Part &&part,
                       const main_options &options) noexcept(detail::is_process<Part>) {
    return exit_status(try_main(std::forward<Part>(part), options));
}

/**
 * Makes a process or callable a task, as proc::task does, that will say that it is up (`cancel.ready`): a program, and a layer of a stack, is not up
 * before all services in it are. One that succeeds is up. `proc_service` in procession.h has the details.
 */
template <class Part> [[nodiscard]] process service(detail::text task_type, Part &&part) {
    process child = detail::to_process(std::forward<Part>(part));
    return process::adopt(proc_service(task_type.c_str(), child.release()));
}

/**
 * Makes a process that runs a process or callable at each arrival of a signal, until it is cancelled, which is a success.
 *
 *     proc::group(web, proc::on_signal(SIGHUP, load_configuration))
 *
 * Signals that arrive while that one runs count as one more. An error of it ends this. From its beginning until it has ended the program's own
 * handler and the default action are suspended. A signal that cannot be received and an empty process are bad input.
 */
template <class Part> [[nodiscard]] process on_signal(int signal_number, Part &&part) {
    process child = detail::to_process(std::forward<Part>(part));
    return process::adopt(proc_on_signal(signal_number, child.release()));
}

/** Whether all who vouch for themselves (`cancel.alive`) are within their time; also where nobody does, and outside of proc::main. */
[[nodiscard]] inline bool healthy() noexcept { return proc_healthy(); }

/**
 * Keeps SIGINT and SIGTERM from now on for proc::main, which stops as it begins if one has come: so a stop that is asked for while the program
 * still starts is not lost (`proc_early_signals`).
 */
inline void early_signals() noexcept { proc_early_signals(); }

/**
 * The sockets that the service manager holds for the program (socket activation), in order; none, if there are none. They are the
 * caller's, and each call gives the same. The first call takes LISTEN_* out of the environment, so make it where the program begins.
 *
 * Throws a proc::failure with code EBADF if one that there should be is not open.
 *
 * @param name  which ones: those with this name; NULL: all.
 */
[[nodiscard]] inline std::vector<int> listen_fds(detail::text name = nullptr) {
    const int count = proc_listen_fds(name.c_str(), nullptr, 0);
    if (count < 0)
        throw failure(error::from_errno("proc_listen_fds"));
    std::vector<int> fds(static_cast<std::size_t>(count));
    (void)proc_listen_fds(name.c_str(), fds.data(), fds.size());
    return fds;
}

} // namespace v0_2
} // namespace procession

#endif
