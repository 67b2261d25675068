/* account.h: what must be true of a run, given what its leaves noted and the error that it returned. Laws:
 *
 *   Each leaf was started once and has ended, or it was not started, because its sequence had ended with an error before, or
 *   because it or something around it was denied a thread.
 *   Each failure that a leaf returned, an echo or not, is reported; not more often than it was returned; and just as often
 *   if there is no group, which alone absorbs echoes.
 *   What else is reported are denials, one for each child that could not be started.
 *   A leaf that cancels its handle cancels that of the run, in tasks too, but not through a group.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include "leaves.h"

typedef struct account {
    size_t started;
    size_t skipped;
    size_t denied;
    /* How many denials must and may be reported. They are the same unless all children of a fan-out were denied, for it may
     * have been that fan-out that was. */
    size_t least;
    size_t most;
} account;

static inline size_t leaves_of(const node *n) {
    size_t leaves = n->kind == LEAF;
    for (const node *child = n->first; child; child = child->next)
        leaves += leaves_of(child);
    return leaves;
}

static inline bool any_started(const node *n) {
    if (n->kind == LEAF)
        return n->started > 0;
    for (const node *child = n->first; child; child = child->next)
        if (any_started(child))
            return true;
    return false;
}

/* How many denials there were at most if none of its leaves were started. */
static inline size_t hidden_denials(const node *n) {
    size_t hidden = 0;
    if (n->kind == SEQUENCE || n->kind == TASK || n->kind == REGION)
        return n->first ? hidden_denials(n->first) : 0;
    for (const node *child = n->first; child; child = child->next) {
        size_t below = hidden_denials(child);
        hidden += below > 1 ? below : 1;
    }
    return hidden;
}

/* These tell whether it failed. */
static inline bool account_of(account *a, const node *n);

static inline bool account_sequence(account *a, const node *n) {
    bool failed = false;
    for (const node *step = n->first; step; step = step->next) {
        if (failed) {
            CHECK(!any_started(step));
            a->skipped += leaves_of(step);
        } else {
            failed = account_of(a, step);
        }
    }
    return failed;
}

static inline void account_denied(account *a, const node *n) {
    size_t hidden = hidden_denials(n);
    a->denied += leaves_of(n);
    a->least += 1;
    a->most += hidden > 1 ? hidden : 1;
}

static inline bool account_fan_out(account *a, const node *n) {
    bool failed = false;
    /* An only child needs no thread. */
    bool may_be_denied = n->first != n->last;
    for (const node *child = n->first; child; child = child->next) {
        if (may_be_denied && !any_started(child)) {
            account_denied(a, child);
            failed = true;
        } else {
            failed |= account_of(a, child);
        }
    }
    return failed;
}

static inline bool account_of(account *a, const node *n) {
    switch (n->kind) {
    case LEAF:
        CHECK_INT(n->started, 1);
        CHECK_INT(n->ended, 1);
        a->started++;
        return n->returned != NULL;
    case SEQUENCE:
        return account_sequence(a, n);
    case TASK:
    case REGION:
        return account_of(a, n->first);
    default:
        return account_fan_out(a, n);
    }
}

static inline void account_errors(const account *a, const plan *p, const proc_error *error) {
    failures reported = {0}, returned = {0};
    size_t denials = 0, new_denials = 0;
    failures_add(&reported, error);
    for (const node *n = p->nodes; n < p->nodes + p->count; n++)
        failures_add(&returned, n->returned);
    for (size_t i = 0; i < returned.count; i++)
        CHECK(failures_times(&reported, returned.items[i]) > 0);
    for (size_t i = 0; i < reported.count; i++) {
        const proc_error *failure = reported.items[i];
        size_t times = failures_times(&reported, failure);
        size_t most = failures_times(&returned, failure);
        /* An error that is reached by several ways is listed once, but in each task that it has failed. */
        CHECK(times >= 1 && times <= most + is_denial(failure));
        bool is_first = i == 0 || failures_times(&(failures){reported.items, i, i}, failure) == 0;
        denials += is_first && is_denial(failure);
        new_denials += is_first && is_denial(failure) && most == 0;
    }
    /* A leaf may have passed on a denial, of this tree or of another, as the cause of its cancellation or as an error. */
    CHECK(denials >= a->least && new_denials <= a->most);
    free(reported.items);
    free(returned.items);
}

static inline bool cancels_run(const node *n) {
    if (n->kind == LEAF)
        return n->started && n->deed == TRIGGER;
    for (const node *child = n->first; child && n->kind != GROUP; child = child->next)
        if (cancels_run(child))
            return true;
    return false;
}

/* The handle is that of the run, NULL if nobody knows it. */
static inline void account_run(const plan *p, proc_cancel *cancel, const proc_error *error) {
    account a = {0};
    CHECK(!cancel || !cancels_run(p->root) || proc_cancelled(cancel));
    account_of(&a, p->root);
    CHECK_INT((long long)(a.started + a.skipped + a.denied), (long long)p->leaves);
    account_errors(&a, p, error);
    round_tally.started += a.started;
    round_tally.skipped += a.skipped;
    round_tally.denied += a.denied;
}

#endif
