// ARMv6-M: one row of a fully connected layer.
#ifndef TIN_M0P_FC_H
#define TIN_M0P_FC_H

#include "arch/m0p_requant.h"

// s8. One input times the two quads' weights; x is read as it is.
#if TIN_M0P_THUMB2
#define TIN_M0P_FC_X(x) \
    "    ldrsb  r4, [r0, #" x "]\n"
#define TIN_M0P_FC_PRODUCT(quad, place, sum) \
    "    ldrb   r3, [" quad ", #" place "]\n" \
    "    mla    " sum ", r3, r4, " sum "\n"
#else
#define TIN_M0P_FC_X(x) \
    "    ldrb   r4, [r0, #" x "]\n" \
    "    sxtb   r4, r4\n"
#define TIN_M0P_FC_PRODUCT(quad, place, sum) \
    "    ldrb   r3, [" quad ", #" place "]\n" \
    "    muls   r3, r4\n" \
    "    add    " sum ", r3\n"
#endif
#define TIN_M0P_FC_TAP_S8(x, c0, c1, c2, c3) \
    TIN_M0P_FC_X(x) \
    TIN_M0P_FC_PRODUCT("r1", c0, "r5") \
    TIN_M0P_FC_PRODUCT("r1", c1, "r6") \
    TIN_M0P_FC_PRODUCT("r1", c2, "r7") \
    TIN_M0P_FC_PRODUCT("r1", c3, "r8") \
    TIN_M0P_FC_PRODUCT("r2", c0, "r9") \
    TIN_M0P_FC_PRODUCT("r2", c1, "r10") \
    TIN_M0P_FC_PRODUCT("r2", c2, "r11") \
    TIN_M0P_FC_PRODUCT("r2", c3, "r12")

// The assembly knows these offsets.
typedef struct {
    const int8_t *x;                //  0 a multiple of 4 bytes, not none
    const uint8_t *quad0, *quad1;   //  4,  8
    const int8_t *x_end;            // 12
    int32_t offset;                 // 16 to subtract
    const tin_params_t *params0, *params1;  // 20, 24 of the quads
    int32_t acc[8];                 // 28
} tin_m0p_fc_s8_t;
typedef char tin_m0p_fc_s8_places_t[offsetof(tin_m0p_fc_s8_t, acc) == 28 ? 1 : -1];

// acc = bias - offset + sum of x * (w + 128)
TIN_ASM void tin_m0p_fc_s8(tin_m0p_fc_s8_t *job) {
    __asm__ (
        ".syntax unified\n"
        TIN_M0P_SAVE
        "    push   {r0, r4-r7}\n"
        "    ldr    r1, [r0, #12]\n"
        "    mov    lr, r1\n"
        "    ldr    r2, [r0, #16]\n"
        "    ldr    r1, [r0, #24]\n"
        "    ldr    r3, [r1]\n"
        "    subs   r3, r2\n"
        "    mov    r9, r3\n"
        "    ldr    r3, [r1, #12]\n"
        "    subs   r3, r2\n"
        "    mov    r10, r3\n"
        "    ldr    r3, [r1, #24]\n"
        "    subs   r3, r2\n"
        "    mov    r11, r3\n"
        "    ldr    r3, [r1, #36]\n"
        "    subs   r3, r2\n"
        "    mov    r12, r3\n"
        "    ldr    r1, [r0, #20]\n"
        "    ldr    r5, [r1]\n"
        "    subs   r5, r2\n"
        "    ldr    r6, [r1, #12]\n"
        "    subs   r6, r2\n"
        "    ldr    r7, [r1, #24]\n"
        "    subs   r7, r2\n"
        "    ldr    r3, [r1, #36]\n"
        "    subs   r3, r2\n"
        "    mov    r8, r3\n"
        "    ldmia  r0!, {r1-r3}\n"
        "    movs   r0, r1\n"
        "    movs   r1, r2\n"
        "    movs   r2, r3\n"
        "    mov    r3, lr\n"
        "    subs   r3, r0\n"
        "    lsls   r3, #29\n"
        "    bpl    1f\n"
        "    subs   r0, #4\n"            // an odd number of fours: begin with the second half
        "    subs   r1, #16\n"
        "    subs   r2, #16\n"
        "    b      2f\n"
        "1:\n"
        TIN_M0P_FC_TAP_S8("0", "0", "1", "4", "5")
        TIN_M0P_FC_TAP_S8("1", "8", "9", "12", "13")
        TIN_M0P_FC_TAP_S8("2", "2", "3", "6", "7")
        TIN_M0P_FC_TAP_S8("3", "10", "11", "14", "15")
        "2:\n"
        TIN_M0P_FC_TAP_S8("4", "16", "17", "20", "21")
        TIN_M0P_FC_TAP_S8("5", "24", "25", "28", "29")
        TIN_M0P_FC_TAP_S8("6", "18", "19", "22", "23")
        TIN_M0P_FC_TAP_S8("7", "26", "27", "30", "31")
        "    adds   r0, #8\n"
        "    adds   r1, #32\n"
        "    adds   r2, #32\n"
        "    cmp    r0, lr\n"
        "    beq    3f\n"
        "    b      1b\n"
        "3:\n"
        "    pop    {r0}\n"
        "    adds   r0, #28\n"
        "    stmia  r0!, {r5-r7}\n"
        "    mov    r3, r8\n"
        "    mov    r4, r9\n"
        "    mov    r5, r10\n"
        "    mov    r6, r11\n"
        "    mov    r7, r12\n"
        "    stmia  r0!, {r3-r7}\n"
        "    pop    {r4-r7}\n"
        TIN_M0P_RESTORE
    );
}

