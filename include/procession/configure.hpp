/*
 * procession/configure.hpp - beside procession.hpp, and included on its own: choices for the threads of the library
 */
#ifndef PROCESSION_CONFIGURE_HPP
#define PROCESSION_CONFIGURE_HPP

#include <limits>
#include <optional>
#include <procession/callback.hpp> // IWYU pragma: export
#include <vector>

namespace procession {
inline namespace v0_2 {

/**
 * Choices for the threads of the library (proc::configure): what is not said is as without.
 *
 *     proc::configure({.stack_size = 1 << 20, .thread_name_prefix = "web"});
 *
 * `proc_config` in procession.h tells more of each.
 */
struct config {
    /** How many bytes of its stack a thread has for callables; 0: what the system gives, but 2 MiB at least. */
    std::size_t stack_size = 0;

    /** How many threads are kept that have nothing to do, and for how long; `std::chrono::nanoseconds::max()`: for ever. */
    std::size_t max_idle_threads = std::numeric_limits<std::size_t>::max();
    std::chrono::nanoseconds idle_timeout = std::chrono::seconds(30);

    /** What the threads are called, before the names of their tasks. */
    std::string thread_name_prefix{};

    /**
     * Called on each thread of the library before and after everything else. They must not wait for a process, and must not throw: what leaves them
     * ends the program (std::terminate). They are kept as long as the program runs.
     */
    detail::callback<void()> on_thread_start{};
    detail::callback<void()> on_thread_stop{};

    /** How many bytes the flight recorder has (proc::trace_snapshot); 0: it is off. */
    std::size_t flight_recorder_size = 0;

    /** Signals that the threads let in, beside faults; nothing: SIGPROF alone. */
    std::optional<std::vector<int>> open_signals{};
};

namespace detail {

/** What C calls on threads, whose user data one of these is. */
struct thread_hooks {
    callback<void()> on_start;
    callback<void()> on_stop;
    thread_hooks *before = nullptr;

    static void start(void *user_data) noexcept {
        static_cast<thread_hooks *>(user_data)->on_start();
    }

    static void stop(void *user_data) noexcept {
        static_cast<thread_hooks *>(user_data)->on_stop();
    }
};

} // namespace detail

/**
 * Makes choices for the threads of the library, which hold for the whole program. It must be called before anything runs and the first trace;
 * before that, the last call counts.
 *
 * @return success; EBUSY: something has run; EINVAL: what was chosen cannot be. Then nothing has changed.
 */
[[nodiscard]] inline error try_configure(config config) {
    static const int none = 0; // Where there is no signal, there must still be an array.
    detail::owned<detail::thread_hooks> hooks(new detail::thread_hooks{
        std::move(config.on_thread_start), std::move(config.on_thread_stop)});
    proc_config given = PROC_CONFIG_INIT;
    given.stack_size = config.stack_size;
    given.max_idle_threads = config.max_idle_threads;
    given.idle_timeout_ns =
        config.max_idle_threads > 0 ? detail::at_once_or(config.idle_timeout) : PROC_AT_ONCE;
    given.thread_name_prefix = config.thread_name_prefix.c_str();
    given.on_thread_start = hooks->on_start ? detail::thread_hooks::start : nullptr;
    given.on_thread_stop = hooks->on_stop ? detail::thread_hooks::stop : nullptr;
    given.user_data = hooks.get();
    given.flight_recorder_size = config.flight_recorder_size;
    if (config.open_signals) {
        given.open_signals = config.open_signals->empty() ? &none : config.open_signals->data();
        given.open_signal_count = config.open_signals->size();
    }
    error failed = error::adopt(proc_configure(&given));
    if (!failed)
        detail::keep(std::move(hooks));
    return failed;
}

/** The same, but an error is thrown, as a proc::failure. */
inline void configure(config config) {
    if (auto failed = try_configure(std::move(config)))
        throw failure(std::move(failed));
}

} // namespace v0_2
} // namespace procession

#endif
