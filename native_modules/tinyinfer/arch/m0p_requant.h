// Requantization on ARMv6-M: the tail of the kernels that make accumulators.
#ifndef TIN_M0P_REQUANT_H
#define TIN_M0P_REQUANT_H

#include "arch/generic.h"

// One output channel's accumulators become outputs. The assembly knows these offsets.
typedef struct tin_m0p_requant_t {
    const int32_t *acc;             //  0
    int8_t *out;                    //  4 moves on by one: the next channel
    const tin_params_t *params;     //  8 moves on by one
    int32_t out_step;               // 12 from output to output
    int32_t low, high;              // 16, 20
    const int32_t *acc_end;         // 24
    int32_t twice_zero_point;       // 28 + 1 where the zero point is the lower clamp
    int32_t bound;                  // 32 bound << r: accumulators from there on saturate
    // 36 any multiplier and shift
    void (*general)(const int32_t *acc, int8_t *out, const int32_t *acc_end, const struct tin_m0p_requant_t *requant);
} tin_m0p_requant_t;
typedef char tin_m0p_requant_places_t[offsetof(tin_m0p_requant_t, general) == 36 && sizeof(tin_params_t) == 12 ? 1 : -1];

// The product with any accumulator. in: r3 = a, r5 = m, which TIN_M0P_HALVES has made ready once, r7 = r - 1; out:
// r3 = mbqm(a, m, -r), spoils r2, r6.
#if TIN_M0P_THUMB2
#define TIN_M0P_HALVES
#define TIN_M0P_HIGH_PRODUCT \
    "    smull  r2, r3, r3, r5\n" \
    "    adds   r2, r2, #0x40000000\n" \
    "    adc    r3, r3, #0\n" \
    "    lsls   r3, #1\n" \
    "    orr    r3, r3, r2, lsr #31\n"
#else
// a = ah * 2^16 + al, m = mh * 2^16 + ml with signed al and ml: the middle sum fits 32 bits for every a and m.
#define TIN_M0P_HALVES \
    "    sxth   r4, r5\n"                 /* ml */ \
    "    subs   r5, r4\n" \
    "    lsrs   r5, #16\n"                /* mh */
#define TIN_M0P_HIGH_PRODUCT \
    "    sxth   r6, r3\n"                 /* al */ \
    "    asrs   r3, #15\n" \
    "    adds   r3, #1\n" \
    "    asrs   r3, #1\n"                 /* ah: does not wrap near 2^31 */ \
    "    movs   r2, r6\n" \
    "    muls   r2, r4\n" \
    "    asrs   r2, #16\n" \
    "    muls   r6, r5\n" \
    "    adds   r2, r6\n" \
    "    movs   r6, r3\n" \
    "    muls   r6, r4\n" \
    "    adds   r2, r6\n" \
    "    muls   r3, r5\n" \
    "    lsls   r3, #1\n" \
    "    asrs   r2, #15\n"                /* carry: half up */ \
    "    adcs   r3, r2\n"
#endif
#define TIN_M0P_SCALE \
    TIN_M0P_HIGH_PRODUCT \
    "    asrs   r2, r3, #31\n" \
    "    adds   r3, r2\n" \
    "    asrs   r3, r7\n" \
    "    adds   r3, #1\n" \
    "    asrs   r3, #1\n"

