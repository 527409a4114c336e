// Depthwise 3x3 convolution on the DSP extension, stride 1 or 2, channel plane by channel plane.
//
// Two input rows of a channel become a plane row of words (upper, lower), s16, with the border in it. One SMLAD then multiplies
// two taps of a column; a third tap is one half of the next plane row's word. Four channels are widened together, since a pixel's
// 4 bytes are one load, and go down the image in step: only two plane rows of each are kept.
// An output plane may lie over its input plane: each plane row is read before the output rows above it are written.
#ifndef TIN_CORTEXM_DSP_DW_H
#define TIN_CORTEXM_DSP_DW_H

#include "arch/cortexm_dsp.h"
#include "arch/dw_taps.h"

#define TIN_DW_CHANNELS (4)

// A form of these blocks only.
enum { TIN_DW_S16 = 3 };

typedef struct {
    uint32_t weights[6];         // per column twice (w0, w1), twice (w1, w2)
    int32_t bias;                // twice
    int32_t multiplier;
    int32_t rounding;            // half of 2^r; RELU: and the zero point
    int32_t shift;               // r - 1
} tin_dw_channel_t;

// `columns` pixels of 4 channels at a and b to the words of 4 plane rows, `pitch` bytes apart.
TIN_ASM void tin_widen_rows(uint32_t *plane, const int8_t *a, const int8_t *b, int32_t a_step, int32_t b_step, int32_t pitch, int32_t columns) {
    __asm__ (
        "    push   {r4-r11, lr}\n"
        "    ldrd   r4, r5, [sp, #36]\n"   // b_step, pitch
        "    ldr    lr, [sp, #44]\n"
        "    add    lr, r0, lr, lsl #2\n"
        "    add    r6, r0, r5\n"
        "    add    r7, r6, r5\n"
        "    add    r5, r7, r5\n"
        "1:  ldr    r8, [r1]\n"
        "    add    r1, r3\n"
        "    ldr    r9, [r2]\n"
        "    add    r2, r4\n"
        "    sxtb16 r10, r8\n"
        "    sxtb16 r11, r9\n"
        "    pkhbt  r12, r10, r11, lsl #16\n"
        "    str    r12, [r0], #4\n"
        "    pkhtb  r12, r11, r10, asr #16\n"
        "    str    r12, [r7], #4\n"
        "    sxtb16 r10, r8, ror #8\n"
        "    sxtb16 r11, r9, ror #8\n"
        "    pkhbt  r12, r10, r11, lsl #16\n"
        "    str    r12, [r6], #4\n"
        "    pkhtb  r12, r11, r10, asr #16\n"
        "    str    r12, [r5], #4\n"
        "    cmp    r0, lr\n"
        "    bne    1b\n"
        "    pop    {r4-r11, pc}\n");
}

// The same of 2 channels of s16.
TIN_ASM void tin_widen_rows_s16(uint32_t *plane, const int8_t *a, const int8_t *b, int32_t a_step, int32_t b_step, int32_t pitch,
    int32_t columns) {
    __asm__ (
        "    push   {r4-r7, lr}\n"
        "    ldrd   r4, r5, [sp, #20]\n"   // b_step, pitch
        "    ldr    lr, [sp, #28]\n"
        "    add    lr, r0, lr, lsl #2\n"
        "1:  ldr    r6, [r1]\n"
        "    add    r1, r3\n"
        "    ldr    r7, [r2]\n"
        "    add    r2, r4\n"
        "    pkhtb  r12, r7, r6, asr #16\n"
        "    str    r12, [r0, r5]\n"
        "    pkhbt  r12, r6, r7, lsl #16\n"
        "    str    r12, [r0], #4\n"
        "    cmp    r0, lr\n"
        "    bne    1b\n"
        "    pop    {r4-r7, pc}\n");
}

// One column's taps times the words of two columns (r2, r3), into the sums of row a and of the row below it, b.
#define UPPER(x, w, a, b) \
    "    smlad  " a ", " x ", " w ", " a "\n" \
    "    smlatb " b ", " x ", " w ", " b "\n"
#define LOWER(x, w, a, b) \
    "    smlabt " a ", " x ", " w ", " a "\n" \
    "    smlad  " b ", " x ", " w ", " b "\n"
