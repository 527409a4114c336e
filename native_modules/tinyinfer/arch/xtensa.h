// Xtensa with MAC16 and zero-overhead loops (LX6, LX7 of the ESP32s): a product of 16 bits, its sum of 40 and the next load are
// one instruction. Columns and weights are widened for it, the latter in the order of pairs_s8: of four taps the first, third, second,
// fourth.
#ifndef TIN_XTENSA_H
#define TIN_XTENSA_H

#include "arch/dot.h"
#include "arch/xtensa_requant.h"
#include "arch/xtensa_store.h"

// The more pixels share the unpacking of weights, the more scratch they need.
#define TIN_BLOCK_PIXELS(taps, s4) ((taps) <= 48 ? 8 : (s4) ? 5 : 4)

// The columns, then a channel's weights.
static inline int32_t tin_block_bytes__xtensa(const tin_window_t *window, int32_t taps, bool s4) {
    (void)window;
    return (2 * TIN_BLOCK_PIXELS(taps, s4) + 2) * ((taps + 3) & ~3);
}
#define tin_block_bytes tin_block_bytes__xtensa

// `count` inputs; returns where the next go.
TIN_ALWAYS int16_t *tin_xtensa_widen(const int8_t *x, int32_t count, int16_t *to) {
    int32_t a, b, c, d;
    __asm__ volatile (
        "    loopgtz %[quads], 1f\n"
        "    l8ui   %[a], %[x], 0\n"
        "    l8ui   %[b], %[x], 1\n"
        "    l8ui   %[c], %[x], 2\n"
        "    l8ui   %[d], %[x], 3\n"
        "    sext   %[a], %[a], 7\n"
        "    sext   %[b], %[b], 7\n"
        "    sext   %[c], %[c], 7\n"
        "    sext   %[d], %[d], 7\n"
        "    s16i   %[a], %[to], 0\n"
        "    s16i   %[b], %[to], 2\n"
        "    s16i   %[c], %[to], 4\n"
        "    s16i   %[d], %[to], 6\n"
        "    addi   %[x], %[x], 4\n"
        "    addi   %[to], %[to], 8\n"
        "1:  loopgtz %[rest], 2f\n"
        "    l8ui   %[a], %[x], 0\n"
        "    addi   %[x], %[x], 1\n"
        "    sext   %[a], %[a], 7\n"
        "    s16i   %[a], %[to], 0\n"
        "    addi   %[to], %[to], 2\n"
        "2:\n"
        : [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [x] "+r"(x), [to] "+r"(to)
        : [quads] "r"(count >> 2), [rest] "r"(count & 3)
        : "memory");
    return to;
}

// The same of s16.
TIN_ALWAYS int16_t *tin_xtensa_copy(const int8_t *x, int32_t count, int16_t *to) {
    int32_t a;
    __asm__ volatile (
        "    loopgtz %[count], 1f\n"
        "    l16ui  %[a], %[x], 0\n"
        "    addi   %[x], %[x], 2\n"
        "    s16i   %[a], %[to], 0\n"
        "    addi   %[to], %[to], 2\n"
        "1:\n"
        : [a] "=&r"(a), [x] "+r"(x), [to] "+r"(to)
        : [count] "r"(count)
        : "memory");
    return to;
}

TIN_ALWAYS int16_t *tin_xtensa_fill(int32_t value, int32_t count, int16_t *to) {
    __asm__ volatile (
        "    loopgtz %[count], 1f\n"
        "    s16i   %[value], %[to], 0\n"
        "    addi   %[to], %[to], 2\n"
        "1:\n"
        : [to] "+r"(to)
        : [value] "r"(value), [count] "r"(count)
        : "memory");
    return to;
}

// `channels` bytes of each pixel.
TIN_ALWAYS void tin_xtensa_pack(const tin_window_t *window, tin_pixel_t pixel, int32_t pixels, int32_t channel, int32_t channels, bool s16,
    void *block) {
    const int32_t numbers = s16 ? channels / 2 : channels, row = window->kernel_w * numbers, taps = window->kernel_h * row;
    const int32_t last = (window->kernel_w - 1) * window->dilation_w;
    int16_t *to = block;
    for (; pixels > 0; pixels--, tin_next_pixel(window, &pixel)) {
        const int32_t left = pixel.ow * window->stride_w - window->pad_left;
        const bool whole = window->dilation_w == 1 && channels == window->in_c && left >= 0 && left + last < window->in_w;
        int32_t h = pixel.oh * window->stride_h - window->pad_top;
        for (int32_t ky = 0; ky < window->kernel_h; ky++, h += window->dilation_h) {
            const int8_t *const line = pixel.x + h * window->in_w * window->in_c + channel;
            if ((uint32_t)h >= (uint32_t)window->in_h) {
                to = tin_xtensa_fill(window->zero_point, row, to);
                continue;
            }
            if (whole) {
                to = (s16 ? tin_xtensa_copy : tin_xtensa_widen)(line + left * channels, row, to);
                continue;
            }
            for (int32_t kx = 0, w = left; kx < window->kernel_w; kx++, w += window->dilation_w) {
                const int8_t *const from = line + w * window->in_c;
                to = (uint32_t)w >= (uint32_t)window->in_w ? tin_xtensa_fill(window->zero_point, numbers, to)
                    : s16 ? tin_xtensa_copy(from, numbers, to) : tin_xtensa_widen(from, numbers, to);
            }
        }
        to = tin_xtensa_fill(0, -taps & 3, to);
    }
}

TIN_HOT void tin_pack_columns__xtensa(const tin_window_t *window, tin_pixel_t pixel, int32_t pixels, int32_t channel, int32_t channels,
    bool s4, void *block) {
    (void)s4;
    tin_xtensa_pack(window, pixel, pixels, channel, channels, false, block);
}
#define tin_pack_columns tin_pack_columns__xtensa

TIN_HOT void tin_pack_columns_s16__xtensa(const tin_window_t *window, tin_pixel_t pixel, int32_t pixels, int32_t channel, int32_t channels,
    bool s4, void *block) {
    (void)s4;
    tin_xtensa_pack(window, pixel, pixels, channel, channels, true, block);
}
#define tin_pack_columns_s16 tin_pack_columns_s16__xtensa

// The product of each column with 4 * quads weights. A load comes before the address: both point 4 bytes ahead.
#define PRODUCTS(begin, end) \
    "1:  addi   %[k], %[weights], -4\n" \
    begin \
    "    ldinc  m0, %[x]\n" \
    "    ldinc  m2, %[k]\n" \
    "    loopgtz %[rounds], 2f\n" \
    "    mula.dd.ll.ldinc m3, %[k], m0, m2\n" \
    "    mula.dd.hl.ldinc m1, %[x], m0, m3\n" \
    "    mula.dd.lh.ldinc m0, %[x], m1, m2\n" \
    "    mula.dd.hh.ldinc m2, %[k], m1, m3\n" \
    "2:  mula.dd.ll.ldinc m3, %[k], m0, m2\n" \
    "    mula.dd.hl.ldinc m1, %[x], m0, m3\n" \
    "    mula.dd.lh m1, m2\n" \
    "    mula.dd.hh m1, m3\n" \
    "    rsr.acclo %[sum]\n" \
    end \
    "    s32i   %[sum], %[sums], 0\n" \
    "    addi   %[sums], %[sums], 4\n" \
    "    bne    %[sums], %[last], 1b\n"

// Sums that begin with `start`.
TIN_HOT void tin_xtensa_dot(const int16_t *columns, const void *weights, int32_t quads, const int32_t *start, int32_t *sums,
    int32_t count) {
    const char *x = (const char *)columns - 4;
    int32_t k, sum;
    __asm__ volatile (
        PRODUCTS(
            "    l32i   %[sum], %[start], 0\n"
            "    addi   %[start], %[start], 4\n"
            "    wsr.acclo %[sum]\n",
            "")
        : [x] "+r"(x), [k] "=&r"(k), [sum] "=&r"(sum), [start] "+r"(start), [sums] "+r"(sums)
        : [weights] "r"(weights), [rounds] "r"(quads - 1), [last] "r"(sums + count)
        : "memory");
}

// Sums of 40 bits, without their lowest 8.
TIN_HOT void tin_xtensa_dot_upper(const int16_t *columns, const void *weights, int32_t quads, int32_t *sums, int32_t count) {
    const char *x = (const char *)columns - 4;
    int32_t k, sum, upper;
    __asm__ volatile (
        "    ssai   8\n"
        PRODUCTS(
            "    movi   %[sum], 0\n"
            "    wsr.acclo %[sum]\n"
            "    wsr.acchi %[sum]\n",
            "    rsr.acchi %[upper]\n"
            "    src    %[sum], %[upper], %[sum]\n")
        : [x] "+r"(x), [k] "=&r"(k), [sum] "=&r"(sum), [upper] "=&r"(upper), [sums] "+r"(sums)
        : [weights] "r"(weights), [rounds] "r"(quads - 1), [last] "r"(sums + count)
        : "memory");
}
#undef PRODUCTS

// `factor` times the sum of each column.
TIN_HOT void tin_xtensa_totals(const int16_t *columns, int32_t quads, int32_t factor, int32_t *sums, int32_t count) {
    const char *x = (const char *)columns - 4;
    int32_t sum;
    __asm__ volatile (
        "1:  movi   %[sum], 0\n"
        "    wsr.acclo %[sum]\n"
        "    ldinc  m0, %[x]\n"
        "    loopgtz %[rounds], 2f\n"
        "    mula.da.ll.ldinc m1, %[x], m0, %[factor]\n"
        "    mula.da.hl m0, %[factor]\n"
        "    mula.da.ll.ldinc m0, %[x], m1, %[factor]\n"
        "    mula.da.hl m1, %[factor]\n"
        "2:  mula.da.ll.ldinc m1, %[x], m0, %[factor]\n"
        "    mula.da.hl m0, %[factor]\n"
        "    mula.da.ll m1, %[factor]\n"
        "    mula.da.hl m1, %[factor]\n"
        "    rsr.acclo %[sum]\n"
        "    s32i   %[sum], %[sums], 0\n"
        "    addi   %[sums], %[sums], 4\n"
        "    bne    %[sums], %[last], 1b\n"
        : [x] "+r"(x), [sum] "=&r"(sum), [sums] "+r"(sums)
        : [rounds] "r"(quads - 1), [factor] "r"(factor), [last] "r"(sums + count)
        : "memory");
}

// Weights of the second channel of pairs_s8 with the first's + 128 below.
TIN_HOT void tin_xtensa_unpack_odd(const void *pairs, int32_t quads, void *to) {
    const uint32_t *from = pairs;
    uint32_t *words = to, a, b;
    __asm__ volatile (
        "    loop   %[quads], 1f\n"
        "    l32i   %[a], %[from], 0\n"
        "    l32i   %[b], %[from], 4\n"
        "    xor    %[a], %[a], %[flip]\n"
        "    xor    %[b], %[b], %[flip]\n"
        "    s32i   %[a], %[to], 0\n"
        "    s32i   %[b], %[to], 4\n"
        "    addi   %[from], %[from], 8\n"
        "    addi   %[to], %[to], 8\n"
        "1:\n"
        : [a] "=&r"(a), [b] "=&r"(b), [from] "+r"(from), [to] "+r"(words)
        : [quads] "r"(quads), [flip] "r"(0x00800080)
        : "memory");
}

// Of these the first's + 128, in place.
TIN_HOT void tin_xtensa_unpack_even(int32_t quads, void *weights) {
    uint32_t *words = weights, a, b;
    __asm__ volatile (
        "    loop   %[quads], 1f\n"
        "    l32i   %[a], %[words], 0\n"
        "    l32i   %[b], %[words], 4\n"
        "    and    %[a], %[a], %[mask]\n"
        "    and    %[b], %[b], %[mask]\n"
        "    s32i   %[a], %[words], 0\n"
        "    s32i   %[b], %[words], 4\n"
        "    addi   %[words], %[words], 8\n"
        "1:\n"
        : [a] "=&r"(a), [b] "=&r"(b), [words] "+r"(words)
        : [quads] "r"(quads), [mask] "r"(0x00ff00ff)
        : "memory");
}

// Weights + 8 of a channel of pairs_s4, `shift` bits above the lowest of each byte.
TIN_HOT void tin_xtensa_unpack_s4(const void *pairs, int32_t shift, int32_t quads, void *to) {
    const uint32_t *from = pairs;
    uint32_t *words = to, a, b;
    __asm__ volatile (
        "    ssr    %[shift]\n"
        "    loop   %[quads], 1f\n"
        "    l32i   %[a], %[from], 0\n"
        "    addi   %[from], %[from], 4\n"
        "    xor    %[a], %[a], %[flip]\n"
        "    srl    %[a], %[a]\n"
        "    and    %[b], %[a], %[mask]\n"
        "    s32i   %[b], %[to], 0\n"
        "    srli   %[a], %[a], 8\n"
        "    and    %[a], %[a], %[mask]\n"
        "    s32i   %[a], %[to], 4\n"
        "    addi   %[to], %[to], 8\n"
        "1:\n"
        : [a] "=&r"(a), [b] "=&r"(b), [from] "+r"(from), [to] "+r"(words)
        : [shift] "r"(shift), [quads] "r"(quads), [flip] "r"(0x88888888), [mask] "r"(0x000f000f)
        : "memory");
}

// Of a file at any address, byte by byte and without an offset; of four the first, third, second, fourth.
static void tin_xtensa_unpack_slow(const uint8_t *pair, bool s4, int32_t taps, int32_t odd, int16_t *weights) {
    for (int32_t tap = 0; tap < taps; tap++) {
        weights[(tap & ~3) + (tap & 1) * 2 + (tap >> 1 & 1)] = (int16_t)tin_pair_weight(pair, s4, tap, odd);
    }
}

// Weights at odd addresses are widened byte by byte.
TIN_KERNEL(gemm_block, gemm_bytes, true)
TIN_KERNEL(gemm_block, gemm, gemm->aligned)

TIN_HOT void tin_gemm_block__xtensa(const tin_gemm_t *gemm, const void *block, int32_t pixels) {
    const int32_t pitch = (gemm->taps + 3) & ~3, quads = pitch / 4, pair_bytes = gemm->s4 ? pitch : 2 * pitch;
    int16_t *const weights = (int16_t *)(uintptr_t)block + TIN_BLOCK_PIXELS(gemm->taps, gemm->s4) * pitch;
    int32_t starts[8], sums[8], uppers[8];
    if (tin_takes_gemm(gemm)) {
        TIN_RAN(gemm, pixels * gemm->channels * gemm->taps);
        tin_xtensa_totals(block, quads, gemm->s4 ? -8 : -128, starts, pixels);
    } else {
        TIN_RAN(gemm_bytes, pixels * gemm->channels * gemm->taps);
        for (int32_t i = 0; i < pixels; i++) {
            starts[i] = 0;
        }
    }
    const uint8_t *pair = gemm->weights;
    for (int32_t oc = 0; oc < gemm->channels; oc += 2, pair += pair_bytes) {
        // The last may stand alone.
        const bool both = oc + 1 < gemm->channels;
        if (!gemm->aligned) {
            tin_xtensa_unpack_slow(pair, gemm->s4, pitch, 0, weights);
        } else if (gemm->s4) {
            tin_xtensa_unpack_s4(pair, 4, quads, weights);
        } else {
            tin_xtensa_unpack_odd(pair, quads, weights);
            if (both) {
                tin_xtensa_dot_upper(block, weights, quads, uppers, pixels);
            }
            tin_xtensa_unpack_even(quads, weights);
        }
        tin_xtensa_dot(block, weights, quads, starts, sums, pixels);
        tin_xtensa_store(sums, gemm, oc, pixels);
        if (!both) {
            break;
        }
        if (gemm->aligned && !gemm->s4) {
            // Without the first channel's products, which were below.
            for (int32_t i = 0; i < pixels; i++) {
                sums[i] = uppers[i] - ((sums[i] - starts[i]) >> 8);
            }
        } else {
            if (gemm->s4 && gemm->aligned) {
                tin_xtensa_unpack_s4(pair, 0, quads, weights);
            } else {
                tin_xtensa_unpack_slow(pair, gemm->s4, pitch, 1, weights);
            }
            tin_xtensa_dot(block, weights, quads, starts, sums, pixels);
        }
        tin_xtensa_store(sums, gemm, oc + 1, pixels);
    }
}
#define tin_gemm_block tin_gemm_block__xtensa

// s16: a block has the same halves.

// Weights of a channel of pairs_s8 in the upper bytes of halves, `shift` bits above where they are.
TIN_HOT void tin_xtensa_unpack_upper(const void *pairs, int32_t shift, int32_t quads, void *to) {
    const uint32_t *from = pairs;
    uint32_t *words = to, a, b;
    __asm__ volatile (
        "    ssl    %[shift]\n"
        "    loop   %[quads], 1f\n"
        "    l32i   %[a], %[from], 0\n"
        "    l32i   %[b], %[from], 4\n"
        "    sll    %[a], %[a]\n"
        "    sll    %[b], %[b]\n"
        "    and    %[a], %[a], %[mask]\n"
        "    and    %[b], %[b], %[mask]\n"
        "    s32i   %[a], %[to], 0\n"
        "    s32i   %[b], %[to], 4\n"
        "    addi   %[from], %[from], 8\n"
        "    addi   %[to], %[to], 8\n"
        "1:\n"
        : [a] "=&r"(a), [b] "=&r"(b), [from] "+r"(from), [to] "+r"(words)
        : [shift] "r"(shift), [quads] "r"(quads), [mask] "r"(0xff00ff00)
        : "memory");
}

TIN_KERNEL(gemm_block_s16, gemm_s16_bytes, true)
TIN_KERNEL(gemm_block_s16, gemm_s16, gemm->aligned)

TIN_HOT void tin_gemm_block_s16__xtensa(const tin_gemm_t *gemm, const void *block, int32_t pixels) {
    const int32_t pitch = (gemm->taps + 3) & ~3, quads = pitch / 4, pair_bytes = gemm->s4 ? pitch : 2 * pitch;
    int16_t *const weights = (int16_t *)(uintptr_t)block + TIN_BLOCK_PIXELS(gemm->taps, gemm->s4) * pitch;
    int32_t starts[8] = { 0 }, sums[8];
    if (tin_takes_gemm_s16(gemm)) {
        TIN_RAN(gemm_s16, pixels * gemm->channels * gemm->taps);
        if (gemm->s4) {
            tin_xtensa_totals(block, quads, -8, starts, pixels);
        }
    } else {
        TIN_RAN(gemm_s16_bytes, pixels * gemm->channels * gemm->taps);
    }
    for (int32_t oc = 0; oc < gemm->channels; oc++) {
        const uint8_t *const pair = gemm->weights + (oc >> 1) * pair_bytes;
        if (gemm->aligned && !gemm->s4) {
            // These sums have more than 32 bits, of which the lowest 8 are zero.
            tin_xtensa_unpack_upper(pair, oc & 1 ? 0 : 8, quads, weights);
            tin_xtensa_dot_upper(block, weights, quads, sums, pixels);
        } else {
            if (gemm->aligned) {
                tin_xtensa_unpack_s4(pair, oc & 1 ? 0 : 4, quads, weights);
            } else {
                tin_xtensa_unpack_slow(pair, gemm->s4, pitch, oc & 1, weights);
            }
            tin_xtensa_dot(block, weights, quads, starts, sums, pixels);
        }
        tin_xtensa_store_s16(sums, gemm, oc, pixels);
    }
}
#define tin_gemm_block_s16 tin_gemm_block_s16__xtensa
#define TIN_BLOCK_PIXELS_S16 TIN_BLOCK_PIXELS
#define tin_block_bytes_s16 tin_block_bytes__xtensa

TIN_HOT int32_t tin_sum_s16__xtensa(const int8_t *from, int32_t count, int32_t step) {
    int32_t sum = 0, a;
    __asm__ volatile (
        "    loopgtz %[count], 1f\n"
        "    l16si  %[a], %[from], 0\n"
        "    add    %[from], %[from], %[step]\n"
        "    add    %[sum], %[sum], %[a]\n"
        "1:\n"
        : [a] "=&r"(a), [from] "+r"(from), [sum] "+r"(sum)
        : [count] "r"(count), [step] "r"(step)
        : "memory");
    return sum;
}
#define tin_sum_s16 tin_sum_s16__xtensa

TIN_HOT int32_t tin_sum__xtensa(const int8_t *from, int32_t count, int32_t step) {
    int32_t sum = 0, a;
    __asm__ volatile (
        "    loopgtz %[count], 1f\n"
        "    l8ui   %[a], %[from], 0\n"
        "    add    %[from], %[from], %[step]\n"
        "    sext   %[a], %[a], 7\n"
        "    add    %[sum], %[sum], %[a]\n"
        "1:\n"
        : [a] "=&r"(a), [from] "+r"(from), [sum] "+r"(sum)
        : [count] "r"(count), [step] "r"(step)
        : "memory");
    return sum;
}
#define tin_sum tin_sum__xtensa

#include "arch/xtensa_add.h"
#include "arch/xtensa_dw.h"
#include "arch/xtensa_fc.h"

#endif
