// Convolution on the DSP extension: 4 pixels x 2 channels.
//
// A block is s16 words, per 4 taps (k0, k2) of the 4 pixels, then (k1, k3) of the 4 pixels: what SXTB16 makes of 4 bytes. A word of
// pairs_s8 gives by the same instruction the same two taps of both channels, so that 16 products cost 1 + 2 + 2 loads and
// extensions for 8 SMLAD. Behind the words of a kernel of more than one tap lie the columns' bytes, for pixels at the edge.
#ifndef TIN_CORTEXM_DSP_GEMM_H
#define TIN_CORTEXM_DSP_GEMM_H

#include "arch/cortexm_dsp.h"

#define TIN_BLOCK_PIXELS(taps, s4) (4)

// Columns that are whole words of the input need no copy of their bytes.
static inline bool tin_columns_are_words(const tin_window_t *window, int32_t taps) {
    return window->kernel_h * window->kernel_w == 1 && (taps & 3) == 0;
}

static inline int32_t tin_block_bytes__dsp(const tin_window_t *window, int32_t taps, bool s4) {
    (void)s4;
    return (tin_columns_are_words(window, taps) ? 8 : 12) * ((taps + 3) & ~3);
}

// 4 columns of 4 * quads bytes to words.
TIN_ASM void tin_widen_columns(uint32_t *block, const int8_t *x0, const int8_t *x1, const int8_t *x2, const int8_t *x3, int32_t quads) {
    __asm__ (
        "    push   {r4-r11, lr}\n"
        "    ldrd   r4, lr, [sp, #36]\n"
        "    add    lr, r0, lr, lsl #5\n"
        "1:  ldr    r5, [r1], #4\n"
        "    ldr    r6, [r2], #4\n"
        "    ldr    r7, [r3], #4\n"
        "    ldr    r8, [r4], #4\n"
        "    sxtb16 r9, r5, ror #8\n"
        "    sxtb16 r10, r6, ror #8\n"
        "    sxtb16 r11, r7, ror #8\n"
        "    sxtb16 r12, r8, ror #8\n"
        "    sxtb16 r5, r5\n"
        "    sxtb16 r6, r6\n"
        "    sxtb16 r7, r7\n"
        "    sxtb16 r8, r8\n"
        "    stm    r0!, {r5-r8}\n"
        "    stm    r0!, {r9-r12}\n"
        "    cmp    r0, lr\n"
        "    bne    1b\n"
        "    pop    {r4-r11, pc}\n");
}

// Copies bytes, by words; returns the end.
TIN_ASM int8_t *tin_copy_bytes(int8_t *to, const int8_t *from, int32_t count) {
    __asm__ (
        "    subs   r2, #4\n"
        "    blt    2f\n"
        "1:  ldr    r3, [r1], #4\n"
        "    str    r3, [r0], #4\n"
        "    subs   r2, #4\n"
        "    bge    1b\n"
        "2:  lsls   r2, r2, #31\n"
        "    itt    cs\n"
        "    ldrhcs r3, [r1], #2\n"
        "    strhcs r3, [r0], #2\n"
        "    itt    mi\n"
        "    ldrbmi r3, [r1], #1\n"
        "    strbmi r3, [r0], #1\n"
        "    bx     lr\n");
}

static inline int8_t *tin_fill_bytes(int8_t *to, int8_t value, int32_t count) {
    while (count-- > 0) {
        *to++ = value;
    }
    return to;
}