#define UPPER_ONE(x, w, a) "    smlad  " a ", " x ", " w ", " a "\n"
#define LOWER_ONE(x, w, a) "    smlabt " a ", " x ", " w ", " a "\n"

// Sums, twice too large, to outputs. With the carry flag the form is SIGNED: then `from` finishes behind the loops and comes back
// to `to`.
#define REQUANT(registers, from, to) \
    "    ldrd   r2, r3, [sp, #4]\n" \
    "    bcs.w  " from "f\n" \
    "    .irp   acc, " registers "\n" \
    "    smmlar \\acc, \\acc, r2, r3\n" \
    "    .endr\n" \
    "    ldr    r2, [sp, #12]\n" \
    "    .irp   acc, " registers "\n" \
    "    asr.w  \\acc, \\acc, r2\n" \
    "    ssat   \\acc, #8, \\acc, asr #1\n" \
    "    .endr\n" \
    to ":\n"
#define REQUANT_SIGNED(registers, from, to, s16) \
    from ": str    r1, [sp, #24]\n" \
    s16 \
    "    .irp   acc, " registers "\n" \
    "    add    r1, r3, \\acc, asr #31\n" \
    "    smmlar \\acc, \\acc, r2, r1\n" \
    "    .endr\n" \
    "    ldr    r2, [sp, #12]\n" \
    "    ldr    r3, [sp, #104]\n" \
    "    .irp   acc, " registers "\n" \
    "    asr.w  \\acc, \\acc, r2\n" \
    "    add    \\acc, r3\n" \
    "    ssat   \\acc, #8, \\acc, asr #1\n" \
    "    .endr\n" \
    "    ldr    r1, [sp, #24]\n" \
    "    cmp    r0, #0\n" /* sets the carry */ \
    "    b      " to "b\n"

// TIN_DW_S16: the same of s16, `words` pairs of outputs in the halves of words before they are clamped, then stored and on at `end`.
#if TIN_HAS_S16
#define REQUANT_S16(registers, pack, words, store, end) \
    "    ldr    r1, [sp, #108]\n" \
    "    lsls   r1, r1, #31\n" \
    "    bpl    1f\n" \
    "    .irp   acc, " registers "\n" \
    "    add    r1, r3, \\acc, asr #31\n" \
    "    smmlar \\acc, \\acc, r2, r1\n" \
    "    .endr\n" \
    "    ldr    r2, [sp, #12]\n" \
    "    ldr    r1, [sp, #104]\n" \
    "    ldr    r3, [r1], #4\n" \
    "    .irp   acc, " registers "\n" \
    "    asr.w  \\acc, \\acc, r2\n" \
    "    add    \\acc, r3\n" \
    "    ssat   \\acc, #16, \\acc, asr #1\n" \
    "    .endr\n" \
    pack \
    "    ldrd   r2, r3, [r1]\n" \
    "    .irp   word, " words "\n" \
    "    ssub16 r1, \\word, r2\n" \
    "    sel    \\word, \\word, r2\n" \
    "    ssub16 r1, r3, \\word\n" \
    "    sel    \\word, \\word, r3\n" \
    "    .endr\n" \
    "    ldrd   r2, r3, [sp, #16]\n" \
    store \
    "    ldr    r1, [sp, #24]\n" \
    "    cmp    r0, #0\n" /* sets the carry */ \
    "    b      " end "b\n" \
    "1:\n"
#define NEXT_CHANNEL \
    "    ldr    r2, [sp, #108]\n" \
    "    adds   r2, #1\n" \
    "    add    lr, lr, r2, lsr #1\n"
#else
#define REQUANT_S16(registers, pack, words, store, end)
#define NEXT_CHANNEL "    add    lr, #1\n"
#endif

