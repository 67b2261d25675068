/* manager.h: a service manager as far as it hears from the program: a socket, and what comes there, one message after the
 * other. The socket's name is in the environment of this program.
 */
#ifndef MANAGER_H
#define MANAGER_H

#include "asleep.h"
#include "leaf.h"
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

typedef struct manager {
    int fd;
    char name[sizeof((struct sockaddr_un *)0)->sun_path];
    char message[256]; /* the last one */
} manager;

/* Tells the program of it, which nobody hears yet. */
static inline void manager_name(manager *m, bool is_abstract) {
    static int count;
    m->fd = -1;
    snprintf(m->name, sizeof m->name, "%cprocession.%d.%d", is_abstract ? '@' : '/', getpid(),
             count++);
    if (!is_abstract)
        snprintf(m->name, sizeof m->name, "/tmp/procession.%d.%d", getpid(), count++);
    setenv("NOTIFY_SOCKET", m->name, 1);
}

static inline socklen_t manager_address(const manager *m, struct sockaddr_un *address) {
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, m->name, sizeof m->name);
    if (m->name[0] == '@')
        address->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(m->name));
}

static inline void manager_bind(manager *m) {
    struct sockaddr_un address;
    socklen_t size = manager_address(m, &address);
    m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK_INT(bind(m->fd, (struct sockaddr *)&address, size), 0);
}

static inline void manager_listen(manager *m, bool is_abstract) {
    manager_name(m, is_abstract);
    manager_bind(m);
}

/* It has so much to read that nobody can send it anything. */
static inline void manager_fill(const manager *m) {
    struct sockaddr_un address;
    socklen_t size = manager_address(m, &address);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    while (sendto(fd, "x", 1, 0, (struct sockaddr *)&address, size) == 1)
        ;
    CHECK_INT(errno, EAGAIN);
    close(fd);
}

static inline void manager_close(manager *m) {
    close(m->fd);
    if (m->name[0] == '/')
        CHECK_INT(unlink(m->name), 0);
    setenv("NOTIFY_SOCKET", "", 1); /* The library remembers it, unless it is told otherwise. */
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

static inline bool manager_receive(manager *m, int flags) {
    ssize_t length = recv(m->fd, m->message, sizeof m->message - 1, flags);
    m->message[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* Waits for the next message. */
static inline const char *manager_hears(manager *m) {
    struct pollfd readable = {.fd = m->fd, .events = POLLIN};
    if (poll(&readable, 1, (int)check_deadline() * 1000) != 1) {
        fprintf(stderr, "%s: the manager hears nothing, and time is up\n", check_case_name);
        abort();
    }
    CHECK(manager_receive(m, 0));
    return m->message;
}

/* Waits for a message that begins so; until then there are beats. */
static inline void manager_hears_until(manager *m, const char *what) {
    while (strncmp(manager_hears(m), what, strlen(what)) != 0)
        CHECK_HAS(m->message, "WATCHDOG=1\n");
}

/* Nothing has come, and nothing is about to: all that could send it is at rest. */
static inline void manager_hears_nothing(manager *m) {
    wait_until_others_sleep();
    if (!CHECK(!manager_receive(m, MSG_DONTWAIT)))
        fprintf(stderr, "  but: %s\n", m->message);
}

/* proc_main_with such a manager. */
static inline proc_error *manager_main(proc_impl *impl, int64_t drain_ns) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.drain_ns = drain_ns;
    options.notify = true;
    return proc_main_with(impl, &options);
}

#endif
