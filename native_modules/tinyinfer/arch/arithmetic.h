// SPEC.md "Numbers", and the small things every block needs.
#ifndef TIN_ARITHMETIC_H
#define TIN_ARITHMETIC_H

#include <stdbool.h>
#include <stdint.h>

// a / 2^shift, rounded half away from zero; shift in [0, 31].
static inline int32_t tin_rounding_shift(int32_t a, int32_t shift) {
    const int32_t mask = (int32_t)((1u << shift) - 1);
    const int32_t threshold = (int32_t)((uint32_t)mask >> 1) + (a < 0);
    return (a >> shift) + ((a & mask) > threshold);
}

// floor((a * b + 2^30) / 2^31), not of INT32_MIN by itself, in products of halves: for 64 bits the compiler would call its library.
static inline int32_t tin_high_mul_of_halves(int32_t a, int32_t b) {
    // The rounding reaches no lower than `other`.
    const int32_t low_a = a & 0xffff, low_b = b & 0xffff, high_a = a >> 16, high_b = b >> 16;
    const int32_t middle = high_a * low_b + (int32_t)((uint32_t)low_a * (uint32_t)low_b >> 16);
    const int32_t other = low_a * high_b + (middle & 0xffff);
    const uint32_t twice = 2 * (uint32_t)(high_a * high_b + (middle >> 16));
    return (int32_t)(twice + (uint32_t)((other + (1 << 14)) >> 15));
}

// floor((a * b + 2^30) / 2^31); saturates the one product that does not fit.
static inline int32_t tin_rounding_high_mul(int32_t a, int32_t b) {
#if defined(__ARM_ARCH_6M__) || defined(__XTENSA__)
    const int32_t product = tin_high_mul_of_halves(a, b);
    return (uint32_t)product << 1 == 0 ? product ^ product >> 31 : product;
#else
    if (a == INT32_MIN && b == INT32_MIN) {
        return INT32_MAX;
    }
    return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
#endif
}

// TensorFlow Lite's MultiplyByQuantizedMultiplier with double rounding; shift in [-31, 30]. Constants are not checked: any
// other shift gives some number.
static inline int32_t tin_mbqm(int32_t a, int32_t multiplier, int32_t shift) {
    const uint32_t left = shift > 0 ? (uint32_t)shift & 31 : 0;
    const uint32_t right = shift > 0 ? 0 : (0 - (uint32_t)shift) & 31;
    return tin_rounding_shift(tin_rounding_high_mul((int32_t)((uint32_t)a << left), multiplier), (int32_t)right);
}

static inline int32_t tin_clamp(int32_t value, int32_t low, int32_t high) {
    return value < low ? low : value > high ? high : value;
}

// Sums that wrap.
static inline int32_t tin_wrap_add(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

// Multiplier and shift a kernel may use: multiplier in [0, 2^31).
static inline bool tin_multiplier_ok(int32_t multiplier, int32_t shift) {
    return multiplier >= 0 && shift >= -31 && shift <= 30;
}

static inline int32_t tin_low_nibble(uint8_t byte) {
    return (int32_t)((byte & 15u) ^ 8u) - 8;
}

static inline int32_t tin_high_nibble(uint8_t byte) {
    return (int32_t)((byte >> 4) ^ 8u) - 8;
}

typedef struct {
    int32_t bias, multiplier, shift;
} tin_params_t;

// Little-endian, at any address; where it is worth a copy.
static inline __attribute__((always_inline)) uint32_t tin_load_u32_here(const uint8_t *p) {
#if (defined(__ARM_FEATURE_UNALIGNED) || defined(__x86_64__)) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint32_t word;
    __builtin_memcpy(&word, p, 4);
    return word;
#else
#if defined(__ARM_ARCH_6M__) || defined(__riscv) || defined(__XTENSA__)
    // Nearly always; a fifth of the instructions.
    if (((uintptr_t)p & 3) == 0) {
        uint32_t word;
        __builtin_memcpy(&word, __builtin_assume_aligned(p, 4), 4);
        return word;
    }
#endif
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
#endif
}

static inline uint32_t tin_load_u32(const uint8_t *p) {
    return tin_load_u32_here(p);
}

static inline int32_t tin_load_s32(const uint8_t *p) {
    return (int32_t)tin_load_u32(p);
}

static inline tin_params_t tin_params(const uint8_t *params, int32_t channel) {
    const uint8_t *const p = params + 12 * channel;
    const tin_params_t of_channel = { tin_load_s32(p), tin_load_s32(p + 4), tin_load_s32(p + 8) };
    return of_channel;
}

#endif