// Two columns of two output rows, stride 1.
#define PAIR_STRIDE_1 \
    "    ldrd   r2, r3, [r0], #8\n" \
    "    ldr.w  lr, [sp]\n" \
    "    smlad  r10, r2, r4, lr\n" \
    "    smlatb r11, r2, r4, lr\n" \
    UPPER("r3", "r6", "r10", "r11") \
    "    smlad  r12, r3, r4, lr\n" \
    "    smlatb lr, r3, r4, lr\n" \
    "    ldrd   r2, r3, [r0]\n" \
    UPPER("r2", "r8", "r10", "r11") \
    UPPER("r2", "r6", "r12", "lr") \
    UPPER("r3", "r8", "r12", "lr") \
    "    ldrd   r2, r3, [r1], #8\n" \
    LOWER("r2", "r5", "r10", "r11") \
    LOWER("r3", "r7", "r10", "r11") \
    LOWER("r3", "r5", "r12", "lr") \
    "    ldrd   r2, r3, [r1]\n" \
    LOWER("r2", "r9", "r10", "r11") \
    LOWER("r2", "r7", "r12", "lr") \
    LOWER("r3", "r9", "r12", "lr") \
    REQUANT("r10, r11, r12, lr", "71", "72") \
    "    ldrd   r2, r3, [sp, #16]\n" \
    "    strb.w r11, [r2, r3]\n" \
    "    strb.w r10, [r2]\n" \
    "    ldr.w  r11, [sp, #92]\n" \
    "    add    r2, r11\n" \
    "    strb.w lr, [r2, r3]\n" \
    "    strb.w r12, [r2]\n" \
    "    add    r2, r11\n" \
    "    str    r2, [sp, #16]\n" \
    "75:\n"
// The last of an odd number of columns.
#define ONE_STRIDE_1 \
    "    ldrd   r2, r3, [r0]\n" \
    "    ldr.w  r11, [sp]\n" \
    "    smlad  r10, r2, r4, r11\n" \
    "    smlatb r11, r2, r4, r11\n" \
    UPPER("r3", "r6", "r10", "r11") \
    "    ldr    r2, [r0, #8]\n" \
    UPPER("r2", "r8", "r10", "r11") \
    "    ldrd   r2, r3, [r1]\n" \
    LOWER("r2", "r5", "r10", "r11") \
    LOWER("r3", "r7", "r10", "r11") \
    "    ldr    r2, [r1, #8]\n" \
    LOWER("r2", "r9", "r10", "r11") \
    REQUANT("r10, r11", "73", "74") \
    "    ldrd   r2, r3, [sp, #16]\n" \
    "    strb.w r11, [r2, r3]\n" \
    "    strb.w r10, [r2]\n" \
    "76:\n"
#define SIGNED_STRIDE_1 \
    REQUANT_SIGNED("r10, r11, r12, lr", "71", "72", REQUANT_S16("r10, r11, r12, lr", \
        "    pkhbt  r10, r10, r12, lsl #16\n" \
        "    pkhbt  r11, r11, lr, lsl #16\n", \
        "r10, r11", \
        "    strh.w r11, [r2, r3]\n" \
        "    strh.w r10, [r2]\n" \
        "    ldr.w  r12, [sp, #92]\n" \
        "    lsr    r11, r11, #16\n" \
        "    lsr    r10, r10, #16\n" \
        "    add    r2, r12\n" \
        "    strh.w r11, [r2, r3]\n" \
        "    strh.w r10, [r2]\n" \
        "    add    r2, r12\n" \
        "    str    r2, [sp, #16]\n", "75")) \
    REQUANT_SIGNED("r10, r11", "73", "74", REQUANT_S16("r10, r11", "", "r10, r11", \
        "    strh.w r11, [r2, r3]\n" \
        "    strh.w r10, [r2]\n", "76"))

// Two columns of one output row, stride 2.
#define PAIR_STRIDE_2 \
    "    ldrd   r2, r3, [r0], #8\n" \
    "    ldr.w  r11, [sp]\n" \
    "    smlad  r10, r2, r4, r11\n" \
    UPPER_ONE("r3", "r6", "r10") \
    "    ldrd   r2, r3, [r0], #8\n" \
    UPPER_ONE("r2", "r8", "r10") \
    UPPER_ONE("r2", "r4", "r11") \
    UPPER_ONE("r3", "r6", "r11") \
    "    ldr    r2, [r0]\n" \
    UPPER_ONE("r2", "r8", "r11") \
    "    ldrd   r2, r3, [r1], #8\n" \
    LOWER_ONE("r2", "r5", "r10") \
    LOWER_ONE("r3", "r7", "r10") \
    "    ldrd   r2, r3, [r1], #8\n" \
    LOWER_ONE("r2", "r9", "r10") \
    LOWER_ONE("r2", "r5", "r11") \
    LOWER_ONE("r3", "r7", "r11") \
    "    ldr    r2, [r1]\n" \
    LOWER_ONE("r2", "r9", "r11") \
    REQUANT("r10, r11", "71", "72") \
    "    ldr    r2, [sp, #16]\n" \
    "    ldr    r3, [sp, #92]\n" \
    "    strb.w r10, [r2]\n" \
    "    strb.w r11, [r2, r3]\n" \
    "    add    r2, r2, r3, lsl #1\n" \
    "    str    r2, [sp, #16]\n" \
    "75:\n"
