/* A channel between two threads. N is the number of items that are timed together. */
#include "workloads.h"

struct talk {
    proc_channel *channel;
    int items;
};

static proc_error *send_all(proc_cancel *cancel, void *user_data) {
    const struct talk *talk = user_data;
    for (int i = 0; i < talk->items; i++) {
        if (proc_channel_send(talk->channel, cancel, &i, PROC_FOREVER))
            return proc_errno("send");
    }
    return NULL;
}

static proc_error *receive_all(proc_cancel *cancel, void *user_data) {
    const struct talk *talk = user_data;
    for (int i = 0, item; i < talk->items; i++) {
        if (proc_channel_receive(talk->channel, cancel, &item, PROC_FOREVER) || item != i)
            return proc_errno("receive");
    }
    return NULL;
}

void channel(int n, int repetitions) {
    struct talk talk = {proc_channel_new(CHANNEL_CAPACITY, sizeof(int), NULL), n};
    proc_impl *children[] = {proc_new(receive_all, &talk, NULL), proc_new(send_all, &talk, NULL)};
    proc_impl *group = proc_group(children, 2);
    repeat(run_again, group, n, repetitions);
    proc_unref(group);
    proc_channel_unref(talk.channel);
}
