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
// RELU is for a zero point that is the lower clamp, so that negatives do not matter, and r <= 23: it adds the zero point as well,
// as (2 * zero_point + 1) << (r - 1).
enum { TIN_FORM_WIDE, TIN_FORM_RELU, TIN_FORM_SIGNED };

// One LDR, at any address.
static inline int32_t tin_load_word(const uint8_t *p) {
    int32_t word;
    __builtin_memcpy(&word, p, 4);
    return word;
}

static inline uint8_t tin_requant_form__dsp(const uint8_t *params, int32_t rows, int32_t taps, const tin_output_t *to) {
    int32_t least_shift = 0;
    if (taps > 1 << 15) {
        return TIN_FORM_WIDE;
    }
    for (const uint8_t *const end = params + 12 * rows; params != end; params += 12) {
        const uint32_t bias = (uint32_t)tin_load_word(params);
        const int32_t multiplier = tin_load_word(params + 4);
        const int32_t shift = tin_load_word(params + 8);
        if (bias + (1u << 29) >= 1u << 30 || shift < -31 || shift > 0 || (shift == 0 && multiplier != 0)) {
            return TIN_FORM_WIDE;
        }
        least_shift = shift < least_shift ? shift : least_shift;
    }
    return to->zero_point == to->low && least_shift >= -23 ? TIN_FORM_RELU : TIN_FORM_SIGNED;
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