#define ONE_STRIDE_2 \
    "    ldrd   r2, r3, [r0]\n" \
    "    ldr.w  r10, [sp]\n" \
    UPPER_ONE("r2", "r4", "r10") \
    UPPER_ONE("r3", "r6", "r10") \
    "    ldr    r2, [r0, #8]\n" \
    UPPER_ONE("r2", "r8", "r10") \
    "    ldrd   r2, r3, [r1]\n" \
    LOWER_ONE("r2", "r5", "r10") \
    LOWER_ONE("r3", "r7", "r10") \
    "    ldr    r2, [r1, #8]\n" \
    LOWER_ONE("r2", "r9", "r10") \
    REQUANT("r10", "73", "74") \
    "    ldr    r2, [sp, #16]\n" \
    "    strb.w r10, [r2]\n" \
    "76:\n"
#define SIGNED_STRIDE_2 \
    REQUANT_SIGNED("r10, r11", "71", "72", REQUANT_S16("r10, r11", "", "r10, r11", \
        "    ldr    r3, [sp, #92]\n" \
        "    strh.w r10, [r2]\n" \
        "    strh.w r11, [r2, r3]\n" \
        "    add    r2, r2, r3, lsl #1\n" \
        "    str    r2, [sp, #16]\n", "75")) \
    REQUANT_SIGNED("r10", "73", "74", REQUANT_S16("r10", "", "r10", \
        "    strh.w r10, [r2]\n", "76"))

// `channels` channels of two output rows (stride 1; b_step 0 to have the first only) or one (stride 2), from the plane rows `upper`
// and `lower`. `twice_zero_point` is for TIN_FORM_SIGNED; for TIN_DW_S16 it points to that and to the clamps, each in both halves of a
// word.
// The stack: 0 bias, multiplier, rounding, shift, 16 output, b_step, 24 spare, end of the columns, 32 upper, lower, channel, out,
// 48 saved registers, 84 pitch, width, step, b_step, 100 channels, twice_zero_point, form.
#define DW_ROWS(name, column_bytes, pair, one, signed_part) \
TIN_ASM void name(const uint32_t *upper, const uint32_t *lower, const tin_dw_channel_t *channel, int8_t *out, int32_t pitch, \
    int32_t width, int32_t step, int32_t b_step, int32_t channels, intptr_t twice_zero_point, int32_t form) { \
    __asm__ ( \
        "    push   {r4-r11, lr}\n" \
        "    sub    sp, #48\n" \
        "    strd   r0, r1, [sp, #32]\n" \
        "    strd   r2, r3, [sp, #40]\n" \
        "    ldr    r4, [sp, #96]\n" \
        "    str    r4, [sp, #20]\n" \
        "1:  ldrd   r12, lr, [sp, #40]\n" \
        "    ldm    r12!, {r4-r9}\n" \
        "    ldm    r12!, {r0-r3}\n" \
        "    stm    sp, {r0-r3}\n" \
        "    str    lr, [sp, #16]\n" \
        NEXT_CHANNEL \
        "    strd   r12, lr, [sp, #40]\n" \
        "    ldrd   r0, r1, [sp, #32]\n" \
        "    ldrd   r12, lr, [sp, #84]\n" \
        "    add    r2, r0, r12\n" \
        "    add    r3, r1, r12\n" \
        "    strd   r2, r3, [sp, #32]\n" \
        "    ldr    r3, [sp, #108]\n" \
        "    lsrs   r3, r3, #2\n" /* carry: TIN_FORM_SIGNED */ \
        "    bic    r2, lr, #1\n" \
        "    add    r2, r0, r2, lsl #" column_bytes "\n" \
        "    str    r2, [sp, #28]\n" \
        "    teq    r0, r2\n" \
        "    beq.w  3f\n" \
        "2:\n" \
        pair \
        "    ldr    r2, [sp, #28]\n" \
        "    teq    r0, r2\n" \
        "    bne.w  2b\n" \
        "3:  ldr    r2, [sp, #88]\n" \
        "    tst    r2, #1\n" \
        "    beq    4f\n" \
        one \
        "4:  ldr    r2, [sp, #100]\n" \
        "    subs   r2, #1\n" \
        "    str    r2, [sp, #100]\n" \
        "    bne.w  1b\n" \
        "    add    sp, #48\n" \
        "    pop    {r4-r11, pc}\n" \
        signed_part); \
}

