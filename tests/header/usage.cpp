// What the C++ header offers, used the way a careful program does, and what it promises about its types. It is compiled, not run.
// It may be included again, in whole and in part, and beside the one of C.
#include <procession/fwd.hpp>

// Who only names the types needs no more.
proc::error named(const proc::cancel &cancel, proc::channel<int> *channel,
                  proc::main_options *options);

#include <procession.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <procession.h>
#include <procession.hpp> // NOLINT(readability-duplicate-include)
#include <procession/error.hpp>

// Callables of a namespace whose functions have the names of the library's: it calls its own.
namespace lookup {

template <class Any> void make(Any &&) {}
template <class Any> bool is_empty(const Any &) { return true; }
template <class Any> void to_process(Any &&) {}
template <class Any> void try_run(Any &&) {}
template <class Any> void try_run(Any &&, const proc::token &) {}

inline void run_all(const proc::cancel &cancel) {
    const std::vector<void (*)()> none;
    const auto work = [cancel] { cancel.trigger(); };
    proc::run(proc::group(work, proc::task("work", work)));
    proc::run(proc::sequence(work, none));
    proc::run(work);
    proc::run(work, cancel);
    proc::start(work, cancel, work).join();
}

} // namespace lookup

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
static_assert(is_value<proc::token>());
static_assert(is_value<proc::nursery>());
static_assert(is_value<proc::promise>());
static_assert(is_value<proc::queue>());

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

const proc::key<const std::string> key("key");

static_assert(!std::is_copy_constructible_v<decltype(key)>);
static_assert(!std::is_convertible_v<const char *, proc::key<int>>);

template <class Item> constexpr bool is_channel() {
    using channel = proc::channel<Item>;
    return sizeof(channel) == sizeof(void *) && std::is_nothrow_copy_constructible_v<channel> &&
           std::is_nothrow_copy_assignable_v<channel> &&
           std::is_nothrow_move_constructible_v<channel> &&
           std::is_nothrow_move_assignable_v<channel> && std::is_nothrow_destructible_v<channel> &&
           std::is_nothrow_move_constructible_v<proc::received<Item>> &&
           std::is_nothrow_destructible_v<proc::received<Item>>;
}

static_assert(is_channel<int>());
static_assert(is_channel<std::string>());
static_assert(is_channel<std::unique_ptr<int>>());
static_assert(!std::is_constructible_v<proc::channel<int>, proc_channel *>);
static_assert(!std::is_convertible_v<int, proc::channel<int>>);
static_assert(!std::is_convertible_v<proc::received<int>, bool>);

static_assert(std::is_base_of_v<std::exception, proc::failure>);
static_assert(std::is_nothrow_copy_constructible_v<proc::failure>);
static_assert(std::is_nothrow_constructible_v<proc::failure, proc::error>);

// An error is neither a number nor a condition by accident, and a pointer of C becomes no value unless one says how.
static_assert(!std::is_convertible_v<proc::error, bool> &&
              !std::is_convertible_v<int, proc::error>);
static_assert(!std::is_constructible_v<proc::error, proc_error *>);
static_assert(!std::is_constructible_v<proc::process, proc_impl *>);
static_assert(!std::is_constructible_v<proc::cancel, proc_cancel *>);
static_assert(!std::is_constructible_v<proc::token, proc_cancel *>);
static_assert(!std::is_constructible_v<proc::nursery, proc_nursery *>);
static_assert(!std::is_constructible_v<proc::promise, proc_promise *>);
static_assert(!std::is_constructible_v<proc::queue, proc_queue *>);
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

template <class Item> bool passes_on(const proc::cancel &cancel, Item first) {
    const proc::channel<Item> from(0);
    const proc::channel<Item> to(1);
    const auto is_sent = [](proc::channel_status status) {
        return status == proc::channel_status::ok;
    };
    for (auto &item : from.items(cancel))
        if (!is_sent(to.send(std::move(item), cancel)))
            from.close();
    if (auto item = to.receive_for(cancel, std::chrono::seconds(1)))
        return is_sent(from.try_send(*std::move(item)));
    return is_sent(to.send_for(std::move(first), std::chrono::seconds(1)));
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
                               const proc::error &error, std::chrono::seconds time,
                               const proc::channel<std::string> &channel,
                               const proc::nursery &nursery, const proc::promise &promise) {
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
    static_assert(noexcept(nursery.try_spawn(process)));
    static_assert(noexcept(nursery.wait()));
    static_assert(noexcept(nursery.wait(time)));
    static_assert(noexcept(nursery.count()));
    static_assert(noexcept(nursery.cancel()));
    static_assert(noexcept(promise.complete()));
    static_assert(noexcept(promise.complete(error)));
    static_assert(noexcept(promise.complete(error.exception())));
    static_assert(noexcept(proc::await(promise)));
    static_assert(noexcept(proc::value(key)));
    static_assert(noexcept(cancel.value(key)));
    static_assert(noexcept(channel.close()));
    static_assert(noexcept(channel.size()));
    static_assert(!noexcept(channel.try_send("text")));
    static_assert(!noexcept(channel.try_receive()));
    static_assert(!noexcept(channel.items().begin()));
    static_assert(!noexcept(channel.fd()));
    static_assert(!noexcept(cancel.fd()));
    static_assert(!noexcept(cancel.poll(nullptr, 0)));
    static_assert(!noexcept(error.message()));
    static_assert(!noexcept(error.rethrow()));
    static_assert(!noexcept(proc::run(process)));
    static_assert(!noexcept(proc::make(work)));
    static_assert(!noexcept(nursery.spawn(process)));
    static_assert(!noexcept(nursery.try_spawn(work)));
}

