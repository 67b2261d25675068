/* What proc::cancel reads and writes. Laws:
 *
 *   passes     What write_all() writes, read() gives, with and without a time; 0 at the end.
 *   connects   connect() connects a socket, and accept() gives the connection.
 *   ends       They end with the cancellation, also while they wait, and with their time: -1 or false, and errno says which it was.
 *   deadlines  A deadline ends them as a time does.
 *   throws     How they fail otherwise is thrown, with its code: EPIPE, EBADF, ECONNREFUSED.
 *   of_nobody  An empty handle is never cancelled.
 */
#include "gate.hpp"
#include <cerrno>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <procession.hpp>
#include <string>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;

/** Both ends of a pipe; closed ones are -1. */
struct pipe_ends {
    int reading = -1, writing = -1;

    pipe_ends() {
        int ends[2];
        EXPECT_EQ(pipe(ends), 0);
        reading = ends[0], writing = ends[1];
    }

    ~pipe_ends() {
        shut(reading);
        shut(writing);
    }

    pipe_ends(const pipe_ends &) = delete;
    pipe_ends &operator=(const pipe_ends &) = delete;

    static void shut(int &fd) {
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
};

/** A socket that listens, or did. */
struct listener {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in inet{};
    socklen_t size = sizeof inet;

    listener() {
        inet.sin_family = AF_INET;
        inet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(bind(fd, address(), size), 0);
        EXPECT_EQ(listen(fd, 10), 0);
        EXPECT_EQ(getsockname(fd, address(), &size), 0);
    }

    ~listener() { pipe_ends::shut(fd); }

    listener(const listener &) = delete;
    listener &operator=(const listener &) = delete;

    sockaddr *address() { return reinterpret_cast<sockaddr *>(&inet); }
};

/** The code of the failure that the callable throws; 0: none. */
template <class Callable> int code_of(Callable &&callable) {
    try {
        callable();
    } catch (const proc::failure &failure) {
        return failure.error().code();
    }
    return 0;
}

TEST(io, passes) {
    const proc::cancel cancel;
    pipe_ends ends;
    std::string got(8, '\0');
    EXPECT_TRUE(cancel.write_all(ends.writing, "abc", 3));
    EXPECT_EQ(cancel.read(ends.reading, got.data(), 2), 2);
    EXPECT_TRUE(cancel.write_all(ends.writing, "d", 1, 1h));
    EXPECT_EQ(cancel.read(ends.reading, &got[2], 6, 1h), 2);
    EXPECT_STREQ(got.c_str(), "abcd");
    pipe_ends::shut(ends.writing);
    EXPECT_EQ(cancel.read(ends.reading, got.data(), 8), 0);
}

TEST(io, connects) {
    const proc::cancel cancel;
    listener listens;
    for (const bool timed : {false, true}) {
        int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        EXPECT_TRUE(timed ? cancel.connect(client, listens.address(), listens.size, 1h)
                          : cancel.connect(client, listens.address(), listens.size));
        int server = timed ? cancel.accept(listens.fd, 1h) : cancel.accept(listens.fd);
        char got = '\0';
        EXPECT_TRUE(cancel.write_all(client, "x", 1));
        EXPECT_EQ(cancel.read(server, &got, 1), 1);
        EXPECT_EQ(got, 'x');
        pipe_ends::shut(client);
        pipe_ends::shut(server);
    }
}

TEST(io, ends) {
    const proc::cancel cancel;
    const pipe_ends ends;
    listener listens;
    char byte = '\0';
    const std::string much(1 << 20, 'x');
    EXPECT_EQ(cancel.read(ends.reading, &byte, 1, 1ms), -1);
    EXPECT_EQ(errno, ETIMEDOUT);
    EXPECT_FALSE(cancel.write_all(ends.writing, much.data(), much.size(), 1ms));
    EXPECT_EQ(errno, ETIMEDOUT);
    EXPECT_EQ(cancel.accept(listens.fd, 0s), -1);
    EXPECT_EQ(errno, ETIMEDOUT);
    gate started;
    const auto accepts = [&] {
        started.open();
        EXPECT_EQ(cancel.accept(listens.fd), -1);
        EXPECT_EQ(errno, ECANCELED);
    };
    const auto triggers = [&] {
        started.wait();
        cancel.trigger();
    };
    proc::run(proc::concurrent(accepts, triggers));
    EXPECT_EQ(cancel.read(ends.reading, &byte, 1), -1);
    EXPECT_FALSE(cancel.write_all(ends.writing, &byte, 1));
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_FALSE(cancel.connect(client, listens.address(), listens.size));
    EXPECT_EQ(errno, ECANCELED);
    pipe_ends::shut(client);
}

TEST(io, deadlines) {
    const proc::token token = proc::cancel().token();
    const auto past = std::chrono::steady_clock::now() - 1s;
    const auto future = past + 1h;
    const pipe_ends ends;
    const listener listens;
    char byte = '\0';
    pollfd file{ends.reading, POLLIN, 0};
    EXPECT_EQ(token.poll(&file, 1, past), 0);
    EXPECT_EQ(token.read(ends.reading, &byte, 1, past), -1);
    EXPECT_EQ(errno, ETIMEDOUT);
    EXPECT_EQ(token.accept(listens.fd, past), -1);
    EXPECT_EQ(errno, ETIMEDOUT);
    EXPECT_TRUE(token.write_all(ends.writing, "x", 1, future));
    EXPECT_EQ(token.poll(&file, 1, future), 1);
    EXPECT_EQ(token.read(ends.reading, &byte, 1, future), 1);
}

TEST(io, throws) {
    const proc::cancel cancel;
    pipe_ends ends;
    listener listens;
    char byte = '\0';
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pipe_ends::shut(ends.reading);
    pipe_ends::shut(listens.fd);
    EXPECT_EQ(code_of([&] { (void)cancel.write_all(ends.writing, "x", 1); }), EPIPE);
    EXPECT_EQ(code_of([&] { (void)cancel.read(-1, &byte, 1); }), EBADF);
    EXPECT_EQ(code_of([&] { (void)cancel.accept(-1); }), EBADF);
    EXPECT_EQ(code_of([&] { (void)cancel.connect(client, listens.address(), listens.size); }),
              ECONNREFUSED);
    pipe_ends::shut(client);
}

TEST(io, of_nobody) {
    proc::cancel cancel;
    const proc::cancel moved = std::move(cancel);
    const pipe_ends ends;
    char byte = '\0';
    moved.trigger();
    EXPECT_EQ(cancel.read(ends.reading, &byte, 1, 1ms), -1);
    EXPECT_EQ(errno, ETIMEDOUT);
    EXPECT_TRUE(cancel.write_all(ends.writing, "x", 1));
    EXPECT_EQ(cancel.read(ends.reading, &byte, 1), 1);
}

} // namespace
