/*
 * procession/job.hpp - part of procession.hpp: running a process without waiting for it
 */
#ifndef PROCESSION_JOB_HPP
#define PROCESSION_JOB_HPP

#include <cerrno>
#include <mutex>
#include <procession/process.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

namespace detail {

/** The function to call when a job is complete; it may be null. */
struct notice {
    void (*function)(void *user_data) = nullptr;
    shared callable{};
};

template <class Callable> void give_notice(void *callable) noexcept {
    const lent<shared> told(static_cast<counted *>(callable));
    detail::invoke(told.get().as<Callable>());
}

template <class Callable> notice to_notice(Callable &&callable) {
    using stored = std::decay_t<Callable>;
    if (detail::is_empty<stored>(callable))
        return {};
    return {give_notice<stored>, shared::make<stored>(std::forward<Callable>(callable))};
} // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks): the notice is one of its owners

struct now {};

/**
 * What a job is to begin with, until it does. It is a temporary of the expression that starts the job: at the end of
 * the expression the job begins, if it has not yet.
 */
class beginning {
  public:
    explicit beginning(now /* never `{}`, which may be a handle */) noexcept {}
    beginning(const beginning &) = delete;
    beginning &operator=(const beginning &) = delete;
    ~beginning();

  private:
    friend class procession::job;

    const job *job_ = nullptr;
    proc_impl *what_ = nullptr;
    void (*on_done_)(void *user_data) = nullptr;
    std::once_flag once_{};
};

/** `errno` is 0 while this is there, and then again what it was. */
class own_errno {
  public:
    own_errno() noexcept { errno = 0; }
    own_errno(const own_errno &) = delete;
    own_errno &operator=(const own_errno &) = delete;
    ~own_errno() { errno = before_; }

  private:
    const int before_ = errno;
};

} // namespace detail

/**
 * A process that runs while who started it (proc::start) does something else: for event loops, and for programs
 * that have an end of their own.
 *
 * No job is left behind: one that is destroyed, or assigned to, before it was joined is cancelled and waited for.
 * Its result is lost then; join it to get the result. A job is assigned to by ending the old one first, so
 * `job = proc::start(what)` never runs both at the same time.
 *
 * It can be moved, not copied. A job that was moved from, joined or default-constructed is empty: there is nothing to
 * wait for, and joining it fails with EINVAL.
 *
 * What is a part of a job, and the callable that is told of its end, cannot join it; and it must not destroy it:
 * that ends the program, with a message.
 *
 * In a child of `fork` a job of the parent's is not there: joining it returns an error with code EOWNERDEAD, waiting
 * returns false, and destroying it does nothing, its handle is not cancelled either.
 */
class job {
  public:
    /** An empty one. */
    job() noexcept = default;

    /** Starts a process below a handle; what proc::start does. */
    job(process what, const token &above, detail::notice on_done,
        detail::beginning &&beginning = detail::beginning(detail::now()))
        : cancel_(above.child()), told_(std::move(on_done.callable)), beginning_(&beginning) {
        beginning.job_ = this;
        beginning.what_ = what.release();
        beginning.on_done_ = on_done.function;
    }

    job(job &&other) noexcept { take(other); }

    job &operator=(job &&other) noexcept { // NOLINT(bugprone-exception-escape): see `end`
        if (this != &other) {
            end();
            take(other);
        }
        return *this;
    }

    job(const job &) = delete;
    job &operator=(const job &) = delete;

    ~job() { end(); } // NOLINT(bugprone-exception-escape): see `end`

    /** Whether there is a job to join. */
    [[nodiscard]] bool joinable() const noexcept { return get() != nullptr; }

    /** Whether this thread is inside of it, and so cannot join it: in whatever runs as a part of it, or in `on_done`. */
    [[nodiscard]] bool inside() const noexcept { return proc_job_inside(get()); }

    /** The handle that it runs under, which is its own: cancelling it cancels the job and nothing else. */
    [[nodiscard]] const procession::cancel &cancel() const noexcept {
        begin();
        return cancel_;
    }

    /** Blocks until it is complete (true). From inside of the job, or if it is empty, it returns false at once. */
    bool wait() const noexcept { return proc_job_wait(get(), PROC_FOREVER); }

    /** The same, or until the time is up, by the monotonic clock (false). */
    template <class Rep, class Period>
    bool wait(const std::chrono::duration<Rep, Period> &time) const
        noexcept(std::is_arithmetic_v<Rep>) {
        return proc_job_wait(get(), detail::nanoseconds(time));
    }

    /** The same, until a deadline. */
    template <class Duration>
    bool
    wait_until(const std::chrono::time_point<std::chrono::steady_clock, Duration> &deadline) const
        noexcept(std::is_arithmetic_v<typename Duration::rep>) {
        return proc_job_wait(get(), detail::nanoseconds(deadline));
    }

    /**
     * A descriptor that is readable once the job is complete, and stays so, for poll, epoll and event loops. It is
     * the job's: joining closes it. Throws a proc::failure with a code of `errno` if none can be had.
     */
    [[nodiscard]] int fd() const {
        const int descriptor = proc_job_fd(get());
        if (descriptor < 0)
            throw failure(error::from_errno("proc_job_fd"));
        return descriptor;
    }

