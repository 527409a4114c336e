// add: sums whose numbers leave room for one more bit, so that a rounding high product is the upper half of a product, and its
// next bit.
#ifndef TIN_NARROW_ADD_H
#define TIN_NARROW_ADD_H

#include "arch/generic.h"

// A multiplication by m / 2^31 and a right shift, both rounded.
typedef struct {
    int32_t multiplier, shift;
    int32_t half;                // 2^(shift - 1), 0 for no shift
    int32_t sign;                // -1: negative results are rounded away from zero as well; 0 for no shift
} tin_narrow_factor_t;

static inline tin_narrow_factor_t tin_narrow_factor(int32_t multiplier, int32_t shift) {
    const tin_narrow_factor_t factor = { multiplier, -shift, shift < 0 ? 1 << (-shift - 1) : 0, shift < 0 ? -1 : 0 };
    return factor;
}

// (a * b + 2^31) / 2^32
#ifndef tin_rounding_upper
static inline int32_t tin_rounding_upper(int32_t a, int32_t b) {
    return (int32_t)((int64_t)a * b >> 32) + (int32_t)((uint32_t)a * (uint32_t)b >> 31);
}
#endif

// tin_mbqm(twice / 2, ...) for a right shift: (a * m + 2^30) / 2^31 = (2 a * m + 2^31) / 2^32.
static inline int32_t tin_narrow_scaled(int32_t twice, const tin_narrow_factor_t *factor) {
    const int32_t h = tin_rounding_upper(twice, factor->multiplier);
    return (h + factor->half + (h >> 31 & factor->sign)) >> factor->shift;
}

TIN_COLD void tin_narrow_add_other(const tin_add_t *add, const int8_t *x, int32_t x_step, const int8_t *k, int32_t k_step, int8_t *out,
    int32_t count) {
    tin_add_row__generic(add, x, x_step, k, k_step, out, count);
}

TIN_HOT void tin_add_row__narrow(const tin_add_t *add, const int8_t *x, int32_t x_step, const int8_t *k, int32_t k_step, int8_t *out,
    int32_t count) {
    // Twice the sum of two differences of 9 bits has 32 with its sign; shifts of 31 would round by 2^30 and could wrap.
    if (add->left_shift > 21 || add->x_shift > 0 || add->k_shift > 0 || add->params.shift >= 0
        || add->x_shift < -30 || add->k_shift < -30 || add->params.shift < -30) {
        tin_narrow_add_other(add, x, x_step, k, k_step, out, count);
        return;
    }
    TIN_RAN("add_scaled", count);
    const tin_narrow_factor_t x_factor = tin_narrow_factor(add->x_multiplier, add->x_shift);
    const tin_narrow_factor_t k_factor = tin_narrow_factor(add->k_multiplier, add->k_shift);
    tin_narrow_factor_t to = tin_narrow_factor(add->params.multiplier, add->params.shift);
    // As it is; here the compiler knows.
    to.sign = -1;
    const int32_t left = add->left_shift + 1, low = add->to.low, high = add->to.high;
    const int32_t x_zero = add->x_zero_point, k_zero = add->k_zero_point, zero = add->to.zero_point;
    const int32_t negate = add->subtract ? -1 : 0;
    for (const int8_t *const end = out + count; out != end; out++, x += x_step, k += k_step) {
        const int32_t scaled_x = tin_narrow_scaled((int32_t)((uint32_t)(*x - x_zero) << left), &x_factor);
        const int32_t scaled_k = tin_narrow_scaled((int32_t)((uint32_t)(*k - k_zero) << left), &k_factor);
        const int32_t sum = scaled_x + ((scaled_k ^ negate) - negate);
        *out = (int8_t)tin_clamp(tin_narrow_scaled((int32_t)((uint32_t)sum << 1), &to) + zero, low, high);
    }
}
#define tin_add_row tin_add_row__narrow

#endif
