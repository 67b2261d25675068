#define _GNU_SOURCE
#include "server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(int result, const char *what) {
    if (result >= 0)
        return;
    perror(what);
    abort();
}

static void run_child(char *const *arguments, int out, int err) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    execvp(arguments[0], arguments);
    perror(arguments[0]);
    _exit(127);
}

static void start(struct server *server, char *const *arguments) {
    int out[2];
    must(pipe2(out, O_CLOEXEC), "pipe2");
    server->err = tmpfile();
    must(server->err ? 0 : -1, "tmpfile");
    server->pid = fork();
    must(server->pid, "fork");
    if (server->pid == 0)
        run_child(arguments, out[1], fileno(server->err));
    close(out[1]);
    server->out = fdopen(out[0], "r");
}

static void launch(struct server *server, char *const *command, va_list rest) {
    enum { MOST = 32 };
    char *arguments[MOST];
    size_t count = 0;
    while (*command && count < MOST / 2)
        arguments[count++] = *command++;
    do
        arguments[count] = va_arg(rest, char *);
    while (arguments[count] && ++count < MOST - 1);
    arguments[count] = NULL;

    *server = (struct server){0};
    start(server, arguments);
}

void server_launch(struct server *server, char *const *command, ...) {
    va_list rest;
    va_start(rest, command);
    launch(server, command, rest);
    va_end(rest);
}

void server_start(struct server *server, char *const *command, ...) {
    va_list rest;
    va_start(rest, command);
    launch(server, command, rest);
    va_end(rest);
    const char *host = "127.0.0.1:", *address = NULL;
    if (fgets(server->first_line, sizeof server->first_line, server->out))
        address = strstr(server->first_line, host);
    if (address)
        server->port = atoi(address + strlen(host));
    else
        server_join(server);
}

bool server_says(const struct server *server, const char *text) {
    char said[4096];
    siginfo_t ended = {.si_pid = 0};
    while (ended.si_pid == 0) {
        must(waitid(P_PID, (id_t)server->pid, &ended, WEXITED | WNOHANG | WNOWAIT), "waitid");
        ssize_t size = pread(fileno(server->err), said, sizeof said - 1, 0);
        said[size < 0 ? 0 : size] = '\0';
        if (strstr(said, text))
            return true;
        usleep(1000);
    }
    return false;
}

void server_join(struct server *server) {
    int status = 0;
    while (fgets(server->last_line, sizeof server->last_line, server->out))
        ;
    must(waitpid(server->pid, &status, 0), "waitpid");
    rewind(server->err);
    server->errors[fread(server->errors, 1, sizeof server->errors - 1, server->err)] = '\0';
    server->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    fclose(server->out);
    fclose(server->err);
    fputs(server->errors, stderr);
}

void server_stop(struct server *server, int signal_number) {
    kill(server->pid, signal_number);
    server_join(server);
}

void server_force(struct server *server, int signal_number) {
    siginfo_t ended = {.si_pid = 0};
    while (ended.si_pid == 0) {
        kill(server->pid, signal_number);
        usleep(20000);
        must(waitid(P_PID, (id_t)server->pid, &ended, WEXITED | WNOHANG | WNOWAIT), "waitid");
    }
    server_join(server);
}
