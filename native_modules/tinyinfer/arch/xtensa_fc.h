// Fully connected on Xtensa: two channels of a word by two sums, of whole halves and of what a mask leaves of them.
#ifndef TIN_XTENSA_FC_H
#define TIN_XTENSA_FC_H

#include "arch/xtensa.h"

#define LOADING(x, next) "    mula.da.ll.ldinc " next ", %[x], " x ", %[word]\n" UPPER(x)
#define LAST(x, next) "    mula.da.ll " x ", %[word]\n" UPPER(x)
#define UPPER(x) "    mula.da.hh " x ", %[word]\n"
// The sum of 4 * quads products; `upper` of its 40 bits without the lowest 8.
#define SUM(four_taps, pitch) \
    __asm__ volatile ( \
        "    movi   %[sum], 0\n" \
        "    wsr.acclo %[sum]\n" \
        "    wsr.acchi %[sum]\n" \
        "    ssai   8\n" \
        "    ldinc  m0, %[x]\n" \
        "    loopgtz %[rounds], 1f\n" \
        four_taps(LOADING) \
        "    addi   %[weights], %[weights], " pitch "\n" \
        "1:\n" \
        four_taps(LAST) \
        "    rsr.acclo %[sum]\n" \
        "    rsr.acchi %[word]\n" \
        "    src    %[word], %[word], %[sum]\n" \
        : [x] "+r"(x), [weights] "+r"(weights), [sum] "=&r"(sum), [word] "=&r"(upper) OTHERS \
        : [rounds] "r"(quads - 1), [bits] "r"(bits) \
        : "memory")
// Of pairs in quads_s8.
#define FOUR_TAPS_S8(operation, taps) \
    "    l32i   %[word], %[weights], 0\n" \
    "    " operation " %[word], %[word], %[bits]\n" \
    LOADING("m0", "m1") \
    "    l32i   %[word], %[weights], 8\n" \
    "    " operation " %[word], %[word], %[bits]\n" \
    taps("m1", "m0")
#define FLIPPED(taps) FOUR_TAPS_S8("xor", taps)
#define MASKED(taps) FOUR_TAPS_S8("and", taps)
#define FOUR_TAPS_S4(taps) \
    "    l32i   %[bytes], %[weights], 0\n" \
    "    and    %[word], %[bytes], %[bits]\n" \
    LOADING("m0", "m1") \
    "    srli   %[word], %[bytes], 8\n" \
    "    and    %[word], %[word], %[bits]\n" \
    taps("m1", "m0")

typedef struct {
    int32_t sum, upper;
} tin_xtensa_sum_t;

TIN_HOT tin_xtensa_sum_t tin_xtensa_fc_flipped(const char *x, const uint8_t *weights, int32_t quads, uint32_t bits) {
    int32_t sum, upper;
    #define OTHERS
    SUM(FLIPPED, "16");
    #undef OTHERS
    const tin_xtensa_sum_t result = { sum, upper };
    return result;
}

TIN_HOT tin_xtensa_sum_t tin_xtensa_fc_masked(const char *x, const uint8_t *weights, int32_t quads, uint32_t bits) {
    int32_t sum, upper;
    #define OTHERS
    SUM(MASKED, "16");
    #undef OTHERS
    const tin_xtensa_sum_t result = { sum, upper };
    return result;
}

TIN_HOT int32_t tin_xtensa_fc_s4(const char *x, const uint8_t *weights, int32_t quads, uint32_t bits) {
    int32_t sum, upper, bytes;
    #define OTHERS , [bytes] "=&r"(bytes)
    SUM(FOUR_TAPS_S4, "8");
    #undef OTHERS
    (void)upper;
    return sum;
}
#undef LOADING
#undef LAST
#undef UPPER
#undef FOUR_TAPS_S8
#undef FLIPPED
#undef MASKED
#undef FOUR_TAPS_S4
#undef SUM

// Sums of channels [oc, oc + channels), which lack the offset of x, to the outputs.
TIN_HOT void tin_xtensa_fc_store(const tin_gemm_t *fc, const int32_t *sums, int32_t offset, int32_t oc, int32_t channels, int32_t out_bits) {
    const tin_output_t to = fc->to;
    const bool relu = to.zero_point == to.low;
    for (const int32_t *const end = sums + channels; sums != end; sums++, oc++) {
        const tin_params_t params = tin_xtensa_params(fc->params, oc);
        const int32_t acc = tin_wrap_add(tin_wrap_add(*sums, offset), params.bias);
        int32_t value;
        if (fc->form == TIN_FORM_NARROW) {
            const tin_xtensa_scale_t scale = tin_xtensa_scale(&params, &to);
            value = tin_xtensa_requantize(acc, &scale, &to, relu);
        } else {
            value = tin_requantize(acc, &params, &to);
        }
        tin_store(fc->out, out_bits, oc, value);
    }
}

TIN_KERNEL(fc_row, fc, fc->aligned)

TIN_HOT void tin_fc_row__xtensa(const tin_gemm_t *fc, const int8_t *x, int32_t out_bits, void *scratch) {
    if (!tin_takes_fc(fc, out_bits)) {
        tin_fc_row__generic(fc, x, out_bits, scratch);
        return;
    }
    TIN_RAN(fc, fc->channels * fc->taps);
    const int32_t pitch = (fc->taps + 3) & ~3, quads = pitch / 4;
    int16_t *const column = scratch;
    tin_xtensa_pack_run(x, 1, fc->taps, column, 0);
    for (int32_t tap = fc->taps; tap < pitch; tap++) {
        column[tin_xtensa_place(tap)] = 0;
    }
    int32_t offset;
    tin_xtensa_totals(column, quads, fc->s4 ? -8 : -128, &offset, 1);
    const char *const from = (const char *)column - 4;
    const uint8_t *weights = fc->weights;
    for (int32_t oc = 0; oc < fc->channels; oc += 2) {
        int32_t sums[2];
        if (fc->s4) {
            const int32_t both = tin_xtensa_fc_s4(from, weights, quads, 0x00ff00ff);
            sums[1] = tin_xtensa_fc_s4(from, weights, quads, 0x000f000f);
            sums[0] = (both - sums[1]) >> 4;
        } else {
            const tin_xtensa_sum_t both = tin_xtensa_fc_flipped(from, weights, quads, 0x80008000);
            const tin_xtensa_sum_t first = tin_xtensa_fc_masked(from, weights, quads, 0x00ff00ff);
            sums[0] = first.sum;
            // The second is without the 128.
            sums[1] = both.upper - first.upper - offset;
        }
        tin_xtensa_fc_store(fc, sums, offset, oc, fc->channels - oc < 2 ? 1 : 2, out_bits);
        // The second pair of a quad is 4 bytes behind; then come the other taps.
        weights += (oc & 2) != 0 ? quads * (fc->s4 ? 8 : 16) - 4 : 4;
    }
}
#define tin_fc_row tin_fc_row__xtensa

#endif
