/*
 * procession/async.hpp - beside procession.hpp, and included on its own: coroutines that wait for a process, where there are coroutines (C++20)
 */
#ifndef PROCESSION_ASYNC_HPP
#define PROCESSION_ASYNC_HPP

#include <procession/get.hpp> // IWYU pragma: export

#ifdef __cpp_impl_coroutine
#include <atomic>
#include <coroutine>
#include <memory>

namespace procession {
inline namespace v0_2 {

namespace detail {

/**
 * A job whose end resumes a coroutine. As that goes on inside of the job, it cannot join it. So jobs that have done their work are left for who
 * comes next to join them: to wait for another process, or at the end of the program.
 */
class resuming_job {
  public:
    explicit resuming_job(const token &above) : own_(above.child()) {}
    resuming_job(const resuming_job &) = delete;
    resuming_job &operator=(const resuming_job &) = delete;
    virtual ~resuming_job() = default;

    /** What waits for it may have gone on, and be gone, before this returns. */
    static void start(const std::shared_ptr<resuming_job> self, process what) noexcept {
        self->self_ = self;
        self->job_ = proc_start(what.release(), self->own_.get(), told, self.get());
        self->job_.notify_all();
        self->leave();
    }

    /** The coroutine is gone. If it was not resumed, it will not be, and the job is cancelled and waited for. */
    void abandon() noexcept {
        if (!becomes(state::abandoned))
            return;
        own_.trigger();
        job_.wait(nullptr);
        join();
    }

    static void join_ended() noexcept {
        for (resuming_job *one = ended.exchange(nullptr); one != nullptr;)
            std::exchange(one, one->next_)->join();
    }

  private:
    enum class state : unsigned char { waiting, resumed, abandoned };

    virtual void resume() = 0;

    static void told(void *user_data) noexcept {
        auto *const self = static_cast<resuming_job *>(user_data);
        if (self->becomes(state::resumed))
            self->resume();
        self->leave();
    }

    /** Whether this decides what becomes of it. */
    bool becomes(state decided) noexcept {
        state before = state::waiting;
        return state_.compare_exchange_strong(before, decided);
    }

    /** By who starts it and by what it tells, which may come first. One that was abandoned is joined by who did that. */
    void leave() noexcept {
        if (parties_.fetch_sub(1) != 1 || state_ == state::abandoned)
            return;
        next_ = ended;
        while (!ended.compare_exchange_weak(next_, this)) {
        }
    }

    void join() noexcept {
        (void)error::adopt(proc_job_join(job_));
        const auto last = std::move(self_);
    }

    inline static std::atomic<resuming_job *> ended = nullptr;

    cancel own_;
    std::atomic<proc_job *> job_ = nullptr;
    std::atomic<state> state_ = state::waiting;
    std::atomic<int> parties_ = 2;
    resuming_job *next_ = nullptr;
    std::shared_ptr<resuming_job> self_{};
};

/** Joins those that are left at the end of the program. */
struct last_of_resuming_jobs {
    last_of_resuming_jobs() = default;
    last_of_resuming_jobs(const last_of_resuming_jobs &) = delete;
    last_of_resuming_jobs &operator=(const last_of_resuming_jobs &) = delete;
    ~last_of_resuming_jobs() { resuming_job::join_ended(); }
};

inline const last_of_resuming_jobs joins_resuming_jobs;

/** What is given to an executor, which calls it once. */
class resumption {
  public:
    explicit resumption(std::coroutine_handle<> waiting) noexcept : waiting_(waiting) {}
    void operator()() const { waiting_.resume(); }

  private:
    std::coroutine_handle<> waiting_;
};

/** The executor of who gives none. */
struct here {
    void operator()(const resumption &resume) const { resume(); }
};

template <class Executor> class job_resuming_by : public resuming_job {
  public:
    job_resuming_by(const token &above, std::coroutine_handle<> waiting, Executor &&executor)
        : resuming_job(above), resume_(waiting), executor_(std::move(executor)) {}

  private:
    void resume() override {
        if (detail::is_empty(executor_))
            resume_();
        else
            detail::invoke(executor_, resume_);
    }

    resumption resume_;
    Executor executor_;
};

/** A process that a coroutine waits for, from when it begins to wait. It is in the coroutine, and what the process returns comes here. */
template <class Part, class Executor> class awaiter {
  public:
    awaiter(Part &&part, token above, Executor &&executor)
        : part_(std::move(part)), above_(std::move(above)), executor_(std::move(executor)) {}
    awaiter(const awaiter &) = delete;
    awaiter &operator=(const awaiter &) = delete;
    ~awaiter() {
        if (job_)
            job_->abandon();
    }

    [[nodiscard]] bool await_ready() const noexcept { return false; }

    void await_suspend(std::coroutine_handle<> waiting) {
        resuming_job::join_ended();
        process what = detail::noting<value>(std::move(part_), not_owned(&ended_));
        job_ = std::make_shared<job_resuming_by<Executor>>(above_, waiting, std::move(executor_));
        resuming_job::start(job_, std::move(what));
    }

    auto await_resume() {
        if (ended_.failed)
            throw failure(std::move(ended_.failed));
        if constexpr (!std::is_same_v<value, std::monostate>)
            return *std::move(ended_.value);
    }

  private:
    using value = returned_by<Part>;

    Part part_;
    token above_;
    Executor executor_;
    ending<value> ended_{};
    std::shared_ptr<resuming_job> job_{};
};

/** What proc::async returns: to be awaited once. */
template <class Part, class Executor> class [[nodiscard]] async_process {
  public:
    template <class GivenPart, class GivenExecutor>
    async_process(GivenPart &&part, token above, GivenExecutor &&executor)
        : part_(std::forward<GivenPart>(part)), above_(std::move(above)),
          executor_(std::forward<GivenExecutor>(executor)) {}

    awaiter<Part, Executor> operator co_await() && {
        return {std::move(part_), std::move(above_), std::move(executor_)};
    }

  private:
    Part part_;
    token above_;
    Executor executor_;
};

} // namespace detail

/**
 * A process that a coroutine waits for, without a thread that would wait:
 *
 *     const std::string page = co_await proc::async(fetch, cancel);
 *
 * It is started when it is awaited, as by proc::start, on a thread of the library, so that it may block. What the callable returns is what `co_await`
 * gives (nothing of a process, for void and a proc::error). If it fails, `co_await` throws a proc::failure, as proc::run does.
 *
 * The coroutine may be of any type. It goes on where the executor calls what that is given; without one on a thread of the library, until it waits
 * for something else: then it may block as a callable may, but what leaves it ends the program (std::terminate), as what leaves its executor does.
 *
 * A coroutine that is destroyed while it waits cancels the process and waits for it, so that this may refer to what is in the coroutine. It must not
 * be destroyed by the process itself.
 *
 * (g++ 12.2 destroys twice what a temporary lambda in a `co_await` has captured by value: name such a callable before.)
 *
 * @param part      what to run, as for proc::start. It is moved or copied.
 * @param cancel    the handle to run under; without, or if it is empty, a new one.
 * @param executor  takes a callable, which takes nothing, can be copied, and is to be called once: `[&](auto resume) { loop.post(resume); }`. An empty
 *                  one is none.
 */
template <class Part, class Executor = detail::here>
auto async(Part &&part, const token &cancel = {}, Executor &&executor = {}) {
    return detail::async_process<std::decay_t<Part>, std::decay_t<Executor>>(
        std::forward<Part>(part), cancel, std::forward<Executor>(executor));
}

/** The same with an executor only. */
template <class Part, class Executor>
requires std::is_invocable_v < std::decay_t<Executor>
&, detail::resumption > auto async(Part &&part, Executor &&executor) {
    return procession::async(std::forward<Part>(part), token(), std::forward<Executor>(executor));
}

} // namespace v0_2
} // namespace procession

#endif

#endif