// s4. Four taps of two channels: 0x000f000f takes taps k0, k2 or k1, k3 of one channel, whose product with (x_k2, x_k0) or
// (x_k3, x_k1) has w_k0 * x_k0 + w_k2 * x_k2 in its upper lane. The lower one is w_k0 * x_k2, and with 0x8000 never borrows.
// 16 taps of w + 8 in [0, 15] fit.
#if TIN_M0P_THUMB2
#define TIN_M0P_FC_TAPS_S4(offset) \
    "    ldmia  r0!, {r2, r3}\n" \
    "    ldr    r4, [r1, #" offset "]\n" \
    "    and.w  r5, r7, r4\n" \
    "    mla    r6, r5, r2, r6\n" \
    "    and    r5, r7, r4, lsr #4\n" \
    "    mla    r8, r5, r2, r8\n" \
    "    and    r5, r7, r4, lsr #8\n" \
    "    mla    r6, r5, r3, r6\n" \
    "    and    r5, r7, r4, lsr #12\n" \
    "    mla    r8, r5, r3, r8\n"
#define TIN_M0P_FC_LANES_S4 \
    "    add    r10, r10, r8, asr #16\n" \
    "    add    r11, r11, r6, asr #16\n" \
    "    mov.w  r8, r12\n" \
    "    mov    r6, r12\n"
#else
#define TIN_M0P_FC_TAPS_S4(offset) \
    "    ldmia  r0!, {r2, r3}\n" \
    "    ldr    r4, [r1, #" offset "]\n" \
    "    movs   r5, r4\n" \
    "    ands   r5, r7\n" \
    "    muls   r5, r2\n" \
    "    adds   r6, r5\n" \
    "    lsrs   r5, r4, #4\n" \
    "    ands   r5, r7\n" \
    "    muls   r5, r2\n" \
    "    add    r8, r5\n" \
    "    lsrs   r5, r4, #8\n" \
    "    ands   r5, r7\n" \
    "    muls   r5, r3\n" \
    "    adds   r6, r5\n" \
    "    lsrs   r4, #12\n" \
    "    ands   r4, r7\n" \
    "    muls   r4, r3\n" \
    "    add    r8, r4\n"
// 16 taps of two channels have been summed.
#define TIN_M0P_FC_LANES_S4 \
    "    mov    r4, r8\n" \
    "    asrs   r4, #16\n" \
    "    asrs   r6, #16\n" \
    "    add    r10, r4\n" \
    "    add    r11, r6\n" \
    "    mov    r8, r12\n" \
    "    mov    r6, r12\n"
#endif
// Bytes of these pieces of code, alike in both instruction sets.
#define TIN_M0P_FC_TAPS_CODE (36)
#define TIN_M0P_FC_LANES_CODE (14)

// Sums that are made before they become outputs; a multiple of 8.
#define TIN_M0P_FC_SUMS (16)

// The assembly knows these offsets.
typedef struct {
    const int32_t *x;               //  0 packed
    const uint8_t *weights;         //  4 of a pair, less 8 bytes for each four of the first 32 taps that are left out; moves on
    uint32_t mask;                  //  8 0x000f000f
    const int32_t *x_end;           // 12
    uint32_t skip;                  // 16 bytes of code for these
    uint32_t half;                  // 20 0x8000
    int32_t step, next_step;        // 24, 28 from pair to pair, by turns
    const tin_params_t *params;     // 32 moves on by two channels
    int32_t offset;                 // 36 to subtract
    int32_t *to;                    // 40 moves on
    int32_t *to_end;                // 44
} tin_m0p_fc_s4_t;
typedef char tin_m0p_fc_s4_places_t[offsetof(tin_m0p_fc_s4_t, to_end) == 44 ? 1 : -1];

