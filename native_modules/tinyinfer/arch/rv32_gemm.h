// Matrix products on RV32: two pixels share a register, so that one MUL makes two products.
#ifndef TIN_RV32_GEMM_H
#define TIN_RV32_GEMM_H

#include "arch/rv32.h"

// Convolution: 4 pixels x 4 channels (s8), 6 x 4 (s4).
//
// A block has, tap by tap, a word for each two pixels: x(p) + (x(p + 1) << 16). For s8 the low half of a sum of two products leaves
// 16 bits only by the carry that is taken off it at once; for s4 it stays inside of them for 32 taps.
#define TIN_BLOCK_PIXELS(taps, s4) ((s4) ? 6 : 4)
#define TIN_RV32_CHUNK (32)

static inline int32_t tin_block_bytes__rv32(const tin_window_t *window, int32_t taps, bool s4) {
    (void)window;
    // s4: behind the words, what each chunk but the last leaves of 12 sums.
    return s4 ? 12 * ((taps + 3) & ~3) + 48 * ((taps - 1) / TIN_RV32_CHUNK) : 8 * ((taps + 3) & ~3);
}
#define tin_block_bytes tin_block_bytes__rv32

TIN_HOT uint32_t *tin_rv32_pack_run(const int8_t *a, int32_t a_step, const int8_t *b, int32_t b_step, int32_t count, uint32_t *words,
    int32_t pitch) {
    if (a_step + b_step == 2) {
        for (; count >= 4; count -= 4, a += 4, b += 4, words += 4 * pitch) {
            words[0] = (uint32_t)a[0] + ((uint32_t)b[0] << 16);
            words[pitch] = (uint32_t)a[1] + ((uint32_t)b[1] << 16);
            words[2 * pitch] = (uint32_t)a[2] + ((uint32_t)b[2] << 16);
            words[3 * pitch] = (uint32_t)a[3] + ((uint32_t)b[3] << 16);
        }
    }
    for (; count > 0; count--, a += a_step, b += b_step, words += pitch) {
        *words = (uint32_t)*a + ((uint32_t)*b << 16);
    }
    return words;
}

// Two pixels' columns.
TIN_COLD void tin_rv32_pack_pair(const tin_window_t *window, const tin_pixel_t *p, const tin_pixel_t *q, int32_t channel,
    int32_t channels, uint32_t *words, int32_t pitch) {
    const int32_t p_w = p->ow * window->stride_w - window->pad_left, q_w = q->ow * window->stride_w - window->pad_left;
    const int32_t last = (window->kernel_w - 1) * window->dilation_w;
    const bool whole = window->dilation_w == 1 && channels == window->in_c && p_w >= 0 && q_w >= 0 && p_w + last < window->in_w
        && q_w + last < window->in_w;
    for (int32_t ky = 0; ky < window->kernel_h; ky++) {
        const int32_t p_h = p->oh * window->stride_h - window->pad_top + ky * window->dilation_h;
        const int32_t q_h = q->oh * window->stride_h - window->pad_top + ky * window->dilation_h;
        const bool p_row = (uint32_t)p_h < (uint32_t)window->in_h, q_row = (uint32_t)q_h < (uint32_t)window->in_h;
        const int8_t *const p_x = p->x + (p_h * window->in_w + p_w) * window->in_c + channel;
        const int8_t *const q_x = q->x + (q_h * window->in_w + q_w) * window->in_c + channel;
        if (whole && p_row && q_row) {
            words = tin_rv32_pack_run(p_x, 1, q_x, 1, window->kernel_w * channels, words, pitch);
            continue;
        }
        for (int32_t kx = 0, w = 0; kx < window->kernel_w; kx++, w += window->dilation_w) {
            const bool p_in = p_row && (uint32_t)(p_w + w) < (uint32_t)window->in_w;
            const bool q_in = q_row && (uint32_t)(q_w + w) < (uint32_t)window->in_w;
            words = tin_rv32_pack_run(p_in ? p_x + w * window->in_c : &window->zero_point, p_in,
                q_in ? q_x + w * window->in_c : &window->zero_point, q_in, channels, words, pitch);
        }
    }
}

