// RV32 with the M extension, 28 registers at work.
#ifndef TIN_RV32_H
#define TIN_RV32_H

#include "arch/dot.h"
#include "arch/generic.h"

#define TIN_ASM static __attribute__((naked, noinline, unused))
// Loads that the first scheduling pass hoists cost more spills than they hide.
#define TIN_HOT static __attribute__((noinline, unused, optimize("O2", "no-schedule-insns")))
// As small as the rest of the program.
#define TIN_COLD static __attribute__((noinline, unused))
#define TIN_ALWAYS static inline __attribute__((always_inline))
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"

TIN_COLD const tin_params_t *tin_rv32_copy_params(const uint8_t *params, int32_t channel, int32_t channels, tin_params_t *copies) {
    for (int32_t i = 0; i < channels; i++) {
        copies[i] = tin_params(params, channel + i);
    }
    return copies;
}

// Params of a file at any address, as words.
TIN_ALWAYS const tin_params_t *tin_rv32_params(const uint8_t *params, int32_t channel, int32_t channels, tin_params_t *copies) {
    if (((uintptr_t)params & 3) == 0) {
        return (const tin_params_t *)(const void *)params + channel;
    }
    return tin_rv32_copy_params(params, channel, channels, copies);
}

// Forms of requantization. The wide one takes any params. The narrow one needs a right shift r in [1, 23] or a zero multiplier,
// sums below 2^30 and the zero point within the clamp, then a sum's sign tells which limit it can reach.
enum { TIN_FORM_WIDE, TIN_FORM_NARROW };

TIN_KERNEL(form, narrow, taps <= 1 << 15 && to->zero_point >= to->low && to->zero_point <= to->high)
TIN_KERNEL(form_params, narrow_params, params->bias >= -(1 << 29) && params->bias < 1 << 29
    && (params->multiplier == 0 || (params->shift < 0 && params->shift >= -23)))

TIN_HOT uint8_t tin_requant_form__rv32(const uint8_t *params, int32_t rows, int32_t taps, const tin_output_t *to) {
    if (!tin_takes_narrow(taps, to)) {
        return TIN_FORM_WIDE;
    }
    for (int32_t row = 0; row < rows; row++) {
        tin_params_t copy;
        if (!tin_takes_narrow_params(tin_rv32_params(params, row, 1, &copy))) {
            return TIN_FORM_WIDE;
        }
    }
    return TIN_FORM_NARROW;
}
#define tin_requant_form tin_requant_form__rv32

// What a channel's requantization needs in registers.
typedef struct {
    int32_t bias, multiplier, shift;
    int32_t zero;                // the zero point and a half, before the shift
} tin_rv32_scale_t;

TIN_ALWAYS tin_rv32_scale_t tin_rv32_scale(const tin_params_t *p, const tin_output_t *to) {
    // A zero multiplier gives the zero point at any shift.
    const int32_t shift = p->multiplier == 0 ? 1 : -p->shift;
    const tin_rv32_scale_t scale = { p->bias, p->multiplier, shift, (int32_t)((uint32_t)(2 * to->zero_point + 1) << (shift - 1)) };
    return scale;
}

// Of a sum with its bias. Below 2^30 there is room for one more bit: the rounding high product is MULH and the top bit of MUL. Where
// the lower clamp is the zero point (`relu`), negative sums come to it.
TIN_ALWAYS int32_t tin_rv32_requantize(int32_t acc, const tin_rv32_scale_t *s, const tin_output_t *to, bool relu) {
    if (relu && acc < 0) {
        return to->low;
    }
    const int32_t twice = (int32_t)((uint32_t)acc << 1);
    const int32_t high = (int32_t)((int64_t)twice * s->multiplier >> 32);
    const int32_t h = high + (int32_t)((uint32_t)twice * (uint32_t)s->multiplier >> 31);
    const int32_t value = (h + (relu ? 0 : h >> 31) + s->zero) >> s->shift;
    return relu ? (value > to->high ? to->high : value) : tin_clamp(value, to->low, to->high);
}

#define SAVE_ALL \
    "    addi   sp, sp, -64\n" \
    "    sw     ra, 0(sp)\n" \
    "    sw     s0, 4(sp)\n" \
    "    sw     s1, 8(sp)\n" \
    "    sw     s2, 12(sp)\n" \
    "    sw     s3, 16(sp)\n" \
    "    sw     s4, 20(sp)\n" \
    "    sw     s5, 24(sp)\n" \
    "    sw     s6, 28(sp)\n" \
    "    sw     s7, 32(sp)\n" \
    "    sw     s8, 36(sp)\n" \
    "    sw     s9, 40(sp)\n" \
    "    sw     s10, 44(sp)\n" \
    "    sw     s11, 48(sp)\n"
#define RESTORE_ALL \
    "    lw     ra, 0(sp)\n" \
    "    lw     s0, 4(sp)\n" \
    "    lw     s1, 8(sp)\n" \
    "    lw     s2, 12(sp)\n" \
    "    lw     s3, 16(sp)\n" \
    "    lw     s4, 20(sp)\n" \
    "    lw     s5, 24(sp)\n" \
    "    lw     s6, 28(sp)\n" \
    "    lw     s7, 32(sp)\n" \
    "    lw     s8, 36(sp)\n" \
    "    lw     s9, 40(sp)\n" \
    "    lw     s10, 44(sp)\n" \
    "    lw     s11, 48(sp)\n" \
    "    addi   sp, sp, 64\n" \
    "    ret\n"

#include "arch/linear_add.h"
#include "arch/rv32_dw.h"
#include "arch/rv32_fc.h"
#include "arch/rv32_gemm.h"
#include "arch/rv32_s16.h"

#undef SAVE_ALL
#undef RESTORE_ALL
#pragma GCC diagnostic pop

#endif
