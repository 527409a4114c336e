// Cortex-M with the DSP extension (M4, M7, M33): two 16-bit products per instruction. Thumb-2 reads single words at any
// address, pairs of words (ldrd, ldm) at multiples of 4 only.
#ifndef TIN_CORTEXM_DSP_H
#define TIN_CORTEXM_DSP_H

#include "arch/generic.h"

// Assembly in whole functions: each uses all registers, which no compiler would give an asm statement at every setting.
#define TIN_ASM static __attribute__((naked, noinline, unused))
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"

// Forms of requantization. WIDE (plain C) takes any params; the others need a right shift r in [1, 31] and sums below 2^30. Then
// h = round(a * m / 2^31) is one SMMLAR of 2 * a, and the same instruction adds half of 2^r.
// SIGNED adds one less to a negative h: rounding half away from zero. (h < 0 where a < 0, or h = 0, where it does not matter.)
// RELU is for a zero point that is the lower clamp, so that negatives do not matter, and r <= 15: it adds the zero point as well,
// as (2 * zero_point + 1) << (r - 1).
// Both saturate to s8; tin_clamp_range does the rest where the output's range is not that.
enum { TIN_FORM_WIDE, TIN_FORM_RELU, TIN_FORM_SIGNED };

TIN_KERNEL(form, narrow, taps <= 1 << 15)
TIN_KERNEL(form_params, narrow_params, params->bias >= -(1 << 29) && params->bias < 1 << 29 && params->shift >= -31 && params->shift < 0)

static inline uint8_t tin_requant_form__dsp(const uint8_t *params, int32_t rows, int32_t taps, const tin_output_t *to) {
    uint32_t biases = 0, shifts = 0;
    for (const uint8_t *const end = params + 12 * rows; params != end; params += 12) {
        const int32_t bias = tin_load_s32(params);
        const uint32_t shift = 0 - tin_load_u32(params + 8);
        biases |= (uint32_t)(bias ^ bias >> 31);
        // r = 0 becomes a bit that is out of range.
        shifts |= shift == 0 ? 32 : shift;
    }
    // The row holds for all channels where it holds for their bits together.
    const tin_params_t together = { (int32_t)biases, 0, (int32_t)(0 - shifts) };
    if (!tin_takes_narrow(taps, to) || !tin_takes_narrow_params(&together)) {
        return TIN_FORM_WIDE;
    }
    return to->zero_point == to->low && shifts <= 15 ? TIN_FORM_RELU : TIN_FORM_SIGNED;
}
#define tin_requant_form tin_requant_form__dsp

// Clamps `rows` rows of `count` bytes, unless their range is all of s8.
__attribute__((noinline, unused)) static void tin_clamp_range(const tin_output_t *to, int8_t *out, int32_t pitch, int32_t rows,
    int32_t count) {
    if (to->low == INT8_MIN && to->high == INT8_MAX) {
        return;
    }
    for (; rows > 0; rows--, out += pitch) {
        for (int32_t i = 0; i < count; i++) {
            out[i] = (int8_t)tin_clamp(out[i], to->low, to->high);
        }
    }
}

// Any form: the sums of `pixels` pixels for each of at most `most` channels from oc on; `step` sums from channel to channel.
__attribute__((noinline, unused)) static void tin_requantize_sums(const tin_gemm_t *gemm, int32_t oc, int32_t most, const int32_t *sums,
    int32_t step, int32_t pixels, int32_t out_bits) {
    const int32_t end = gemm->channels - oc < most ? gemm->channels : oc + most;
    for (; oc < end; oc++, sums += step) {
        const tin_params_t params = tin_params(gemm->params, oc);
        for (int32_t pixel = 0; pixel < pixels; pixel++) {
            tin_store(gemm->out + pixel * gemm->out_pitch, out_bits, oc, tin_requantize(sums[pixel], &params, &gemm->to));
        }
    }
}

#include "arch/cortexm_dsp_dot.h"
#include "arch/cortexm_dsp_gemm.h"
#include "arch/cortexm_dsp_dw.h"
#include "arch/cortexm_dsp_fc.h"
#include "arch/cortexm_dsp_add.h"

#pragma GCC diagnostic pop

#endif
