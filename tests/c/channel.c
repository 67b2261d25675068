/* Channels: items come out in order, are never lost or doubled, and waits end by a cancellation, a close and time.
 *
 * - Items come out in the order in which they were sent; who waits is served in the order in which they came.
 * - A full channel holds its senders up, and an empty one its receivers; without capacity they meet.
 * - After -1 an item was neither sent nor received.
 * - A closed channel refuses senders, and gives what is in it.
 * - What is left is released once, by its address.
 * - The descriptor is readable while a receiver would not wait.
 * - Bad input is told, and a cancelled handle comes before all else.
 */
#include <poll.h>
#include <stdint.h>

#include "asleep.h"
#include "check.h"

#define FAILS(call, code) (errno = 0, CHECK_INT((call), -1), CHECK_INT(errno, (code)))

static int send_int(proc_channel *to, int item, int64_t timeout) {
    return proc_channel_send(to, NULL, &item, timeout);
}

static int receive_int(proc_channel *from, int64_t timeout) {
    int item = -1;
    CHECK_INT(proc_channel_receive(from, NULL, &item, timeout), 0);
    return item;
}

static bool becomes_readable(proc_channel *channel, int milliseconds) {
    struct pollfd file = {.fd = proc_channel_fd(channel), .events = POLLIN};
    CHECK(file.fd >= 0);
    return poll(&file, 1, milliseconds) == 1;
}

static bool readable(proc_channel *channel) { return becomes_readable(channel, 0); }

static void in_order(void) {
    proc_channel *channel = proc_channel_new(3, sizeof(int), NULL);
    int item;
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 3; i++)
            CHECK_INT(send_int(channel, 10 * round + i, 0), 0);
        FAILS(send_int(channel, 99, 0), ETIMEDOUT);
        CHECK_INT((long long)proc_channel_length(channel), 3);
        for (int i = 0; i < 3; i++)
            CHECK_INT(receive_int(channel, 0), 10 * round + i);
        item = 5;
        FAILS(proc_channel_receive(channel, NULL, &item, PROC_MS(1)), ETIMEDOUT);
        CHECK_INT(item, 5);
    }
    proc_channel_unref(channel);
}

/* Senders and receivers, each on a thread of its own, that move numbers through a channel. */
typedef struct traffic {
    proc_channel *channel;
    atomic_llong sent, received;
    size_t items;
} traffic;

static proc_error *sends(proc_cancel *cancel, void *data) {
    traffic *t = data;
    for (size_t i = 1; i <= t->items; i++) {
        long long item = (long long)i;
        CHECK_INT(proc_channel_send(t->channel, cancel, &item, PROC_FOREVER), 0);
        atomic_fetch_add(&t->sent, item);
    }
    return NULL;
}

static proc_error *receives(proc_cancel *cancel, void *data) {
    traffic *t = data;
    long long item, last = 0;
    for (size_t i = 0; i < t->items; i++) {
        CHECK_INT(proc_channel_receive(t->channel, cancel, &item, PROC_FOREVER), 0);
        atomic_fetch_add(&t->received, item);
        last = item;
    }
    CHECK(last > 0);
    return NULL;
}

static void traffic_of(size_t capacity) {
    traffic t = {.channel = proc_channel_new(capacity, sizeof(long long), NULL),
                 .items = check_scaled(20000)};
    CHECK_OK(proc_run(PROC_GROUP(proc_new(sends, &t, NULL), proc_new(receives, &t, NULL),
                                 proc_new(sends, &t, NULL), proc_new(receives, &t, NULL)),
                      NULL));
    CHECK_INT(t.received, t.sent);
    CHECK_INT((long long)proc_channel_length(t.channel), 0);
    proc_channel_unref(t.channel);
}

static void many_to_many(void) {
    traffic_of(0);
    traffic_of(1);
    traffic_of(64);
}

