/*
 * procession/promise.hpp - part of procession.hpp: what somebody else completes
 */
#ifndef PROCESSION_PROMISE_HPP
#define PROCESSION_PROMISE_HPP

#include <procession/process.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

/**
 * A promise: something that somebody completes once, with success or with an error. For event loops, and for what ends in a
 * callback: proc::await is the process that waits for it.
 *
 *     const proc::promise answered;
 *     client.send(request, [answered](std::error_code code) { answered.complete(proc::error(code)); });
 *     proc::run(proc::await(answered), cancel);
 *
 * A value of one word: a copy is the same promise. What was moved from is empty: completing it does nothing, and to await it is bad
 * input. If its last copy is gone before anybody has completed it, what awaits it fails with EPIPE: nobody waits for ever.
 *
 * Threads: as for every value of this library (see detail::handle).
 */
class promise : public detail::handle<promise, proc_promise, proc_promise_ref, proc_promise_unref> {
  public:
    /** A new one. */
    promise() noexcept : handle(proc_promise_new()) {}

    /**
     * Completes it: all that awaits it completes, and all that will await it does so at once. Only the first call counts. It does not
     * block, and may be called on any thread, one that runs no process, too.
     *
     * @param result  success, or what they fail with.
     * @return true: this was the first call.
     */
    // NOLINTNEXTLINE(modernize-use-nodiscard): most callers are the only one
    bool complete(error result = {}) const noexcept {
        return proc_promise_complete(get(), result.release());
    }

    /** The same, with an exception, as proc::error carries it; for instance `std::current_exception()`. */
    bool complete(const std::exception_ptr &exception) const noexcept {
        return complete(error(exception));
    }

  private:
    friend handle;
    using handle::handle;
};

/**
 * A process that completes as a promise does: with success, or with its error. Cancelled while it waits, it fails with the cause
 * (`cancel.error()`), unless the promise is complete by then.
 *
 * As a child of a group, a nursery and their like it takes no thread while it waits.
 *
 * Ownership: the process is no copy of the promise: other code must keep one.
 */
[[nodiscard]] inline process await(const promise &promise) noexcept {
    return process::adopt(proc_await(promise.get()));
}

} // namespace v0_2
} // namespace procession

#endif
