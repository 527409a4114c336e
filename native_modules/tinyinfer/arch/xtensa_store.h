// From a channel's sums to its outputs on Xtensa: what a trained layer asks for, without a product of 64 bits.
#ifndef TIN_XTENSA_STORE_H
#define TIN_XTENSA_STORE_H

#include "arch/xtensa_requant.h"

// A sum that reaches no clamp is below 2^(9 + r) if the multiplier is normal, so that such a sum times a part of the multiplier
// fits 32 bits; what a part drops cannot carry. For r up to 6 parts of 15 and 16 bits, up to 10 of 12, 12 and 7.
#define STORE(product, low) \
    __asm__ volatile ( \
        "    ssr    %[a]\n" \
        "    loop   %[t], 2f\n" \
        "    l32i   %[a], %[sums], 0\n" \
        "    addi   %[sums], %[sums], 4\n" \
        "    add    %[a], %[a], %[bias]\n" \
        "    bgeu   %[a], %[limit], 3f\n" \
        product \
        "    add    %[a], %[a], %[t]\n" \
        "    add    %[a], %[a], %[offset]\n" \
        "    sra    %[a], %[a]\n" \
        "    min    %[a], %[a], %[high]\n" \
        "1:  s8i    %[a], %[out], 0\n" \
        "    add    %[out], %[out], %[pitch]\n" \
        "2:  j      5f\n" \
        /* Negative or too large. */ \
        "3:  bgez   %[a], 4f\n" \
        "    mov    %[a], " low "\n" \
        "    j      1b\n" \
        "4:  mov    %[a], %[high]\n" \
        "    j      1b\n" \
        "5:\n" \
        : [a] "+r"(shift), [t] "+r"(pixels), [sums] "+r"(sums), [out] "+r"(out) TEMPORARY \
        : [bias] "r"(params->bias), [limit] "r"(limit), [offset] "r"(offset), [upper] "r"(upper), [high] "r"(to->high), \
        [pitch] "r"(pitch), OTHERS \
        : "memory")

TIN_HOT void tin_xtensa_store_2(const int32_t *sums, const tin_params_t *params, const tin_output_t *to, int8_t *out, int32_t pitch,
    int32_t pixels) {
    const int32_t r = -params->shift, limit = 512 << r, offset = (1 << 14) + (2 * to->zero_point + 1) * (1 << (14 + r));
    const int32_t upper = params->multiplier >> 16;
    int32_t shift = 15 + r;
    #define TEMPORARY
    #define OTHERS [lower] "r"(params->multiplier & 0xffff), [low] "r"(to->low)
    STORE(
        "    mull   %[t], %[a], %[lower]\n"
        "    extui  %[t], %[t], 16, 16\n"
        "    mull   %[a], %[a], %[upper]\n",
        "%[low]");
    #undef TEMPORARY
    #undef OTHERS
}

TIN_HOT void tin_xtensa_store_3(const int32_t *sums, const tin_params_t *params, const tin_output_t *to, int8_t *out, int32_t pitch,
    int32_t pixels) {
    // The byte of the lower clamp in a limit that only needs to lie from 2^(9 + r) - 256 to 2^(9 + r) where r is 7 or more.
    const int32_t r = -params->shift, limit = (512 << r) - 256 + (to->low & 255);
    const int32_t offset = (1 << 11) + (2 * to->zero_point + 1) * (1 << (11 + r)), upper = params->multiplier >> 19;
    int32_t shift = 12 + r, u;
    #define TEMPORARY , [u] "=&r"(u)
    #define OTHERS [middle] "r"(params->multiplier >> 7 & 4095), [lower] "r"(params->multiplier & 127)
    STORE(
        "    mull   %[t], %[a], %[lower]\n"
        "    mull   %[u], %[a], %[middle]\n"
        "    srli   %[t], %[t], 7\n"
        "    add    %[t], %[t], %[u]\n"
        "    srli   %[t], %[t], 12\n"
        "    mull   %[a], %[a], %[upper]\n",
        "%[limit]");
    #undef TEMPORARY
    #undef OTHERS
}
#undef STORE

// A channel's sums, without bias, to the outputs of its pixels.
static inline void tin_xtensa_store(const int32_t *sums, const tin_gemm_t *gemm, int32_t oc, int32_t pixels) {
    const tin_params_t params = tin_xtensa_params(gemm->params, oc);
    const int32_t r = -params.shift;
    if (gemm->form == TIN_FORM_WIDE || gemm->to.zero_point != gemm->to.low || params.multiplier < 1 << 30 || r > 10) {
        tin_xtensa_store_channel(sums, gemm, oc, pixels);
    } else {
        (r > 6 ? tin_xtensa_store_3 : tin_xtensa_store_2)(sums, &params, &gemm->to, gemm->out + oc, gemm->out_pitch, pixels);
    }
}

#endif
