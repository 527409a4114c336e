// Fully connected on RV32: eight channels at a time of s8, four of s4.
#ifndef TIN_RV32_FC_H
#define TIN_RV32_FC_H

#include "arch/rv32.h"

// Sums of x * (w + 128) for the 4 channels of quads a and b each.
TIN_HOT void tin_rv32_fc_s8(const int8_t *x, int32_t taps, const uint8_t *a, const uint8_t *b, int32_t sums[8]) {
    int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0;
    #define TAP(i, at) { \
        const int32_t value = x[i]; \
        a0 += value * a[at]; \
        a1 += value * a[at + 1]; \
        a2 += value * a[at + 4]; \
        a3 += value * a[at + 5]; \
        b0 += value * b[at]; \
        b1 += value * b[at + 1]; \
        b2 += value * b[at + 4]; \
        b3 += value * b[at + 5]; \
    }
    for (const int8_t *const end = x + (taps & ~3); x != end; x += 4, a += 16, b += 16) {
        TAP(0, 0)
        TAP(1, 8)
        TAP(2, 2)
        TAP(3, 10)
    }
    for (int32_t tap = 0; tap < (taps & 3); tap++) {
        TAP(tap, (tap & 1) * 8 + (tap & 2))
    }
    #undef TAP
    sums[0] = a0, sums[1] = a1, sums[2] = a2, sums[3] = a3;
    sums[4] = b0, sums[5] = b1, sums[6] = b2, sums[7] = b3;
}

// x two by two, as the words below want them: (x2, x0), (x3, x1), the first in the lower half.
TIN_HOT void tin_rv32_fc_pack(const int8_t *x, int32_t taps, uint32_t *words) {
    for (; taps >= 4; taps -= 4, x += 4, words += 2) {
        words[0] = (uint32_t)x[2] + ((uint32_t)x[0] << 16);
        words[1] = (uint32_t)x[3] + ((uint32_t)x[1] << 16);
    }
    if (taps > 0) {
        words[0] = (taps > 2 ? (uint32_t)x[2] : 0) + ((uint32_t)x[0] << 16);
        words[1] = taps > 1 ? (uint32_t)x[1] << 16 : 0;
    }
}

// Sums of x * (w + 8). A masked word has two taps of a channel in its halves; times the same two of x, crosswise, their sum is in the
// upper half of the product. What lies below stays below: 8 such products keep both halves inside of 16 bits.
TIN_HOT void tin_rv32_fc_s4(const uint32_t *x, int32_t quads, const uint32_t *w, int32_t sums[4]) {
    const uint32_t mask = 0x000f000f, start = 0x8000;
    int32_t a = 0, b = 0, c = 0, d = 0;
    #define QUAD(i) { \
        const uint32_t x0 = x[i], x1 = x[i + 1], ab = w[i], cd = w[i + 1]; \
        part_b += (ab & mask) * x0; \
        part_a += (ab >> 4 & mask) * x0; \
        part_b += (ab >> 8 & mask) * x1; \
        part_a += (ab >> 12 & mask) * x1; \
        part_d += (cd & mask) * x0; \
        part_c += (cd >> 4 & mask) * x0; \
        part_d += (cd >> 8 & mask) * x1; \
        part_c += (cd >> 12 & mask) * x1; \
    }
    for (const uint32_t *const end = w + 2 * quads; w != end; ) {
        uint32_t part_a = start, part_b = start, part_c = start, part_d = start;
        if (end - w >= 8) {
            QUAD(0)
            QUAD(2)
            QUAD(4)
            QUAD(6)
            x += 8;
            w += 8;
        } else {
            QUAD(0)
            x += 2;
            w += 2;
        }
        a += (int32_t)part_a >> 16;
        b += (int32_t)part_b >> 16;
        c += (int32_t)part_c >> 16;
        d += (int32_t)part_d >> 16;
    }
    #undef QUAD
    sums[0] = a, sums[1] = b, sums[2] = c, sums[3] = d;
}

// Sums of channels [oc, oc + channels), which lack the offset of x, to the outputs.
TIN_HOT void tin_rv32_fc_store(const tin_gemm_t *fc, const int32_t *sums, int32_t offset, int32_t oc, int32_t channels, int32_t out_bits) {
    const tin_output_t to = fc->to;
    const bool relu = to.zero_point == to.low;
    for (const int32_t *const end = sums + channels; sums != end; sums++, oc++) {
        const tin_params_t params = tin_rv32_params(fc->params, oc);
        const int32_t acc = tin_wrap_add(tin_wrap_add(*sums, offset), params.bias);
        int32_t value;
        if (fc->form == TIN_FORM_NARROW) {
            const tin_rv32_scale_t scale = tin_rv32_scale(&params, &to);
            value = tin_rv32_requantize(acc, &scale, &to, relu);
        } else {
            value = tin_requantize(acc, &params, &to);
        }
        tin_store(fc->out, out_bits, oc, value);
    }
}

TIN_HOT int32_t tin_rv32_fc_total(const int8_t *x, int32_t taps) {
    int32_t total = 0;
    for (const int8_t *const end = x + taps; x != end; x++) {
        total += *x;
    }
    return total;
}

static inline void tin_fc_row__rv32(const tin_gemm_t *fc, const int8_t *x, int32_t out_bits, void *scratch) {
    const int32_t pitch = (fc->taps + 3) & ~3;
    if (fc->s4 && !fc->aligned) {
        tin_fc_row__generic(fc, x, out_bits, scratch);
        return;
    }
    if (fc->s4) {
        tin_rv32_fc_pack(x, fc->taps, scratch);
    }
    const int32_t offset = tin_rv32_fc_total(x, fc->taps) * (fc->s4 ? -8 : -128);
    const int32_t quad_bytes = 4 * pitch / (fc->s4 ? 2 : 1);
    const uint8_t *a = fc->weights;
    for (int32_t oc = 0; oc < fc->channels; oc += 8, a += 2 * quad_bytes) {
        int32_t sums[8];
        // The last quad may stand alone.
        const uint8_t *const b = oc + 4 < fc->channels ? a + quad_bytes : a;
        if (fc->s4) {
            tin_rv32_fc_s4(scratch, pitch / 4, (const uint32_t *)(const void *)a, sums);
            if (b != a) {
                tin_rv32_fc_s4(scratch, pitch / 4, (const uint32_t *)(const void *)b, sums + 4);
            }
        } else {
            tin_rv32_fc_s8(x, fc->taps, a, b, sums);
        }
        tin_rv32_fc_store(fc, sums, offset, oc, fc->channels - oc < 8 ? fc->channels - oc : 8, out_bits);
    }
}
#define tin_fc_row tin_fc_row__rv32

#endif