// One pixel's column, the zero point where it lies outside of the input.
static inline void tin_gather_column(const tin_window_t *window, const tin_pixel_t *pixel, int32_t channel, int32_t channels, int8_t *to) {
    const int32_t c = window->in_c;
    const int32_t w = pixel->ow * window->stride_w - window->pad_left;
    const int32_t row_step = window->dilation_h * window->in_w * c;
    int32_t h = pixel->oh * window->stride_h - window->pad_top;
    const int8_t *x = pixel->x + (h * window->in_w + w) * c + channel;
    // A kernel row is one run of bytes where it can be.
    const bool whole = window->dilation_w == 1 && channels == c && w >= 0 && w + window->kernel_w <= window->in_w;
    for (int32_t ky = 0; ky < window->kernel_h; ky++, h += window->dilation_h, x += row_step) {
        const bool row_inside = (uint32_t)h < (uint32_t)window->in_h;
        if (whole && row_inside) {
            to = tin_copy_bytes(to, x, window->kernel_w * c);
            continue;
        }
        for (int32_t kx = 0; kx < window->kernel_w * window->dilation_w; kx += window->dilation_w) {
            if (row_inside && (uint32_t)(w + kx) < (uint32_t)window->in_w) {
                to = tin_copy_bytes(to, x + kx * c, channels);
            } else {
                to = tin_fill_bytes(to, window->zero_point, channels);
            }
        }
    }
}

static inline void tin_pack_columns__dsp(const tin_window_t *window, tin_pixel_t pixel, int32_t pixels, int32_t channel, int32_t channels,
    bool s4, void *block) {
    const int32_t pitch = (window->kernel_h * window->kernel_w * channels + 3) & ~3;
    const int32_t row_bytes = window->in_w * window->in_c;
    const int32_t reach_h = (window->kernel_h - 1) * window->dilation_h;
    // A kernel row is one run of bytes.
    const int32_t run = window->kernel_w * channels;
    bool runs = (window->kernel_w == 1 || (window->dilation_w == 1 && channels == window->in_c)) && (run & 3) == 0;
    const int8_t *x[4];
    tin_pixel_t at = pixel;
    (void)s4;
    for (int32_t i = 0; i < 4; i++) {
        const int32_t h = at.oh * window->stride_h - window->pad_top;
        const int32_t w = at.ow * window->stride_w - window->pad_left;
        x[i] = at.x + h * row_bytes + w * window->in_c + channel;
        runs = runs && h >= 0 && h + reach_h < window->in_h && w >= 0 && w + window->kernel_w <= window->in_w;
        if (i + 1 < pixels) {
            tin_next_pixel(window, &at);
        }
    }
    if (runs) {
        uint32_t *words = block;
        for (int32_t offset = 0; words != (uint32_t *)block + 2 * pitch; words += 2 * run, offset += window->dilation_h * row_bytes) {
            tin_widen_columns(words, x[0] + offset, x[1] + offset, x[2] + offset, x[3] + offset, run >> 2);
        }
        return;
    }
    int8_t *const bytes = (int8_t *)block + 8 * pitch;
    for (int32_t i = 0; i < pixels; i++, tin_next_pixel(window, &pixel)) {
        tin_gather_column(window, &pixel, channel, channels, bytes + i * pitch);
    }
    tin_widen_columns(block, bytes, bytes + pitch, bytes + 2 * pitch, bytes + 3 * pitch, pitch >> 2);
}

// What the assembly below seldom needs.
typedef struct {
    int32_t pixels;              // TIN_GEMM_PART: how many of the 4 are stored
    int32_t sums[4];             // s4: -8 * the sum of each column
} tin_gemm_more_t;

enum {
    TIN_GEMM_SIGNED = 1,         // TIN_FORM_SIGNED
    TIN_GEMM_PART = 2,           // fewer than 4 pixels, or
    TIN_GEMM_ODD = 4,            // with PART: only the first channel of the last pair
    TIN_GEMM_SUMS = 8,           // the 8 sums as they are, s32
};

// 8 products: the pairs of taps of two channels in r2 and r3, of 4 pixels at r0.
#define MAC8 \
    "    ldrd   r4, r5, [r0], #8\n" \
    "    smlad  r6, r2, r4, r6\n" \
    "    smlad  r10, r3, r4, r10\n" \
    "    smlad  r7, r2, r5, r7\n" \
    "    smlad  r11, r3, r5, r11\n" \
    "    ldrd   r4, r5, [r0], #8\n" \
    "    smlad  r8, r2, r4, r8\n" \
    "    smlad  r12, r3, r4, r12\n" \
    "    smlad  r9, r2, r5, r9\n" \
    "    smlad  lr, r3, r5, lr\n"

