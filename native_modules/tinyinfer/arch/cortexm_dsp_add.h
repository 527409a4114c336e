// Addition on the DSP extension. The input with the larger scale counts exactly half of itself shifted left (multiplier 2^30,
// shift 0), so that only the other one and the sum are multiplied.
#ifndef TIN_CORTEXM_DSP_ADD_H
#define TIN_CORTEXM_DSP_ADD_H

#include "arch/cortexm_dsp.h"

#define TIN_ADD_LEFT_SHIFT (20)

// As the loop below loads them.
typedef struct {
    int32_t offset;              // zero point of `other` << 21
    int32_t rounding;            // half of 2^r
    int32_t multiplier;
    int32_t shift;               // r
    int32_t half_offset;         // zero point of `half` << 19
    int32_t sum_multiplier;
    int32_t sum_rounding;        // (2 * zero point + 1) << (r - 1)
    int32_t sum_shift;           // r - 1
} tin_add_halves_t;

TIN_ASM void tin_add_halves(const int8_t *half, const int8_t *other, int8_t *out, const int8_t *end, const tin_add_halves_t *add) {
    __asm__ (
        "    push   {r4-r11, lr}\n"
        "    ldr    r12, [sp, #36]\n"
        "    mov    lr, r3\n"
        "    ldm    r12, {r4-r11}\n"
        "1:  ldrsb  r3, [r1], #1\n"
        "    rsb    r3, r4, r3, lsl #21\n"
        "    add    r12, r5, r3, asr #31\n"
        "    smmlar r3, r3, r6, r12\n"
        "    ldrsb  r12, [r0], #1\n"
        "    asrs   r3, r7\n"
        "    sub    r3, r3, r8\n"
        "    add    r3, r3, r12, lsl #19\n"
        "    add    r12, r10, r3, asr #31\n"
        "    lsls   r3, r3, #1\n"
        "    smmlar r3, r3, r9, r12\n"
        "    asr    r3, r3, r11\n"
        "    ssat   r3, #8, r3, asr #1\n"
        "    strb   r3, [r2], #1\n"
        "    cmp    r2, lr\n"
        "    bne    1b\n"
        "    pop    {r4-r11, pc}\n");
}

TIN_KERNEL(add_row, add_halves, x_step == 1 && k_step == 1 && !add->subtract && add->left_shift == TIN_ADD_LEFT_SHIFT
    && ((add->x_multiplier == 1 << 30 && add->x_shift == 0 && add->k_shift >= -23 && add->k_shift <= -1)
        || (add->k_multiplier == 1 << 30 && add->k_shift == 0 && add->x_shift >= -23 && add->x_shift <= -1))
    && add->params.shift >= -23 && add->params.shift <= -1)

static inline void tin_add_row__dsp(const tin_add_t *add, const int8_t *x, int32_t x_step, const int8_t *k, int32_t k_step, int8_t *out,
    int32_t count) {
    // Then the other one's shift is not 0.
    const bool x_is_half = add->x_shift == 0;
    const int32_t half_zero_point = x_is_half ? add->x_zero_point : add->k_zero_point;
    const int32_t zero_point = x_is_half ? add->k_zero_point : add->x_zero_point;
    const int32_t shift = x_is_half ? add->k_shift : add->x_shift;
    if (!tin_takes_add_halves(add, x_step, k_step)) {
        tin_add_row__generic(add, x, x_step, k, k_step, out, count);
        return;
    }
    const tin_add_halves_t halves = {
        zero_point * (1 << (TIN_ADD_LEFT_SHIFT + 1)), 1 << (-shift - 1), x_is_half ? add->k_multiplier : add->x_multiplier, -shift,
        half_zero_point * (1 << (TIN_ADD_LEFT_SHIFT - 1)),
        add->params.multiplier, (2 * add->to.zero_point + 1) * (1 << (-add->params.shift - 1)), -add->params.shift - 1,
    };
    TIN_RAN(add_halves, count);
    tin_add_halves(x_is_half ? x : k, x_is_half ? k : x, out, out + count, &halves);
    tin_clamp_range(&add->to, out, 0, 1, count);
}
#define tin_add_row tin_add_row__dsp

#endif
