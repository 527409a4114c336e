// Fully connected on Xtensa: two channels of a word by two sums, of whole halves and of what a mask leaves of them.
#ifndef TIN_XTENSA_FC_H
#define TIN_XTENSA_FC_H

#include "arch/xtensa.h"

// The sum of 4 * quads products; `upper` of its 40 bits without the lowest 8.
#define SUM(four_taps, pitch) \
    __asm__ volatile ( \
        "    movi   %[sum], 0\n" \
        "    wsr.acclo %[sum]\n" \
        "    wsr.acchi %[sum]\n" \
        "    ssai   8\n" \
        "    ldinc  m0, %[x]\n" \
        "    loopgtz %[rounds], 1f\n" \
        four_taps("mula.da.hh.ldinc m0, %[x],") \
        "    addi   %[weights], %[weights], " pitch "\n" \
        "1:\n" \
        four_taps("mula.da.hh") \
        "    rsr.acclo %[sum]\n" \
        "    rsr.acchi %[word]\n" \
        "    src    %[word], %[word], %[sum]\n" \
        : [x] "+r"(x), [weights] "+r"(weights), [sum] "=&r"(sum), [word] "=&r"(upper) OTHERS \
        : [rounds] "r"(quads - 1), [bits] "r"(bits) \
        : "memory")
#define FIRST_AND_THIRD \
    "    mula.da.ll.ldinc m1, %[x], m0, %[word]\n" \
    "    mula.da.lh m1, %[word]\n"
#define SECOND_AND_FOURTH(last) \
    "    mula.da.hl m0, %[word]\n" \
    "    " last " m1, %[word]\n"
// Of pairs in quads_s8.
#define FOUR_TAPS_S8(operation, last) \
    "    l32i   %[word], %[weights], 0\n" \
    "    " operation " %[word], %[word], %[bits]\n" \
    FIRST_AND_THIRD \
    "    l32i   %[word], %[weights], 8\n" \
    "    " operation " %[word], %[word], %[bits]\n" \
    SECOND_AND_FOURTH(last)
#define FLIPPED(last) FOUR_TAPS_S8("xor", last)
#define MASKED(last) FOUR_TAPS_S8("and", last)
#define FOUR_TAPS_S4(last) \
    "    l32i   %[bytes], %[weights], 0\n" \
    "    and    %[word], %[bytes], %[bits]\n" \
    FIRST_AND_THIRD \
    "    srli   %[word], %[bytes], 8\n" \
    "    and    %[word], %[word], %[bits]\n" \
    SECOND_AND_FOURTH(last)

typedef struct {
    int32_t sum, upper;
} tin_xtensa_sum_t;

TIN_ALWAYS tin_xtensa_sum_t tin_xtensa_fc_flipped(const char *x, const uint8_t *weights, int32_t quads, uint32_t bits) {
    int32_t sum, upper;
    #define OTHERS
    SUM(FLIPPED, "16");
    #undef OTHERS
    const tin_xtensa_sum_t result = { sum, upper };
    return result;
}

TIN_ALWAYS tin_xtensa_sum_t tin_xtensa_fc_masked(const char *x, const uint8_t *weights, int32_t quads, uint32_t bits) {
    int32_t sum, upper;
    #define OTHERS
    SUM(MASKED, "16");
    #undef OTHERS
    const tin_xtensa_sum_t result = { sum, upper };
    return result;
}

TIN_ALWAYS int32_t tin_xtensa_fc_s4(const char *x, const uint8_t *weights, int32_t quads, uint32_t bits) {
    int32_t sum, upper, bytes;
    #define OTHERS , [bytes] "=&r"(bytes)
    SUM(FOUR_TAPS_S4, "8");
    #undef OTHERS
    (void)upper;
    return sum;
}
#undef FIRST_AND_THIRD
#undef SECOND_AND_FOURTH
#undef FOUR_TAPS_S8
#undef FLIPPED
#undef MASKED
#undef FOUR_TAPS_S4
#undef SUM

#define TIN_XTENSA_FC_CHANNELS (16)

// Sums of up to so many channels, of which the weights are the first's; `offset` is what those of the weights add.
TIN_HOT void tin_xtensa_fc_sums_s8(const char *x, const uint8_t *weights, int32_t quads, int32_t offset, int32_t *sums, int32_t channels) {
    for (int32_t oc = 0; oc < channels; oc += 2) {
        const tin_xtensa_sum_t both = tin_xtensa_fc_flipped(x, weights, quads, 0x80008000);
        const tin_xtensa_sum_t first = tin_xtensa_fc_masked(x, weights, quads, 0x00ff00ff);
        sums[oc] = first.sum + offset;
        // This is without an offset.
        sums[oc + 1] = both.upper - first.upper;
        // The second pair of a quad is 4 bytes behind; then come the other taps.
        weights += (oc & 2) != 0 ? quads * 16 - 4 : 4;
    }
}

