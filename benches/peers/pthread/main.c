/* Plain threads: one made and joined for each child. */
#include "../bench.h"
#include "../futex.h"
#include "../resident.h"
#include "pool.h"
#include <gnu/libc-version.h>
#include <pthread.h>

struct children {
    int count;
    pthread_t *threads;
    void *(*body)(void *);
    struct meeting meeting;
    atomic_uint started;
    atomic_uint ended;
    double all_at;
};

static struct children children_of(int n, void *(*body)(void *)) {
    pthread_t *threads = malloc((size_t)n * sizeof *threads);
    return (struct children){n, threads, body, .meeting.size = (unsigned)n};
}

static void create(struct children *children) {
    for (int i = 0; i < children->count; i++) {
        if (pthread_create(&children->threads[i], NULL, children->body, children) != 0)
            skip("there are not as many threads to be had");
    }
}

static void join(struct children *children) {
    for (int i = 0; i < children->count; i++)
        pthread_join(children->threads[i], NULL);
}

static void create_and_join(void *children) {
    create(children);
    join(children);
}

static void *nothing(void *children) { return (void)children, NULL; }

static void trivial(int n, int repetitions) {
    struct children children = children_of(n, nothing);
    repeat(create_and_join, &children, n, repetitions);
    free(children.threads);
}

static void *meet_all(void *argument) {
    struct children *children = argument;
    if (atomic_fetch_add(&children->started, 1) + 1 == children->meeting.size)
        children->all_at = now_ns();
    meet(&children->meeting);
    return NULL;
}

static void rendezvous(int n, int repetitions) {
    struct children children = children_of(n, meet_all);
    repeat_rested(create_and_join, &children, n, repetitions);
    free(children.threads);
}

/* Until all children have started. */
static void first(int n, int repetitions) {
    (void)repetitions;
    struct children children = children_of(n, meet_all);
    double start = now_ns();
    create_and_join(&children);
    print_figure((children.all_at - start) / n);
    free(children.threads);
}

static void *wait_for_end(void *argument) {
    struct children *children = argument;
    atomic_fetch_add(&children->started, 1);
    wait_while(&children->ended, 0);
    return NULL;
}

static void until_all_wait(struct children *children) {
    while (atomic_load(&children->started) < children->meeting.size)
        rest_ms(1);
    rest_ms(100);
}

static void end(struct children *children) {
    atomic_store(&children->ended, 1);
    futex_wake(&children->ended, INT_MAX);
    join(children);
    free(children->threads);
}

/* One broadcast, and joining them all. */
static void failure(int n, int repetitions) {
    for (int i = 0; i < repetitions; i++) {
        struct children children = children_of(n, wait_for_end);
        create(&children);
        until_all_wait(&children);
        double start = now_ns();
        end(&children);
        print_figure((now_ns() - start) / n);
    }
}

/* Bytes a waiting thread. */
static void memory(int n, int repetitions) {
    (void)repetitions;
    double before = resident_bytes();
    struct children children = children_of(n, wait_for_end);
    create(&children);
    until_all_wait(&children);
    print_figure((resident_bytes() - before) / n);
    end(&children);
}

/* A ring under a mutex, with a condition variable for each side. */
struct ring {
    pthread_mutex_t lock;
    pthread_cond_t is_item;
    pthread_cond_t is_room;
    int items[CHANNEL_CAPACITY];
    int first;
    int length;
    int to_send;
};

static void send_item(struct ring *ring, int item) {
    pthread_mutex_lock(&ring->lock);
    while (ring->length == CHANNEL_CAPACITY)
        pthread_cond_wait(&ring->is_room, &ring->lock);
    ring->items[(ring->first + ring->length++) % CHANNEL_CAPACITY] = item;
    pthread_mutex_unlock(&ring->lock);
    pthread_cond_signal(&ring->is_item);
}

static int receive_item(struct ring *ring) {
    pthread_mutex_lock(&ring->lock);
    while (ring->length == 0)
        pthread_cond_wait(&ring->is_item, &ring->lock);
    int item = ring->items[ring->first];
    ring->first = (ring->first + 1) % CHANNEL_CAPACITY;
    ring->length--;
    pthread_mutex_unlock(&ring->lock);
    pthread_cond_signal(&ring->is_room);
    return item;
}

static void *send_all(void *argument) {
    struct ring *ring = argument;
    for (int i = 0; i < ring->to_send; i++)
        send_item(ring, i);
    return NULL;
}

static void talk(void *argument) {
    struct ring *ring = argument;
    pthread_t sender;
    if (pthread_create(&sender, NULL, send_all, ring) != 0)
        skip("there are not as many threads to be had");
    for (int i = 0; i < ring->to_send; i++) {
        if (receive_item(ring) != i)
            exit(1);
    }
    pthread_join(sender, NULL);
}

static void channel(int n, int repetitions) {
    struct ring ring = {.lock = PTHREAD_MUTEX_INITIALIZER,
                        .is_item = PTHREAD_COND_INITIALIZER,
                        .is_room = PTHREAD_COND_INITIALIZER,
                        .to_send = n};
    repeat(talk, &ring, n, repetitions);
}

static const struct workload workloads[] = {
    {"trivial", trivial}, {"rendezvous", rendezvous},
    {"first", first},     {"failure", failure},
    {"memory", memory},   {"channel", channel},
    {"echo", echo},       {"echo-stoppable", echo_stoppable},
};

int main(int argc, char **argv) {
    char version[64];
    snprintf(version, sizeof version, "glibc %s", gnu_get_libc_version());
    return bench_main(argc, argv, version, workloads, sizeof workloads / sizeof *workloads);
}