DW_ROWS(tin_dw_rows_stride_1, "2", PAIR_STRIDE_1, ONE_STRIDE_1, SIGNED_STRIDE_1)
DW_ROWS(tin_dw_rows_stride_2, "3", PAIR_STRIDE_2, ONE_STRIDE_2, SIGNED_STRIDE_2)

#undef UPPER
#undef LOWER
#undef UPPER_ONE
#undef LOWER_ONE
#undef REQUANT
#undef REQUANT_SIGNED
#undef REQUANT_S16
#undef NEXT_CHANNEL
#undef PAIR_STRIDE_1
#undef ONE_STRIDE_1
#undef SIGNED_STRIDE_1
#undef PAIR_STRIDE_2
#undef ONE_STRIDE_2
#undef SIGNED_STRIDE_2
#undef DW_ROWS

static inline uint32_t tin_halfwords(int32_t low, int32_t high) {
    return (uint16_t)low | (uint32_t)high << 16;
}

static inline void tin_dw_channel(const tin_gemm_t *dw, int32_t oc, tin_dw_channel_t *channel) {
    const uint8_t *const plane = dw->weights + oc * (dw->s4 ? 5 : 9);
    const uint8_t *const params = dw->params + 12 * oc;
    const int32_t shift = tin_load_s32(params + 8);
    for (int32_t column = 0; column < 3; column++) {
        const int32_t w0 = 2 * tin_plane_weight(plane, dw->s4, column);
        const int32_t w1 = 2 * tin_plane_weight(plane, dw->s4, column + 3);
        const int32_t w2 = 2 * tin_plane_weight(plane, dw->s4, column + 6);
        channel->weights[2 * column] = tin_halfwords(w0, w1);
        channel->weights[2 * column + 1] = tin_halfwords(w1, w2);
    }
    channel->bias = (int32_t)((uint32_t)tin_load_s32(params) << 1);
    channel->multiplier = tin_load_s32(params + 4);
    channel->shift = -shift - 1;
    channel->rounding = (dw->form == TIN_FORM_SIGNED || tin_reads_s16(dw) ? 1 : 2 * dw->to.zero_point + 1) * (1 << channel->shift);
}

// A plane row of each channel, from `columns` pixels of input row h and the one below; outside of the image lies the zero point.
static inline void tin_dw_widen(const tin_window_t *window, const int8_t *x, int32_t h, int32_t channels, bool s16, uint32_t *plane,
    int32_t pitch, int32_t columns) {
    const uint32_t border = (uint8_t)window->zero_point * 0x01010101u;
    const int32_t row = window->in_w * window->in_c;
    const bool a_inside = (uint32_t)h < (uint32_t)window->in_h;
    const bool b_inside = (uint32_t)(h + 1) < (uint32_t)window->in_h;
    const int8_t *a = a_inside ? x + h * row : (const int8_t *)&border;
    const int8_t *b = b_inside ? x + (h + 1) * row : (const int8_t *)&border;
    const int32_t a_step = a_inside ? window->in_c : 0;
    const int32_t b_step = b_inside ? window->in_c : 0;
    if (s16) {
        // By two; what comes with the last of an odd number goes to a plane that nothing reads.
        for (int32_t left = channels; left > 0; left -= 2, plane += pitch / 2) {
            tin_widen_rows_s16(plane, a, b, a_step, b_step, pitch, columns);
            a += a_inside ? 4 : 0;
            b += b_inside ? 4 : 0;
        }
        return;
    }
    if (channels == TIN_DW_CHANNELS) {
        tin_widen_rows(plane, a, b, a_step, b_step, pitch, columns);
        return;
    }
    for (; columns > 0; columns--, a += a_step, b += b_step, plane++) {
        for (int32_t channel = 0; channel < channels; channel++) {
            *(uint32_t *)(void *)((uint8_t *)plane + channel * pitch) = tin_halfwords(a[channel], b[channel]);
        }
    }
}