// Pairs of channels: acc = bias - offset + sum of x * (w + 8)
TIN_ASM void tin_m0p_fc_s4(tin_m0p_fc_s4_t *job) {
    __asm__ (
        ".syntax unified\n"
        "    push   {r4-r7, lr}\n"
        "    mov    r4, r8\n"
        "    mov    r6, r10\n"
        "    mov    r7, r11\n"
        "    push   {r0, r4, r6, r7}\n"
        "    ldr    r7, [r0, #8]\n"
        "    ldr    r1, [r0, #12]\n"
        "    mov    lr, r1\n"
        "    ldr    r1, [r0, #20]\n"
        "    mov    r12, r1\n"
        "1:  ldr    r6, [sp]\n"
        "    ldr    r0, [r6, #32]\n"
        "    ldr    r3, [r0]\n"
        "    ldr    r4, [r0, #12]\n"
        "    adds   r0, #24\n"
        "    str    r0, [r6, #32]\n"
        "    ldr    r5, [r6, #36]\n"
        "    subs   r3, r5\n"
        "    subs   r4, r5\n"
        "    mov    r10, r3\n"
        "    mov    r11, r4\n"
        "    ldmia  r6!, {r0, r1}\n"
        "    ldr    r3, [r6, #8]\n"
        "    ldr    r4, [r6, #16]\n"
        "    ldr    r5, [r6, #20]\n"
        "    str    r5, [r6, #16]\n"
        "    str    r4, [r6, #20]\n"
        "    adds   r4, r1\n"
        "    subs   r6, #4\n"
        "    str    r4, [r6]\n"
        "    mov    r8, r12\n"
        "    mov    r6, r12\n"
        "    add    pc, r3\n"
        "    nop\n"
        "3:\n"
        TIN_M0P_FC_TAPS_S4("0")
        TIN_M0P_FC_TAPS_S4("8")
        TIN_M0P_FC_TAPS_S4("16")
        TIN_M0P_FC_TAPS_S4("24")
        TIN_M0P_FC_LANES_S4
        TIN_M0P_FC_TAPS_S4("32")
        TIN_M0P_FC_TAPS_S4("40")
        TIN_M0P_FC_TAPS_S4("48")
        TIN_M0P_FC_TAPS_S4("56")
        TIN_M0P_FC_LANES_S4
        "    adds   r1, #64\n"
        "    cmp    r0, lr\n"
        "    beq    4f\n"
        "    b      3b\n"
        "4:  ldr    r6, [sp]\n"
        "    ldr    r2, [r6, #40]\n"
        "    mov    r3, r10\n"
        "    mov    r4, r11\n"
        "    stmia  r2!, {r3, r4}\n"
        "    str    r2, [r6, #40]\n"
        "    ldr    r3, [r6, #44]\n"
        "    cmp    r2, r3\n"
        "    beq    5f\n"
        "    b      1b\n"
        "5:  pop    {r0, r4, r6, r7}\n"
        "    mov    r8, r4\n"
        "    mov    r10, r6\n"
        "    mov    r11, r7\n"
        "    pop    {r4-r7, pc}\n"
    );
}

// The sum of `count` inputs, a multiple of 4; packed as (x_k2, x_k0), (x_k3, x_k1) of each four where `to` is not NULL.
TIN_ASM int32_t tin_m0p_fc_sum(const int8_t *x, int32_t count, int32_t *to) {
    __asm__ (
        ".syntax unified\n"
        "    push   {r4-r7, lr}\n"
        "    adds   r1, r0\n"
        "    mov    r12, r1\n"
        "    movs   r1, r2\n"
        "    movs   r2, #0\n"
        "    b      3f\n"
        "1:  ldrb   r3, [r0]\n"
        "    sxtb   r3, r3\n"
        "    adds   r2, r3\n"
        "    ldrb   r4, [r0, #1]\n"
        "    sxtb   r4, r4\n"
        "    adds   r2, r4\n"
        "    ldrb   r5, [r0, #2]\n"
        "    sxtb   r5, r5\n"
        "    adds   r2, r5\n"
        "    ldrb   r6, [r0, #3]\n"
        "    sxtb   r6, r6\n"
        "    adds   r2, r6\n"
        "    adds   r0, #4\n"
        "    cmp    r1, #0\n"
        "    beq    3f\n"
        "    lsls   r3, #16\n"
        "    adds   r3, r5\n"
        "    lsls   r4, #16\n"
        "    adds   r4, r6\n"
        "    stmia  r1!, {r3, r4}\n"
        "3:  cmp    r0, r12\n"
        "    bne    1b\n"
        "    movs   r0, r2\n"
        "    pop    {r4-r7, pc}\n"
    );
}

