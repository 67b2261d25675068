// What the C++ header offers, used the way a careful program does, and what it promises about its types. It is compiled, not run.
// It may be included again, in whole and in part, and beside the one of C.
#include <procession.hpp>

#include <mutex>
#include <procession.h>
#include <procession.hpp> // NOLINT(readability-duplicate-include)
#include <procession/error.hpp>

namespace {

template <class Value> constexpr bool is_value() {
    return sizeof(Value) == sizeof(void *) && std::is_nothrow_default_constructible_v<Value> &&
           std::is_nothrow_copy_constructible_v<Value> &&
           std::is_nothrow_copy_assignable_v<Value> &&
           std::is_nothrow_move_constructible_v<Value> &&
           std::is_nothrow_move_assignable_v<Value> && std::is_nothrow_destructible_v<Value> &&
           !std::has_virtual_destructor_v<Value>;
}

static_assert(is_value<proc::process>());
static_assert(is_value<proc::error>());
static_assert(is_value<proc::cancel>());

static_assert(std::is_nothrow_default_constructible_v<proc::hook>);
static_assert(std::is_nothrow_move_constructible_v<proc::hook>);
static_assert(std::is_nothrow_move_assignable_v<proc::hook>);
static_assert(std::is_nothrow_destructible_v<proc::hook>);
static_assert(!std::is_copy_constructible_v<proc::hook>);
static_assert(!std::is_copy_assignable_v<proc::hook>);

static_assert(std::is_nothrow_default_constructible_v<proc::job>);
static_assert(std::is_nothrow_move_constructible_v<proc::job>);
static_assert(std::is_nothrow_move_assignable_v<proc::job>);
static_assert(std::is_nothrow_destructible_v<proc::job>);
static_assert(!std::is_copy_constructible_v<proc::job>);
static_assert(!std::is_copy_assignable_v<proc::job>);

static_assert(std::is_base_of_v<std::exception, proc::failure>);
static_assert(std::is_nothrow_copy_constructible_v<proc::failure>);
static_assert(std::is_nothrow_constructible_v<proc::failure, proc::error>);

// An error is neither a number nor a condition by accident, and a pointer of C becomes no value unless one says how.
static_assert(!std::is_convertible_v<proc::error, bool> &&
              !std::is_convertible_v<int, proc::error>);
static_assert(!std::is_constructible_v<proc::error, proc_error *>);
static_assert(!std::is_constructible_v<proc::process, proc_impl *>);
static_assert(!std::is_constructible_v<proc::cancel, proc_cancel *>);
static_assert(!std::is_constructible_v<bool, proc::cancel>);

proc::error work(const proc::cancel &cancel) {
    if (cancel.wait(std::chrono::milliseconds(1)))
        return cancel.error();
    const proc::hook interrupt(cancel, [] {});
    pollfd file{cancel.fd(), POLLIN, 0};
    if (cancel.poll(&file, 1, std::chrono::milliseconds(1)) < 0)
        cancel.throw_if_cancelled();
    return {1, std::string("text")};
}

#ifdef __cpp_lib_jthread
proc::error work_with_token(std::stop_token token) {
    const proc::stop_link link(proc::cancel::current());
    return proc::error(token == link.token() ? 1 : 2);
}

proc::process with_token() { return proc::make(work_with_token); }
#else
proc::process with_token() { return {}; }
#endif

[[maybe_unused]] void promises(const proc::process &process, const proc::cancel &cancel,
                               const proc::error &error, std::chrono::seconds time) {
    static_assert(noexcept(process.get()));
    static_assert(noexcept(proc::try_run(process, cancel)));
    static_assert(noexcept(proc::try_main(process)));
    static_assert(noexcept(proc::main(process)));
    static_assert(noexcept(proc::exit_status(error)));
    static_assert(noexcept(proc::error(1, "text")));
    static_assert(noexcept(proc::error(error.exception())));
    static_assert(noexcept(error.exception()));
    static_assert(noexcept(error.code()));
    static_assert(noexcept(error[0]));
    static_assert(noexcept(error.find_task("t")));
    static_assert(noexcept(*error.begin()));
    static_assert(noexcept(error.begin() != error.end()));
    static_assert(noexcept(cancel.cancelled()));
    static_assert(noexcept(cancel.trigger(error)));
    static_assert(noexcept(cancel.wait()));
    static_assert(noexcept(cancel.wait(time)));
    static_assert(noexcept(cancel.wait_until(std::chrono::steady_clock::now())));
    static_assert(noexcept(cancel.error()));
    static_assert(noexcept(cancel.cause()));
    static_assert(noexcept(cancel.child()));
    static_assert(noexcept(proc::cancel::current()));
    static_assert(!noexcept(cancel.fd()));
    static_assert(!noexcept(cancel.poll(nullptr, 0)));
    static_assert(!noexcept(error.message()));
    static_assert(!noexcept(error.rethrow()));
    static_assert(!noexcept(proc::run(process)));
    static_assert(!noexcept(proc::make(work)));
}

proc::process tree() {
    auto move_only = [lock = std::unique_lock<std::mutex>()](proc::cancel) { (void)lock.mutex(); };
    const std::vector<std::function<void()>> some{[] {}};
    const auto all =
        proc::concurrent(work, std::move(move_only), some, std::vector{proc::make(work)});
    return proc::group(
        {all, with_token(), proc::task("type", proc::trace_region("type", proc::sequence()))});
}

proc::job start() {
    proc::job job = proc::start(tree(), proc::cancel(), [] {});
    pollfd file{job.fd(), POLLIN, 0};
    if (proc::cancel::current().poll(&file, 1) == 1 || job.wait(std::chrono::seconds(1)))
        job.join();
    job.cancel().trigger();
    static_assert(noexcept(job.wait()));
    static_assert(noexcept(job.joinable()));
    static_assert(noexcept(job.cancel()));
    static_assert(!noexcept(job.try_join()));
    static_assert(!noexcept(job.join()));
    return job.joinable() ? std::move(job) : proc::start(work);
}

} // namespace

int use();

int use() {
    const proc::cancel cancel = proc::cancel().child();
    int codes = 0;
    for (const proc::error &part : proc::try_run(tree(), cancel))
        codes += part.is(1) ? part.cause().code() : static_cast<int>(part.count());
    try {
        proc::run(tree());
        start().join();
    } catch (const proc::failure &failure) {
        cancel.trigger(failure.error().find_task("type"));
    }
    return codes + proc::main(tree()) + proc::exit_status(proc::error::from_errno("what"));
}
