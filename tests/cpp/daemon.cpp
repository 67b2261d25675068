/* What a daemon needs of its system. Laws:
 *
 *   defaults         Options of which nothing is said are those of C (PROC_MAIN_OPTIONS_INIT).
 *   forever          What is to be for ever is that in C, and not the largest time.
 *   designated       In C++20 an option is named, and the others are the defaults.
 *   signals          The signals that are named stop it, and are stored; an empty vector: none does.
 *   bad_options      What cannot be is EINVAL, and nothing is started.
 *   drains           From the signal until the time to drain is over it is draining, and not cancelled.
 *   abandons         Before it is ended by force, on_abandon is called, which may be move-only.
 *   services         The service manager hears READY=1 when all services have said that they are ready.
 *   vouches          One that vouches for itself and is late is not healthy.
 *   on_signal        It runs at each arrival of its signal, until it is cancelled, which is a success; its error ends it.
 *   early            A signal that comes before proc::main, and after proc::early_signals, stops it.
 *   listens          The sockets that the service manager holds are found by name; one that is not open throws.
 */
#include "dies.hpp"
#include <cerrno>
#include <cstring>
#include <procession.hpp>
#include <procession/daemon.hpp>
#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <tuple>

namespace {

using namespace std::chrono_literals;

class daemons : public dies {};

const auto fails = [] { return proc::error(EIO, "disk"); };

/* Until it is cancelled. */
proc::error stops(const proc::token &token) {
    EXPECT_TRUE(token.wait(gate::deadline()));
    return token.error();
}

void send(int signal_number) { EXPECT_EQ(kill(getpid(), signal_number), 0); }

auto choices(const proc_main_options &options) {
    return std::make_tuple(options.size, options.signals, options.signal_count, options.drain_ns,
                           options.grace_ns, options.dump_signal, options.notify,
                           options.signal_out, options.force_after_ns, options.failure_grace_ns,
                           options.reap, options.on_abandon, options.user_data);
}

TEST_F(daemons, defaults) {
    const proc_main_options expected = PROC_MAIN_OPTIONS_INIT;
    const proc_main_options given = proc::detail::given(proc::main_options());
    EXPECT_EQ(choices(expected), choices(given));
    EXPECT_FALSE(proc::try_main([] {}, proc::main_options()));
    EXPECT_EQ(proc::try_main(fails, {}).message(), "disk");
    EXPECT_EQ(proc::main([] {}, {}), 0);
}

TEST_F(daemons, forever) {
    proc::main_options options;
    options.drain = options.force_after = std::chrono::nanoseconds::max();
    options.grace = -1s;
    const proc_main_options given = proc::detail::given(options);
    EXPECT_EQ(given.drain_ns, PROC_FOREVER);
    EXPECT_EQ(given.force_after_ns, PROC_FOREVER);
    EXPECT_EQ(given.grace_ns, PROC_AT_ONCE);
}

#if __cplusplus >= 202002L
TEST_F(daemons, designated) {
    EXPECT_FALSE(proc::try_main([] {}, {.grace = 10s, .reap = false}));
    EXPECT_EQ(proc::main(proc::process(), {.drain = 1s}), 1);
}
#endif

TEST_F(daemons, signals) {
    int stopped_by = 0;
    proc::main_options options;
    options.signals = {SIGUSR1, SIGUSR2};
    options.signal_out = &stopped_by;
    const auto stopped = [](const proc::token &token) { return send(SIGUSR2), stops(token); };
    EXPECT_FALSE(proc::try_main(stopped, options));
    EXPECT_EQ(stopped_by, SIGUSR2);
    options.signals->clear();
    signal(SIGTERM, SIG_IGN);
    const auto goes_on = [](const proc::token &token) {
        send(SIGTERM);
        EXPECT_FALSE(token.draining());
    };
    EXPECT_FALSE(proc::try_main(goes_on, options));
    EXPECT_EQ(stopped_by, 0);
    signal(SIGTERM, SIG_DFL);
}

TEST_F(daemons, bad_options) {
    const auto never = [] { ADD_FAILURE() << "it was started"; };
    proc::main_options options;
    options.signals = {SIGKILL};
    EXPECT_EQ(proc::try_main(never, options).code(), EINVAL);
    options.signals.reset();
    options.dump_signal = SIGTERM;
    EXPECT_EQ(proc::try_main(never, options).code(), EINVAL);
}

TEST_F(daemons, drains) {
    proc::main_options options;
    options.drain = std::chrono::nanoseconds::max();
    const auto serves = [](const proc::token &token) {
        EXPECT_FALSE(token.draining());
        send(SIGTERM);
        EXPECT_TRUE(token.drain_handle().wait(gate::deadline()));
        EXPECT_TRUE(token.draining());
        EXPECT_FALSE(token.cancelled());
    };
    EXPECT_FALSE(proc::try_main(serves, options));
}

[[noreturn]] void is_abandoned() {
    proc::main_options options;
    options.grace = 1ms;
    options.on_abandon = [text = std::make_unique<std::string>("saved")] {
        std::cerr << *text << std::endl;
        _exit(3);
    };
    const auto hangs = [] {
        send(SIGTERM);
        gate().wait();
    };
    _exit(proc::main(hangs, options));
}

TEST_F(daemons, abandons) { EXPECT_EXIT(is_abandoned(), testing::ExitedWithCode(3), "saved"); }

/* A service manager, which hears what the program tells it. */
class manager {
  public:
    manager() : socket_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        name_ = "procession-test-" + std::to_string(getpid());
        std::memcpy(&address.sun_path[1], name_.data(), name_.size());
        const auto size = offsetof(sockaddr_un, sun_path) + 1 + name_.size();
        EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr *>(&address), socklen_t(size)), 0);
        const timeval patience{gate::deadline().count(), 0};
        EXPECT_EQ(setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    }

    manager(const manager &) = delete;
    manager &operator=(const manager &) = delete;
    ~manager() { close(socket_); }

    [[nodiscard]] std::string address() const { return "@" + name_; }

    /* What it is told next. */
    [[nodiscard]] std::string hears() const {
        std::string text(4096, '\0');
        const ssize_t size = recv(socket_, text.data(), text.size(), 0);
        EXPECT_GT(size, 0);
        text.resize(size > 0 ? std::size_t(size) : 0);
        return text;
    }

  private:
    int socket_;
    std::string name_{};
};

