// Requantization on Xtensa: of sums below 2^30, by one product of 64 bits in halves of 16 bits.
#ifndef TIN_XTENSA_REQUANT_H
#define TIN_XTENSA_REQUANT_H

#include "arch/generic.h"

// Loads that the first scheduling pass hoists cost more spills than they hide.
#define TIN_HOT static __attribute__((noinline, unused, optimize("O2", "no-schedule-insns")))
// As small as the rest of the program.
#define TIN_COLD static __attribute__((noinline, unused))
#define TIN_ALWAYS static inline __attribute__((always_inline))

// Forms of requantization. The wide one takes any params. The narrow one needs a right shift r in [1, 23] or a zero multiplier,
// sums below 2^30 and the zero point within the clamp, then a sum's sign tells which limit it can reach.
enum { TIN_FORM_WIDE, TIN_FORM_NARROW };

// Params of a file at any address.
TIN_ALWAYS tin_params_t tin_xtensa_params(const uint8_t *params, int32_t channel) {
    if (((uintptr_t)params & 3) == 0) {
        const int32_t *const p = (const int32_t *)(const void *)params + 3 * channel;
        const tin_params_t of_channel = { p[0], p[1], p[2] };
        return of_channel;
    }
    return tin_params(params, channel);
}

TIN_KERNEL(form, narrow, taps <= 1 << 15 && to->zero_point >= -128 && to->zero_point <= 127 && to->zero_point >= to->low
    && to->zero_point <= to->high)
TIN_KERNEL(form_params, narrow_params, params->bias >= -(1 << 29) && params->bias < 1 << 29
    && (params->multiplier == 0 || (params->shift < 0 && params->shift >= -23)))

TIN_HOT uint8_t tin_requant_form__xtensa(const uint8_t *params, int32_t rows, int32_t taps, const tin_output_t *to) {
    if (!tin_takes_narrow(taps, to)) {
        return TIN_FORM_WIDE;
    }
    const tin_params_t *p = (const tin_params_t *)(const void *)params;
    for (; rows > 0; rows--, p++) {
        const tin_params_t copy = ((uintptr_t)params & 3) == 0 ? *p : tin_params((const uint8_t *)p, 0);
        if (!tin_takes_narrow_params(&copy)) {
            return TIN_FORM_WIDE;
        }
    }
    return TIN_FORM_NARROW;
}
#define tin_requant_form tin_requant_form__xtensa

// What a channel's requantization needs in registers.
typedef struct {
    int32_t bias, multiplier, shift; // r - 1
    int32_t zero;                // the zero point and a half, twice
} tin_xtensa_scale_t;

TIN_ALWAYS tin_xtensa_scale_t tin_xtensa_scale(const tin_params_t *p, const tin_output_t *to) {
    // A zero multiplier gives the zero point at any shift.
    const tin_xtensa_scale_t scale = { p->bias, p->multiplier, ~p->shift & 31, 2 * to->zero_point + 1 };
    return scale;
}

// Of a sum with its bias. Where the lower clamp is the zero point (`relu`), negative sums come to it.
TIN_ALWAYS int32_t tin_xtensa_requantize(int32_t acc, const tin_xtensa_scale_t *s, const tin_output_t *to, bool relu) {
    if (relu && acc < 0) {
        return to->low;
    }
    const int32_t high = tin_high_mul_of_halves(acc, s->multiplier);
    int32_t value = (((high + (relu ? 0 : high >> 31)) >> s->shift) + s->zero) >> 1;
    // The compiler does not know of these.
    __asm__ ("min %0, %0, %1" : "+r"(value) : "r"(to->high));
    if (!relu) {
        __asm__ ("max %0, %0, %1" : "+r"(value) : "r"(to->low));
    }
    return value;
}

TIN_ALWAYS void tin_xtensa_store_pixels(const int32_t *sums, const tin_xtensa_scale_t *scale, const tin_output_t *to, int8_t *out, int32_t pitch,
    int32_t pixels, bool relu) {
    for (const int32_t *const end = sums + pixels; sums != end; sums++, out += pitch) {
        *out = (int8_t)tin_xtensa_requantize(*sums + scale->bias, scale, to, relu);
    }
}

// A channel's sums, without bias, to the outputs of its pixels.
TIN_HOT void tin_xtensa_store_channel(const int32_t *sums, const tin_gemm_t *gemm, int32_t oc, int32_t pixels) {
    const tin_params_t params = tin_xtensa_params(gemm->params, oc);
    const tin_output_t to = gemm->to;
    const int32_t pitch = gemm->out_pitch;
    int8_t *const out = gemm->out + oc;
    if (gemm->form == TIN_FORM_WIDE) {
        for (int32_t i = 0; i < pixels; i++) {
            out[i * pitch] = (int8_t)tin_requantize(tin_wrap_add(sums[i], params.bias), &params, &to);
        }
        return;
    }
    const tin_xtensa_scale_t scale = tin_xtensa_scale(&params, &to);
    if (to.zero_point == to.low) {
        tin_xtensa_store_pixels(sums, &scale, &to, out, pitch, pixels, true);
    } else {
        tin_xtensa_store_pixels(sums, &scale, &to, out, pitch, pixels, false);
    }
}

#endif