// 4 taps; all instructions have 4 bytes.
#define QUAD_S8 \
    "    .rept  2\n" \
    "    ldr.w  r2, [r1], #4\n" \
    "    sxtb16 r3, r2, ror #8\n" \
    "    sxtb16 r2, r2\n" \
    MAC8 \
    "    .endr\n"

// A byte 16 * c0 + c1 + 8: the first channel's sums become 16 times too large and have the second's in them.
#define QUAD_S4 \
    "    ldr.w  r2, [r1]\n" \
    "    eor    r2, r2, #0x08080808\n" \
    "    and    r3, r2, #0x000f000f\n" \
    "    sxtb16 r2, r2\n" \
    MAC8 \
    "    ldr.w  r2, [r1], #4\n" \
    "    eor    r2, r2, #0x08080808\n" \
    "    and    r3, r2, #0x0f0f0f0f\n" \
    "    sxtb16 r2, r2, ror #8\n" \
    "    uxtb16 r3, r3, ror #8\n" \
    MAC8

// From params at r0 + at: r2 the multiplier, r3 r - 1, r4 the factor in r4 << (r - 1).
#define REQUANT_PARAMS(at) \
    "    ldr    r2, [r0, #" #at "]\n" \
    "    ldr    r3, [r0, #" #at " + 4]\n" \
    "    mvns   r3, r3\n" \
    "    lsls   r4, r3\n"

#define REQUANT_RELU(at, registers) \
    "    ldr    r4, [sp, #64]\n" \
    REQUANT_PARAMS(at) \
    "    .irp   acc, " registers "\n" \
    "    lsl.w  \\acc, \\acc, #1\n" \
    "    smmlar \\acc, \\acc, r2, r4\n" \
    "    asr.w  \\acc, \\acc, r3\n" \
    "    ssat   \\acc, #8, \\acc, asr #1\n" \
    "    .endr\n"

#define REQUANT_SIGNED(at, registers) \
    "    movs   r4, #1\n" \
    REQUANT_PARAMS(at) \
    "    .irp   acc, " registers "\n" \
    "    add    r5, r4, \\acc, asr #31\n" \
    "    lsl.w  \\acc, \\acc, #1\n" \
    "    smmlar \\acc, \\acc, r2, r5\n" \
    "    .endr\n" \
    "    ldr    r4, [sp, #64]\n" \
    "    subs   r4, #1\n" \
    "    .irp   acc, " registers "\n" \
    "    asr.w  \\acc, \\acc, r3\n" \
    "    add    \\acc, r4\n" \
    "    ssat   \\acc, #8, \\acc, asr #1\n" \
    "    .endr\n"

