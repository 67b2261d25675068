/* A signal that asks proc_main to stop when its process has completed already, and it has not returned: it writes the rest of a
 * trace into a pipe, and whoever reads that makes it wait. Each case plays in a child program. Laws:
 *
 *   heard           A proc_on_signal elsewhere hears of it, which is the end of the matter: the program goes on.
 *   comes_later     … and so does one that begins to listen only when it has arrived.
 *   by_its_handler  Where there is none, it goes to the program's own handler, once, when proc_main has returned.
 */
#include "asleep.h"
#include "child.h"
#include "leaf.h"
#include "trace_file.h"

static gate completed, reacted;
static atomic_int handled;
static proc_cancel *listening;
static pthread_t listener;

/* More than a pipe holds. */
static proc_error *log_much(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    for (int i = 0; i < 10000; i++)
        proc_trace_log(cancel, "much", "a line that is there to be some bytes long");
    gate_open(&completed);
    return NULL;
}

static proc_error *react(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    gate_open(&reacted);
    return NULL;
}

static void *listen_to_it(void *user_data) {
    CHECK_OK(proc_run(proc_on_signal(SIGTERM, proc_new(react, NULL, NULL)), listening));
    return user_data;
}

static void begin_to_listen(void) {
    CHECK_INT(pthread_create(&listener, NULL, listen_to_it, NULL), 0);
    wait_until_others_sleep();
}

static void send_it(void) {
    GATE_WAIT(&completed);
    wait_until_others_sleep();
    CHECK_INT(kill(getpid(), SIGTERM), 0);
}

static void send_and_wait(void) {
    send_it();
    GATE_WAIT(&reacted);
}

static void send_and_listen(void) {
    send_it();
    begin_to_listen();
}

/* What reads the trace does this first. */
static void (*before_reading)(void);

static void *read_late(void *user_data) {
    static char part[65536];
    before_reading();
    while (read(*(int *)user_data, part, sizeof part) > 0)
        ;
    return NULL;
}

/* proc_main, with such a reader. */
static void run_main(void (*first)(void)) {
    pthread_t reader;
    before_reading = first;
    make_directory();
    CHECK_INT(mkfifo(in_directory("fifo"), 0600), 0);
    int fd = open(in_directory("fifo"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    fcntl(fd, F_SETFL, 0);
    setenv("PROCESSION_TRACE", in_directory("fifo"), 1);
    CHECK_INT(pthread_create(&reader, NULL, read_late, &fd), 0);
    CHECK_OK(proc_main(proc_new(log_much, NULL, NULL)));
    pthread_join(reader, NULL);
    close(fd);
    remove_directory();
}

static void begin(void) {
    gate_init(&completed);
    gate_init(&reacted);
    signal(SIGTERM, SIG_DFL);
    listening = proc_cancel_new(NULL);
}

/* It has heard of it, and still listens. */
static void end(void) {
    GATE_WAIT_FOR(&reacted, 1);
    CHECK_INT(kill(getpid(), SIGTERM), 0);
    GATE_WAIT_FOR(&reacted, 2);
    proc_cancel_trigger(listening, NULL);
    pthread_join(listener, NULL);
    CHECK_INT((long long)reacted.opened, 2);
    proc_cancel_unref(listening);
}

static void heard_role(void) {
    begin();
    begin_to_listen();
    run_main(send_and_wait);
    end();
}

static void heard(void) { child_run("heard_role"); }

static void comes_later_role(void) {
    begin();
    run_main(send_and_listen);
    end();
}

static void comes_later(void) { child_run("comes_later_role"); }

static void handle(int signal_number) { handled += signal_number == SIGTERM; }

static void check_not_handled(void) {
    send_it();
    CHECK_INT(handled, 0);
}

static void handled_role(void) {
    begin();
    signal(SIGTERM, handle);
    run_main(check_not_handled);
    CHECK_INT(handled, 1);
    proc_cancel_unref(listening);
}

static void by_its_handler(void) { child_run("handled_role"); }

CHECK_MAIN(CASE(heard), ROLE(heard_role), CASE(comes_later), ROLE(comes_later_role),
           CASE(by_its_handler), ROLE(handled_role))
