/*
 * procession/queue.hpp - part of procession.hpp: what runs on a thread of the program's choice
 */
#ifndef PROCESSION_QUEUE_HPP
#define PROCESSION_QUEUE_HPP

#include <cstddef>
#include <procession/process.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

/**
 * A queue of what is to run on a thread of your choice: one that has an event loop, or the only one that may enter a library.
 *
 *     const proc::queue gui;
 *     const auto shows = gui.on([&](const proc::cancel &) { window.show(picture); });
 *     const proc::job work = proc::start(proc::sequence(loads, shows));
 *     watch(gui.fd(), [gui] { gui.run_ready(); }); // in the thread of the window
 *
 * A value of one word: a copy is the same queue. What was moved from is empty: nothing runs in it, and to run something there is
 * bad input. If its last copy is gone, what waits in it fails with EPIPE: nobody waits for ever.
 *
 * Threads: as for every value of this library (see detail::handle).
 */
class queue : public detail::handle<queue, proc_queue, proc_queue_ref, proc_queue_unref> {
  public:
    /** A new one. */
    queue() noexcept : handle(proc_queue_new()) {}

    /**
     * A process that runs another one, or a callable, in the queue, and completes as that does. It runs under the handle, with the values and in
     * the tasks that are around this process. Cancelled before that has begun, it does not begin, and this fails with the cause
     * (`cancel.error()`). On a thread that is inside of a run of the same queue it runs at once, in place.
     *
     * If a process that runs in a queue waits for a child that is to run in the same queue, the child fails with EDEADLK, unless the
     * same thread begins the child.
     *
     * As a child of a group, a nursery and their like it takes no thread while it waits.
     *
     * Ownership: the process is no copy of the queue: other code must keep one.
     */
    template <class Part> [[nodiscard]] process on(Part &&part) const {
        process child = detail::to_process(std::forward<Part>(part));
        return process::adopt(proc_on_queue(get(), child.release()));
    }

    /**
     * Runs what is there, on the calling thread, in the order in which it came. What comes meanwhile is left for the next call. If there is
     * nothing, it waits for the first.
     *
     * @return how many it has run. 0: what was there had been cancelled.
     */
    // NOLINTNEXTLINE(modernize-use-nodiscard): loops need not know
    std::size_t run() const noexcept { return proc_queue_run(get(), nullptr, PROC_FOREVER); }

    /** The same, or until a handle is cancelled: that only ends the wait. */
    // NOLINTNEXTLINE(modernize-use-nodiscard): as above
    std::size_t run(const token &cancel) const noexcept {
        return proc_queue_run(get(), cancel.get(), PROC_FOREVER);
    }

    /** The same, or until the time is up, by the monotonic clock. */
    template <class Rep, class Period>
    // NOLINTNEXTLINE(modernize-use-nodiscard): as above
    std::size_t run_for(const std::chrono::duration<Rep, Period> &time) const noexcept {
        return proc_queue_run(get(), nullptr, detail::nanoseconds(time));
    }

    /** The same, or until one of both. */
    template <class Rep, class Period>
    // NOLINTNEXTLINE(modernize-use-nodiscard): as above
    std::size_t run_for(const token &cancel,
                        const std::chrono::duration<Rep, Period> &time) const noexcept {
        return proc_queue_run(get(), cancel.get(), detail::nanoseconds(time));
    }

    /** Runs what is there, and waits for nothing. */
    // NOLINTNEXTLINE(modernize-use-nodiscard): as above
    std::size_t run_ready() const noexcept { return proc_queue_run(get(), nullptr, 0); }

    /**
     * A descriptor that is readable while there is something to run, for poll, epoll and event loops: call `run_ready` then. It is made when
     * it is first asked for, is the queue's, and lives as long as it. Throws a proc::failure with a code of `errno` if none can be had.
     */
    [[nodiscard]] int fd() const {
        const int descriptor = proc_queue_fd(get());
        if (descriptor < 0)
            throw failure(error::from_errno("proc_queue_fd"));
        return descriptor;
    }

  private:
    friend handle;
    using handle::handle;
};

} // namespace v0_2
} // namespace procession

#endif
