// Convolution of s16 on RV32: 4 pixels x 2 channels. A block has, tap by tap, the numbers of the 4 pixels.
#ifndef TIN_RV32_S16_H
#define TIN_RV32_S16_H

#include "arch/s16.h"

#define TIN_BLOCK_PIXELS_S16(taps, s4) (4)

static inline int32_t tin_block_bytes_s16__rv32(const tin_window_t *window, int32_t taps, bool s4) {
    (void)window;
    (void)s4;
    return 8 * ((taps + 3) & ~3);
}

TIN_S16_HOT void tin_put_run_s16(void *block, int32_t pixel, int32_t tap, const int16_t *x, int32_t step, int32_t count, int32_t pitch) {
    int16_t *to = (int16_t *)block + 4 * tap + pixel;
    (void)pitch;
    for (; count > 0; count--, x += step, to += 4) {
        *to = *x;
    }
}

#define TAP(tap, even, odd) { \
        const int32_t w = even, v = odd; \
        a0 += (uint32_t)(x[4 * (tap)] * w); \
        b0 += (uint32_t)(x[4 * (tap)] * v); \
        a1 += (uint32_t)(x[4 * (tap) + 1] * w); \
        b1 += (uint32_t)(x[4 * (tap) + 1] * v); \
        a2 += (uint32_t)(x[4 * (tap) + 2] * w); \
        b2 += (uint32_t)(x[4 * (tap) + 2] * v); \
        a3 += (uint32_t)(x[4 * (tap) + 3] * w); \
        b3 += (uint32_t)(x[4 * (tap) + 3] * v); \
}

// Of a pair of channels, at `pair`.
TIN_S16_HOT void tin_sums_s16(const int16_t *x, const int16_t *end, const int8_t *pair, bool s4, int32_t sums[8]) {
    uint32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0;
    if (s4) {
        for (; x != end; x += 4, pair++) {
            TAP(0, *pair >> 4, (int32_t)((uint32_t)*pair << 28) >> 28)
        }
    } else {
        for (; x != end; x += 16, pair += 8) {
            TAP(0, pair[0], pair[1])
            TAP(1, pair[4], pair[5])
            TAP(2, pair[2], pair[3])
            TAP(3, pair[6], pair[7])
        }
    }
    const uint32_t all[8] = { a0, a1, a2, a3, b0, b1, b2, b3 };
    for (int32_t i = 0; i < 8; i++) {
        sums[i] = (int32_t)all[i];
    }
}
#undef TAP

TIN_KERNEL(gemm_block_s16, gemm_s16, true)

TIN_COLD void tin_gemm_block_s16__rv32(const tin_gemm_t *gemm, const void *block, int32_t pixels) {
    const int32_t pitch = (gemm->taps + 3) & ~3;
    const int8_t *pair = (const int8_t *)gemm->weights;
    TIN_RAN(gemm_s16, pixels * gemm->channels * gemm->taps);
    for (int32_t oc = 0; oc < gemm->channels; oc += 2, pair += gemm->s4 ? pitch : 2 * pitch) {
        int32_t sums[8];
        tin_sums_s16(block, (const int16_t *)block + 4 * pitch, pair, gemm->s4, sums);
        tin_store_s16(gemm, oc, sums, pixels);
        if (oc + 1 < gemm->channels) {
            tin_store_s16(gemm, oc + 1, sums + 4, pixels);
        }
    }
}
#define tin_block_bytes_s16 tin_block_bytes_s16__rv32
#define tin_pack_columns_s16 tin_pack_columns__s16
#define tin_gemm_block_s16 tin_gemm_block_s16__rv32

#endif
