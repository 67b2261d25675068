/* rng.h: numbers that follow from a seed alone (splitmix64), so that a tree is its seed and nothing else. */
#ifndef RNG_H
#define RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct rng {
    uint64_t state;
} rng;

/* Seeds and numbers of streams that are near each other give numbers that have nothing in common. */
static inline rng rng_new(uint64_t seed, uint64_t stream) {
    return (rng){seed * 0xd1342543de82ef95 + stream * 0xaf251af3b0f025b5};
}

static inline uint64_t rng_next(rng *r) {
    uint64_t z = r->state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* From 0 to `bound - 1`; 0 when there is none. */
static inline size_t rng_below(rng *r, size_t bound) {
    return bound ? (size_t)(rng_next(r) >> 16) % bound : 0;
}

/* From `low` to `high`, both included. */
static inline size_t rng_between(rng *r, size_t low, size_t high) {
    return low + rng_below(r, high - low + 1);
}

static inline bool rng_percent(rng *r, size_t chance) { return rng_below(r, 100) < chance; }

#endif