// Let a be the accumulator, m the multiplier, r = -shift. Where the zero point is the lower clamp (ReLU), the sign fix of the
// second rounding cannot matter, a <= 0 gives the zero point, and both roundings are one:
//     zp + floor((a * m + 2^30 + 2^(30 + r)) / 2^(31 + r))
// With 2^30 <= m, a >= bound << r saturates. What is left is multiplied in pieces, each floor exact because the constants are
// multiples of the piece's weight: for r <= 7, a < 2^16, in 16-bit pieces of m; for r <= 11, a < 2^20, in pieces of 12 bits.
// Anything else with r > 0 takes the product above, and r <= 0 plain C.
//
// For assembly: BL with r2 = tin_m0p_requant_t *. Spoils all registers, and comes back when a run is done, with two words on the
// stack. BX lr goes on with the next run: r0 = acc, r1 = out, lr = acc_end; r3 and r6 are free until then.
TIN_M0P_SHARED void tin_m0p_requant(void);
TIN_M0P_SHARED void tin_m0p_requant(void) {
    __asm__ (
        ".syntax unified\n"
        "    push   {r4, lr}\n"              // [sp] the lower clamp again
        "    ldmia  r2!, {r0, r1, r3-r7}\n"
        "    mov    r10, r4\n"
        "    mov    r12, r5\n"
        "    mov    r11, r6\n"
        "    mov    lr, r7\n"
        "    str    r5, [sp]\n"                // the lower clamp again
        "    ldmia  r3!, {r4-r6}\n"          // bias, m, shift
        "    subs   r2, #24\n"
        "    adds   r4, r1, #1\n"
        "    str    r4, [r2]\n"
        "    str    r3, [r2, #4]\n"
        "    ldr    r4, [r2, #24]\n"           // 2 * zp + 1
        "    ldr    r3, [r2, #28]\n"
        "    negs   r7, r6\n"
        "    ble    80f\n"
        "    lsrs   r6, r4, #1\n"
        "    bcc    60f\n"
        "    lsrs   r6, r5, #30\n"
        "    beq    60f\n"
        "    cmp    r7, #7\n"
        "    bgt    50f\n"

        "    lsls   r3, r7\n"
        "    mov    r8, r3\n"                  // r8 = bound << r
        "    lsls   r4, r7\n"
        "    adds   r4, #1\n"
        "    lsls   r4, #14\n"
        "    mov    r9, r4\n"                  // r9 = 2^14 + 2^(14 + r) + zp * 2^(15 + r)
        "    adds   r7, #15\n"
        "    uxth   r4, r5\n"
        "    lsrs   r5, #16\n"
        "41: ldmia  r0!, {r3}\n"
        "    cmp    r3, r8\n"
        "    bhs    43f\n"
        "    movs   r6, r3\n"
        "    muls   r6, r4\n"
        "    lsrs   r6, #16\n"
        "    muls   r3, r5\n"
        "    adds   r6, r3\n"
        "    add    r6, r9\n"
        "    asrs   r6, r7\n"
        "    cmp    r6, r11\n"
        "    bgt    44f\n"
        "42: strb   r6, [r1]\n"
        "    add    r1, r10\n"
        "    cmp    r0, lr\n"
        "    bne    41b\n"
        "    bl     48f\n"
        "    b      41b\n"
        "43: mov    r6, r12\n"
        "    blt    42b\n"                     // negative
        "44: mov    r6, r11\n"
        "    b      42b\n"

        "50: cmp    r7, #11\n"
        "    bgt    60f\n"
        "    lsls   r3, r7\n"
        "    mov    r8, r3\n"
        "    lsls   r4, r7\n"
        "    adds   r4, #1\n"
        "    lsls   r4, #6\n"
        "    mov    r9, r4\n"                  // r9 = 2^6 + 2^(6 + r) + zp * 2^(7 + r)
        "    adds   r7, #7\n"
        "    lsls   r2, r5, #20\n"
        "    lsrs   r2, #20\n"
        "    lsls   r4, r5, #8\n"
        "    lsrs   r4, #20\n"
        "    mov    r12, r4\n"
        "    lsrs   r5, #24\n"
        "51: ldmia  r0!, {r3}\n"
        "    cmp    r3, r8\n"
        "    bhs    53f\n"
        "    movs   r6, r3\n"
        "    muls   r6, r2\n"
        "    lsrs   r6, #12\n"
        "    mov    r4, r12\n"
        "    muls   r4, r3\n"
        "    adds   r6, r4\n"
        "    lsrs   r6, #12\n"
        "    muls   r3, r5\n"
        "    adds   r6, r3\n"
        "    add    r6, r9\n"
        "    asrs   r6, r7\n"
        "    cmp    r6, r11\n"
        "    bgt    54f\n"
        "52: strb   r6, [r1]\n"
        "    add    r1, r10\n"
        "    cmp    r0, lr\n"
        "    bne    51b\n"
        "    bl     48f\n"
        "    b      51b\n"
        "53: ldr    r6, [sp]\n"
        "    blt    52b\n"
        "54: mov    r6, r11\n"
        "    b      52b\n"

        "60: asrs   r4, #1\n"
        "    mov    r9, r4\n"                  // r9 = zp
        TIN_M0P_HALVES
        "    subs   r7, #1\n"
        "61: ldmia  r0!, {r3}\n"
        TIN_M0P_SCALE
        "    add    r3, r9\n"
        "    cmp    r3, r12\n"
        "    blt    63f\n"
        "    cmp    r3, r11\n"
        "    bgt    64f\n"
        "62: strb   r3, [r1]\n"
        "    add    r1, r10\n"
        "    cmp    r0, lr\n"
        "    bne    61b\n"
        "    bl     48f\n"
        "    b      61b\n"
        "63: mov    r3, r12\n"
        "    b      62b\n"
        "64: mov    r3, r11\n"
        "    b      62b\n"

        "80: subs   r5, r2, #4\n"
        "81: mov    r2, lr\n"               // general(acc, out, acc_end, requant)
        "    movs   r3, r5\n"
        "    ldr    r4, [r5, #36]\n"
        "    blx    r4\n"
        "    bl     48f\n"
        "    b      81b\n"
        "48: ldr    r3, [sp, #4]\n"
        "    bx     r3\n"
    );
}