static inline void tin_m0p_fc_row_s8(const tin_gemm_t *fc, const int8_t *x) {
    const int32_t whole = fc->taps & ~3, quad_bytes = 4 * ((fc->taps + 3) & ~3);
    tin_params_t aligned[8];
    tin_m0p_fc_s8_t job = {
        .x = x, .quad0 = fc->weights, .x_end = x + whole, .params0 = (const tin_params_t *)(const void *)fc->params,
        .offset = 128 * tin_m0p_fc_sum(x, whole, NULL),
    };
    for (int32_t oc = 0; oc < fc->channels; oc += 8) {
        const int32_t count = fc->channels - oc < 8 ? fc->channels - oc : 8;
        // A single quad at the end is computed twice.
        job.quad1 = count > 4 ? job.quad0 + quad_bytes : job.quad0;
        if (!fc->aligned) {
            for (int32_t i = 0; i < count; i++) {
                aligned[i] = tin_params(fc->params, oc + i);
            }
            job.params0 = aligned;
        }
        job.params1 = count > 4 ? job.params0 + 4 : job.params0;
        tin_m0p_fc_s8(&job);
        for (int32_t tap = whole; tap < fc->taps; tap++) {
            for (int32_t i = 0; i < count; i++) {
                job.acc[i] = tin_wrap_add(job.acc[i], x[tap] * tin_quad_weight(fc, tap, oc + i));
            }
        }
        tin_m0p_requant_each(job.acc, job.params0, fc->out + oc, count, &fc->to);
        job.quad0 += 2 * quad_bytes;
        job.params0 += 8;
    }
}

static inline void tin_m0p_fc_row_s4(const tin_gemm_t *fc, const int8_t *x, int32_t *packed) {
    const int32_t whole = fc->taps & ~3, padded = (fc->taps + 3) & ~3;
    int32_t acc[TIN_M0P_FC_SUMS];
    tin_m0p_fc_s4_t job = {
        .x = packed, .weights = fc->weights, .mask = 0x000f000f, .x_end = packed + padded / 2, .half = 0x8000,
        .step = 4, .next_step = 2 * padded - 4, .params = (const tin_params_t *)(const void *)fc->params,
        .offset = tin_m0p_fc_sum(x, whole, packed),
    };
    if (whole < padded) {
        int8_t last[4] = { 0, 0, 0, 0 };
        for (int32_t tap = whole; tap < fc->taps; tap++) {
            last[tap - whole] = x[tap];
        }
        job.offset += tin_m0p_fc_sum(last, 4, packed + whole / 2);
    }
    job.offset *= 8;
    const uint32_t left_out = (0u - (uint32_t)padded / 4) & 7;
    job.skip = left_out * TIN_M0P_FC_TAPS_CODE + (left_out >= 4 ? TIN_M0P_FC_LANES_CODE : 0);
    job.weights -= left_out * 8;
    for (int32_t oc = 0; oc < fc->channels; oc += TIN_M0P_FC_SUMS) {
        const int32_t count = fc->channels - oc < TIN_M0P_FC_SUMS ? fc->channels - oc : TIN_M0P_FC_SUMS;
        const tin_params_t *const params = job.params;
        job.to = acc;
        job.to_end = acc + ((count + 1) & ~1);
        tin_m0p_fc_s4(&job);
        tin_m0p_requant_each(acc, params, fc->out + oc, count, &fc->to);
    }
}

TIN_KERNEL(fc_row, fc, (!fc->s4 || fc->aligned) && out_bits == 8 && fc->form != TIN_FORM_WIDE && fc->taps >= 4)

static inline void tin_fc_row__m0p(const tin_gemm_t *fc, const int8_t *x, int32_t out_bits, void *scratch) {
    if (!tin_takes_fc(fc, out_bits)) {
        tin_fc_row__generic(fc, x, out_bits, scratch);
        return;
    }
    TIN_RAN(fc, fc->channels * fc->taps);
    if (fc->s4) {
        tin_m0p_fc_row_s4(fc, x, scratch);
    } else {
        tin_m0p_fc_row_s8(fc, x);
    }
}
#define tin_fc_row tin_fc_row__m0p

#endif
