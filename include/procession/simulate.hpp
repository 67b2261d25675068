/*
 * procession/simulate.hpp - beside procession.hpp, and included on its own: runs a program in a simulation, for tests
 */
#ifndef PROCESSION_SIMULATE_HPP
#define PROCESSION_SIMULATE_HPP

#include <cstdint>
#include <procession/callback.hpp> // IWYU pragma: export
#include <procession/process.hpp>  // IWYU pragma: export
#include <string>

namespace procession {
inline namespace v0_2 {

/** How a simulation chooses the thread that goes on. */
enum class schedule : int {
    /** A random one of the threads that can go on. */
    random = PROC_SCHEDULE_RANDOM,
    /** By priorities that change at a few moments (probabilistic concurrency testing). */
    pct = PROC_SCHEDULE_PCT,
    /** All orders, one after the other, of small programs. */
    exhaustive = PROC_SCHEDULE_EXHAUSTIVE,
};

/**
 * Options of a simulation (proc::simulate): an option that is not given has its default.
 *
 *     proc::simulate(server, {.runs = 1000, .schedule = proc::schedule::pct});
 *
 * `proc_simulation` in procession.h says more about each of them.
 */
struct simulation {
    /** The seed of the first run; 0: the seed in PROCESSION_SEED in the environment, else any. */
    std::uint64_t seed = 0;

    /** How many runs, with consecutive seeds from `seed` on; for exhaustive, how many orders are tried at most. */
    std::size_t runs = 1;

    procession::schedule schedule = procession::schedule::random;

    /** The depth of proc::schedule::pct. */
    std::size_t depth = 3;

    /** A run that takes longer, in virtual time, hangs; `std::chrono::nanoseconds::max()`: no limit. */
    std::chrono::nanoseconds limit = std::chrono::hours(30 * 24);

    /** A run that takes more switches hangs, too. */
    std::uint64_t limit_steps = 10'000'000;

    /** How many of 1,000 requests for a thread are denied, and at how many of 1,000 switches the run is cancelled, once. At random. */
    int deny_threads_permille = 0;
    int cancel_permille = 0;

    /** How many of 1,000 waits for a condition wake spuriously; how many of 1,000 children are slow, and by how much at most. At random. */
    int early_wakes_permille = 0;
    int slow_permille = 0;
    std::chrono::nanoseconds slow = std::chrono::seconds(1);

    /** For proc::schedule::exhaustive: how often an order may stop a thread that could go on; 0: all orders. */
    std::size_t preemptions = 0;

    /** The file to which the trace of the failing run is written, in virtual time; "": no file. */
    std::string trace_path{};

    /**
     * Makes the process that plays a program: in a run, proc::child runs this process and starts no program. The options are those
     * of C, lent until the process has ended. If no process is returned, there is no such program. Null: each fails with ENOTSUP. See `proc_simulated_child_fn` in procession.h.
     */
    process (*child)(const proc_child_options &options) = nullptr;

    /** How many of 1,000 programs are killed. At random. */
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
 * Runs a program in a simulation, in which a seed decides the order of the threads and time is virtual. Returns the error of the
 * first run that fails; success if no run fails. See `proc_simulate` in procession.h for what a run is, and for what fails one.
 *
 * The error is the program's own, wrapped in a text that says how to run the same order again.
 *
 * @param program  makes the process or callable to run, and is called in each run. An exception from it fails the run. If it is empty, the
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

/** Sends a signal to the program of a run after the given time, as if from outside. Outside of a run nothing happens. */
inline void simulate_signal(int signal_number,
                            std::chrono::nanoseconds after = std::chrono::nanoseconds(0)) noexcept {
    proc_simulate_signal(signal_number, detail::nanoseconds(after));
}

/** A point at which another thread of a run may go on. Outside of a run nothing happens. */
inline void yield() noexcept { proc_yield(); }

} // namespace v0_2
} // namespace procession

#endif
