/*
 * procession/simulate.hpp - beside procession.hpp, and included on its own: a program in a world of its own, for tests
 */
#ifndef PROCESSION_SIMULATE_HPP
#define PROCESSION_SIMULATE_HPP

#include <cstdint>
#include <procession/callback.hpp> // IWYU pragma: export
#include <procession/process.hpp>  // IWYU pragma: export
#include <string>

namespace procession {
inline namespace v0_2 {

/** Who goes on in a simulation. */
enum class schedule : int {
    /** Anybody who can, by chance. */
    random = PROC_SCHEDULE_RANDOM,
    /** By priorities that change at a few moments (probabilistic concurrency testing). */
    pct = PROC_SCHEDULE_PCT,
    /** All orders, one after the other, of small programs. */
    exhaustive = PROC_SCHEDULE_EXHAUSTIVE,
};

/**
 * What is to be simulated (proc::simulate): what is not said is as without.
 *
 *     proc::simulate(server, {.runs = 1000, .schedule = proc::schedule::pct});
 *
 * `proc_simulation` in procession.h tells more of each.
 */
struct simulation {
    /** Of the first run; 0: that of PROCESSION_SEED in the environment, else any. */
    std::uint64_t seed = 0;

    /** How many runs, with the seeds from that one on; of all orders, the most that are tried. */
    std::size_t runs = 1;

    procession::schedule schedule = procession::schedule::random;

    /** Of proc::schedule::pct. */
    std::size_t depth = 3;

    /** After so much of its own time a run hangs; `std::chrono::nanoseconds::max()`: never. */
    std::chrono::nanoseconds limit = std::chrono::hours(30 * 24);

    /** The same after so many switches. */
    std::uint64_t limit_steps = 10'000'000;

    /** Of 1,000 requests for a thread so many are denied; at so many of 1,000 switches the run is cancelled, once. By chance. */
    int deny_threads_permille = 0;
    int cancel_permille = 0;

    /** Of 1,000 waits for a condition so many wake for no reason; so many of 1,000 children are slow, by up to that time. By chance. */
    int early_wakes_permille = 0;
    int slow_permille = 0;
    std::chrono::nanoseconds slow = std::chrono::seconds(1);

    /** Of proc::schedule::exhaustive: only orders in which a thread that could go on is stopped at most so many times; 0: all. */
    std::size_t preemptions = 0;

    /** The file to which the failing run's trace goes, in virtual time; "": nowhere. */
    std::string trace_path{};

    /**
     * Makes what plays a program: in a run proc::child starts none, but runs that. Its options are those of C, lent until the process has ended; no
     * process: there is no such program. Null: each fails with ENOTSUP. See `proc_simulated_child_fn` in procession.h.
     */
    process (*child)(const proc_child_options &options) = nullptr;

    /** Of 1,000 programs so many are killed. By chance. */
    int kill_children_permille = 0;
};

namespace detail {

/** What makes the process of a run, and what plays its programs. */
template <class Program> struct simulated {
    Program program;
    process (*child)(const proc_child_options &);

    /** For C, to which no exception may get: it fails the run. */
    static proc_impl *make_program(void *user_data) noexcept {
        auto &made = static_cast<simulated *>(user_data)->program;
        return make([&] { return detail::to_process(detail::invoke(made)); });
    }

    static proc_impl *make_child(const proc_child_options *options, void *user_data) noexcept {
        const auto made = static_cast<simulated *>(user_data)->child;
        return make([&] { return made(*options); });
    }

  private:
    template <class Make> static proc_impl *make(Make &&makes) {
        process made;
        const error failed = error::adopt(detail::carrying([&]() -> proc_error * {
            made = makes();
            return nullptr;
        }));
        return failed ? procession::make([failed] { return failed; }).release() : made.release();
    }
};

} // namespace detail

/**
 * Runs a program in a world of its own, in which a seed decides who goes on and time is virtual, and returns how the first run failed that did;
 * success if none does. See `proc_simulate` in procession.h for what a run is, and for what fails one.
 *
 * The error is the program's own, wrapped in what is needed to run it again.
 *
 * @param program  makes what is to run, a process or a callable, and is called in each run. What it throws fails the run. If it is empty, the
 *                 result is EINVAL.
 */
template <class Program>
[[nodiscard]] error try_simulate(Program &&program, const simulation &options = {}) {
    using stored = std::decay_t<Program>;
    static_assert(std::is_invocable_v<stored &>,
                  "procession: a simulation takes a callable that returns what is to run");
    proc_simulation given = PROC_SIMULATION_INIT;
    given.seed = options.seed;
    given.runs = options.runs;
    given.schedule = static_cast<int>(options.schedule);
    given.depth = options.depth;
    given.limit_ns = detail::or_forever(options.limit);
    given.limit_steps = options.limit_steps;
    given.deny_threads_permille = options.deny_threads_permille;
    given.cancel_permille = options.cancel_permille;
    given.early_wakes_permille = options.early_wakes_permille;
    given.slow_permille = options.slow_permille;
    given.slow_ns = detail::nanoseconds(options.slow);
    given.preemptions = options.preemptions;
    given.trace_path = options.trace_path.empty() ? nullptr : options.trace_path.c_str();
    given.kill_children_permille = options.kill_children_permille;
    using simulated = detail::simulated<stored>;
    if (options.child)
        given.child = simulated::make_child;
    const bool is_empty = detail::is_empty<stored>(program);
    simulated kept{std::forward<Program>(program), options.child};
    return error::adopt(proc_simulate(is_empty ? nullptr : simulated::make_program, &kept, &given));
}

/** The same, but an error is thrown, as a proc::failure. */
template <class Program> void simulate(Program &&program, const simulation &options = {}) {
    if (auto failed = procession::try_simulate(std::forward<Program>(program), options))
        throw failure(std::move(failed));
}

/** Whether the calling thread is in a run of a simulation. */
[[nodiscard]] inline bool simulated() noexcept { return proc_simulated(); }

/** Has a signal come to the program of a run, as if from outside, so much later. Outside of a run nothing happens. */
inline void simulate_signal(int signal_number,
                            std::chrono::nanoseconds after = std::chrono::nanoseconds(0)) noexcept {
    proc_simulate_signal(signal_number, detail::nanoseconds(after));
}

/** A point at which another thread of a run may go on. Outside of a run nothing happens. */
inline void yield() noexcept { proc_yield(); }

} // namespace v0_2
} // namespace procession

#endif
