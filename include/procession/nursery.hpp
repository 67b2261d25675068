/*
 * procession/nursery.hpp - part of procession.hpp: work that comes while it runs
 */
#ifndef PROCESSION_NURSERY_HPP
#define PROCESSION_NURSERY_HPP

#include <procession/process.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

/**
 * A nursery: a group whose children come as it runs. It runs as the process that proc::with_nursery makes, and whoever has it
 * spawns: its body, its children, other threads.
 *
 *     proc::run(proc::with_nursery([&listener](const proc::nursery &nursery, const proc::cancel &cancel) {
 *         while (auto connection = listener.accept(cancel))
 *             nursery.spawn([connection = std::move(connection)](const proc::cancel &cancel) {
 *                 serve(*connection, cancel);
 *             });
 *     }));
 *
 * A value of one word: a copy is the same nursery, and keeps it for longer than it runs. One that is default-constructed or was
 * moved from is empty, which is bad input.
 *
 * Children go on when the body has returned, or when an exception has left it. So they must not refer to what is the body's
 * own, and that is also the `const proc::nursery &` that it takes: a child that spawns captures a copy, `[nursery]`.
 *
 * Threads: as for every value of this library (see detail::handle).
 */
class nursery : public detail::handle<nursery, proc_nursery, proc_nursery_ref, proc_nursery_unref> {
  public:
    /** An empty one. */
    nursery() noexcept = default;

    /**
     * Spawns a child, a process or a callable: hands it over, and returns when the nursery has accepted it. Blocks while there are
     * as many children as its limit allows; those who wait get their places in order.
     *
     * The child runs at the same time as all others, without the help of who spawned it: at once where a thread of the library is
     * parked and this one goes on to wait in a function of the library, in any case within some milliseconds. Its failure is the
     * nursery's; so is EAGAIN, if no thread can be had for it. If the nursery is cancelled before the child has begun, it is
     * released without being run.
     *
     * Throws a proc::failure if it is not accepted, and the child is released, for these reasons: it is bad input itself; the
     * nursery has completed (EPIPE); it is cancelled, or the callable that waits here (the cause: a callable that lets it pass has
     * stopped, as asked); all children would wait for each other's places (EDEADLK).
     */
    template <class Part> void spawn(Part &&part) const {
        process child = detail::to_process(std::forward<Part>(part));
        if (auto refused = error::adopt(proc_spawn(get(), child.release())))
            throw failure(std::move(refused));
    }

    /** The same, but does not wait, and returns why the child is not accepted: with EAGAIN while the nursery is full. */
    template <class Part>
    [[nodiscard]] error try_spawn(Part &&part) const noexcept(detail::is_process<Part>) {
        process child = detail::to_process(std::forward<Part>(part));
        return error::adopt(proc_try_spawn(get(), child.release()));
    }

    /**
     * Blocks until no child is left but the one that calls this (true), or the nursery is cancelled, or the callable that calls this
     * (false). Children that wait here count as ended: those that all wait for each other have all been waited for.
     */
    bool wait() const noexcept { return proc_nursery_wait(get(), PROC_FOREVER); }

    /** The same, or until the time is up, by the monotonic clock (false). */
    template <class Rep, class Period>
    bool wait(const std::chrono::duration<Rep, Period> &time) const
        noexcept(std::is_arithmetic_v<Rep>) {
        return proc_nursery_wait(get(), detail::nanoseconds(time));
    }

    /** The same, until a deadline. */
    template <class Duration>
    bool
    wait_until(const std::chrono::time_point<std::chrono::steady_clock, Duration> &deadline) const
        noexcept(std::is_arithmetic_v<typename Duration::rep>) {
        return proc_nursery_wait(get(), detail::nanoseconds(deadline));
    }

    /** How many children have not ended, whether or not they have begun. The body is none of them. */
    [[nodiscard]] std::size_t count() const noexcept { return proc_nursery_count(get()); }

    /** The handle that the children run under, which is the nursery's own: cancelling it cancels the nursery and nothing else. */
    [[nodiscard]] procession::cancel cancel() const noexcept {
        return procession::cancel::share(proc_nursery_cancel(get()));
    }

  private:
    friend handle;
    using handle::handle;
};

namespace detail {

/** A callable that errors pass through, if there is one. Copies share it. */
class error_filter {
  public:
    /** None. */
    error_filter() noexcept = default;

