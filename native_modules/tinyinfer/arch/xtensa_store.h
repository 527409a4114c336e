// From a channel's sums to its outputs on Xtensa: what a trained layer asks for, without a product of 64 bits.
#ifndef TIN_XTENSA_STORE_H
#define TIN_XTENSA_STORE_H

#include "arch/xtensa_requant.h"

// A sum that reaches no clamp is below 2^(9 + r) if the multiplier is normal, so that such a sum times a part of the multiplier
// fits 32 bits; what a part drops cannot carry. For r up to 6 parts of 15 and 16 bits, up to 10 of 12, 12 and 7.
#define STORE(test, product, round, clamp, beyond) \
    __asm__ volatile ( \
        "    ssr    %[a]\n" \
        "    loop   %[t], 2f\n" \
        "    l32i   %[a], %[sums], 0\n" \
        "    addi   %[sums], %[sums], 4\n" \
        "    add    %[a], %[a], %[bias]\n" \
        test \
        product \
        round \
        "    mull   %[a], %[a], %[upper]\n" \
        "    add    %[a], %[a], %[t]\n" \
        "    add    %[a], %[a], %[offset]\n" \
        "    sra    %[a], %[a]\n" \
        clamp \
        "1:  s8i    %[a], %[out], 0\n" \
        "    add    %[out], %[out], %[pitch]\n" \
        "2:  j      5f\n" \
        "3:" beyond \
        "    j      1b\n" \
        "5:\n" \
        : [a] "+r"(shift), [t] "+r"(pixels), [sums] "+r"(sums), [out] "+r"(out) TEMPORARY \
        : [bias] "r"(params->bias), [limit] "r"(limit), [offset] "r"(offset), [upper] "r"(upper), [pitch] "r"(pitch), OTHERS \
        : "memory")
#define PRODUCT_2 \
    "    mull   %[t], %[a], %[lower]\n" \
    "    srai   %[t], %[t], 16\n"
#define PRODUCT_3 \
    "    mull   %[t], %[a], %[lower]\n" \
    "    mull   %[u], %[a], %[middle]\n" \
    "    srai   %[t], %[t], 7\n" \
    "    add    %[t], %[t], %[u]\n" \
    "    srai   %[t], %[t], 12\n"
// The lower clamp is the zero point, to which all negative sums come.
#define RELU(product, low) \
    STORE( \
        "    bgeu   %[a], %[limit], 3f\n", product, "", \
        "    min    %[a], %[a], %[high]\n", \
        "    bgez   %[a], 4f\n" \
        "    mov    %[a], " low "\n" \
        "    j      1b\n" \
        "4:  mov    %[a], %[high]\n")
// No clamp but that of s8; `half` is what half away from zero is less for a negative sum.
#define SIGNED(product, half) \
    STORE( \
        "    abs    %[t], %[a]\n" \
        "    bgeu   %[t], %[limit], 3f\n", product, \
        "    bgez   %[a], 6f\n" \
        "    addmi  %[t], %[t], -" half "\n" \
        "6:\n", \
        "    clamps %[a], %[a], 7\n", \
        "    srai   %[a], %[a], 31\n" \
        "    movi   %[t], 127\n" \
        "    xor    %[a], %[a], %[t]\n")

TIN_HOT void tin_xtensa_store_2(const int32_t *sums, const tin_params_t *params, const tin_output_t *to, int8_t *out, int32_t pitch,
    int32_t pixels) {
    const int32_t r = -params->shift, limit = 512 << r, upper = params->multiplier >> 16;
    const int32_t offset = (1 << 14) + (2 * to->zero_point + 1) * (1 << (14 + r));
    int32_t shift = 15 + r;
    #define TEMPORARY
    #define OTHERS [lower] "r"(params->multiplier & 0xffff), [low] "r"(to->low), [high] "r"(to->high)
    if (to->zero_point == to->low) {
        RELU(PRODUCT_2, "%[low]");
    } else {
        SIGNED(PRODUCT_2, "32768");
    }
    #undef TEMPORARY
    #undef OTHERS
}

TIN_HOT void tin_xtensa_store_3(const int32_t *sums, const tin_params_t *params, const tin_output_t *to, int8_t *out, int32_t pitch,
    int32_t pixels) {
    const int32_t r = -params->shift, upper = params->multiplier >> 19;
    const int32_t offset = (1 << 11) + (2 * to->zero_point + 1) * (1 << (11 + r));
    int32_t shift = 12 + r, u;
    #define TEMPORARY , [u] "=&r"(u)
    #define OTHERS [middle] "r"(params->multiplier >> 7 & 4095), [lower] "r"(params->multiplier & 127), [high] "r"(to->high)
    if (to->zero_point == to->low) {
        // The byte of the lower clamp in a limit that only needs to lie from 2^(9 + r) - 256 to 2^(9 + r) where r is 7 or more.
        const int32_t limit = (512 << r) - 256 + (to->low & 255);
        RELU(PRODUCT_3, "%[limit]");
    } else {
        // Of what makes 256 by any multiplier, 288 at most: twice as much and the zero point would not fit where r is 10.
        const int32_t limit = (768 << r) - (params->multiplier >> (22 - r));
        SIGNED(PRODUCT_3, "4096");
    }
    #undef TEMPORARY
    #undef OTHERS
}
#undef STORE
#undef PRODUCT_2
#undef PRODUCT_3
#undef RELU
#undef SIGNED

// A channel's sums, without bias, to s16.
TIN_HOT void tin_xtensa_store_s16(const int32_t *sums, const tin_gemm_t *gemm, int32_t oc, int32_t pixels) {
    const tin_params_t params = tin_xtensa_params(gemm->params, oc);
    const tin_output_t to = gemm->to;
    const tin_xtensa_scale_t scale = tin_xtensa_scale(&params, &to);
    int8_t *out = gemm->out + 2 * oc;
    for (const int32_t *const end = sums + pixels; sums != end; sums++, out += gemm->out_pitch) {
        const int32_t acc = tin_wrap_add(*sums, params.bias);
        // From r = 2 on there is room for the zero point.
        tin_store(out, 16, 0, params.shift < -1 ? tin_xtensa_requantize(acc, &scale, &to, false) : tin_requantize(acc, &params, &to));
    }
}

// A channel's sums, without bias, to the outputs of its pixels.
static inline void tin_xtensa_store(const int32_t *sums, const tin_gemm_t *gemm, int32_t oc, int32_t pixels) {
    const tin_params_t params = tin_xtensa_params(gemm->params, oc);
    const int32_t r = -params.shift;
    // Nor would a sum near 2^(9 + r) and a positive zero point.
    const bool fits = gemm->to.zero_point == gemm->to.low ? gemm->to.low < 0 : (gemm->to.low == INT8_MIN && gemm->to.high == INT8_MAX);
    if (gemm->form == TIN_FORM_WIDE || !fits || params.multiplier < 1 << 30 || r > 10) {
        tin_xtensa_store_channel(sums, gemm, oc, pixels);
    } else {
        (r > 6 ? tin_xtensa_store_3 : tin_xtensa_store_2)(sums, &params, &gemm->to, gemm->out + oc, gemm->out_pitch, pixels);
    }
}

#endif
