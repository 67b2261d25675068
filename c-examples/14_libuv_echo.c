/* 14_libuv_echo: libuv's loop as a process. It watches the cancellation, and jobs, which do the blocking work.
 *
 *     cc 14_libuv_echo.c -o 14_libuv_echo $(pkg-config --cflags --libs procession libuv) && ./14_libuv_echo FILE
 *
 * An echo server that appends received data to FILE before it sends the data back. A write to a file may block, and the loop must
 * not: so each write is a job, whose descriptor the loop watches. It serves on a free port of 127.0.0.1, which it prints. On SIGINT
 * or SIGTERM it closes every connection and exits with 0. All functions but write_down run on the loop's thread.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <procession.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

struct server {
    uv_loop_t loop;
    uv_tcp_t listener;
    uv_poll_t stop;     /* watches the descriptor of the scope */
    proc_cancel *scope; /* to end the server, cancel it, with the reason */
    const char *path;
    int file, served;
};

/* Received data is written to the file, then sent back, and only then more is read: so one buffer is enough. */
struct connection {
    uv_tcp_t tcp;
    uv_write_t reply;
    uv_poll_t done; /* watches the descriptor of the job */
    proc_job *job;  /* the write; NULL: none. The connection outlives it. */
    struct server *server;
    size_t size;
    char data[4096];
};

static proc_error *uv_error(const char *what, int status) {
    return proc_errorf(-status, "%s: %s", what, uv_strerror(status));
}

static void on_hung_up(uv_handle_t *tcp) { free(tcp->data); }

static void hang_up(struct connection *connection) {
    if (!uv_is_closing((uv_handle_t *)&connection->tcp))
        uv_close((uv_handle_t *)&connection->tcp, on_hung_up);
}

/* Runs on a thread of the library, so it may block. It ignores a cancellation, so each write that has begun is completed. */
static proc_error *write_down(proc_cancel *cancel, void *user_data) {
    const struct connection *connection = user_data;
    const struct server *server = connection->server;
    (void)cancel;
    if (proc_write_all(NULL, server->file, connection->data, connection->size, PROC_FOREVER) < 0)
        return proc_errno(server->path);
    return NULL;
}

static void on_room(uv_handle_t *tcp, size_t suggested, uv_buf_t *room) {
    struct connection *connection = tcp->data;
    (void)suggested;
    *room = uv_buf_init(connection->data, sizeof connection->data);
}

static void on_received(uv_stream_t *tcp, ssize_t size, const uv_buf_t *room);

static void on_sent(uv_write_t *reply, int status) {
    struct connection *connection = reply->data;
    if (status < 0 || uv_read_start((uv_stream_t *)&connection->tcp, on_room, on_received) < 0)
        hang_up(connection);
}

static void send_back(struct connection *connection) {
    proc_error *error = proc_job_join(connection->job);
    uv_buf_t data = uv_buf_init(connection->data, (unsigned)connection->size);
    connection->job = NULL;
    if (error)
        proc_cancel_trigger(connection->server->scope, error);
    if (proc_cancelled(connection->server->scope) ||
        uv_write(&connection->reply, (uv_stream_t *)&connection->tcp, &data, 1, on_sent) < 0)
        hang_up(connection);
}

/* Joining closes the job's descriptor, so the loop must not watch it any more. */
static void on_done_closed(uv_handle_t *done) { send_back(done->data); }

static void on_done(uv_poll_t *done, int status, int events) {
    (void)status, (void)events;
    uv_close((uv_handle_t *)done, on_done_closed);
}

static void on_received(uv_stream_t *tcp, ssize_t size, const uv_buf_t *room) {
    struct connection *connection = tcp->data;
    struct server *server = connection->server;
    (void)room;
    if (size < 0)
        hang_up(connection); /* the client has hung up */
    if (size <= 0)
        return;
    uv_read_stop(tcp);
    connection->size = (size_t)size;
    connection->job = proc_start(proc_task("write-down", proc_new(write_down, connection, NULL)),
                                 server->scope, NULL, NULL);
    if (uv_poll_init(&server->loop, &connection->done, proc_job_fd(connection->job)) < 0)
        send_back(connection); /* No descriptor is left: the loop waits for the job. */
    else if (uv_poll_start(&connection->done, UV_READABLE, on_done) < 0)
        uv_close((uv_handle_t *)&connection->done, on_done_closed);
}

