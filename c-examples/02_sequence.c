/* 02_sequence: one step after the other; the first error ends the sequence, and the program exits with 1.
 *
 *     cc 02_sequence.c -o 02_sequence $(pkg-config --cflags --libs procession) && ./02_sequence
 *
 * The steps share their user data. They run on the calling thread, so no lock is needed.
 */
#include <errno.h>
#include <procession.h>
#include <stdio.h>

struct account {
    int balance;
};

static proc_error *deposit(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    struct account *account = user_data;
    account->balance += 100;
    printf("deposited 100, now %d\n", account->balance);
    return NULL;
}

static proc_error *withdraw(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    struct account *account = user_data;
    if (account->balance < 70)
        return proc_errorf(ERANGE, "cannot withdraw 70 of %d", account->balance);
    account->balance -= 70;
    printf("withdrew 70, now %d\n", account->balance);
    return NULL;
}

static proc_error *close_account(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    (void)user_data;
    printf("closed: this is never reached\n");
    return NULL;
}

int main(void) {
    struct account account = {0};
    proc_impl *steps =
        PROC_SEQUENCE(proc_new(deposit, &account, NULL), proc_new(withdraw, &account, NULL),
                      proc_new(withdraw, &account, NULL), proc_new(close_account, &account, NULL));
    return proc_exit_status(proc_run(steps, NULL));
}
