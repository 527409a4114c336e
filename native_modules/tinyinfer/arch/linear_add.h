// add: both inputs times constants, without the roundings between, wherever these cannot matter. An architecture may run the loop up to
// a sum that is near a half by a tin_linear_run of its own, which returns how many outputs it wrote.
#ifndef TIN_LINEAR_ADD_H
#define TIN_LINEAR_ADD_H

#include "arch/generic.h"

#define TIN_ADD_HOT static __attribute__((noinline, unused, optimize("O2", "no-schedule-insns")))
#define TIN_ADD_COLD static __attribute__((noinline, unused))

#define TIN_ADD_POINT (20)           // bits of a sum behind its point
enum {
    TIN_ADD_DOUBT = 1 << 10,         // more than the roundings and those of the constants can make: 255 * 2 * 0.57 + 2.5 * 2^(20 - 13)
    TIN_ADD_LARGEST = 6 << TIN_ADD_POINT, // of both constants' sum, times 255
};

// Apart from sums of constants above TIN_ADD_LARGEST, which a layer that adds steps of like size cannot have.
TIN_KERNEL(add_row, add_scaled, add->left_shift <= 21 && add->x_shift <= 0 && add->k_shift <= 0 && add->params.shift <= -13
    && add->left_shift + add->x_shift + add->params.shift <= 31 - TIN_ADD_POINT
    && add->left_shift + add->k_shift + add->params.shift <= 31 - TIN_ADD_POINT
    && add->left_shift + add->x_shift + add->params.shift >= -TIN_ADD_POINT
    && add->left_shift + add->k_shift + add->params.shift >= -TIN_ADD_POINT)

// An input's multiplier times the sum's, with TIN_ADD_POINT bits behind the point.
TIN_ADD_COLD int32_t tin_add_factor(const tin_add_t *add, int32_t multiplier, int32_t shift) {
    const int32_t right = 31 - TIN_ADD_POINT - add->left_shift - shift - add->params.shift;
    return tin_rounding_shift(tin_rounding_high_mul(multiplier, add->params.multiplier), right);
}

// What is near a half, or not for these constants.
TIN_ADD_COLD void tin_linear_add_other(const tin_add_t *add, const int8_t *x, int32_t x_step, const int8_t *k, int32_t k_step,
    int8_t *out, int32_t count) {
    tin_add_row__generic(add, x, x_step, k, k_step, out, count);
}

// What a sum is made of, and from which fraction on it is near a half.
typedef struct {
    int32_t x_factor, k_factor, start;
    uint32_t sure;
    int32_t low, high;
} tin_linear_t;

#ifdef tin_linear_run
static int32_t tin_linear_run(const tin_linear_t *add, const int8_t *x, int32_t x_step, const int8_t *k, int32_t k_step, int8_t *out,
    int32_t count);
#endif

TIN_ADD_HOT void tin_add_row__linear(const tin_add_t *add, const int8_t *x, int32_t x_step, const int8_t *k, int32_t k_step, int8_t *out,
    int32_t count) {
    if (!tin_takes_add_scaled(add, x_step, k_step)) {
        tin_linear_add_other(add, x, x_step, k, k_step, out, count);
        return;
    }
    const int32_t x_factor = tin_add_factor(add, add->x_multiplier, add->x_shift);
    int32_t k_factor = tin_add_factor(add, add->k_multiplier, add->k_shift);
    if (x_factor > TIN_ADD_LARGEST - k_factor) {
        tin_linear_add_other(add, x, x_step, k, k_step, out, count);
        return;
    }
    TIN_RAN(add_scaled, count);
    if (add->subtract) {
        k_factor = -k_factor;
    }
    const int32_t low = add->to.low, high = add->to.high;
    // With a half, and less by what may be wrong.
    const int32_t start = (2 * add->to.zero_point + 1) * (1 << (TIN_ADD_POINT - 1)) - TIN_ADD_DOUBT - add->x_zero_point * x_factor
        - add->k_zero_point * k_factor;
    const uint32_t sure = (uint32_t)((1 << TIN_ADD_POINT) - 2 * TIN_ADD_DOUBT) << (32 - TIN_ADD_POINT);
    for (const int8_t *const end = out + count; out != end; out++, x += x_step, k += k_step) {
#ifdef tin_linear_run
        const tin_linear_t linear = { x_factor, k_factor, start, sure, low, high };
        const int32_t done = tin_linear_run(&linear, x, x_step, k, k_step, out, end - out);
        x += done * x_step;
        k += done * k_step;
        out += done;
        if (out == end) {
            break;
        }
#endif
        const int32_t sum = *x * x_factor + *k * k_factor + start;
        if ((uint32_t)sum << (32 - TIN_ADD_POINT) >= sure) {
            tin_linear_add_other(add, x, 0, k, 0, out, 1);
            continue;
        }
        *out = (int8_t)tin_clamp(sum >> TIN_ADD_POINT, low, high);
    }
}
#define tin_add_row tin_add_row__linear

#endif