// Pairs of channels, `params` to `params_end`; block_end is behind the words of the taps. Sums of the first channel are in r6 to r9,
// of the second in r10, r11, r12, lr. The stack: block, entry, params, out, 9 saved registers, then the arguments from block_end on.
TIN_ASM void tin_gemm_pairs(const uint32_t *block, const uint8_t *weights, const uint8_t *params, void *out, const uint32_t *block_end,
    const uint8_t *params_end, int32_t out_pitch, int32_t rounding, uint32_t flags, const tin_gemm_more_t *more, int32_t s4) {
    __asm__ (
        "    push   {r0-r11, lr}\n"
        // The loop of s8 is unrolled 4 times; it is entered so that the last round is whole.
        "    ldr    r4, [sp, #52]\n"
        "    subs   r4, r0, r4\n"
        "    ubfx   r4, r4, #5, #2\n"
        "    movs   r5, #(31f - 30f) / 4\n"
        "    adr.w  r3, 30f\n"
        "    mla    r3, r4, r5, r3\n"
        "    ldr    r5, [sp, #76]\n"
        "    cbz    r5, 1f\n"
        "    adr.w  r3, 40f\n"
        "1:  adds   r3, #1\n"
        "    str    r3, [sp, #4]\n"
        "    ldr    r3, [sp, #8]\n"

        // A pair; its params at r3.
        "3:  ldr    r0, [sp]\n"
        "    ldr    r4, [sp, #4]\n"
        "    ldr    r6, [r3]\n"
        "    ldr.w  r10, [r3, #12]\n"
        "    mov    r7, r6\n"
        "    mov    r8, r6\n"
        "    mov    r9, r6\n"
        "    mov    r11, r10\n"
        "    mov    r12, r10\n"
        "    mov    lr, r10\n"
        "    bx     r4\n"

        "    .balign 4\n"
        "40:\n"
        QUAD_S4
        "    ldr    r2, [sp, #52]\n"
        "    cmp    r0, r2\n"
        "    bne.w  40b\n"
        "    ldr    r0, [sp, #8]\n"
        "    ldr    r2, [r0]\n"
        "    ldr    r3, [r0, #12]\n"
        "    subs   r3, r2, r3\n"
        "    sub    r6, r6, r10\n"
        "    sub    r7, r7, r11\n"
        "    sub    r8, r8, r12\n"
        "    sub    r9, r9, lr\n"
        "    .irp   acc, r6, r7, r8, r9\n"
        "    sub    \\acc, \\acc, r3\n"
        "    add    \\acc, r2, \\acc, asr #4\n"
        "    .endr\n"
        "    ldr    r0, [sp, #72]\n"
        "    ldrd   r3, r4, [r0, #4]\n"
        "    add    r10, r3\n"
        "    add    r11, r4\n"
        "    ldrd   r3, r4, [r0, #12]\n"
        "    add    r12, r3\n"
        "    add    lr, r4\n"
        "    b      4f\n"

        "    .balign 4\n"
        "30:\n"
        "    .rept  4\n"
        QUAD_S8
        "    .endr\n"
        "31: ldr    r2, [sp, #52]\n"
        "    cmp    r0, r2\n"
        "    bne.w  30b\n"

        "4:  ldr    r5, [sp, #68]\n"
        "    ldr    r0, [sp, #8]\n"
        "    cbz    r5, 5f\n"
        "    b      6f\n"
        "5:\n"
        REQUANT_RELU(4, "r6, r7, r8, r9")
        REQUANT_RELU(16, "r10, r11, r12, lr")
        "    b      7f\n"
        "6:  tst    r5, #8\n"
        "    bne    15f\n"
        REQUANT_SIGNED(4, "r6, r7, r8, r9")
        REQUANT_SIGNED(16, "r10, r11, r12, lr")
        "    ldr    r5, [sp, #68]\n"

        // A halfword per pixel.
        "7:  bfi    r6, r10, #8, #8\n"
        "    bfi    r7, r11, #8, #8\n"
        "    bfi    r8, r12, #8, #8\n"
        "    bfi    r9, lr, #8, #8\n"
        "    ldr    r2, [sp, #12]\n"
        "    ldr    r3, [sp, #60]\n"
        "    cmp    r5, #1\n"
        "    bhi    10f\n"
        "8:  strh   r6, [r2]\n"
        "    strh   r7, [r2, r3]\n"
        "    strh.w r8, [r2, r3, lsl #1]\n"
        "    add    r3, r3, r3, lsl #1\n"
        "    strh.w r9, [r2, r3]\n"
        "    adds   r2, #2\n"
        "9:  str    r2, [sp, #12]\n"
        "    ldr    r2, [sp, #56]\n"
        "    add    r3, r0, #24\n"
        "    str    r3, [sp, #8]\n"
        "    cmp    r3, r2\n"
        "    bne    3b\n"
        "    add    sp, #16\n"
        "    pop    {r4-r11, pc}\n"

        // TIN_GEMM_PART: byte by byte
        "10: ldr    r4, [sp, #56]\n"
        "    add    lr, r0, #24\n"
        "    cmp    lr, r4\n"
        "    it     ne\n"
        "    bicne  r5, #4\n"
        "    ldr    r4, [sp, #72]\n"
        "    ldr    r4, [r4]\n"
        "    mov    r10, r2\n"
        "12: strb.w r6, [r10]\n"
        "    tst    r5, #4\n"
        "    itt    eq\n"
        "    lsreq  r6, r6, #8\n"
        "    strbeq.w r6, [r10, #1]\n"
        "    mov    r6, r7\n"
        "    mov    r7, r8\n"
        "    mov    r8, r9\n"
        "    add    r10, r3\n"
        "    subs   r4, #1\n"
        "    bne    12b\n"
        "    adds   r2, #2\n"
        "    b      9b\n"

        // TIN_GEMM_SUMS
        "15: ldr    r2, [sp, #12]\n"
        "    stm    r2!, {r6-r9}\n"
        "    str    r10, [r2], #4\n"
        "    str    r11, [r2], #4\n"
        "    str    r12, [r2], #4\n"
        "    str    lr, [r2], #4\n"
        "    b      9b\n");
}