    template <class Callable,
              class = std::enable_if_t<!std::is_same_v<std::decay_t<Callable>, error_filter>>>
    // NOLINTNEXTLINE(google-explicit-constructor): an option is written as the callable that it is
    error_filter(Callable &&callable) {
        using stored = std::decay_t<Callable>;
        static_assert(std::is_invocable_v<stored &, error>,
                      "procession: what errors pass through takes a proc::error");
        if (detail::is_empty<stored>(callable))
            return;
        callable_ = shared::make<stored>(std::forward<Callable>(callable));
        function_ = pass<stored>;
    }

    explicit operator bool() const noexcept { return function_ != nullptr; }

    error operator()(error failed) const { return function_(callable_, std::move(failed)); }

  private:
    template <class Callable> static error pass(const shared &callable, error failed) {
        return detail::outcome(
            [&] { return detail::invoke(callable.as<Callable>(), std::move(failed)); });
    }

    shared callable_{};
    error (*function_)(const shared &callable, error failed) = nullptr;
};

} // namespace detail

/** How a nursery deals with its children (proc::with_nursery). */
struct nursery_options {
    /** How many children may be there at once: those that were accepted and have not ended. 0: any number. */
    std::size_t limit = 0;

    /**
     * Called when a child has failed, with its error. What it returns or throws fails the nursery in its place, and is the cause of
     * its cancellation; if that is nothing, or success, nothing fails, and the others go on: so a server logs a connection's error
     * and goes on. Errors that only pass on the nursery's own cancellation do not come here, nor does the body's.
     *
     * It takes a proc::error, and returns void or a proc::error. It runs on the thread where the child ended, on several at the same
     * time if several end. It may be move-only; copies of the options share it. An empty one is none.
     */
    detail::error_filter on_failure{};
};

namespace detail {

/** The functions that C has for a nursery, whose user data is one of these. */
template <class Body> struct nursery_body {
    static proc_error *run(proc_nursery *borrowed, proc_cancel *cancel, void *user_data) {
        const lent<nursery> own(borrowed);
        const lent<procession::cancel> handle(cancel);
        return detail::guarded([&] {
            return detail::call(static_cast<nursery_body *>(user_data)->body, handle.get(),
                                own.get());
        });
    }

    static proc_error *filter(proc_error *failed, void *user_data) {
        error owned = error::adopt(failed);
        return detail::guarded(
            [&] { return static_cast<nursery_body *>(user_data)->on_failure(std::move(owned)); });
    }

    Body body;
    error_filter on_failure;
};

} // namespace detail

/**
 * Makes a process that is a nursery. Its body is the first of its children, and runs on the thread that runs the process, also if
 * it is cancelled from the start. The process completes when the body has returned and no child is left.
 *
 * Failures are those of proc::group: the first one, of the body or of a child, cancels all, and is the cause.
 *
 * Ownership: the body and the options are moved or copied into the process, as a callable is by proc::make.
 *
 * @param body     takes a `const proc::nursery &`, and after it a proc::cancel, or with C++20 a std::stop_token, or nothing; returns
 *                 void or a proc::error. It may be move-only. If empty, it is bad input.
 * @param options  how it deals with its children, for instance `{.limit = 100}` in C++20.
 */
template <class Body>
[[nodiscard]] process with_nursery(Body &&body, nursery_options options = {}) {
    using stored = std::decay_t<Body>;
    static_assert(
        detail::is_callable<stored, const nursery &>,
        "procession: a nursery's body takes const proc::nursery &, and then proc::cancel, "
        "std::stop_token (C++20) or nothing");
    static_assert(detail::can_be_kept<Body>,
                  "procession: a body that cannot be copied is given by std::move");
    if (detail::is_empty<stored>(body))
        return process::adopt(proc_with_nursery(nullptr, nullptr, nullptr, nullptr));
    using owner = detail::nursery_body<stored>;
    detail::owned<owner> data(new owner{std::forward<Body>(body), std::move(options.on_failure)});
    const proc_nursery_options given{sizeof given, options.limit,
                                     data->on_failure ? owner::filter : nullptr, data.get()};
    return process::adopt(
        proc_with_nursery(owner::run, data.release(), detail::destroy<owner>, &given));
}

} // namespace v0_2
} // namespace procession

#endif
