/* 18_layers: three services that depend on each other: a front needs a cache, which needs a store. They start bottom up and stop top
 * down, and a service that crashes is restarted.
 *
 *     cc 18_layers.c -o 18_layers $(pkg-config --cflags --libs procession) && ./18_layers
 *
 * The front asks the cache, and the cache asks the store for numbers that it does not know. After each fourth question the cache
 * fails. It is supervised, so a moment later it runs again, empty, and a question that comes meanwhile waits. Stop it with Ctrl-C: no
 * service stops while the service above still needs it. All steps are printed.
 */
#include <errno.h>
#include <procession.h>
#include <stdint.h>
#include <stdio.h>

enum {
    NUMBERS = 3,
    QUESTIONS = 4 /* until the cache fails */
};

/* A connection between a service and the one below it. A question waits until it is received, and so does an answer. */
struct link {
    proc_channel *questions, *answers;
};

struct links {
    struct link to_cache, to_store;
};

static bool take(proc_channel *channel, proc_cancel *cancel, int *number) {
    return proc_channel_receive(channel, cancel, number, PROC_FOREVER) == 0;
}

static bool give(proc_channel *channel, proc_cancel *cancel, int number) {
    return proc_channel_send(channel, cancel, &number, PROC_FOREVER) == 0;
}

/* False: the wait was cancelled. */
static bool ask(const struct link *link, proc_cancel *cancel, int *number) {
    return give(link->questions, cancel, *number) && take(link->answers, cancel, number);
}

static proc_error *store(proc_cancel *cancel, void *user_data) {
    const struct link *above = &((struct links *)user_data)->to_store;
    puts("store: opened");
    proc_ready(cancel);
    for (int number; take(above->questions, cancel, &number);)
        give(above->answers, cancel, number * number);
    puts("store: closed");
    return proc_cancel_error(cancel);
}

static proc_error *cache(proc_cancel *cancel, void *user_data) {
    const struct links *links = user_data;
    const struct link *above = &links->to_cache;
    int known[NUMBERS] = {0}; /* 0: not yet */
    puts("cache: empty");
    proc_ready(cancel);
    for (int asked = 0, number; asked < QUESTIONS; asked++) {
        if (!take(above->questions, cancel, &number))
            break;
        int *answer = &known[number - 1];
        printf("cache: %s %d\n", *answer ? "knows" : "asks for", number);
        if (!*answer && ask(&links->to_store, cancel, &number))
            *answer = number;
        give(above->answers, cancel, *answer);
    }
    if (!proc_cancelled(cancel))
        return proc_error_new(EIO, "a bug");
    puts("cache: dropped");
    return proc_cancel_error(cancel);
}

/* Stands for a server: it asks a question now and then. */
static proc_error *front(proc_cancel *cancel, void *user_data) {
    const struct link *below = &((struct links *)user_data)->to_cache;
    puts("front: open");
    proc_ready(cancel);
    for (int count = 0; !proc_wait(cancel, PROC_MS(40)); count++) {
        int number = count % NUMBERS + 1, square = number;
        if (ask(below, cancel, &square))
            printf("front: %d squared is %d\n", number, square);
    }
    puts("front: shut");
    return proc_cancel_error(cancel);
}

/* Reports a failure, and decides whether to restart the service. */
static bool tell(const proc_error *error, void *user_data) {
    (void)user_data;
    printf("%s; it runs again\n", proc_error_message(error));
    return true;
}

static struct link link_new(void) {
    return (struct link){proc_channel_new(0, sizeof(int), NULL),
                         proc_channel_new(0, sizeof(int), NULL)};
}

static void link_unref(struct link *link) {
    proc_channel_unref(link->questions);
    proc_channel_unref(link->answers);
}

int main(void) {
    struct links links = {link_new(), link_new()};
    setvbuf(stdout, NULL, _IOLBF, 0);
    proc_supervise_options options = PROC_SUPERVISE_OPTIONS_INIT;
    options.first_delay_ns = options.longest_delay_ns = PROC_MS(50);
    options.most = SIZE_MAX; /* never gives up */
    options.restart = tell;
    proc_impl *unreliable = proc_service("cache", proc_new(cache, &links, NULL));
    int status = proc_exit_status(proc_main(PROC_STACK(
        proc_service("store", proc_new(store, &links, NULL)), proc_supervise(&options, unreliable),
        proc_service("front", proc_new(front, &links, NULL)))));
    link_unref(&links.to_cache);
    link_unref(&links.to_store);
    return status;
}