TIN_HOT void tin_xtensa_fc_sums_s4(const char *x, const uint8_t *weights, int32_t quads, int32_t offset, int32_t *sums, int32_t channels) {
    for (int32_t oc = 0; oc < channels; oc += 2) {
        const int32_t both = tin_xtensa_fc_s4(x, weights, quads, 0x00ff00ff);
        const int32_t second = tin_xtensa_fc_s4(x, weights, quads, 0x000f000f);
        sums[oc] = ((both - second) >> 4) + offset;
        sums[oc + 1] = second + offset;
        weights += (oc & 2) != 0 ? quads * 8 - 4 : 4;
    }
}

TIN_ALWAYS void tin_xtensa_fc_store_narrow(const tin_params_t *params, const tin_output_t *to, const int32_t *sums, int8_t *out,
    int32_t channels, bool relu) {
    for (const int8_t *const end = out + channels; out != end; out++, sums++, params++) {
        const tin_xtensa_scale_t scale = tin_xtensa_scale(params, to);
        *out = (int8_t)tin_xtensa_requantize(*sums + scale.bias, &scale, to, relu);
    }
}

// Sums of channels from `oc` on to the outputs.
TIN_HOT void tin_xtensa_fc_store(const tin_gemm_t *fc, const int32_t *sums, int32_t oc, int32_t channels, int32_t out_bits) {
    const tin_output_t to = fc->to;
    const tin_params_t *const params = (const tin_params_t *)(const void *)fc->params + oc;
    if (tin_reads_s16(fc) || fc->form == TIN_FORM_WIDE || out_bits == 16) {
        for (int32_t i = 0; i < channels; i++) {
            tin_store(fc->out, out_bits, oc + i, tin_requantize(tin_wrap_add(sums[i], params[i].bias), &params[i], &to));
        }
    } else if (to.zero_point == to.low) {
        tin_xtensa_fc_store_narrow(params, &to, sums, fc->out + oc, channels, true);
    } else {
        tin_xtensa_fc_store_narrow(params, &to, sums, fc->out + oc, channels, false);
    }
}

TIN_KERNEL(fc_row, fc, fc->aligned)
// The sum of a channel's products of 8 bits has 40, of two channels' of 4 bits 32.
TIN_KERNEL(fc_row_s16, fc_s16, fc->aligned && fc->taps < 1 << 16 && (!fc->s4 || fc->taps <= 256))

TIN_HOT void tin_fc_row__xtensa(const tin_gemm_t *fc, const int8_t *x, int32_t out_bits, void *scratch) {
    const bool s16 = tin_reads_s16(fc);
    if (!(s16 ? tin_takes_fc_s16(fc) : tin_takes_fc(fc, out_bits))) {
        tin_fc_row__generic(fc, x, out_bits, scratch);
        return;
    }
    if (s16) {
        TIN_RAN(fc_s16, fc->channels * fc->taps);
    } else {
        TIN_RAN(fc, fc->channels * fc->taps);
    }
    const int32_t pitch = (fc->taps + 3) & ~3, quads = pitch / 4;
    int16_t *const column = scratch;
    tin_xtensa_fill(0, pitch - fc->taps, s16 ? tin_xtensa_copy(x, fc->taps, column) : tin_xtensa_widen(x, fc->taps, column));
    int32_t offset;
    tin_xtensa_totals(column, quads, fc->s4 ? -8 : -128, &offset, 1);
    const char *const from = (const char *)column - 4;
    const uint8_t *weights = fc->weights;
    for (int32_t oc = 0; oc < fc->channels; oc += TIN_XTENSA_FC_CHANNELS, weights += TIN_XTENSA_FC_CHANNELS * (fc->s4 ? pitch / 2 : pitch)) {
        const int32_t left = fc->channels - oc, channels = left < TIN_XTENSA_FC_CHANNELS ? left : TIN_XTENSA_FC_CHANNELS;
        int32_t sums[TIN_XTENSA_FC_CHANNELS];
        (fc->s4 ? tin_xtensa_fc_sums_s4 : tin_xtensa_fc_sums_s8)(from, weights, quads, offset, sums, channels);
        tin_xtensa_fc_store(fc, sums, oc, channels, out_bits);
    }
}
#define tin_fc_row tin_fc_row__xtensa
#define tin_fc_row_s16 tin_fc_row__xtensa

#endif
