// Fully connected on RV32: four channels at a time.
#ifndef TIN_RV32_FC_H
#define TIN_RV32_FC_H

#include "arch/rv32.h"

// Sums of x * (w + 128) for the quads' 4 channels.
TIN_HOT void tin_rv32_fc_s8(const int8_t *x, int32_t taps, const uint8_t *w, int32_t sums[4]) {
    int32_t a = 0, b = 0, c = 0, d = 0;
    #define TAP(i, at) { \
        const int32_t value = x[i]; \
        a += value * w[at]; \
        b += value * w[at + 1]; \
        c += value * w[at + 4]; \
        d += value * w[at + 5]; \
    }
    for (; taps >= 4; taps -= 4, x += 4, w += 16) {
        TAP(0, 0)
        TAP(1, 8)
        TAP(2, 2)
        TAP(3, 10)
    }
    for (int32_t tap = 0; tap < taps; tap++) {
        TAP(tap, (tap & 1) * 8 + (tap & 2))
    }
    #undef TAP
    sums[0] = a, sums[1] = b, sums[2] = c, sums[3] = d;
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
    const uint32_t mask = 0x000f000f;
    int32_t a = 0, b = 0, c = 0, d = 0;
    while (quads > 0) {
        uint32_t part_a = 0x8000, part_b = 0x8000, part_c = 0x8000, part_d = 0x8000;
        for (int32_t left = quads < 4 ? quads : 4; left > 0; left--, x += 2, w += 2, quads--) {
            const uint32_t x0 = x[0], x1 = x[1], ab = w[0], cd = w[1];
            part_b += (ab & mask) * x0;
            part_a += (ab >> 4 & mask) * x0;
            part_b += (ab >> 8 & mask) * x1;
            part_a += (ab >> 12 & mask) * x1;
            part_d += (cd & mask) * x0;
            part_c += (cd >> 4 & mask) * x0;
            part_d += (cd >> 8 & mask) * x1;
            part_c += (cd >> 12 & mask) * x1;
        }
        a += (int32_t)part_a >> 16;
        b += (int32_t)part_b >> 16;
        c += (int32_t)part_c >> 16;
        d += (int32_t)part_d >> 16;
    }
    sums[0] = a, sums[1] = b, sums[2] = c, sums[3] = d;
}

static inline void tin_fc_row__rv32(const tin_gemm_t *fc, const int8_t *x, int32_t out_bits, void *scratch) {
    const int32_t pitch = (fc->taps + 3) & ~3;
    int32_t total = 0;
    if (fc->s4 && !fc->aligned) {
        tin_fc_row__generic(fc, x, out_bits, scratch);
        return;
    }
    for (int32_t tap = 0; tap < fc->taps; tap++) {
        total += x[tap];
    }
    if (fc->s4) {
        tin_rv32_fc_pack(x, fc->taps, scratch);
    }
    const int32_t offset = total * (fc->s4 ? -8 : -128);
    const uint8_t *weights = fc->weights;
    for (int32_t oc = 0; oc < fc->channels; oc += 4, weights += 4 * pitch / (fc->s4 ? 2 : 1)) {
        int32_t sums[4];
        if (fc->s4) {
            tin_rv32_fc_s4(scratch, pitch / 4, (const uint32_t *)(const void *)weights, sums);
        } else {
            tin_rv32_fc_s8(x, fc->taps, weights, sums);
        }
        for (int32_t i = 0; i < 4 && oc + i < fc->channels; i++) {
            const tin_params_t params = tin_params(fc->params, oc + i);
            const int32_t acc = tin_wrap_add(tin_wrap_add(sums[i], offset), params.bias);
            tin_store(fc->out, out_bits, oc + i, tin_requantize(acc, &params, &fc->to));
        }
    }
}
#define tin_fc_row tin_fc_row__rv32

#endif