/* One that waits at a channel, and what it ended with. */
typedef struct party {
    proc_channel *channel;
    proc_cancel *handle;
    int item, code;
} party;

static proc_error *waits_to_receive(proc_cancel *cancel, void *data) {
    party *p = data;
    (void)cancel;
    p->code = proc_channel_receive(p->channel, p->handle, &p->item, PROC_FOREVER) == 0 ? 0 : errno;
    return NULL;
}

static proc_error *waits_to_send(proc_cancel *cancel, void *data) {
    party *p = data;
    (void)cancel;
    p->code = proc_channel_send(p->channel, p->handle, &p->item, PROC_FOREVER) == 0 ? 0 : errno;
    return NULL;
}

static proc_job *wait_at(proc_fn fn, party *p) {
    proc_job *job = proc_start(proc_new(fn, p, NULL), NULL, NULL, NULL);
    wait_until_others_sleep();
    return job;
}

static void first_come_first_served(void) {
    proc_channel *channel = proc_channel_new(0, sizeof(int), NULL);
    party first = {.channel = channel}, second = {.channel = channel};
    proc_job *one = wait_at(waits_to_receive, &first), *two = wait_at(waits_to_receive, &second);
    CHECK_INT(send_int(channel, 1, order_is_seen() ? 0 : PROC_FOREVER), 0);
    CHECK_INT(send_int(channel, 2, order_is_seen() ? 0 : PROC_FOREVER), 0);
    CHECK_OK(proc_job_join(one));
    CHECK_OK(proc_job_join(two));
    CHECK_INT(first.item + second.item, 3);
    CHECK(first.item == 1 || !order_is_seen());
    FAILS(send_int(channel, 3, 0), ETIMEDOUT);
    proc_channel_unref(channel);
}

static void cancelled(void) {
    proc_channel *channel = proc_channel_new(1, sizeof(int), NULL);
    proc_cancel *handle = proc_cancel_new(NULL);
    party receiver = {.channel = channel, .handle = handle, .item = 7};
    proc_job *job = wait_at(waits_to_receive, &receiver);
    proc_cancel_trigger(handle, NULL);
    CHECK_OK(proc_job_join(job));
    CHECK_INT(receiver.code, ECANCELED);
    CHECK_INT(receiver.item, 7);
    int item = 1; /* There is room, and an item, and still: */
    FAILS(proc_channel_send(channel, handle, &item, 0), ECANCELED);
    CHECK_INT(send_int(channel, 2, 0), 0);
    FAILS(proc_channel_receive(channel, handle, &item, 0), ECANCELED);
    CHECK_INT(receive_int(channel, 0), 2);
    proc_cancel_unref(handle);
    proc_channel_unref(channel);
}

static void closed(void) {
    proc_channel *channel = proc_channel_new(1, sizeof(int), NULL);
    party sender = {.channel = channel, .item = 2};
    CHECK_INT(send_int(channel, 1, 0), 0);
    proc_job *job = wait_at(waits_to_send, &sender);
    proc_channel_close(channel);
    proc_channel_close(channel);
    CHECK_OK(proc_job_join(job));
    CHECK_INT(sender.code, EPIPE);
    FAILS(send_int(channel, 3, PROC_FOREVER), EPIPE);
    CHECK_INT(receive_int(channel, PROC_FOREVER), 1);
    int item;
    FAILS(proc_channel_receive(channel, NULL, &item, PROC_FOREVER), EPIPE);
    CHECK(readable(channel));
    proc_channel_unref(channel);
}

static void a_close_wakes_receivers(void) {
    proc_channel *channel = proc_channel_new(4, sizeof(int), NULL);
    party receiver = {.channel = channel};
    proc_job *job = wait_at(waits_to_receive, &receiver);
    proc_channel_close(channel);
    CHECK_OK(proc_job_join(job));
    CHECK_INT(receiver.code, EPIPE);
    proc_channel_unref(channel);
}