// -8 * the sum of each column of a block.
TIN_ASM void tin_sum_columns(const uint32_t *block, const uint32_t *end, int32_t sums[4]) {
    __asm__ (
        "    push   {r4-r11, lr}\n"
        "    mvn    r12, #0x00070007\n"
        "    mov    r8, #0\n"
        "    mov    r9, #0\n"
        "    mov    r10, #0\n"
        "    mov    r11, #0\n"
        "1:  ldm    r0!, {r4-r7}\n"
        "    smlad  r8, r4, r12, r8\n"
        "    smlad  r9, r5, r12, r9\n"
        "    smlad  r10, r6, r12, r10\n"
        "    smlad  r11, r7, r12, r11\n"
        "    cmp    r0, r1\n"
        "    bne    1b\n"
        "    stm    r2, {r8-r11}\n"
        "    pop    {r4-r11, pc}\n");
}

// The sums only, then plain requantization.
TIN_KERNEL(gemm_block, gemm_sums, true)
TIN_KERNEL(gemm_block, gemm, gemm->form != TIN_FORM_WIDE)

static inline void tin_gemm_block__dsp(const tin_gemm_t *gemm, const void *block, int32_t pixels) {
    const int32_t pitch = (gemm->taps + 3) & ~3;
    const uint32_t *const words = block, *const words_end = words + 2 * pitch;
    const int32_t pair_bytes = gemm->s4 ? pitch : 2 * pitch;
    const uint8_t *weights = gemm->weights, *params = gemm->params;
    tin_gemm_more_t more = { pixels, { 0 } };
    if (gemm->s4) {
        tin_sum_columns(words, words_end, more.sums);
    }
    if (!tin_takes_gemm(gemm)) {
        TIN_RAN(gemm_sums, pixels * gemm->channels * gemm->taps);
        for (int32_t oc = 0; oc < gemm->channels; oc += 2, weights += pair_bytes, params += 24) {
            int32_t sums[8];
            tin_gemm_pairs(words, weights, params, sums, words_end, params + 24, 0, 0, TIN_GEMM_SUMS, &more, gemm->s4);
            tin_requantize_sums(gemm, oc, 2, sums, 4, pixels, 8);
        }
        return;
    }
    TIN_RAN(gemm, pixels * gemm->channels * gemm->taps);
    const bool odd = gemm->channels & 1;
    const uint32_t flags = (gemm->form == TIN_FORM_SIGNED ? TIN_GEMM_SIGNED : 0) | (pixels < 4 ? TIN_GEMM_PART : 0)
                           | (odd ? TIN_GEMM_PART | TIN_GEMM_ODD : 0);
    tin_gemm_pairs(words, weights, params, gemm->out, words_end, params + 12 * (gemm->channels + odd), gemm->out_pitch,
        2 * gemm->to.zero_point + 1, flags, &more, gemm->s4);
    tin_clamp_range(&gemm->to, gemm->out, gemm->out_pitch, pixels, gemm->channels);
}

// s16: a block has the same words.

// A column of 4 * quads numbers to every fourth word of a block; returns the place of those that follow.
TIN_ASM uint32_t *tin_widen_column_s16(uint32_t *block, const int8_t *x, int32_t quads) {
    __asm__ (
        "    push   {lr}\n"
        "    add    r2, r0, r2, lsl #5\n"
        "1:  ldr    r3, [r1], #4\n"
        "    ldr    r12, [r1], #4\n"
        "    pkhbt  lr, r3, r12, lsl #16\n"
        "    str    lr, [r0], #16\n"
        "    pkhtb  lr, r12, r3, asr #16\n"
        "    str    lr, [r0], #16\n"
        "    cmp    r0, r2\n"
        "    bne    1b\n"
        "    pop    {pc}\n");
}

