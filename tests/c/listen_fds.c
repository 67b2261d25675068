/* proc_listen_fds: the sockets that the service manager holds. Each case plays in a program that is executed with them, as a manager
 * does that. Laws:
 *
 *   all           NULL stands for all, in order; how many there are is returned, whatever there is room for.
 *   by_name       A name stands for those that have it, which may be several or none.
 *   unnamed       Without LISTEN_FDNAMES each is called "unknown".
 *   taken         The variables are taken out of the environment, and all of the descriptors are closed on exec.
 *   again         Later calls tell the same, though the program has closed them and has other files under the numbers.
 *   none          Without the variables there are none.
 *   others        … nor if they are another process's,
 *   malformed     … or malformed.
 *   not_open      One that is not open is EBADF.
 *   bad_input     NULL with a count is EINVAL.
 *   accepts       Who has connected before the program was there is served by it, and by the next one.
 */
#include "child.h"
#include <netinet/in.h>
#include <sys/socket.h>

enum { FIRST = 3, SOCKETS = 3 };

/* Executes this program in that role, with so many sockets and variables; NULL: none. */
static _Noreturn void exec_role(const char *role, const int *sockets, int count, const char *fds,
                                const char *names) {
    static char self[CHILD_PATH], pid[16];
    int kept[SOCKETS];
    child_self(self);
    snprintf(pid, sizeof pid, "%d", getpid());
    for (int i = 0; i < count; i++)
        kept[i] = fcntl(sockets[i], F_DUPFD, FIRST + SOCKETS);
    for (int i = 0; i < count; i++)
        dup2(kept[i], FIRST + i);
    for (int i = FIRST + count; i < 64; i++)
        close(i);
    unsetenv("CHECK_SERIAL");
    fds ? setenv("LISTEN_FDS", fds, 1) : unsetenv("LISTEN_FDS");
    names ? setenv("LISTEN_FDNAMES", names, 1) : unsetenv("LISTEN_FDNAMES");
    if (!getenv("LISTEN_PID"))
        setenv("LISTEN_PID", pid, 1);
    execl(self, "child", role, (char *)NULL);
    _exit(127);
}

static void play(const char *role, const int *sockets, int count, const char *fds,
                 const char *names) {
    pid_t pid = fork();
    if (pid == 0)
        exec_role(role, sockets, count, fds, names);
    int status;
    CHECK_INT(waitpid(pid, &status, 0), pid);
    if (!CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0))
        fprintf(stderr, "  %s: status %#x\n", role, (unsigned)status);
}

