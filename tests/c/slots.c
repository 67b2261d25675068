/* What the library remembers of the program's threads, which come and go and tell nobody that they go: no more than it
 * had to at the busiest moment, and as much again. Laws:
 *
 *   waves        While 15 threads are inside for long, many more come and go, 8 at a time: the library holds nothing for
 *                those that have gone, however many waves there were.
 *   peak         The same after 100 threads were inside at once, and when only one comes at a time.
 */
#include "../stress/blocks.h"

enum { LASTING = 15, WAVE = 8, PEAK = 100 };

static gate inside, leave, met;
static proc_impl *stays, *meets;
static size_t wave_size;

static proc_error *stay(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    gate_open(&inside);
    GATE_WAIT(&leave);
    return NULL;
}

static proc_error *meet(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    GATE_MEET(&met, wave_size);
    return NULL;
}

static void *run(void *impl) {
    CHECK_OK(proc_run(proc_ref((proc_impl *)impl), NULL));
    return NULL;
}

static void start(pthread_t *threads, size_t count, proc_impl *impl) {
    for (size_t i = 0; i < count; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, run, impl), 0);
}

static void join(pthread_t *threads, size_t count) {
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

/* Threads that are all inside at the same time, and then end. */
static void wave(size_t size) {
    pthread_t threads[PEAK];
    gate_init(&met);
    wave_size = size;
    start(threads, size, meets);
    join(threads, size);
}

static void check_waves(size_t size, size_t rounds) {
    wave(size);
    wave(size);
    long held = blocks_of_library();
    for (size_t i = 0; i < rounds; i++)
        wave(size);
    CHECK(blocks_of_library() <= held + LASTING + PEAK);
}

static void beside_lasting(size_t peak, size_t size, size_t rounds) {
    pthread_t lasting[LASTING];
    blocks_begin();
    gate_init(&inside);
    gate_init(&leave);
    stays = proc_new(stay, NULL, NULL);
    meets = proc_new(meet, NULL, NULL);
    start(lasting, LASTING, stays);
    GATE_WAIT_FOR(&inside, LASTING);
    wave(peak);
    check_waves(size, rounds);
    gate_open(&leave);
    join(lasting, LASTING);
    proc_unref(stays);
    proc_unref(meets);
}

static void waves(void) { beside_lasting(WAVE, WAVE, check_scaled(500)); }

static void peak(void) {
    beside_lasting(PEAK, WAVE, check_scaled(200));
    beside_lasting(PEAK, 1, check_scaled(500));
}

CHECK_MAIN(CASE(waves), CASE(peak))
