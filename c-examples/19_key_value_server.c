/* 19_key_value_server: SET KEY VALUE, GET KEY and DEL KEY, one per line, kept in a file. A change that was answered with OK is not lost.
 *
 *     cc 19_key_value_server.c -o 19_key_value_server $(pkg-config --cflags --libs procession) -pthread
 *     ./19_key_value_server FILE [DRAIN_MS [GRACE_MS]]
 *
 * It prints its address: try `nc 127.0.0.1 PORT`. It saves changes to FILE each second and at its end, also if it is ended by
 * force: by a second signal, or when a handler hangs (try HANG) and the grace period is over. On SIGHUP it reads FILE.conf: the
 * number of milliseconds after which a silent client is closed (60000). */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <procession.h>
#include <pthread.h>
#include <search.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct pair {
    char *key, *value;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* protects the next four, and the file */
static void *table;                                      /* a tree of tsearch */
static FILE *out;                                        /* open while the table is saved */
static bool is_changed, is_closed; /* closed: saved for the last time, so changes are refused */

static char *path, temporary[4096], settings[4096];
static atomic_int idle_ms = 60000;

static int compare(const void *a, const void *b) {
    return strcmp(((const struct pair *)a)->key, ((const struct pair *)b)->key);
}

static void destroy(void *pair) {
    free(((struct pair *)pair)->key);
    free(((struct pair *)pair)->value);
    free(pair);
}

static void forget(const char *key) {
    struct pair **found = tfind(&(struct pair){.key = (char *)key}, &table, compare);
    if (found == NULL)
        return;
    struct pair *pair = *found;
    tdelete(pair, &table, compare);
    destroy(pair);
}

static bool put(const char *key, const char *value) {
    struct pair *pair = calloc(1, sizeof *pair), **found = NULL;
    if (pair && (pair->key = strdup(key)) && (pair->value = strdup(value)))
        found = tsearch(pair, &table, compare);
    if (found && *found != pair) { /* the key was there already: swap the values */
        char *old = (*found)->value;
        (*found)->value = pair->value;
        pair->value = old;
    }
    if (pair && (!found || *found != pair))
        destroy(pair);
    return found != NULL;
}

static void write_pair(const void *node, VISIT visit, int depth) {
    const struct pair *pair = *(struct pair *const *)node;
    (void)depth;
    if (visit == postorder || visit == leaf)
        fprintf(out, "%s %s\n", pair->key, pair->value);
}

/* Call with the lock held, so that no older state replaces a newer one. The file is replaced as a whole. */
static proc_error *save(void) {
    if (!is_changed)
        return NULL;
    if ((out = fopen(temporary, "we")) == NULL)
        return proc_errno("save");
    twalk(table, write_pair);
    bool is_written = fflush(out) == 0 && !ferror(out) && fsync(fileno(out)) == 0;
    if (fclose(out) || !is_written || rename(temporary, path))
        return proc_errno("save");
    is_changed = false;
    return NULL;
}

static proc_error *snapshot(proc_cancel *cancel, void *unused) {
    (void)cancel, (void)unused;
    pthread_mutex_lock(&lock);
    proc_error *error = save();
    pthread_mutex_unlock(&lock);
    return error;
}

/* Handlers may still run. Later changes would be lost, so they are refused. */
static void save_at_last(void *unused) {
    struct timespec until;
    (void)unused;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    int reason = pthread_mutex_timedlock(&lock, &until);
    proc_error *error = reason ? proc_error_new(reason, "save at last") : save();
    if (reason == 0) {
        is_closed = true;
        pthread_mutex_unlock(&lock);
    }
    fprintf(stderr, "key-value: %s\n", error ? proc_error_message(error) : "saved at last");
    proc_error_unref(error);
}

static proc_error *load(void) {
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    proc_error *error = NULL;
    FILE *in = fopen(path, "re");
    if (in == NULL)
        return errno == ENOENT ? NULL : proc_errno(path);
    while (!error && (length = getline(&line, &size, in)) > 0) {
        char *space = strchr(line, ' ');
        if (space == NULL || line[length - 1] != '\n')
            error = proc_errorf(EINVAL, "%s: not a file of mine", path);
        else if (line[length - 1] = *space = '\0', !put(line, space + 1))
            error = proc_errno(path);
    }
    free(line);
    fclose(in);
    return error;
}

/* A missing file, or one without a number, changes nothing. */
static proc_error *configure(proc_cancel *cancel, void *unused) {
    int read_ms = 0;
    FILE *in = fopen(settings, "re");
    (void)cancel, (void)unused;
    if (in && fscanf(in, "%d", &read_ms) == 1 && read_ms > 0)
        idle_ms = read_ms;
    if (in)
        fclose(in);
    fprintf(stderr, "key-value: a silent client is closed after %d ms\n", (int)idle_ms);
    return NULL;
}

/* Call with the lock held. */
static void look_up(const char *key, char *answer, size_t size) {
    struct pair **found = tfind(&(struct pair){.key = (char *)key}, &table, compare);
    snprintf(answer, size, found ? "VALUE %s\n" : "NONE\n", found ? (*found)->value : "");
}