static inline void tin_pack_columns_s16__dsp(const tin_window_t *window, tin_pixel_t pixel, int32_t pixels, int32_t channel,
    int32_t channels, bool s4, void *block) {
    const int32_t pitch = (window->kernel_h * window->kernel_w * channels / 2 + 3) & ~3;
    const int32_t row_bytes = window->in_w * window->in_c;
    const int32_t reach_h = (window->kernel_h - 1) * window->dilation_h;
    const int32_t run = window->kernel_w * channels;
    const bool runs = (window->kernel_w == 1 || (window->dilation_w == 1 && channels == window->in_c)) && (run & 7) == 0;
    int8_t *const bytes = (int8_t *)block + 8 * pitch;
    (void)s4;
    for (int32_t i = 0; i < pixels; i++, tin_next_pixel(window, &pixel)) {
        const int32_t h = pixel.oh * window->stride_h - window->pad_top;
        const int32_t w = pixel.ow * window->stride_w - window->pad_left;
        uint32_t *words = (uint32_t *)block + i;
        if (runs && h >= 0 && h + reach_h < window->in_h && w >= 0 && w + window->kernel_w <= window->in_w) {
            const int8_t *x = pixel.x + h * row_bytes + w * window->in_c + channel;
            for (int32_t ky = window->kernel_h; ky > 0; ky--, x += window->dilation_h * row_bytes) {
                words = tin_widen_column_s16(words, x, run >> 3);
            }
        } else {
            tin_gather_column(window, &pixel, channel, channels, bytes);
            tin_widen_column_s16(words, bytes, pitch >> 2);
        }
    }
}

// `pixels` sums, of 4, of each channel to s16, pitch bytes apart. The stack: sums, params, out, 8
// saved registers, pixels, channels, to.
TIN_ASM void tin_store_sums_s16(const int32_t *sums, const uint8_t *params, int8_t *out, int32_t pitch, int32_t pixels,
    int32_t channels, const tin_output_t *to) {
    __asm__ (
        "    push   {r0-r2, r4-r6, r8-r11, lr}\n"
        "    mov    r2, r3\n"
        "    ldr    r3, [sp, #52]\n"
        "    ldm    r3, {r9-r11}\n"
        // A channel: r4 multiplier, r5 left shift, r6 right shift, r8 -1 if r6 is not 0.
        "1:  ldr    r3, [sp, #4]\n"
        "    ldr    r4, [r3, #4]\n"
        "    ldr    r6, [r3, #8]\n"
        "    adds   r3, #12\n"
        "    str    r3, [sp, #4]\n"
        "    cmp    r6, #0\n"
        "    itee   gt\n"
        "    movgt  r5, r6\n"
        "    movle  r5, #0\n"
        "    rsble  r6, r6, #0\n"
        "    it     gt\n"
        "    movgt  r6, #0\n"
        "    and    r5, r5, #31\n"
        "    and    r6, r6, #31\n"
        "    rsb    r8, r6, #0\n"
        "    asr    r8, r8, #31\n"
        "    ldr    r0, [sp]\n"
        "    ldr    r1, [sp, #8]\n"
        "    ldr    r3, [sp, #44]\n"
        "2:  ldr    r12, [r0], #4\n"
        "    lsl    r12, r12, r5\n"
        "    smull  r12, lr, r12, r4\n"
        "    adds   r12, r12, #0x40000000\n"
        "    adc    lr, lr, #0\n"
        "    lsl    lr, lr, #1\n"
        "    orr    lr, lr, r12, lsr #31\n"
        // The last bit that is shifted out rounds; none if r6 is 0, when the sum before leaves no carry either.
        "    and    r12, r8, lr, asr #31\n"
        "    adds   lr, lr, r12\n"
        "    asrs   lr, lr, r6\n"
        "    adc    lr, lr, r9\n"
        "    cmp    lr, r10\n"
        "    it     lt\n"
        "    movlt  lr, r10\n"
        "    cmp    lr, r11\n"
        "    it     gt\n"
        "    movgt  lr, r11\n"
        "    strh   lr, [r1]\n"
        "    add    r1, r1, r2\n"
        "    subs   r3, #1\n"
        "    bne    2b\n"
        "    ldr    r0, [sp]\n"
        "    adds   r0, #16\n"
        "    str    r0, [sp]\n"
        "    ldr    r0, [sp, #8]\n"
        "    adds   r0, #2\n"
        "    str    r0, [sp, #8]\n"
        "    ldr    r0, [sp, #48]\n"
        "    subs   r0, #1\n"
        "    str    r0, [sp, #48]\n"
        "    bne    1b\n"
        "    add    sp, #12\n"
        "    pop    {r4-r6, r8-r11, pc}\n");
}

