// What every test program here needs: numbers that look random, extremes, and a verdict.
#ifndef TESTS_EXPECT_H
#define TESTS_EXPECT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static unsigned long checks;

// Stops at the first difference, with what led to it.
#define EXPECT(got, want, ...) do { \
    const int64_t got_value = (got), want_value = (want); \
    checks++; \
    if (got_value != want_value) { \
        printf("%s:%d: %s is %ld, must be %ld: ", __FILE__, __LINE__, #got, (long)got_value, (long)want_value); \
        printf(__VA_ARGS__); \
        printf("\n"); \
        exit(1); \
    } \
} while (0)

static inline int passed(const char *name) {
    printf("%s: %lu checks\n", name, checks);
    return checks == 0;
}

// xorshift32
static inline uint32_t random_u32(void) {
    static uint32_t state = 2463534242u;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

// In [low, high].
static inline int32_t random_in(int32_t low, int32_t high) {
    return (int32_t)(low + (int64_t)(random_u32() % ((uint64_t)((int64_t)high - low) + 1)));
}

// Every sign and magnitude alike: the ends of s32, powers of two and their neighbours, and any.
static inline int32_t random_s32(void) {
    const uint32_t power = 1u << (random_u32() & 31);
    switch (random_u32() & 7) {
        case 0:
            return INT32_MIN;
        case 1:
            return INT32_MAX;
        case 2:
            return (int32_t)(power + random_u32() % 3 - 1);
        case 3:
            return (int32_t)(0 - power + random_u32() % 3 - 1);
        case 4:
            return random_in(-2, 2);
        default:
            return (int32_t)(random_u32() >> (random_u32() & 31));
    }
}

#endif
