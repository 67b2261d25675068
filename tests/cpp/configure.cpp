/* proc::configure. Laws:
 *
 *   defaults         What is not said is as without: it is accepted, and nothing is called.
 *   threads          Threads are called what is chosen, and callables, which may be move-only, are called on each as it begins and ends.
 *   last             Before anything runs, the last call counts.
 *   refused          What cannot be is EINVAL, and after the first run any is EBUSY.
 *   designated       In C++20 a choice is named, and the others are the defaults.
 */
#include "dies.hpp"
#include <cerrno>
#include <csignal>
#include <procession.hpp>
#include <procession/configure.hpp>
#include <pthread.h>

namespace {

class configure : public dies {};

/* Each in a program in which nothing has run. */
template <class Action> void is_so(const Action &action) {
    EXPECT_EXIT(_exit(action() ? 0 : 1), testing::ExitedWithCode(0), "^$");
}

TEST_F(configure, defaults) {
    is_so([] { return !proc::try_configure({}) && !proc::try_run([] {}); });
}

std::string thread_name() {
    std::string name(16, '\0');
    pthread_getname_np(pthread_self(), name.data(), name.size());
    return name.c_str();
}

TEST_F(configure, threads) {
    is_so([] {
        static gate begun;
        static gate ended;
        proc::config config;
        config.idle_timeout = std::chrono::nanoseconds(0);
        config.thread_name_prefix = "web";
        config.on_thread_start = [one = std::make_unique<gate *>(&begun)] { (*one)->open(); };
        config.on_thread_stop = [] { ended.open(); };
        proc::configure(std::move(config));
        std::string name;
        proc::start(proc::task("t", [&] { name = thread_name(); })).join();
        begun.wait();
        ended.wait();
        return name == "web/t";
    });
}

TEST_F(configure, last) {
    is_so([] {
        proc::config config;
        config.thread_name_prefix = "one";
        config.on_thread_start = [] { _exit(2); };
        proc::configure(config);
        config.on_thread_start = {};
        config.thread_name_prefix = "other";
        proc::configure(config);
        std::string name;
        proc::start([&] { name = thread_name(); }).join();
        return name == "other";
    });
}

TEST_F(configure, refused) {
    is_so([] {
        proc::config config;
        config.open_signals = {SIGSEGV};
        const bool refused = proc::try_configure(config).code() == EINVAL;
        config.open_signals->clear();
        proc::configure(config);
        proc::run([] {});
        try {
            proc::configure(config);
            return false;
        } catch (const proc::failure &failure) {
            return refused && failure.error().code() == EBUSY;
        }
    });
}

#if __cplusplus >= 202002L
TEST_F(configure, designated) {
    is_so([] { return !proc::try_configure({.stack_size = 1 << 20, .thread_name_prefix = "w"}); });
}
#endif

} // namespace
