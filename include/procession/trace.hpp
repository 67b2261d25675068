/*
 * procession/trace.hpp - beside procession.hpp, and included on its own: traces, logs in them, and hooks
 */
#ifndef PROCESSION_TRACE_HPP
#define PROCESSION_TRACE_HPP

#include <cstdint>
#include <procession/callable.hpp> // IWYU pragma: export
#include <procession/callback.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

/** Begins to write what happens in the program to a file, which ui.perfetto.dev opens (`proc_trace_start`), and returns why it cannot. */
[[nodiscard]] inline error try_trace_start(detail::text path) noexcept {
    return error::adopt(proc_trace_start(path.c_str()));
}

/** The same, but an error is thrown, as a proc::failure. */
inline void trace_start(detail::text path) {
    if (auto failed = try_trace_start(path))
        throw failure(std::move(failed));
}

/** Ends the trace, and returns why the file is not complete, if it is not. */
[[nodiscard]] inline error try_trace_stop() noexcept { return error::adopt(proc_trace_stop()); }

/** The same, but an error is thrown, as a proc::failure. */
inline void trace_stop() {
    if (auto failed = try_trace_stop())
        throw failure(std::move(failed));
}

/** Writes what the flight recorder holds to a file (`flight_recorder_size` of proc::config), and returns why it cannot. */
[[nodiscard]] inline error try_trace_snapshot(detail::text path) noexcept {
    return error::adopt(proc_trace_snapshot(path.c_str()));
}

/** The same, but an error is thrown, as a proc::failure. */
inline void trace_snapshot(detail::text path) {
    if (auto failed = try_trace_snapshot(path))
        throw failure(std::move(failed));
}

/** Whether anybody wants to know what happens. Costs one atomic load. */
[[nodiscard]] inline bool trace_enabled() noexcept { return proc_trace_enabled(); }

/**
 * Says something in the trace, at this moment and on this thread.
 *
 * @param category  what kind of message it is; NULL: none.
 * @param message   any text; NULL is bad input, and the trace says that.
 * @param token     says in which task; without, in that of the callable that runs here.
 */
inline void trace_log(detail::text category, detail::text message,
                      const token &token = {}) noexcept {
    proc_trace_log(token.get(), category.c_str(), message.c_str());
}

/** The same with a message that is composed, by a callable that returns it, only while somebody wants to know. */
template <class Compose, class = std::enable_if_t<std::is_invocable_v<const Compose &>>>
void trace_log(detail::text category, const Compose &compose, const token &token = {}) {
    if (!trace_enabled())
        return;
    const auto message = compose();
    trace_log(category, detail::text(message), token);
}

/** The number of the task that a handle is in, which the trace has as `correlation_id`; 0: it is in none. */
[[nodiscard]] inline std::uint64_t trace_task_id(const token &token) noexcept {
    return proc_trace_task_id(token.get());
}

/** A task as hooks are told of it: its number `id`, its name `task_type`, and as `word` what `task_begin` has returned for it. */
using trace_task = proc_trace_task;

/**
 * Callables to be called as things happen (proc::trace_set_hooks), each of which may be empty. `task` is the task in which something
 * happens; NULL outside of tasks. All that is passed is borrowed until the callable returns.
 *
 * They are called on the thread on which it happens, and on many threads at the same time; so they should be short. They must not throw: what leaves
 * one ends the program (std::terminate). `proc_trace_hooks` in procession.h tells more of each.
 */
struct trace_hooks {
    /** A task begins; `parent` is the innermost one around it. What this returns is the task's `word`. */
    detail::callback<void *(const trace_task &task, const trace_task *parent)> task_begin{};

    /** A task ends: `failed` is what it has failed with, an echo of its cancellation left out; `cause` is why it was cancelled. */
    detail::callback<void(const trace_task &task, const error &failed, const error &cause)>
        task_end{};

    /** A region begins, whose number is its own on this thread. */
    detail::callback<void(const trace_task *task, std::uint64_t region, const char *region_type)>
        region_begin{};

