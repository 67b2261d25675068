/* A year, in virtual time: what is told of times holds however often it comes to that. Laws:
 *
 *   supervised       What fails once a day is run again each time, after the first delay exactly: each run was healthy.
 *   gives_up         What fails ever sooner is given up at the failure that is one too many within the window, and at none before.
 *   beats            proc_every has as many runs in a year as periods fit, none of them late, though each takes another time.
 *   stacked_all_year A stack that fails each week begins in order and stops in reverse, all year, in every order of its threads.
 *   deadlines        Deadlines below deadlines strike in the order of their times, a year of them.
 *   timeouts         Of a year of races between an answer and a timeout at the same moment, each has one winner.
 */
#include "simulated.h"

enum { DAYS = 365 };
#define DAY PROC_SECONDS(86400)

static proc_error *simulate_year(proc_simulation_fn program, void *data, uint64_t seed) {
    proc_simulation options = PROC_SIMULATION_INIT;
    options.seed = seed;
    options.limit_ns = PROC_FOREVER;
    return proc_simulate(program, data, &options);
}

typedef struct failing {
    int failures;

} failing;

static proc_error *fail_after_a_day(proc_cancel *cancel, void *user_data) {
    failing *f = user_data;
    CHECK_INT(proc_now(), f->failures * (DAY + PROC_MS(100)));
    if (f->failures == DAYS)
        return NULL;
    CHECK(!proc_wait(cancel, DAY));
    f->failures++;
    return proc_error_new(EIO, "daily");
}

static proc_impl *failing_daily(void *user_data) {
    failing *f = user_data;
    *f = (failing){0};
    proc_supervise_options options = PROC_SUPERVISE_OPTIONS_INIT;
    options.jitter_percent = 0;
    return proc_supervise(&options, proc_new(fail_after_a_day, f, NULL));
}

static void supervised(void) {
    failing f;
    CHECK_OK(simulate_year(failing_daily, &f, 1));
    CHECK_INT(f.failures, DAYS);
}

/* The n-th failure comes 1000/n hours after the one before: in the end more than ten are within a day. */
static proc_error *fail_sooner(proc_cancel *cancel, void *user_data) {
    failing *f = user_data;
    CHECK(!proc_wait(cancel, PROC_SECONDS(3600) * 1000 / (f->failures + 1)));
    f->failures++;
    return proc_error_new(EIO, "sooner");
}

static proc_impl *failing_sooner(void *user_data) {
    failing *f = user_data;
    *f = (failing){0};
    proc_supervise_options options = PROC_SUPERVISE_OPTIONS_INIT;
    options.jitter_percent = 0;
    options.first_delay_ns = 0;
    options.most = 10;
    options.within_ns = DAY;
    return proc_supervise(&options, proc_new(fail_sooner, f, NULL));
}

/* At which failure there were eleven within a day, the first and the last of them included. */
static int first_too_many(void) {
    int64_t at[1000] = {0};
    for (int n = 1; n < 1000; n++) {
        at[n] = at[n - 1] + PROC_SECONDS(3600) * 1000 / n;
        if (n > 10 && at[n] - at[n - 10] <= DAY)
            return n;
    }
    return 0;
}

static void gives_up(void) {
    failing f;
    CHECK_SIMULATION(simulate_year(failing_sooner, &f, 1), EIO, "sooner");
    CHECK_INT(f.failures, first_too_many());
}

static proc_error *beat(proc_cancel *cancel, void *user_data) {
    int *beats = user_data;
    CHECK_INT(proc_now(), *beats * PROC_SECONDS(3600));
    (*beats)++;
    return proc_wait(cancel, PROC_MS(*beats % 3000)) ? proc_cancel_error(cancel) : NULL;
}

static proc_impl *beating(void *user_data) {
    *(int *)user_data = 0;
    return proc_timeout(DAYS * DAY - 1,
                        proc_every(PROC_SECONDS(3600), proc_new(beat, user_data, NULL)));
}

static void beats(void) {
    int count;
    CHECK_OK(simulate_year(beating, &count, 1)); /* It is stopped between two runs. */
    CHECK_INT(count, DAYS * 24);
}