TIN_KERNEL(dw_rows, dw3x3, window->kernel_h == 3 && window->kernel_w == 3 && window->stride_w <= 2
    && window->stride_h == window->stride_w && window->dilation_h == 1 && window->dilation_w == 1 && multiplier == 1
    && dw->form != TIN_FORM_WIDE)

static inline void tin_dw_rows__dsp(const tin_window_t *window, const tin_gemm_t *dw, tin_pixel_t pixel, int32_t rows, int32_t multiplier,
    void *scratch) {
    const int32_t stride = window->stride_w;
    if (!tin_takes_dw3x3(window, dw, multiplier)) {
        tin_dw_rows__taps(window, dw, pixel, rows, multiplier, scratch);
        return;
    }
    TIN_RAN(dw3x3, rows * window->out_w * dw->channels * dw->taps);
    // Columns of a plane: left border, input, and what the last window reads behind it.
    const int32_t columns = (window->out_w - 1) * stride + 3;
    const int32_t behind = columns - window->pad_left;
    const int32_t inside = window->in_w < behind ? window->in_w : behind;
    const int32_t pitch = 4 * columns;
    const bool s16 = tin_reads_s16(dw);
    const int32_t bytes = s16 ? 2 : 1, row_bytes = window->out_w * dw->out_pitch;
    const uint32_t of_s16[3] = {
        (uint32_t)(2 * dw->to.zero_point), tin_halfwords(dw->to.low, dw->to.low), tin_halfwords(dw->to.high, dw->to.high),
    };
    uint32_t *upper = scratch, *lower = upper + TIN_DW_CHANNELS * columns;
    for (int32_t plane = 0; plane < 2 * TIN_DW_CHANNELS; plane++) {
        for (int32_t column = 0; column < columns; column++) {
            upper[plane * columns + column] = tin_halfwords(window->zero_point, window->zero_point);
        }
    }
    for (int32_t oc = 0; oc < dw->channels; oc += TIN_DW_CHANNELS) {
        const int32_t channels = dw->channels - oc < TIN_DW_CHANNELS ? dw->channels - oc : TIN_DW_CHANNELS;
        tin_dw_channel_t channel[TIN_DW_CHANNELS];
        for (int32_t i = 0; i < channels; i++) {
            tin_dw_channel(dw, oc + i, &channel[i]);
        }
        const int8_t *const x = pixel.x + oc * bytes;
        int32_t h = pixel.oh * stride - window->pad_top;
        tin_dw_widen(window, x, h, channels, s16, upper + window->pad_left, pitch, inside);
        int8_t *out = dw->out + oc * bytes;
        for (int32_t left = rows; left > 0;) {
            h += 2;
            tin_dw_widen(window, x, h, channels, s16, lower + window->pad_left, pitch, inside);
            const int32_t done = stride == 1 && left > 1 ? 2 : 1;
            (stride == 1 ? tin_dw_rows_stride_1 : tin_dw_rows_stride_2)(upper, lower, channel, out, pitch, window->out_w, dw->out_pitch,
                done == 2 ? row_bytes : 0, channels, s16 ? (intptr_t)of_s16 : 2 * dw->to.zero_point, s16 ? TIN_DW_S16 : dw->form);
            if (!s16) {
                tin_clamp_range(&dw->to, out, dw->channels, done * window->out_w, channels);
            }
            uint32_t *const swap = upper;
            upper = lower;
            lower = swap;
            out += done * row_bytes;
            left -= done;
        }
    }
}
#define tin_dw_rows tin_dw_rows__dsp
#undef tin_dw_rows_s16
#define tin_dw_rows_s16 tin_dw_rows__dsp

#endif