    /** The region of that number ends, on the thread on which it has begun. */
    detail::callback<void(std::uint64_t region)> region_end{};

    /** Something is said (proc::trace_log); the category is "" if there is none. */
    detail::callback<void(const trace_task *task, const char *category, const char *message)> log{};

    /** Something is started that other threads may run. */
    detail::callback<void(const trace_task *task, std::uint64_t spawn)> spawn{};

    /** What was started with that number is run here, on another thread. */
    detail::callback<void(const trace_task *task, std::uint64_t spawn)> arrive{};
};

namespace detail {

/** The hooks of C, whose user data one of these is. */
struct traced {
    trace_hooks hooks;
    traced *before = nullptr;

    static const trace_hooks &of(void *user_data) noexcept {
        return static_cast<traced *>(user_data)->hooks;
    }

    static void *task_begin(const trace_task *task, const trace_task *parent,
                            void *user_data) noexcept {
        return of(user_data).task_begin(*task, parent);
    }

    static void task_end(const trace_task *task, const proc_error *failed, const proc_error *cause,
                         void *user_data) noexcept {
        const lent<error> own(const_cast<proc_error *>(failed));
        const lent<error> own_cause(const_cast<proc_error *>(cause));
        of(user_data).task_end(*task, own.get(), own_cause.get());
    }

    static void region_begin(const trace_task *task, std::uint64_t region, const char *region_type,
                             void *user_data) noexcept {
        of(user_data).region_begin(task, region, region_type);
    }

    static void region_end(std::uint64_t region, void *user_data) noexcept {
        of(user_data).region_end(region);
    }

    static void log(const trace_task *task, const char *category, const char *message,
                    void *user_data) noexcept {
        of(user_data).log(task, category, message);
    }

    static void spawn(const trace_task *task, std::uint64_t spawn, void *user_data) noexcept {
        of(user_data).spawn(task, spawn);
    }

    static void arrive(const trace_task *task, std::uint64_t spawn, void *user_data) noexcept {
        of(user_data).arrive(task, spawn);
    }

    [[nodiscard]] proc_trace_hooks given() noexcept {
        return {sizeof(proc_trace_hooks),
                hooks.task_begin ? task_begin : nullptr,
                hooks.task_end ? task_end : nullptr,
                hooks.region_begin ? region_begin : nullptr,
                hooks.region_end ? region_end : nullptr,
                hooks.log ? log : nullptr,
                hooks.spawn ? spawn : nullptr,
                hooks.arrive ? arrive : nullptr,
                this};
    }

    [[nodiscard]] bool is_empty() const noexcept {
        return !hooks.task_begin && !hooks.task_end && !hooks.region_begin && !hooks.region_end &&
               !hooks.log && !hooks.spawn && !hooks.arrive;
    }
};

} // namespace detail

/**
 * Sets hooks in place of those that are set, if any are; hooks that are all empty: none. When this returns, none of the former is
 * running, and none will be called any more. They are called whether or not a trace is on.
 *
 * Ownership: they are moved or copied, and kept as long as the program runs, so that they may be called even as it ends.
 *
 * @return success; EDEADLK: it was called from within a hook, and would wait for itself. Then nothing has changed.
 */
[[nodiscard]] inline error try_trace_set_hooks(trace_hooks hooks) {
    detail::owned<detail::traced> traced(new detail::traced{std::move(hooks)});
    if (traced->is_empty())
        return error::adopt(proc_trace_set_hooks(nullptr));
    const proc_trace_hooks given = traced->given();
    error failed = error::adopt(proc_trace_set_hooks(&given));
    if (!failed)
        detail::keep(std::move(traced));
    return failed;
}

/** The same, but an error is thrown, as a proc::failure. */
inline void trace_set_hooks(trace_hooks hooks) {
    if (auto failed = try_trace_set_hooks(std::move(hooks)))
        throw failure(std::move(failed));
}

} // namespace v0_2
} // namespace procession

#endif