static int released;
static void release(void *item) { released = 10 * released + *(int *)item; }

static void what_is_left_is_released(void) {
    released = 0;
    proc_channel *channel = proc_channel_new(3, sizeof(int), release);
    for (int i = 0; i < 3; i++)
        CHECK_INT(send_int(channel, i, 0), 0);
    CHECK_INT(receive_int(channel, 0), 0);
    CHECK_INT(send_int(channel, 3, 0), 0);
    proc_channel *other = proc_channel_ref(channel);
    CHECK(other == channel);
    proc_channel_unref(other);
    CHECK_INT(released, 0);
    proc_channel_unref(channel);
    CHECK_INT(released, 123);
}

static void descriptor(void) {
    proc_channel *channel = proc_channel_new(2, sizeof(int), NULL);
    int fd = proc_channel_fd(channel);
    CHECK(!readable(channel));
    for (int round = 0; round < 3; round++) {
        CHECK_INT(send_int(channel, 1, 0), 0);
        CHECK(readable(channel));
        CHECK_INT(send_int(channel, 2, 0), 0);
        CHECK_INT(receive_int(channel, 0), 1);
        CHECK(readable(channel));
        CHECK_INT(receive_int(channel, 0), 2);
        CHECK(!readable(channel));
    }
    CHECK_INT(proc_channel_fd(channel), fd);
    close(fd); /* As daemons do. */
    CHECK_INT(send_int(channel, 1, 0), 0);
    CHECK(readable(channel));
    proc_channel_unref(channel);
}

static void descriptor_without_capacity(void) {
    proc_channel *channel = proc_channel_new(0, sizeof(int), NULL);
    party sender = {.channel = channel, .item = 9};
    CHECK(!readable(channel));
    proc_job *job = wait_at(waits_to_send, &sender);
    CHECK(becomes_readable(channel, 1000 * (int)check_deadline()));
    CHECK_INT((long long)proc_channel_length(channel), 0);
    CHECK_INT(receive_int(channel, 0), 9);
    CHECK(!readable(channel));
    CHECK_OK(proc_job_join(job));
    proc_channel_unref(channel);
}

static void bad_input(void) {
    proc_channel *channel = proc_channel_new(1, sizeof(int), NULL);
    int item = 0;
    errno = 0;
    CHECK(proc_channel_new(1, 0, NULL) == NULL);
    CHECK_INT(errno, EINVAL);
    CHECK(proc_channel_new(SIZE_MAX, 16, NULL) == NULL);
    CHECK_INT(errno, ENOMEM);
    CHECK(proc_channel_new(SIZE_MAX / 2 + 1, 1, NULL) == NULL);
    CHECK_INT(errno, ENOMEM);
#ifndef __SANITIZE_ADDRESS__ /* Its malloc ends the program. */
    CHECK(proc_channel_new(SIZE_MAX / 4, 1, NULL) == NULL);
    CHECK_INT(errno, ENOMEM);
#endif
    FAILS(proc_channel_send(NULL, NULL, &item, 0), EINVAL);
    FAILS(proc_channel_send(channel, NULL, NULL, 0), EINVAL);
    FAILS(proc_channel_receive(NULL, NULL, &item, 0), EINVAL);
    FAILS(proc_channel_receive(channel, NULL, NULL, 0), EINVAL);
    FAILS(proc_channel_fd(NULL), EINVAL);
    CHECK_INT((long long)proc_channel_length(NULL), 0);
    CHECK(proc_channel_ref(NULL) == NULL);
    proc_channel_close(NULL);
    proc_channel_unref(NULL);
    proc_channel_unref(channel);
}

CHECK_MAIN(CASE(in_order), CASE(many_to_many), CASE(first_come_first_served), CASE(cancelled),
           CASE(closed), CASE(a_close_wakes_receivers), CASE(what_is_left_is_released),
           CASE(descriptor), CASE(descriptor_without_capacity), CASE(bad_input))