TIN_COLD void tin_pack_columns__rv32(const tin_window_t *window, tin_pixel_t pixel, int32_t pixels, int32_t channel, int32_t channels,
    bool s4, void *block) {
    const int32_t taps = window->kernel_h * window->kernel_w * channels;
    const int32_t pitch = TIN_BLOCK_PIXELS(taps, s4) / 2;
    uint32_t *words = block;
    // Missing pixels repeat the last; their sums are not stored.
    for (int32_t i = 0; i < pitch; i++) {
        const tin_pixel_t p = pixel;
        if (2 * i + 1 < pixels) {
            tin_next_pixel(window, &pixel);
        }
        tin_rv32_pack_pair(window, &p, &pixel, channel, channels, words + i, pitch);
        if (2 * i + 2 < pixels) {
            tin_next_pixel(window, &pixel);
        }
    }
    for (int32_t i = taps * pitch; i < ((taps + 3) & ~3) * pitch; i++) {
        words[i] = 0;
    }
}
#define tin_pack_columns tin_pack_columns__rv32

// Two taps of two pixels of a channel, weights in t0 and ra: all sums in `sum`, those of the second pixel in `upper`.
#define PRODUCTS(sum, upper, xa, xb) \
    "    mul    a3, " xa ", t0\n" \
    "    mul    a5, " xb ", ra\n" \
    "    add    a3, a3, a5\n" \
    "    add    a3, a3, a4\n" \
    "    add    " sum ", " sum ", a3\n" \
    "    srai   a3, a3, 16\n" \
    "    add    " upper ", " upper ", a3\n"
#define CHANNEL(pointer, ka, kb, s01, h01, s23, h23) \
    "    lb     t0, " ka "(" pointer ")\n" \
    "    lb     ra, " kb "(" pointer ")\n" \
    PRODUCTS(s01, h01, "a6", "t1") \
    PRODUCTS(s23, h23, "a7", "t2")
// Taps a and b, which lie 16 bytes apart in the block; weights from `at` on.
#define TWO_TAPS(x, w0, w1, w2, w3) \
    "    lw     a6, " x "(a0)\n" \
    "    lw     a7, " x "+4(a0)\n" \
    "    lw     t1, " x "+16(a0)\n" \
    "    lw     t2, " x "+20(a0)\n" \
    CHANNEL("a1", w0, w2, "s0", "s1", "s2", "s3") \
    CHANNEL("a1", w1, w3, "s4", "s5", "s6", "s7") \
    CHANNEL("a2", w0, w2, "s8", "s9", "s10", "s11") \
    CHANNEL("a2", w1, w3, "t3", "t4", "t5", "t6")
#define STORE_SUMS(s01, h01, s23, h23, at) \
    "    slli   a4, " h01 ", 16\n" \
    "    sub    " s01 ", " s01 ", a4\n" \
    "    slli   a4, " h23 ", 16\n" \
    "    sub    " s23 ", " s23 ", a4\n" \
    "    sw     " s01 ", " at "(a3)\n" \
    "    sw     " h01 ", " at "+4(a3)\n" \
    "    sw     " s23 ", " at "+8(a3)\n" \
    "    sw     " h23 ", " at "+12(a3)\n"

// sums[4 channels][4 pixels] of the block up to block_end, with the pairs of channels a and b. `start` takes off what the loop adds
// to keep halves apart.
TIN_ASM void tin_rv32_quad_s8(const uint32_t *block, const uint8_t *a, const uint8_t *b, int32_t *sums, const uint32_t *block_end,
    int32_t start) {
    __asm__ (
        SAVE_ALL
        "    sw     a3, 52(sp)\n"
        "    sw     a4, 56(sp)\n"
        "    .irp   sum, s0, s2, s4, s6, s8, s10, t3, t5\n"
        "    mv     \\sum, a5\n"
        "    .endr\n"
        "    .irp   sum, s1, s3, s5, s7, s9, s11, t4, t6\n"
        "    li     \\sum, 0\n"
        "    .endr\n"
        "    li     a4, 0x8000\n"
        "1:\n"
        TWO_TAPS("0", "0", "1", "2", "3")
        TWO_TAPS("8", "4", "5", "6", "7")
        "    lw     a3, 56(sp)\n"
        "    addi   a0, a0, 32\n"
        "    addi   a1, a1, 8\n"
        "    addi   a2, a2, 8\n"
        "    bne    a0, a3, 1b\n"
        "    lw     a3, 52(sp)\n"
        STORE_SUMS("s0", "s1", "s2", "s3", "0")
        STORE_SUMS("s4", "s5", "s6", "s7", "16")
        STORE_SUMS("s8", "s9", "s10", "s11", "32")
        STORE_SUMS("t3", "t4", "t5", "t6", "48")
        RESTORE_ALL);
}

// One tap of a channel: its nibble, from the top of a word to the top of a6, then down.
#define TOP(word, up) "    slli   a6, " word ", " up "\n    srai   a6, a6, 28\n"
#define NIBBLE(nibble, r0, r1, r2) \
    nibble \
    "    mul    a7, t0, a6\n" \
    "    add    " r0 ", " r0 ", a7\n" \
    "    mul    a7, t1, a6\n" \
    "    add    " r1 ", " r1 ", a7\n" \
    "    mul    a7, t2, a6\n" \
    "    add    " r2 ", " r2 ", a7\n"
