// Cortex-M with the DSP extension (M4, M7, M33): two 16-bit products per instruction. Thumb-2 reads single words at any
// address, pairs of words (ldrd, ldm) at multiples of 4 only.
#ifndef TIN_CORTEXM_DSP_H
#define TIN_CORTEXM_DSP_H

#include "arch/generic.h"

// Assembly in whole functions: each uses all registers, which no compiler would give an asm statement at every setting.
#define TIN_ASM static __attribute__((naked, noinline, unused))
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"

// Forms of requantization. WIDE (plain C) takes any params; the others need a right shift r in [1, 31] or a zero multiplier, and
// sums below 2^30. Then h = round(a * m / 2^31) is one SMMLAR of 2 * a, and the same instruction adds half of 2^r.
// SIGNED adds one less to a negative h: rounding half away from zero. (h < 0 where a < 0, or h = 0, where it does not matter.)
// RELU is for a zero point that is the lower clamp, so that negatives do not matter, and r in [1, 15]: it adds the zero point as
// well, as (2 * zero_point + 1) << (r - 1).
enum { TIN_FORM_WIDE, TIN_FORM_RELU, TIN_FORM_SIGNED };

static inline uint8_t tin_requant_form__dsp(const uint8_t *params, int32_t rows, int32_t taps, const tin_output_t *to) {
    uint32_t biases = 0, shifts = 0;
    bool zero = false;
    for (const uint8_t *const end = params + 12 * rows; params != end; params += 12) {
        const int32_t bias = tin_load_s32(params);
        const int32_t shift = tin_load_s32(params + 8);
        if (shift == 0) {
            if (tin_load_s32(params + 4) != 0) {
                return TIN_FORM_WIDE;
            }
            zero = true;
        }
        biases |= (uint32_t)(bias ^ bias >> 31);
        shifts |= 0 - (uint32_t)shift;
    }
    if (biases >> 29 || shifts > 31 || taps > 1 << 15) {
        return TIN_FORM_WIDE;
    }
    return to->zero_point == to->low && shifts <= 15 && !zero ? TIN_FORM_RELU : TIN_FORM_SIGNED;
}
#define tin_requant_form tin_requant_form__dsp

// A byte four times.
static inline uint32_t tin_bytes4(int32_t value) {
    return (uint8_t)value * 0x01010101u;
}

#include "arch/cortexm_dsp_gemm.h"
#include "arch/cortexm_dsp_dw.h"
#include "arch/cortexm_dsp_fc.h"
#include "arch/cortexm_dsp_add.h"

#pragma GCC diagnostic pop

#endif