static void tin_m0p_requant_general(const int32_t *acc, int8_t *out, const int32_t *acc_end, const tin_m0p_requant_t *requant) {
    const tin_output_t to = { requant->twice_zero_point >> 1, requant->low, requant->high };
    for (; acc != acc_end; acc++, out += requant->out_step) {
        *out = (int8_t)tin_requantize(*acc, requant->params - 1, &to);
    }
}

static inline void tin_m0p_set_output(tin_m0p_requant_t *requant, const tin_output_t *to) {
    requant->low = to->low;
    requant->high = to->high;
    requant->twice_zero_point = 2 * to->zero_point + (to->low == to->zero_point);
    requant->bound = to->high - to->zero_point > 127 ? 512 : 256;
    requant->general = tin_m0p_requant_general;
}

// One output per accumulator, each with its own params, all of which shift to the right.
TIN_ASM void tin_m0p_requant_each(const int32_t *acc, const tin_params_t *params, int8_t *out, int32_t count, const tin_output_t *to) {
    __asm__ (
        ".syntax unified\n"
        TIN_M0P_SAVE
        "    push   {r4-r7}\n"
        "    mov    r8, r2\n"
        "    ldr    r4, [sp, #36]\n"
        "    ldmia  r4!, {r5-r7}\n"
        "    mov    r9, r5\n"
        "    mov    r10, r6\n"
        "    mov    r11, r7\n"
        "    lsls   r3, #2\n"
        "    adds   r3, r0\n"
        "    mov    r12, r3\n"
        "    movs   r3, #1\n"                // where zp is the lower clamp, nothing below 1 gets above it
        "    cmp    r5, r6\n"
        "    beq    1f\n"
        "    lsls   r3, #31\n"
        "1:  mov    lr, r3\n"
        "2:  adds   r1, #4\n"
        "    ldmia  r1!, {r5, r7}\n"         // m, shift
        "    ldmia  r0!, {r3}\n"
        "    cmp    r3, lr\n"
        "    blt    4f\n"
        "    mvns   r7, r7\n"                 // r - 1
        TIN_M0P_HALVES
        TIN_M0P_SCALE
        "    add    r3, r9\n"
        "    cmp    r3, r10\n"
        "    blt    4f\n"
        "    cmp    r3, r11\n"
        "    bgt    5f\n"
        "3:  mov    r2, r8\n"
        "    strb   r3, [r2]\n"
        "    adds   r2, #1\n"
        "    mov    r8, r2\n"
        "    cmp    r0, r12\n"
        "    bne    2b\n"
        "    pop    {r4-r7}\n"
        TIN_M0P_RESTORE
        "4:  mov    r3, r10\n"
        "    b      3b\n"
        "5:  mov    r3, r11\n"
        "    b      3b\n"
    );
}

#endif