#define TAP(x, even_a, odd_a, even_b, odd_b) \
    "    lw     t0, " x "(a0)\n" \
    "    lw     t1, " x "+4(a0)\n" \
    "    lw     t2, " x "+8(a0)\n" \
    NIBBLE(even_a, "s0", "s1", "s2") \
    NIBBLE(odd_a, "s3", "s4", "s5") \
    NIBBLE(even_b, "s6", "s7", "s8") \
    NIBBLE(odd_b, "s9", "s10", "s11")

// Of each chunk 12 words, of 4 channels and 3 pairs of pixels: 0x8000 more than the sum in the lower half, the sum above. Those of
// the last chunk go to `last`.
TIN_ASM void tin_rv32_quad_s4(const uint32_t *block, const uint8_t *a, const uint8_t *b, uint32_t *chunks, const uint32_t *block_end,
    uint32_t *last) {
    __asm__ (
        SAVE_ALL
        "    mv     t3, a3\n"
        "    mv     t4, a4\n"
        "    li     t5, 0x8000\n"
        "1:  .irp   sum, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11\n"
        "    mv     \\sum, t5\n"
        "    .endr\n"
        // The end of this chunk.
        "    addi   a3, a0, 384\n"
        "    bltu   a3, t4, 2f\n"
        "    mv     a3, t4\n"
        "    mv     t3, a5\n"
        "2:  lw     a4, 0(a1)\n"
        "    lw     ra, 0(a2)\n"
        TAP("0", TOP("a4", "24"), TOP("a4", "28"), TOP("ra", "24"), TOP("ra", "28"))
        TAP("12", TOP("a4", "16"), TOP("a4", "20"), TOP("ra", "16"), TOP("ra", "20"))
        TAP("24", TOP("a4", "8"), TOP("a4", "12"), TOP("ra", "8"), TOP("ra", "12"))
        TAP("36", "    srai   a6, a4, 28\n", TOP("a4", "4"), "    srai   a6, ra, 28\n", TOP("ra", "4"))
        "    addi   a0, a0, 48\n"
        "    addi   a1, a1, 4\n"
        "    addi   a2, a2, 4\n"
        "    bne    a0, a3, 2b\n"
        "    .set   at, 0\n"
        "    .irp   sum, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11\n"
        "    sw     \\sum, at(t3)\n"
        "    .set   at, at + 4\n"
        "    .endr\n"
        "    addi   t3, t3, 48\n"
        "    bne    a0, t4, 1b\n"
        RESTORE_ALL);
}

#undef PRODUCTS
#undef CHANNEL
#undef TWO_TAPS
#undef STORE_SUMS
#undef TOP
#undef NIBBLE
#undef TAP

TIN_ALWAYS void tin_rv32_store(const int32_t *sums, const tin_rv32_scale_t *scale, const tin_output_t *to, int8_t *out, int32_t pitch,
    int32_t pixels, bool relu) {
    for (const int32_t *const end = sums + pixels; sums != end; sums++, out += pitch) {
        *out = (int8_t)tin_rv32_requantize(*sums + scale->bias, scale, to, relu);
    }
}

// Sums of 4 channels, without bias, to the outputs of their pixels.
TIN_HOT void tin_rv32_store_quad(const tin_gemm_t *gemm, const tin_params_t *params, const int32_t *sums, int32_t stride, int32_t oc,
    int32_t channels, int32_t pixels) {
    const tin_output_t to = gemm->to;
    const int32_t pitch = gemm->out_pitch;
    int8_t *out = gemm->out + oc;
    for (const tin_params_t *const end = params + channels; params != end; params++, sums += stride, out++) {
        if (gemm->form == TIN_FORM_WIDE) {
            for (int32_t i = 0; i < pixels; i++) {
                out[i * pitch] = (int8_t)tin_requantize(tin_wrap_add(sums[i], params->bias), params, &to);
            }
            continue;
        }
        const tin_rv32_scale_t scale = tin_rv32_scale(params, &to);
        if (to.zero_point == to.low) {
            tin_rv32_store(sums, &scale, &to, out, pitch, pixels, true);
        } else {
            tin_rv32_store(sums, &scale, &to, out, pitch, pixels, false);
        }
    }
}