    /**
     * Waits until it is complete and who is told of it has returned, and returns how it ended. Then it is empty.
     * From inside of the job it throws a proc::failure with code EDEADLK, and the job stays as it is.
     */
    [[nodiscard]] error try_join() {
        const detail::own_errno tells; // Whether it was refused.
        error ended = error::adopt(proc_job_join(get()));
        if (errno == EDEADLK)
            throw failure(std::move(ended)); // That says why.
        job_ =
            nullptr; // Only now: what is a part of the job may look at it for as long as it runs.
        told_ = {};
        return ended;
    }

    /** The same, but an error is thrown, as a proc::failure (see proc::run). */
    void join() {
        if (auto failed = try_join())
            throw failure(std::move(failed));
    }

  private:
    friend class detail::beginning;

    /** Begins it, if it has not begun. */
    void begin() const noexcept {
        if (beginning_ == nullptr)
            return;
        std::call_once(beginning_->once_, [this] {
            job_ = proc_start(beginning_->what_, cancel_.get(), beginning_->on_done_, told_.get());
        });
    }

    [[nodiscard]] proc_job *get() const noexcept {
        begin();
        return job_;
    }

    /** Becomes what another job is, which has begun then. */
    void take(job &other) noexcept {
        other.leave_beginning();
        cancel_ = std::move(other.cancel_);
        told_ = std::move(other.told_);
        job_ = detail::take(other.job_);
    }

    /* From inside of the job, joining throws, which ends the program here. */
    void end() noexcept { // NOLINT(bugprone-exception-escape)
        leave_beginning();
        if (job_ == nullptr)
            return;
        // Hooks on it would do in the child of a fork what is meant for the parent.
        if (!is_inherited())
            cancel_.trigger();
        (void)try_join();
    }

    void leave_beginning() noexcept {
        begin();
        if (beginning_ != nullptr)
            detail::take(beginning_)->job_ = nullptr;
    }

    /** Whether this is a child of `fork`, and the job its parent's. */
    [[nodiscard]] bool is_inherited() const noexcept {
        const detail::own_errno tells;
        return !proc_job_wait(job_, 0) && errno == EOWNERDEAD;
    }

    procession::cancel cancel_ = procession::cancel::adopt(nullptr);
    detail::shared told_{};
    mutable proc_job *job_ = nullptr;
    mutable detail::beginning *beginning_ = nullptr;
};

inline detail::beginning::~beginning() {
    if (job_ != nullptr) {
        job_->begin();
        job_->beginning_ = nullptr;
    }
}

/**
 * Starts a process, or a callable as one, and returns at once.
 *
 * It begins at the end of the expression in which this is called; if the job is moved, waited for or otherwise used in
 * that expression, it begins then. So in `job = proc::start(what)` the old job has ended before the new one begins.
 *
 * Threads: it runs on a thread of the library from its beginning. If there is none to be had, it fails with EAGAIN.
 *
 * @param part     what to run; an empty process fails with EINVAL.
 * @param cancel   the job is cancelled with this handle; without it (`proc::start(part, on_done)`), or if it is empty, by itself only.
 * @param on_done  takes nothing, and is called once, on a thread of the library, when the process has completed and
 *                 the job's descriptor is readable, and before a join returns (see `proc_start` in procession.h). It
 *                 must not throw: what leaves it ends the program (std::terminate). It may be move-only. An empty one is
 *                 none. (To be told how it has ended, it takes a result or an error: see procession/get.hpp.)
 */
template <class Part, class Callable,
          std::enable_if_t<std::is_invocable_v<std::decay_t<Callable> &>, int> = 0>
[[nodiscard]] job start(Part &&part, const token &cancel, Callable &&on_done,
                        detail::beginning &&beginning = detail::beginning(detail::now())) {
    return job(detail::to_process(std::forward<Part>(part)), cancel,
               detail::to_notice(std::forward<Callable>(on_done)), std::move(beginning));
}

template <class Part, class Callable,
          std::enable_if_t<std::is_invocable_v<std::decay_t<Callable> &>, int> = 0>
[[nodiscard]] job start(Part &&part, Callable &&on_done,
                        detail::beginning &&beginning = detail::beginning(detail::now())) {
    return procession::start(std::forward<Part>(part), token(), std::forward<Callable>(on_done),
                             std::move(beginning));
}

template <class Part>
[[nodiscard]] job start(Part &&part, const token &cancel,
                        detail::beginning &&beginning = detail::beginning(detail::now())) {
    return job(detail::to_process(std::forward<Part>(part)), cancel, {}, std::move(beginning));
}

template <class Part>
[[nodiscard]] job start(Part &&part,
                        detail::beginning &&beginning = detail::beginning(detail::now())) {
    return job(detail::to_process(std::forward<Part>(part)), token(), {}, std::move(beginning));
}

} // namespace v0_2
} // namespace procession

#endif
