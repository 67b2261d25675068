/*
 * procession/condition.hpp - beside procession.hpp, and included on its own: waiting for what is guarded by a mutex
 */
#ifndef PROCESSION_CONDITION_HPP
#define PROCESSION_CONDITION_HPP

#include <condition_variable>
#include <mutex>
#include <procession/hook.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

/**
 * A condition variable whose waits end at a cancellation, too.
 *
 *     std::unique_lock lock(mutex);
 *     if (!changed.wait(lock, cancel, [&] { return !queue.empty(); }))
 *         return cancel.error();
 *
 * With std::condition_variable, this would take a hook that locks the mutex, and which is then destroyed while that is locked: a deadlock, if the
 * cancellation comes at that moment. Here a cancellation needs no mutex of the program's, so whoever holds one may cancel.
 *
 * What is waited for is changed under the mutex, as always; the one who notifies need not hold it. A condition must be there until all that wait have
 * returned.
 */
class condition {
  public:
    condition() = default;
    condition(const condition &) = delete;
    condition &operator=(const condition &) = delete;
    ~condition() = default;

    /** Wakes one that waits. */
    void notify_one() noexcept {
        { const std::lock_guard<std::mutex> all_are_asleep(mutex_); }
        changed_.notify_one();
    }

    /** Wakes all that wait. */
    void notify_all() noexcept {
        { const std::lock_guard<std::mutex> all_are_asleep(mutex_); }
        changed_.notify_all();
    }

    /**
     * Waits until something holds, or the handle is cancelled.
     *
     * @param lock   holds the mutex, here and when this returns; it is let go in between.
     * @param token  if it is empty, nothing cancels.
     * @param holds  asked with the mutex locked.
     * @return whether it holds; if not, the handle is cancelled. What holds already counts, also if it is cancelled.
     */
    template <class Lock, class Predicate>
    [[nodiscard]] bool wait(Lock &lock, const token &token, Predicate holds) {
        return wait_while(lock, token, holds, [this](std::unique_lock<std::mutex> &own) {
            changed_.wait(own);
            return true;
        });
    }

    /** The same, or until a deadline. */
    template <class Lock, class Duration, class Predicate>
    [[nodiscard]] bool
    wait_until(Lock &lock, const token &token,
               const std::chrono::time_point<std::chrono::steady_clock, Duration> &deadline,
               Predicate holds) {
        return wait_while(lock, token, holds, [&](std::unique_lock<std::mutex> &own) {
            return changed_.wait_until(own, deadline) == std::cv_status::no_timeout;
        });
    }

    /** The same, or until the time is up. */
    template <class Lock, class Rep, class Period, class Predicate>
    [[nodiscard]] bool wait_for(Lock &lock, const token &token,
                                const std::chrono::duration<Rep, Period> &time, Predicate holds) {
        const std::chrono::nanoseconds left(detail::nanoseconds(time));
        const auto now = std::chrono::steady_clock::now();
        const auto longest = std::chrono::steady_clock::time_point::max() - now;
        return wait_until(lock, token, now + (left < longest ? left : longest), std::move(holds));
    }

  private:
    /** The lock of the program is let go while this is there. */
    template <class Lock> class unlocked {
      public:
        explicit unlocked(Lock &lock) : lock_(lock) { lock_.unlock(); }
        unlocked(const unlocked &) = delete;
        unlocked &operator=(const unlocked &) = delete;
        ~unlocked() {
            lock_.lock();
        } // NOLINT(bugprone-exception-escape): nothing can go on without

      private:
        Lock &lock_;
    };

    /* The hook locks what is locked from the look at the handle until this thread sleeps: so that it cannot come in between, and nothing else. */
    template <class Lock, class Predicate, class Sleep>
    bool wait_while(Lock &lock, const token &token, Predicate &holds, const Sleep &sleep) {
        if (holds())
            return true;
        if (token.cancelled())
            return false;
        const hook wakes = token.get() != nullptr ? hook(token, [this] { notify_all(); }) : hook();
        for (bool in_time = true; in_time && !token.cancelled();) {
            in_time = sleep_once(lock, token, sleep);
            if (holds())
                return true;
        }
        return false;
    }

    template <class Lock, class Sleep>
    bool sleep_once(Lock &lock, const token &token, const Sleep &sleep) {
        std::unique_lock<std::mutex> begins_first(mutex_);
        const unlocked<Lock> others_may_change(lock);
        std::unique_lock<std::mutex> own(
            std::move(begins_first)); // Is let go before the other is taken.
        return token.cancelled() || sleep(own);
    }

    std::mutex mutex_{};
    std::condition_variable changed_{};
};

} // namespace v0_2
} // namespace procession

#endif
