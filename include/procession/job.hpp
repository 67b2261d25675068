/*
 * procession/job.hpp - part of procession.hpp: running a process without waiting for it
 */
#ifndef PROCESSION_JOB_HPP
#define PROCESSION_JOB_HPP

#include <procession/process.hpp>

namespace proc {

namespace detail {

/** Who is to be told when a job is complete; nobody if there is no function. */
struct notice {
    void (*function)(void *user_data) = nullptr;
    std::shared_ptr<void> callable{};
};

template <class Callable> void give_notice(void *callable) {
    std::invoke(*static_cast<Callable *>(callable));
}

template <class Callable> notice to_notice(Callable &&callable) {
    using stored = std::decay_t<Callable>;
    if (is_empty<stored>(callable))
        return {};
    return {give_notice<stored>, std::make_shared<stored>(std::forward<Callable>(callable))};
}

} // namespace detail

/**
 * A process that runs while who started it (proc::start) does something else: for event loops, and for programs
 * that have an end of their own.
 *
 * No job is left behind: one that is destroyed, or assigned to, before it was joined is cancelled and waited for.
 * What it ended with is lost then; who wants to know it, joins it.
 *
 * It can be moved, not copied. A job that was moved from, joined or default-constructed is empty: there is nothing to
 * wait for, and joining it fails with EINVAL.
 *
 * What is a part of a job, and the callable that is told of its end, cannot join it; and it must not destroy it:
 * that ends the program, with a message.
 */
class job {
  public:
    /** An empty one. */
    job() noexcept = default;

    /** Starts a process below a handle; what proc::start does. */
    job(process what, const proc::cancel &above, detail::notice on_done)
        : cancel_(above.child()), told_(std::move(on_done.callable)),
          job_(proc_start(what.release(), cancel_.get(), on_done.function, told_.get())) {}

    job(job &&other) noexcept
        : cancel_(std::move(other.cancel_)), told_(std::move(other.told_)),
          job_(std::exchange(other.job_, nullptr)) {}

    job &operator=(job &&other) noexcept {
        job kept(std::move(other));
        std::swap(cancel_, kept.cancel_);
        std::swap(told_, kept.told_);
        std::swap(job_, kept.job_);
        return *this;
    }

    job(const job &) = delete;
    job &operator=(const job &) = delete;

    /* From inside of the job, joining throws, which ends the program here. */
    ~job() { // NOLINT(bugprone-exception-escape)
        if (!joinable())
            return;
        cancel_.trigger();
        (void)try_join();
    }

    /** Whether there is a job to join. */
    [[nodiscard]] bool joinable() const noexcept { return job_ != nullptr; }

    /** The handle that it runs under, which is its own: cancelling it cancels the job and nothing else. */
    [[nodiscard]] const proc::cancel &cancel() const noexcept { return cancel_; }

    /** Blocks until it is complete (true). From inside of the job, or if it is empty, it returns false at once. */
    bool wait() const noexcept { return proc_job_wait(job_, PROC_FOREVER); }

    /** The same, or until the time is up, by the monotonic clock (false). */
    template <class Rep, class Period>
    bool wait(const std::chrono::duration<Rep, Period> &time) const
        noexcept(std::is_arithmetic_v<Rep>) {
        return proc_job_wait(job_, detail::nanoseconds(time));
    }

    /**
     * A descriptor that is readable once the job is complete, and stays so, for poll, epoll and event loops. It is
     * the job's: joining closes it. Throws a proc::failure with a code of `errno` if none can be had.
     */
    [[nodiscard]] int fd() const {
        const int descriptor = proc_job_fd(job_);
        if (descriptor < 0)
            throw failure(error::from_errno("proc_job_fd"));
        return descriptor;
    }

    /**
     * Waits until it is complete and who is told of it has returned, and returns how it ended. Then it is empty.
     * From inside of the job it throws a proc::failure with code EDEADLK, and the job stays as it is.
     */
    [[nodiscard]] error try_join() {
        if (proc_job_inside(job_))
            throw failure(error::adopt(proc_job_join(job_))); // That says why it refuses to.
        error ended = error::adopt(proc_job_join(job_));
        job_ =
            nullptr; // Only now: what is a part of the job may look at it for as long as it runs.
        told_.reset();
        return ended;
    }

    /** The same, but an error is thrown, as a proc::failure (see proc::run). */
    void join() {
        if (auto failed = try_join())
            throw failure(std::move(failed));
    }

  private:
    proc::cancel cancel_ = proc::cancel::adopt(nullptr);
    std::shared_ptr<void> told_{};
    proc_job *job_ = nullptr;
};

/**
 * Starts a process, or a callable as one, and returns at once.
 *
 * Threads: it runs on a thread of the library from its beginning. If there is none to be had, it fails with EAGAIN.
 *
 * @param part     what to run; an empty process fails with EINVAL.
 * @param cancel   the job is cancelled with this handle; without, or if it is empty, by itself only.
 * @param on_done  takes nothing, and is called once, on a thread of the library, when the process has completed and
 *                 the job's descriptor is readable, and before a join returns: it may be called before this returns.
 *                 It must not throw: what leaves it ends the program, with a message. It may be move-only. An empty one
 *                 is none.
 */
template <class Part, class Callable>
[[nodiscard]] job start(Part &&part, const cancel &cancel, Callable &&on_done) {
    return job(detail::to_process(std::forward<Part>(part)), cancel,
               detail::to_notice(std::forward<Callable>(on_done)));
}

template <class Part> [[nodiscard]] job start(Part &&part, const cancel &cancel) {
    return job(detail::to_process(std::forward<Part>(part)), cancel, {});
}

template <class Part> [[nodiscard]] job start(Part &&part) {
    return start(std::forward<Part>(part), cancel::adopt(nullptr));
}

} // namespace proc

#endif