// What the chunks left of 4 channels' 6 pixels: `count` of them, then the last.
TIN_HOT void tin_rv32_add_chunks(const uint32_t *chunks, int32_t count, const uint32_t *last, int32_t sums[24]) {
    // As of s8, the sum of whole words holds the lower halves.
    const uint32_t start = 0u - (uint32_t)(count + 1) * 0x8000;
    for (const int32_t *const end = sums + 24; sums != end; chunks += 3, last += 3, sums += 6) {
        uint32_t w0 = start + last[0], w1 = start + last[1], w2 = start + last[2];
        int32_t h0 = (int32_t)last[0] >> 16, h1 = (int32_t)last[1] >> 16, h2 = (int32_t)last[2] >> 16;
        const uint32_t *chunk = chunks;
        for (int32_t i = count; i > 0; i--, chunk += 12) {
            w0 += chunk[0], h0 += (int32_t)chunk[0] >> 16;
            w1 += chunk[1], h1 += (int32_t)chunk[1] >> 16;
            w2 += chunk[2], h2 += (int32_t)chunk[2] >> 16;
        }
        sums[0] = (int32_t)(w0 - ((uint32_t)h0 << 16)), sums[1] = h0;
        sums[2] = (int32_t)(w1 - ((uint32_t)h1 << 16)), sums[3] = h1;
        sums[4] = (int32_t)(w2 - ((uint32_t)h2 << 16)), sums[5] = h2;
    }
}

// The product of weights that the assembly does not take, from the same blocks.
TIN_COLD void tin_rv32_gemm_slow(const tin_gemm_t *gemm, const uint32_t *block, int32_t pixels) {
    const int32_t pitch = TIN_BLOCK_PIXELS(gemm->taps, gemm->s4) / 2;
    const int32_t pair_bytes = ((gemm->taps + 3) & ~3) * (gemm->s4 ? 1 : 2);
    for (int32_t oc = 0; oc < gemm->channels; oc++) {
        const tin_params_t params = tin_params(gemm->params, oc);
        for (int32_t pixel = 0; pixel < pixels; pixel++) {
            int32_t acc = params.bias;
            for (int32_t tap = 0; tap < gemm->taps; tap++) {
                const int32_t weight = tin_pair_weight(gemm->weights + (oc >> 1) * pair_bytes, gemm->s4, tap, oc & 1);
                const uint32_t word = block[tap * pitch + pixel / 2];
                const int32_t x = pixel & 1 ? (int8_t)((word - (uint32_t)(int8_t)word) >> 16) : (int8_t)word;
                acc = tin_wrap_add(acc, x * weight);
            }
            gemm->out[pixel * gemm->out_pitch + oc] = (int8_t)tin_requantize(acc, &params, &gemm->to);
        }
    }
}

TIN_KERNEL(gemm_block, gemm, !gemm->wide && (!gemm->s4 || gemm->aligned))

TIN_COLD void tin_gemm_block__rv32(const tin_gemm_t *gemm, const void *block, int32_t pixels) {
    const int32_t pitch = (gemm->taps + 3) & ~3;
    const int32_t pair_bytes = gemm->s4 ? pitch : 2 * pitch;
    // Behind the words of a block of s4 there is room for the chunks.
    uint32_t *const end = (uint32_t *)(uintptr_t)block + pitch * TIN_BLOCK_PIXELS(gemm->taps, gemm->s4) / 2;
    const uint8_t *weights = gemm->weights;
    if (!tin_takes_gemm(gemm)) {
        TIN_RAN(gemm_plain, pixels * gemm->channels * gemm->taps);
        tin_rv32_gemm_slow(gemm, block, pixels);
        return;
    }
    TIN_RAN(gemm, pixels * gemm->channels * gemm->taps);
    for (int32_t oc = 0; oc < gemm->channels; oc += 4, weights += 2 * pair_bytes) {
        // The last pair may stand alone.
        const uint8_t *const b = oc + 2 < gemm->channels ? weights + pair_bytes : weights;
        const int32_t channels = gemm->channels - oc < 4 ? gemm->channels - oc : 4;
        tin_params_t copies[4];
        const tin_params_t *const params = tin_rv32_params(gemm->params, oc, channels, copies);
        int32_t sums[24];
        if (gemm->s4) {
            uint32_t last[12];
            tin_rv32_quad_s4(block, weights, b, end, end, last);
            tin_rv32_add_chunks(end, (gemm->taps - 1) / TIN_RV32_CHUNK, last, sums);
        } else {
            tin_rv32_quad_s8(block, weights, b, sums, end, -(pitch / 2) * 0x8000);
        }
        tin_rv32_store_quad(gemm, params, sums, gemm->s4 ? 6 : 4, oc, channels, pixels);
    }
}
#define tin_gemm_block tin_gemm_block__rv32

#endif