enum { LAYERS = 3 };

typedef struct stacked {
    int up, weeks;

} stacked;

typedef struct layer {
    stacked *whole;
    int place;
} layer;

static proc_error *be_layer(proc_cancel *cancel, void *user_data) {
    layer *l = user_data;
    stacked *s = l->whole;
    CHECK_INT(s->up, l->place);
    s->up++;
    proc_ready(cancel);
    if (l->place < LAYERS - 1) {
        CHECK(proc_wait(cancel, PROC_FOREVER));
    } else {
        CHECK(!proc_wait(cancel, 7 * DAY));
    }
    proc_yield();
    s->up--;
    CHECK_INT(s->up, l->place);
    return l->place < LAYERS - 1 ? proc_cancel_error(cancel) : proc_error_new(EIO, "weekly");
}

static bool until_new_year(const proc_error *error, void *user_data) {
    (void)error;
    stacked *s = user_data;
    CHECK_INT(s->up, 0);
    return ++s->weeks < 52;
}

static proc_impl *stacking(void *user_data) {
    static layer layers[LAYERS];
    proc_impl *parts[LAYERS];
    stacked *s = user_data;
    *s = (stacked){0};
    for (int i = 0; i < LAYERS; i++) {
        layers[i] = (layer){s, i};
        parts[i] = proc_service("layer", proc_new(be_layer, &layers[i], NULL));
    }
    proc_supervise_options options = PROC_SUPERVISE_OPTIONS_INIT;
    options.restart = until_new_year;
    options.user_data = s;
    return proc_supervise(&options, proc_stack(parts, LAYERS));
}

static void stacked_all_year(void) {
    stacked s;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        CHECK_SIMULATION(simulate_year(stacking, &s, seed), EIO, "weekly");
        CHECK_INT(s.weeks, 52);
    }
}

static proc_error *nest(proc_cancel *cancel, void *user_data) {
    int *struck = user_data;
    proc_cancel *all[DAYS + 1] = {NULL};
    for (int i = DAYS; i >= 1; i--) /* The innermost is over first. */
        all[i] = proc_cancel_new_timeout(i == DAYS ? cancel : all[i + 1], i * DAY);
    for (int i = 1; i <= DAYS; i++) {
        CHECK(proc_wait(all[i], PROC_FOREVER));
        CHECK_INT(proc_now(), i * DAY);
        CHECK(i == DAYS || !proc_cancelled(all[i + 1]));
        (*struck)++;
    }
    for (int i = 1; i <= DAYS; i++)
        proc_cancel_unref(all[i]);
    return NULL;
}

static proc_impl *nesting(void *user_data) { return proc_new(nest, user_data, NULL); }

static void deadlines(void) {
    int struck = 0;
    CHECK_OK(simulate_year(nesting, &struck, 1));
    CHECK_INT(struck, DAYS);
}

typedef struct race {
    int answers, timeouts;
} race;

static proc_error *answer(proc_cancel *cancel, void *user_data) {
    race *r = user_data;
    if (proc_wait(cancel, DAY)) {
        r->timeouts++;
        return proc_cancel_error(cancel);
    }
    r->answers++;
    return NULL;
}

static proc_error *race_daily(proc_cancel *cancel, void *user_data) {
    for (int day = 1; day <= DAYS; day++) {
        proc_impl *asks = proc_timeout(DAY, proc_new(answer, user_data, NULL));
        proc_error *error = proc_run(asks, cancel);
        CHECK(error == NULL || proc_error_is(error, ETIMEDOUT));
        proc_error_unref(error);
        CHECK_INT(proc_now(), day * DAY);
    }
    return NULL;
}

static proc_impl *racing_daily(void *user_data) { return proc_new(race_daily, user_data, NULL); }

static void timeouts(void) {
    race r = {0};
    CHECK_OK(simulate_year(racing_daily, &r, 1));
    CHECK_INT(r.answers + r.timeouts, DAYS);
}

CHECK_MAIN(CASE(supervised), CASE(gives_up), CASE(beats), CASE(stacked_all_year), CASE(deadlines),
           CASE(timeouts))