static struct connection *new_connection(struct server *server) {
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL || uv_tcp_init(&server->loop, &connection->tcp) < 0) {
        free(connection);
        return NULL;
    }
    connection->server = server;
    connection->tcp.data = connection->reply.data = connection->done.data = connection;
    return connection;
}

static void on_connection(uv_stream_t *listener, int status) {
    struct server *server = listener->loop->data;
    struct connection *connection = status < 0 ? NULL : new_connection(server);
    if (connection == NULL) {
        proc_cancel_trigger(server->scope, uv_error("accept", status < 0 ? status : UV_ENOMEM));
        return;
    }
    server->served++;
    uv_stream_t *tcp = (uv_stream_t *)&connection->tcp;
    if (uv_accept(listener, tcp) < 0 || uv_read_start(tcp, on_room, on_received) < 0)
        hang_up(connection);
}

/* The server's own handles have no data. A connection with a job is closed when the job is complete. */
static void close_handle(uv_handle_t *handle, void *unused) {
    struct connection *connection = handle->data;
    (void)unused;
    if (connection == NULL && !uv_is_closing(handle))
        uv_close(handle, NULL);
    else if (connection && connection->job == NULL)
        hang_up(connection);
}

static void on_stop(uv_poll_t *stop, int status, int events) {
    (void)status, (void)events;
    uv_walk(stop->loop, close_handle, NULL);
}

static proc_error *start(struct server *server) {
    struct sockaddr_in address;
    int status, size = sizeof address, fd = proc_cancel_fd(server->scope);
    if (fd < 0)
        return proc_errno("cancel descriptor");
    if ((status = uv_poll_init(&server->loop, &server->stop, fd)) < 0 ||
        (status = uv_poll_start(&server->stop, UV_READABLE, on_stop)) < 0 ||
        (status = uv_tcp_init(&server->loop, &server->listener)) < 0 ||
        (status = uv_ip4_addr("127.0.0.1", 0, &address)) < 0 ||
        (status = uv_tcp_bind(&server->listener, (struct sockaddr *)&address, 0)) < 0 ||
        (status = uv_listen((uv_stream_t *)&server->listener, SOMAXCONN, on_connection)) < 0 ||
        (status = uv_tcp_getsockname(&server->listener, (struct sockaddr *)&address, &size)) < 0)
        return uv_error("listen", status);
    printf("echo: 127.0.0.1:%d\n", ntohs(address.sin_port));
    return NULL;
}

/* The loop ends when it has no handle any more: then every connection is closed, and every job is joined. */
static proc_error *serve(proc_cancel *cancel, void *user_data) {
    struct server *server = user_data;
    int status = uv_loop_init(&server->loop);
    if (status < 0)
        return uv_error("loop", status);
    server->loop.data = server;
    server->scope = proc_cancel_new(cancel);
    proc_error *error = start(server);
    if (error) {
        proc_cancel_trigger(server->scope, error);
        uv_walk(&server->loop, close_handle, NULL);
    }
    uv_run(&server->loop, UV_RUN_DEFAULT);
    uv_loop_close(&server->loop);
    error = proc_cancel_error(server->scope);
    proc_cancel_unref(server->scope);
    printf("echo: stopped after %d connections\n", server->served);
    return error;
}

int main(int argc, char **argv) {
    static struct server server;
    if (argc != 2) {
        fprintf(stderr, "usage: 14_libuv_echo FILE\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN); /* libuv may write to a client that has hung up */
    server.path = argv[1];
    server.file = open(server.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (server.file < 0)
        return proc_exit_status(proc_errno(server.path));
    int status = proc_exit_status(proc_main(proc_task("echo", proc_new(serve, &server, NULL))));
    if (close(server.file) < 0 && status == 0)
        status = proc_exit_status(proc_errno(server.path));
    return status;
}
