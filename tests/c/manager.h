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

static inline void manager_listen(manager *m, bool is_abstract) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    static int count;
    snprintf(m->name, sizeof m->name, "%cprocession.%d.%d", is_abstract ? '@' : '/', getpid(),
             count++);
    if (!is_abstract)
        snprintf(m->name, sizeof m->name, "/tmp/procession.%d.%d", getpid(), count++);
    memcpy(address.sun_path, m->name, sizeof m->name);
    if (is_abstract)
        address.sun_path[0] = '\0';
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(m->name));
    m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK_INT(bind(m->fd, (struct sockaddr *)&address, size), 0);
    setenv("NOTIFY_SOCKET", m->name, 1);
}

static inline void manager_close(manager *m) {
    close(m->fd);
    if (m->name[0] == '/')
        CHECK_INT(unlink(m->name), 0);
    unsetenv("NOTIFY_SOCKET");
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