TEST_F(daemons, services) {
    const manager manager;
    EXPECT_EQ(setenv("NOTIFY_SOCKET", manager.address().c_str(), 1), 0);
    gate ready;
    const auto becomes_ready = [&](const proc::token &token) {
        token.ready();
        ready.open();
        return stops(token);
    };
    const auto looks = [&] {
        ready.wait(2);
        EXPECT_NE(manager.hears().find("READY=1"), std::string::npos);
        send(SIGTERM);
    };
    proc::main_options options;
    options.notify = true;
    EXPECT_EQ(proc::main(proc::group(proc::service("web", becomes_ready),
                                     proc::service("store", becomes_ready), looks),
                         options),
              0);
}

TEST_F(daemons, vouches) {
    EXPECT_TRUE(proc::healthy());
    const auto vouches = [](const proc::token &token) {
        token.alive(std::chrono::hours(1));
        EXPECT_TRUE(proc::healthy());
        token.alive(0s);
        EXPECT_FALSE(proc::healthy());
        token.stop_vouching();
        EXPECT_TRUE(proc::healthy());
    };
    EXPECT_EQ(proc::main(vouches), 0);
}

void unexpected(int) {}

/* From then on the signal is for the library. */
void wait_until_taken(int signal_number) {
    struct sigaction now {};
    do {
        sched_yield();
        sigaction(signal_number, nullptr, &now);
    } while (now.sa_handler == unexpected);
}

TEST_F(daemons, on_signal) {
    signal(SIGHUP, unexpected);
    gate reloaded;
    const auto sends = [&] {
        wait_until_taken(SIGHUP);
        send(SIGHUP);
        reloaded.wait();
        send(SIGHUP);
        reloaded.wait(2);
    };
    const auto reload = proc::on_signal(SIGHUP, [&] { reloaded.open(); });
    EXPECT_FALSE(proc::try_run(proc::group(proc::background(reload), sends)));
    const auto sends_once = [] {
        wait_until_taken(SIGHUP);
        send(SIGHUP);
    };
    const auto broken = proc::on_signal(SIGHUP, fails);
    EXPECT_EQ(proc::try_run(proc::group(broken, sends_once)).message(), "disk");
    EXPECT_EQ(proc::try_run(proc::on_signal(SIGKILL, fails)).code(), EINVAL);
    EXPECT_EQ(proc::try_run(proc::on_signal(SIGHUP, proc::process())).code(), EINVAL);
    signal(SIGHUP, SIG_DFL);
}

TEST_F(daemons, early) {
    const auto is_stopped_early = [] {
        proc::early_signals();
        send(SIGTERM);
        _exit(proc::main(stops));
    };
    EXPECT_EXIT(is_stopped_early(), testing::ExitedWithCode(0), "^$");
}

/* Whether that holds in a child that a service manager has given so many sockets. It ends by a signal: valgrind would look for what
 * is lost in one that exits. */
template <class Action> bool with_sockets(const char *count, const Action &action) {
    const pid_t child = fork();
    if (child == 0) {
        alarm(static_cast<unsigned>(gate::deadline().count()));
        setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
        setenv("LISTEN_FDS", count, 1);
        setenv("LISTEN_FDNAMES", "web:admin:web", 1);
        for (int fd = 3; fd < 6; ++fd)
            dup2(0, fd);
        close(6);
        raise(action() ? SIGKILL : SIGABRT);
    }
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

TEST_F(daemons, listens) {
    EXPECT_TRUE(with_sockets("3", [] {
        return proc::listen_fds() == std::vector<int>{3, 4, 5} &&
               proc::listen_fds("web") == std::vector<int>{3, 5} &&
               proc::listen_fds("other").empty();
    }));
    EXPECT_TRUE(with_sockets("4", [] {
        try {
            return proc::listen_fds().empty();
        } catch (const proc::failure &failure) {
            return failure.error().is(EBADF);
        }
    }));
}

} // namespace