static const char *change(const char *key, const char *value) {
    if (is_closed)
        return "ERROR it stops\n";
    is_changed = true;
    if (value == NULL)
        forget(key);
    else if (!put(key, value))
        return "ERROR no memory\n";
    return "OK\n";
}

/* A handler that ignores its cancellation. */
static void hang(void) {
    fputs("key-value: a handler hangs\n", stderr);
    for (;;)
        pause();
}

static void execute(char *line, char *answer, size_t size) {
    char *rest = line, *word = strsep(&rest, " "), *key = strsep(&rest, " ");
    bool has_key = key && *key;
    if (strcmp(word, "HANG") == 0)
        hang();
    pthread_mutex_lock(&lock);
    if (strcmp(word, "SET") == 0 && has_key && rest)
        snprintf(answer, size, "%s", change(key, rest));
    else if (strcmp(word, "DEL") == 0 && has_key && !rest)
        snprintf(answer, size, "%s", change(key, NULL));
    else if (strcmp(word, "GET") == 0 && has_key && !rest)
        look_up(key, answer, size);
    else
        snprintf(answer, size, "ERROR SET KEY VALUE, GET KEY or DEL KEY\n");
    pthread_mutex_unlock(&lock);
}

struct client {
    int fd;
    size_t size;
    bool is_too_long; /* the line is too long: drop the rest of it */
    char data[1024];
};

static bool answer_lines(proc_cancel *cancel, struct client *client) {
    char answer[1100], *end;
    bool is_sent = true;
    while (is_sent && (end = memchr(client->data, '\n', client->size))) {
        *end = '\0';
        if (client->is_too_long || strlen(client->data) != (size_t)(end - client->data))
            strcpy(answer, "ERROR not a line\n");
        else
            execute(client->data, answer, sizeof answer);
        client->is_too_long = false;
        client->size -= (size_t)(end + 1 - client->data);
        memmove(client->data, end + 1, client->size);
        is_sent = proc_write_all(cancel, client->fd, answer, strlen(answer), PROC_MS(idle_ms)) >= 0;
    }
    if (client->size == sizeof client->data) {
        client->is_too_long = true;
        client->size = 0;
    }
    return is_sent;
}

/* A silent or closed client is no failure, and neither is the stop. */
static proc_error *converse(proc_cancel *cancel, void *user_data) {
    struct client client = {.fd = (int)(intptr_t)user_data};
    ssize_t got;
    do {
        got = proc_read(cancel, client.fd, client.data + client.size,
                        sizeof client.data - client.size, PROC_MS(idle_ms));
        client.size += got > 0 ? (size_t)got : 0;
    } while (got > 0 && answer_lines(cancel, &client));
    return NULL;
}

static void release(void *fd) { close((int)(intptr_t)fd); }

static proc_error *serve(proc_nursery *nursery, proc_cancel *cancel, void *listener) {
    proc_error *error = NULL;
    while (!error) {
        intptr_t fd = proc_accept(cancel, (int)(intptr_t)listener, PROC_FOREVER);
        if (fd < 0)
            return proc_cancelled(cancel) ? proc_cancel_error(cancel) : proc_errno("accept");
        error = proc_spawn(nursery, proc_task("client", proc_new(converse, (void *)fd, release)));
    }
    return error;
}

static intptr_t listen_on_any_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, SOMAXCONN) ||
        getsockname(fd, (struct sockaddr *)&address, &size))
        return -1;
    dprintf(STDOUT_FILENO, "key-value: 127.0.0.1:%d\n", ntohs(address.sin_port));
    return fd;
}

int main(int argc, char **argv) {
    if (argc < 2 || strlen(argv[1]) > sizeof settings - sizeof ".conf") {
        fputs("usage: 19_key_value_server FILE [DRAIN_MS [GRACE_MS]]\n", stderr);
        return 2;
    }
    path = argv[1];
    snprintf(temporary, sizeof temporary, "%s.new", path);
    snprintf(settings, sizeof settings, "%s.conf", path);
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.drain_ns = argc > 2 ? PROC_MS(atoi(argv[2])) : PROC_SECONDS(3);
    options.grace_ns = argc > 3 ? PROC_MS(atoi(argv[3])) : PROC_SECONDS(10);
    options.failure_grace_ns = options.grace_ns;
    options.on_abandon = save_at_last;
    proc_nursery_options clients = PROC_NURSERY_OPTIONS_INIT;
    clients.limit = 256;
    sigset_t early; /* a SIGHUP waits until proc_on_signal listens */
    sigemptyset(&early);
    sigaddset(&early, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &early, NULL);
    proc_error *error = load();
    if (error)
        return proc_exit_status(error);
    intptr_t listener = listen_on_any_port();
    if (listener < 0)
        return proc_exit_status(proc_errno("listen"));
    proc_impl *web = proc_with_nursery(serve, (void *)listener, release, &clients);
    proc_impl *saves = proc_every(PROC_SECONDS(1), proc_new(snapshot, NULL, NULL));
    proc_impl *reloads = proc_on_signal(SIGHUP, proc_new(configure, NULL, NULL));
    proc_impl *all = PROC_GROUP(proc_task("web", web), proc_task("snapshots", saves), reloads);
    error = proc_main_with(proc_finally(all, proc_new(snapshot, NULL, NULL)), &options);
    tdestroy(table, destroy);
    return proc_exit_status(error);
}