static int listening(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK_INT(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    CHECK_INT(listen(fd, 8), 0);
    return fd;
}

static void play_with_three(const char *role, const char *fds, const char *names) {
    int sockets[SOCKETS];
    for (int i = 0; i < SOCKETS; i++)
        sockets[i] = listening();
    play(role, sockets, SOCKETS, fds, names);
    for (int i = 0; i < SOCKETS; i++)
        close(sockets[i]);
}

static void all_role(void) {
    int fds[5] = {-7, -7, -7, -7, -7};
    CHECK_INT(proc_listen_fds(NULL, NULL, 0), 3);
    CHECK_INT(proc_listen_fds(NULL, fds, 2), 3);
    CHECK(fds[0] == 3 && fds[1] == 4 && fds[2] == -7);
    CHECK_INT(proc_listen_fds(NULL, fds, 5), 3);
    CHECK(fds[0] == 3 && fds[1] == 4 && fds[2] == 5 && fds[3] == -7);
}

static void all(void) { play_with_three("all_role", "3", "web:admin:web"); }

static void name_role(void) {
    int fds[5] = {-7, -7, -7, -7, -7};
    CHECK_INT(proc_listen_fds("web", fds, 5), 2);
    CHECK(fds[0] == 3 && fds[1] == 5 && fds[2] == -7);
    CHECK_INT(proc_listen_fds("admin", fds, 1), 1);
    CHECK_INT(fds[0], 4);
    CHECK_INT(proc_listen_fds("we", NULL, 0), 0);
    CHECK_INT(proc_listen_fds("unknown", fds, 5), 0);
    CHECK_INT(proc_listen_fds("", fds, 5), 0);
}

static void by_name(void) { play_with_three("name_role", "3", "web:admin:web"); }

static void unnamed_role(void) {
    CHECK_INT(proc_listen_fds("unknown", NULL, 0), 3);
    CHECK_INT(proc_listen_fds("web", NULL, 0), 0);
}

static void unnamed(void) { play_with_three("unnamed_role", "3", NULL); }

static void taken_role(void) {
    CHECK_INT(proc_listen_fds("web", NULL, 0), 1);
    CHECK(!getenv("LISTEN_FDS") && !getenv("LISTEN_PID") && !getenv("LISTEN_FDNAMES"));
    for (int fd = FIRST; fd < FIRST + SOCKETS; fd++)
        CHECK_INT(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

static void taken(void) { play_with_three("taken_role", "3", "web:b:c"); }

static void again_role(void) {
    int fds[SOCKETS] = {0};
    CHECK_INT(proc_listen_fds(NULL, NULL, 0), SOCKETS);
    close(3);
    CHECK_INT(open("/dev/null", O_RDONLY), 3);
    close(4);
    CHECK_INT(proc_listen_fds(NULL, fds, SOCKETS), SOCKETS);
    CHECK(fds[0] == 3 && fds[1] == 4 && fds[2] == 5);
    CHECK_INT(fcntl(3, F_GETFD), 0);
}

static void again(void) { play_with_three("again_role", "3", "a:b:c"); }

static void none_role(void) {
    int fd = -7;
    CHECK_INT(proc_listen_fds(NULL, NULL, 0), 0);
    CHECK_INT(proc_listen_fds(NULL, &fd, 1), 0);
    CHECK_INT(proc_listen_fds("web", &fd, 1), 0);
    CHECK_INT(fd, -7);
}

static void none(void) {
    play_with_three("none_role", NULL, NULL);
    play_with_three("none_role", NULL, "a:b:c");
    play_with_three("none_role", "", "a:b:c");
    play_with_three("none_role", "0", NULL);
}

static void others(void) {
    const char *const processes[] = {"1", "", "nonsense", "-1", "4294967297"};
    for (int i = 0; i < 5; i++) {
        setenv("LISTEN_PID", processes[i], 1);
        play_with_three("none_role", "3", "a:b:c");
    }
    unsetenv("LISTEN_PID");
}

static void malformed(void) {
    const char *const counts[] = {"x",          "-1",         "3x", " 3", "+3",
                                  "2147483647", "4294967299", "3 ", "0x3"};
    for (int i = 0; i < 9; i++)
        play_with_three("none_role", counts[i], NULL);
    play_with_three("none_role", "3", "a:b");
    play_with_three("none_role", "3", "a:b:c:d");
}

static void missing_role(void) {
    for (int i = 0; i < 2; i++) {
        errno = 0;
        CHECK_INT(proc_listen_fds(NULL, NULL, 0), -1);
        CHECK_INT(errno, EBADF);
    }
}

static void not_open(void) {
    play_with_three("missing_role", "4", NULL);
    play_with_three("missing_role", "2000000000", NULL);
}

static void bad_role(void) {
    errno = 0;
    CHECK_INT(proc_listen_fds(NULL, NULL, 1), -1);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(proc_listen_fds("a", NULL, 1), -1);
    CHECK_INT(proc_listen_fds("a", NULL, 0), 1);
}

static void bad_input(void) { play_with_three("bad_role", "3", "a:b:c"); }

static void serve_role(void) {
    int listener = -1;
    CHECK_INT(proc_listen_fds("web", &listener, 1), 1);
    int client = accept(listener, NULL, NULL);
    CHECK_INT(write(client, "served", 6), 6);
    close(client);
}

static void accepts(void) {
    int listener = listening(), clients[2];
    struct sockaddr_in address;
    getsockname(listener, (struct sockaddr *)&address, &(socklen_t){sizeof address});
    for (int i = 0; i < 2; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CHECK_INT(connect(clients[i], (struct sockaddr *)&address, sizeof address), 0);
    }
    for (int i = 0; i < 2; i++) {
        char answer[8] = "";
        play("serve_role", &listener, 1, "1", "web");
        CHECK_INT(read(clients[i], answer, sizeof answer), 6);
        CHECK_STR(answer, "served");
        close(clients[i]);
    }
    close(listener);
}

CHECK_MAIN(CASE(all), ROLE(all_role), CASE(by_name), ROLE(name_role), CASE(unnamed),
           ROLE(unnamed_role), CASE(taken), ROLE(taken_role), CASE(again), ROLE(again_role),
           CASE(none), ROLE(none_role), CASE(others), CASE(malformed), CASE(not_open),
           ROLE(missing_role), CASE(bad_input), ROLE(bad_role), CASE(accepts), ROLE(serve_role))