proc::process tree() {
    auto move_only = [lock = std::unique_lock<std::mutex>()](proc::cancel) { (void)lock.mutex(); };
    const std::vector<std::function<void()>> some{[] {}};
    const auto all =
        proc::concurrent(work, std::move(move_only), some, std::vector{proc::make(work)});
    return proc::group(
        {all, with_token(), proc::task("type", proc::trace_region("type", proc::sequence()))});
}

proc::process server() {
    proc::nursery_options options;
    options.limit = 100;
    options.on_failure = [](const proc::error &error) { (void)error.message(); };
    const auto body = [](const proc::nursery &nursery, const proc::cancel &cancel) {
        nursery.spawn([nursery] { nursery.spawn(tree()); });
        if (auto refused = nursery.try_spawn(work))
            return refused;
        return nursery.wait(std::chrono::seconds(1)) ? proc::error() : cancel.error();
    };
    return proc::group(proc::with_nursery(body), proc::with_nursery(body, options));
}

proc::process all_others() {
    const std::vector<int> numbers{1, 2, 3};
    const proc::promise promise;
    const auto number = [](int one, const proc::cancel &cancel) {
        return proc::error(one).wrap(*cancel.value(key));
    };
    return proc::with_value(
        key, "value",
        proc::group_limit(3, proc::race(work, tree()), proc::any({tree()}), proc::await(promise),
                          proc::queue().on(work), proc::queue().on(tree()),
                          proc::each(numbers, 2, number), proc::each(3, 0, [](std::size_t) {}),
                          proc::finally(work, [promise] { promise.complete(); }),
                          proc::shield(std::chrono::seconds(1), proc::shield(work)),
                          proc::concurrent_limit(1, {tree()})));
}

std::size_t values(const proc::cancel &cancel) {
    const auto gives = [](const proc::cancel &own) { return own.cancelled() ? 1 : 2; };
    auto [number, nothing, text] = proc::all(gives, work, [] { return std::string("text"); });
    static_assert(std::is_same_v<decltype(nothing), std::monostate>);
    const auto one = proc::first(cancel, gives, tree());
    const auto lengths = proc::map(cancel, std::vector{text}, 2, &std::string::size);
    const std::vector<bool> odd = proc::map(3, 0, [](std::size_t index) { return index % 2 == 1; });
    return lengths.at(0) + odd.size() + one.index() + static_cast<std::size_t>(number);
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

#if __cplusplus >= 202002L

/* What is not said is the default, and no compiler warns of it. */
proc::process options() {
    auto supervised = proc::supervise({.most = 10}, work);
    auto nursery = proc::with_nursery([](const proc::nursery &) {}, {.limit = 100});
    return proc::group(std::move(supervised), std::move(nursery), proc::child({.argv = {"true"}}),
                       proc::child({{"true"}}));
}

int main_with_options() { return proc::main(options(), {.notify = true}); }

#endif

} // namespace

int use();

int use() {
    const proc::cancel cancel = proc::cancel().child();
    int codes = 0;
    for (const proc::error &part : proc::try_run(tree(), cancel))
        codes += part.is(1) ? part.cause().code() : static_cast<int>(part.count());
    try {
        proc::run(tree());
        proc::run(proc::group(server(), all_others()));
        codes += static_cast<int>(values(cancel));
        start().join();
        codes += passes_on<int>(cancel, 1) ? 1 : 0;
        codes += passes_on(cancel, std::make_unique<int>(1)) ? 1 : 0;
    } catch (const proc::failure &failure) {
        cancel.trigger(failure.error().find_task("type"));
    }
#if __cplusplus >= 202002L
    codes += main_with_options();
#endif
    return codes + proc::main(tree()) + proc::exit_status(proc::error::from_errno("what"));
}
