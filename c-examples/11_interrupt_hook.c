/* 11_interrupt_hook: makes a process of a third party's blocking loop, which knows nothing of cancel handles.
 *
 *     cc 11_interrupt_hook.c -o 11_interrupt_hook $(pkg-config --cflags --libs procession) -pthread && ./11_interrupt_hook
 *
 * The function that stops the loop becomes a hook, which the cancellation calls. Here the source of the loop's events
 * fails, so the group cancels the loop, and the program ends with the source's error.
 */
#include <errno.h>
#include <procession.h>
#include <pthread.h>
#include <stdio.h>

/* ---- Third-party code: a loop that handles events until another thread stops it. */

typedef struct loop {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int posted;
    bool stopped;
} loop;

static void loop_run(loop *l, void (*on_event)(int number)) {
    pthread_mutex_lock(&l->mutex);
    for (int handled = 0; handled < l->posted || !l->stopped;) {
        if (handled < l->posted)
            on_event(++handled);
        else
            pthread_cond_wait(&l->changed, &l->mutex);
    }
    pthread_mutex_unlock(&l->mutex);
}

static void loop_change(loop *l, int posted, bool stopped) {
    pthread_mutex_lock(&l->mutex);
    l->posted += posted;
    l->stopped |= stopped;
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->mutex);
}

static void loop_post(loop *l) { loop_change(l, 1, false); }
static void loop_stop(loop *l) { loop_change(l, 0, true); }

/* ---- Our code. */

static void print_event(int number) { printf("event %d\n", number); }

/* This may be called before the loop has begun, even from inside of proc_on_cancel: the loop remembers the stop. */
static void stop_loop(void *user_data) {
    printf("the hook stops the loop\n");
    loop_stop(user_data);
}

static proc_error *run_loop(proc_cancel *cancel, void *user_data) {
    proc_hook *hook = proc_on_cancel(cancel, stop_loop, user_data);
    loop_run(user_data, print_event);
    proc_hook_remove(hook); /* From here on no thread is in stop_loop, so the loop may be freed. */
    return proc_cancel_error(cancel);
}

static proc_error *feed_loop(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    for (int i = 0; i < 3; i++)
        loop_post(user_data);
    return proc_error_new(EIO, "no more events");
}

int main(void) {
    loop events = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false};
    setvbuf(stdout, NULL, _IOLBF, 0);
    return proc_exit_status(
        proc_run(PROC_GROUP(proc_task("loop", proc_new(run_loop, &events, NULL)),
                            proc_task("source", proc_new(feed_loop, &events, NULL))),
                 NULL));
}
