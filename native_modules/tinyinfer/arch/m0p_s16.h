// Convolution of s16 on ARMv6-M: 2 pixels x 2 channels. A block has, tap by tap, a word for the number of each of the 2 pixels; behind
// it, a pair of weights that are not aligned.
#ifndef TIN_M0P_S16_H
#define TIN_M0P_S16_H

#include "arch/s16.h"

#define TIN_BLOCK_PIXELS_S16(taps, s4) (2)

static inline int32_t tin_block_bytes_s16__m0p(const tin_window_t *window, int32_t taps, bool s4) {
    (void)window;
    (void)s4;
    return 10 * ((taps + 3) & ~3);
}

TIN_S16_HOT void tin_put_run_s16(void *block, int32_t pixel, int32_t tap, const int16_t *x, int32_t step, int32_t count, int32_t pitch) {
    int32_t *to = (int32_t *)block + 2 * tap + pixel;
    (void)pitch;
    for (; count > 0; count--, x += step, to += 2) {
        *to = *x;
    }
}

// A tap of both pixels times the weights of both channels, which `even` and `odd` bring to r4.
#define TAP(place, even, odd) \
    even \
    "    ldr    r5, [r0, #" place "]\n" \
    "    ldr    r6, [r0, #" place " + 4]\n" \
    "    movs   r7, r5\n" \
    "    muls   r7, r4\n" \
    "    add    r8, r7\n" \
    "    movs   r7, r6\n" \
    "    muls   r7, r4\n" \
    "    add    r9, r7\n" \
    odd \
    "    muls   r5, r4\n" \
    "    add    r10, r5\n" \
    "    muls   r6, r4\n" \
    "    add    r11, r6\n"
#define BITS(up, down) "    lsls   r4, r3, #" up "\n    asrs   r4, #" down "\n"
#define TOP(down) "    asrs   r4, r3, #" down "\n"

// sums[2 channels][2 pixels] of a pair of channels at `pair`, which is aligned.
TIN_ASM void tin_sums_s16(const int32_t *x, const int32_t *end, const uint8_t *pair, int32_t s4, int32_t *sums) {
    __asm__ (
        ".syntax unified\n"
        "    push   {r4-r7, lr}\n"
        "    mov    r4, r8\n"
        "    mov    r5, r9\n"
        "    mov    r6, r10\n"
        "    mov    r7, r11\n"
        "    push   {r4-r7}\n"
        "    mov    r12, r1\n"
        "    movs   r4, #0\n"
        "    mov    r8, r4\n"
        "    mov    r9, r4\n"
        "    mov    r10, r4\n"
        "    mov    r11, r4\n"
        "    cmp    r3, #0\n"
        "    bne    2f\n"
        "1:  ldr    r3, [r2]\n"
        TAP("0", BITS("24", "24"), BITS("16", "24"))
        TAP("16", BITS("8", "24"), TOP("24"))
        "    ldr    r3, [r2, #4]\n"
        TAP("8", BITS("24", "24"), BITS("16", "24"))
        TAP("24", BITS("8", "24"), TOP("24"))
        "    adds   r2, #8\n"
        "    adds   r0, #32\n"
        "    cmp    r0, r12\n"
        "    bne    1b\n"
        "    b      3f\n"
        "2:  ldmia  r2!, {r3}\n"
        TAP("0", BITS("24", "28"), BITS("28", "28"))
        TAP("8", BITS("16", "28"), BITS("20", "28"))
        TAP("16", BITS("8", "28"), BITS("12", "28"))
        TAP("24", TOP("28"), BITS("4", "28"))
        "    adds   r0, #32\n"
        "    cmp    r0, r12\n"
        "    bne    2b\n"
        "3:  ldr    r0, [sp, #36]\n"
        "    mov    r4, r8\n"
        "    mov    r5, r9\n"
        "    mov    r6, r10\n"
        "    mov    r7, r11\n"
        "    stmia  r0!, {r4-r7}\n"
        "    pop    {r4-r7}\n"
        "    mov    r8, r4\n"
        "    mov    r9, r5\n"
        "    mov    r10, r6\n"
        "    mov    r11, r7\n"
        "    pop    {r4-r7, pc}\n"
    );
}
#undef TAP
#undef BITS
#undef TOP

TIN_KERNEL(gemm_block_s16, gemm_s16, true)

static inline void tin_gemm_block_s16__m0p(const tin_gemm_t *gemm, const void *block, int32_t pixels) {
    const int32_t pitch = (gemm->taps + 3) & ~3, pair_bytes = gemm->s4 ? pitch : 2 * pitch;
    const int32_t *const end = (const int32_t *)block + 2 * pitch;
    const uint8_t *weights = gemm->weights;
    TIN_RAN(gemm_s16, pixels * gemm->channels * gemm->taps);
    for (int32_t oc = 0; oc < gemm->channels; oc += 2, weights += pair_bytes) {
        const uint8_t *pair = weights;
        int32_t sums[4];
        if (!gemm->aligned) {
            uint8_t *const copy = (uint8_t *)(uintptr_t)end;
            for (int32_t i = 0; i < pair_bytes; i++) {
                copy[i] = weights[i];
            }
            pair = copy;
        }
        tin_sums_s16(block, end, pair, gemm->s4, sums);
        tin_store_s16(gemm, oc, sums, pixels);
        if (oc + 1 < gemm->channels) {
            tin_store_s16(gemm, oc + 1, sums + 2, pixels);
        }
    }
}
#define tin_block_bytes_s16 tin_block_bytes_s16__m0p
#define tin_pack_columns_s16 tin_pack_columns__s16
#define tin_gemm_block_s16 tin_gemm_block_s16__m0p

#endif
