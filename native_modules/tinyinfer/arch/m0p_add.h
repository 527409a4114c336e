// ARMv6-M: sums of two rows.
#ifndef TIN_M0P_ADD_H
#define TIN_M0P_ADD_H

#include "arch/generic.h"

// The assembly knows these offsets.
typedef struct {
    const int8_t *x_end, *k_end;    //  0,  4
    int8_t *out_end;                //  8
    int32_t minus_count;            // 12
    int32_t x_rest;                 // 16 of x's multiplier * 2^20 / 2^31: what x_whole leaves, 11 bits
    int32_t x_whole;                // 20
    int32_t x_shift;                // 24 to the right, less 1
    int32_t multiplier_low;         // 28 signed 16 bits, or all of it
    int32_t multiplier_high;        // 32
    int32_t shift;                  // 36 to the right, less 1
    int32_t rest_start;             // 40 zero point and rounding, x_rest's part
    int32_t whole_start;            // 44
    int32_t k_start;                // 48
    tin_output_t to;                // 52
} tin_m0p_add_t;
typedef char tin_m0p_add_places_t[offsetof(tin_m0p_add_t, to) == 52 ? 1 : -1];

// r4 = a to the rounded high half of its product with the multiplier, as TIN_M0P_HIGH_PRODUCT.
#if TIN_M0P_THUMB2
#define TIN_M0P_ADD_PRODUCT \
    "    ldr    r7, [sp, #12]\n" \
    "    smull  r5, r4, r4, r7\n" \
    "    adds   r5, r5, #0x40000000\n" \
    "    adc    r4, r4, #0\n" \
    "    lsls   r4, #1\n" \
    "    orr    r4, r4, r5, lsr #31\n"
#else
#define TIN_M0P_ADD_PRODUCT \
    "    sxth   r6, r4\n" \
    "    asrs   r4, #15\n" \
    "    adds   r4, #1\n" \
    "    asrs   r4, #1\n" \
    "    ldr    r7, [sp, #12]\n" \
    "    movs   r5, r6\n" \
    "    muls   r5, r7\n" \
    "    asrs   r5, #16\n" \
    "    muls   r7, r4\n" \
    "    adds   r5, r7\n" \
    "    ldr    r7, [sp, #16]\n" \
    "    muls   r6, r7\n" \
    "    adds   r5, r6\n" \
    "    muls   r4, r7\n" \
    "    lsls   r4, #1\n" \
    "    asrs   r5, #15\n" \
    "    adcs   r4, r5\n"
#endif

TIN_ASM void tin_m0p_add(const tin_m0p_add_t *job) {
    __asm__ (
        ".syntax unified\n"
        TIN_M0P_SAVE
        "    push   {r4-r7}\n"
        "    movs   r7, r0\n"
        "    adds   r7, #40\n"
        "    ldmia  r7!, {r1-r6}\n"
        "    mov    r8, r1\n"
        "    mov    r9, r2\n"
        "    mov    r10, r3\n"
        "    mov    r11, r4\n"
        "    mov    r12, r5\n"
        "    mov    lr, r6\n"
        "    subs   r7, #48\n"
        "    ldmia  r7!, {r1-r6}\n"
        "    push   {r1-r6}\n"                // [sp] x_rest, x_whole, x_shift, multiplier_low, multiplier_high, shift
        "    ldmia  r0!, {r1-r4}\n"
        "    movs   r0, r1\n"
        "    movs   r1, r2\n"
        "    movs   r2, r3\n"
        "    movs   r3, r4\n"
        "1:  ldrsb  r4, [r0, r3]\n"
        "    ldr    r7, [sp]\n"
        "    movs   r5, r4\n"
        "    muls   r5, r7\n"
        "    add    r5, r8\n"
        "    asrs   r5, #11\n"
        "    ldr    r7, [sp, #4]\n"
        "    muls   r4, r7\n"
        "    adds   r4, r5\n"
        "    add    r4, r9\n"
        "    ldr    r7, [sp, #8]\n"
        "    cmp    r7, #0\n"
        "    blt    2f\n"
        "    asrs   r5, r4, #31\n"
        "    adds   r4, r5\n"
        "    asrs   r4, r7\n"
        "    adds   r4, #1\n"
        "    asrs   r4, #1\n"
        "2:  ldrsb  r5, [r1, r3]\n"
        "    lsls   r5, #19\n"
        "    adds   r4, r5\n"
        "    add    r4, r10\n"
        TIN_M0P_ADD_PRODUCT
        "    asrs   r5, r4, #31\n"
        "    adds   r4, r5\n"
        "    ldr    r7, [sp, #20]\n"
        "    asrs   r4, r7\n"
        "    adds   r4, #1\n"
        "    asrs   r4, #1\n"
        "    add    r4, r11\n"
        "    cmp    r4, r12\n"
        "    blt    4f\n"
        "    cmp    r4, lr\n"
        "    bgt    5f\n"
        "3:  strb   r4, [r2, r3]\n"
        "    adds   r3, #1\n"
        "    bne    1b\n"
        "    add    sp, #24\n"
        "    pop    {r4-r7}\n"
        TIN_M0P_RESTORE
        "4:  mov    r4, r12\n"
        "    b      3b\n"
        "5:  mov    r4, lr\n"
        "    b      3b\n"
    );
}

// Of TensorFlow Lite's scales the larger one is exactly 2^30 with no shift: then k enters as (k - zero_point) * 2^19. The other one
// is split in 11 bits and what is above: (x - zero_point) * 2^20 * m / 2^31 = x * whole + x * rest / 2^11 + constants.
static inline void tin_add_row__m0p(const tin_add_t *add, const int8_t *x, int32_t x_step, const int8_t *k, int32_t k_step,
    int8_t *out, int32_t count) {
    const bool exact_k = add->k_multiplier == 1 << 30 && add->k_shift == 0;
    const bool exact_x = add->x_multiplier == 1 << 30 && add->x_shift == 0;
    if (x_step != 1 || k_step != 1 || add->left_shift != 20 || add->subtract || !(exact_x || exact_k) || add->x_shift > 0
        || add->k_shift > 0 || add->params.shift >= 0) {
        tin_add_row__generic(add, x, x_step, k, k_step, out, count);
        return;
    }
    const int32_t multiplier = exact_k ? add->x_multiplier : add->k_multiplier;
    const int32_t zero_point = exact_k ? add->x_zero_point : add->k_zero_point;
    const int32_t rest = multiplier & 2047, whole = multiplier >> 11;
    const int32_t start = 1024 - zero_point * rest;
    const tin_m0p_add_t job = {
        .x_end = (exact_k ? x : k) + count, .k_end = (exact_k ? k : x) + count, .out_end = out + count, .minus_count = -count,
        .x_rest = rest, .x_whole = whole, .x_shift = -1 - (exact_k ? add->x_shift : add->k_shift),
        .multiplier_low = TIN_M0P_THUMB2 ? add->params.multiplier : (int16_t)add->params.multiplier,
        .multiplier_high = (int32_t)((uint32_t)(add->params.multiplier - (int16_t)add->params.multiplier) >> 16),
        .shift = -1 - add->params.shift, .rest_start = start & 2047, .whole_start = (start >> 11) - zero_point * whole,
        .k_start = (exact_k ? add->k_zero_point : add->x_zero_point) * -(1 << 19), .to = add->to,
    };
    TIN_RAN("add_exact", count);
    tin_m0p_add(&job);
}
#define tin_add_row tin_add_row__m0p

#endif
