/*
 * procession/scope.hpp - part of procession.hpp: tasks and regions by hand
 */
#ifndef PROCESSION_SCOPE_HPP
#define PROCESSION_SCOPE_HPP

#include <exception>
#include <procession/cancel.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

/**
 * A task by hand, from here to the end of a scope: for work that no process of its own does, such as one request of many. What runs with
 * its handle, or with one below it, is in this task: processes, tasks, regions and logs.
 *
 *     proc::task_scope request("GET /report", cancel);
 *     request.cancel().label(path);
 *     answer(request.cancel());
 *
 * If it ends because an exception passes by, the task has failed: "left by an exception"; but if its handle is cancelled then, it has stopped, as
 * asked. `end` says with which error it has failed, and when. Its end cancels nothing: what was started in it may go on.
 *
 * It can be moved, also to another thread, where it may end. What was moved from has no task.
 */
class task_scope {
  public:
    /**
     * @param task_type  the name, the same for all tasks of a kind. NULL is bad input: its handle is cancelled then, and says why.
     * @param above      the handle to be below. Without, or if it is empty, nothing above cancels it.
     */
    explicit task_scope(detail::text task_type, const token &above = {}) noexcept
        : cancel_(cancel::adopt(proc_task_begin(above.get(), task_type.c_str()))) {}

    task_scope(task_scope &&other) noexcept : cancel_(std::move(other.cancel_)) {}

    task_scope &operator=(task_scope &&other) noexcept {
        if (this != &other) {
            end(left());
            cancel_ = std::move(other.cancel_);
            unwinding_ = std::uncaught_exceptions();
        }
        return *this;
    }

    task_scope(const task_scope &) = delete;
    task_scope &operator=(const task_scope &) = delete;

    ~task_scope() { end(left()); }

    /** Its handle; empty once it has ended. Cancelling it does not end the task. */
    [[nodiscard]] const procession::cancel &cancel() const noexcept { return cancel_; }

    /** Ends it now, and says why it has failed, or that it has not. Further ends do nothing. */
    void end(const error &failed = {}) noexcept { proc_task_end(cancel_.release(), failed.get()); }

  private:
    /** Why it ends with its scope. */
    [[nodiscard]] error left() const noexcept {
        if (cancel_.get() == nullptr || std::uncaught_exceptions() <= unwinding_)
            return {};
        return cancel_.cancelled() ? cancel_.error() : error(-1, "left by an exception");
    }

    procession::cancel cancel_;
    int unwinding_ = std::uncaught_exceptions();
};

/**
 * A region by hand, from here to the end of a scope: a named interval in the trace, on the thread on which it begins. It costs one atomic
 * load while nobody wants to know.
 *
 *     const proc::region region("parse");
 *
 * Regions that were begun inside of it on the same thread end with it. It cannot be moved, for it ends on its thread.
 */
class region {
  public:
    /**
     * @param region_type  the name, the same for all regions of a kind. NULL throws a proc::failure with EINVAL.
     * @param token        says in which task the region is; without, in that of the callable that runs here.
     */
    explicit region(detail::text region_type, const token &token = {})
        : region_(proc_region_begin(token.get(), region_type.c_str())) {
        if (region_ == nullptr)
            throw failure(error::from_errno("proc_region_begin"));
    }

    region(const region &) = delete;
    region &operator=(const region &) = delete;

    ~region() { proc_region_end(region_); }

  private:
    proc_region *region_;
};

} // namespace v0_2
} // namespace procession

#endif
