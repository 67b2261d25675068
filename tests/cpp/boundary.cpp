/* The C API in a C++ program, and what the boundary between the two does not let pass. Laws:
 *
 *   macros           PROC_CONCURRENT, PROC_GROUP and PROC_SEQUENCE do in C++ what they do in C.
 *   of_c             An exception that leaves a callback of the C API ends the program with a message that names the process's path.
 *   thread_exit      So does pthread_exit in a callable, which is no exception: it is not taken for one.
 *   thread_cancel    So does a thread that is cancelled in a callable.
 *   foreign          So does what another language throws through a callable.
 *   edges            Where nothing can carry an exception, it ends the program by std::terminate, which tells its what(): in a hook, in who
 *                    is told of a job's end, in who decides on a restart, in who is told of output, and in the destructors of callables,
 *                    values, items and of exceptions themselves.
 *   terminate        … and what the program has set for that (std::set_terminate) runs, and can see the exception.
 */
#include "dies.hpp"
#include <cstring>
#include <procession.hpp>
#include <pthread.h>
#include <unwind.h>

namespace {

class boundary : public dies {};

proc_error *count(proc_cancel *, void *user_data) {
    ++*static_cast<int *>(user_data);
    return nullptr;
}

proc_error *fail(proc_cancel *, void *) { return proc_error_new(5, "fails"); }

TEST_F(boundary, macros) {
    int runs = 0;
    auto counting = [&runs] { return proc_new(count, &runs, nullptr); };
    proc_impl *steps = PROC_SEQUENCE(counting(), counting(), counting());
    EXPECT_EQ(proc_run(PROC_GROUP(PROC_CONCURRENT(steps)), nullptr), nullptr);
    EXPECT_EQ(runs, 3);
    proc_impl *failing = proc_new(fail, nullptr, nullptr);
    proc_error *error =
        proc_run(PROC_CONCURRENT(proc_ref(failing), proc_task("t", failing)), nullptr);
    EXPECT_EQ(proc_error_count(error), 2U);
    proc_error_unref(error);
}

/* Something above it would catch all that there is. */
[[noreturn]] void run_as_web(const proc::process &process) {
    try {
        _exit(proc::exit_status(proc::try_run(proc::task("web", proc::group(process)))));
    } catch (...) {
        _exit(2);
    }
}

/* It is aborted, and says where. */
void ends_with(const proc::process &process, const std::string &path) {
    EXPECT_EXIT(run_as_web(process), testing::KilledBySignal(SIGABRT),
                "a callback of the process " + path + " was left");
}

proc_error *throw_in_c(proc_cancel *, void *) { throw std::runtime_error("lost"); }

TEST_F(boundary, of_c) {
    ends_with(proc::task("request", proc::process::adopt(proc_new(throw_in_c, nullptr, nullptr))),
              "web/request");
}

TEST_F(boundary, thread_exit) {
    ends_with(proc::task("request", [] { pthread_exit(nullptr); }), "web/request");
}

/* AddressSanitizer does not unmark the frames that the cancellation of a thread unwinds, and stops at them by mistake. */
#ifndef __SANITIZE_ADDRESS__
TEST_F(boundary, thread_cancel) {
    const auto is_cancelled = [] {
        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, nullptr);
        pthread_cancel(pthread_self());
        pthread_testcancel();
    };
    ends_with(proc::task("request", is_cancelled), "web/request");
}
#endif

TEST_F(boundary, foreign) {
    static _Unwind_Exception exception;
    std::memcpy(&exception.exception_class, "OTHER\0L", sizeof exception.exception_class);
    ends_with(proc::task("request", [] { _Unwind_RaiseException(&exception); }), "web/request");
}

struct fragile {
    fragile() = default;
    fragile(const fragile &) = default;
    fragile(fragile &&) = default;
    fragile &operator=(const fragile &) = delete;
    fragile &operator=(fragile &&) = delete;
    ~fragile() noexcept(false) {
        if (breaks)
            throw std::runtime_error("lost");
    }
    void operator()() const {}
    static bool breaks;
};

bool fragile::breaks = false;

/* What it does ends the program; that nothing catches it counts as well. */
template <class Action> [[noreturn]] void ends(const Action &action) {
    try {
        action();
    } catch (...) {
        _exit(2);
    }
    _exit(0);
}

template <class Action> void is_told(const Action &action) {
    EXPECT_EXIT(ends(action), testing::KilledBySignal(SIGABRT), "std::runtime_error.*lost");
}

[[noreturn]] void lose() { throw std::runtime_error("lost"); }

void lose_in_hook() {
    const proc::cancel cancel;
    const proc::hook hook(cancel, lose);
    cancel.trigger();
}

void lose_in_destructor() {
    const proc::process process = proc::make(fragile());
    fragile::breaks = true;
}

void lose_in_value() {
    static const proc::key<fragile> key("key");
    const proc::cancel cancel = proc::cancel().with_value(key, fragile());
    fragile::breaks = true;
}

void lose_in_item() {
    const proc::channel<fragile> channel(1);
    EXPECT_EQ(channel.send(fragile()), proc::channel_status::ok);
    fragile::breaks = true;
}

void lose_in_exception() {
    const proc::error carries = proc::try_run([] { throw fragile(); });
    fragile::breaks = true;
}

void lose_at_restart() {
    proc::supervise_options options;
    options.restart = [](const proc::error &) -> bool { lose(); };
    proc::run(proc::supervise(options, [] { return proc::error(5); }));
}

void lose_output() {
    proc::child_options options;
    options.argv = {"echo", "out"};
    options.on_output = [](int, std::string_view) { lose(); };
    proc::run(proc::child(options));
}

TEST_F(boundary, edges) {
    is_told(lose_in_hook);
    is_told([] { proc::start([] {}, proc::cancel(), lose).join(); });
    is_told(lose_at_restart);
    is_told(lose_output);
    is_told(lose_in_destructor);
    is_told(lose_in_value);
    is_told(lose_in_item);
    is_told(lose_in_exception);
}

[[noreturn]] void say_what_is_lost() {
    std::cerr << "the program's own: " << proc::error(std::current_exception()).message() << '\n';
    std::abort();
}

TEST_F(boundary, terminate) {
    const auto has_a_handler = [] {
        std::set_terminate(say_what_is_lost);
        lose_in_hook();
    };
    EXPECT_EXIT(ends(has_a_handler), testing::KilledBySignal(SIGABRT), "the program's own: lost");
}

} // namespace