// Taps of s4 whose sums stay below 2^27.
#define TIN_GEMM_TAPS_S16 (256)
#define TIN_GEMM_CHANNELS_S16 (8)

TIN_KERNEL(gemm_block_s16, gemm_s16, true)

static inline void tin_gemm_block_s16__dsp(const tin_gemm_t *gemm, const void *block, int32_t pixels) {
    const int32_t pitch = (gemm->taps + 3) & ~3, first = gemm->s4 && pitch > TIN_GEMM_TAPS_S16 ? TIN_GEMM_TAPS_S16 : pitch;
    const int32_t most = first == pitch ? TIN_GEMM_CHANNELS_S16 : 2;
    // Of the taps behind the first ones.
    static const uint8_t no_bias[24];
    const uint32_t *const words = block;
    const uint8_t *weights = gemm->weights;
    tin_gemm_more_t more;
    TIN_RAN(gemm_s16, pixels * gemm->channels * gemm->taps);
    if (gemm->s4) {
        tin_sum_columns(words, words + 2 * first, more.sums);
    }
    for (int32_t oc = 0; oc < gemm->channels; oc += most) {
        const int32_t channels = gemm->channels - oc < most ? gemm->channels - oc : most, both = (channels + 1) & ~1;
        const uint8_t *const params = gemm->params + 12 * oc;
        int32_t sums[4 * TIN_GEMM_CHANNELS_S16];
        tin_gemm_pairs(words, weights, params, sums, words + 2 * first, params + 12 * both, 0, 0, TIN_GEMM_SUMS, &more, gemm->s4);
        weights += (gemm->s4 ? first / 2 : first) * both;
        for (int32_t tap = first, taps; tap < pitch; tap += taps) {
            taps = pitch - tap < first ? pitch - tap : first;
            tin_gemm_more_t rest;
            int32_t part[8];
            tin_sum_columns(words + 2 * tap, words + 2 * (tap + taps), rest.sums);
            tin_gemm_pairs(words + 2 * tap, weights, no_bias, part, words + 2 * (tap + taps), no_bias + 24, 0, 0, TIN_GEMM_SUMS, &rest, 1);
            weights += taps;
            for (int32_t i = 0; i < 8; i++) {
                sums[i] = tin_wrap_add(sums[i], part[i]);
            }
        }
        tin_store_sums_s16(sums, params, gemm->out + 2 * oc, gemm->out_pitch, pixels, channels, &gemm->to);
    }
}

#undef MAC8
#undef QUAD_S8
#undef QUAD_S4
#undef REQUANT_PARAMS
#undef REQUANT_RELU
#undef REQUANT_SIGNED

#define tin_block_bytes tin_block_bytes__dsp
#define tin_pack_columns tin_pack_columns__dsp
#define tin_gemm_block tin_gemm_block__dsp
#define TIN_BLOCK_PIXELS_S16 TIN_BLOCK_PIXELS
#define tin_block_bytes_s16 tin_block_bytes__dsp
#define tin_pack_columns_s16 tin_pack_columns_s16__dsp
#define tin_gemm_block_s16 tin_gemm_block_s16__dsp

#endif
