// Fully connected layer on the DSP extension: 4 channels at a time, the input widened once to words (k0, k2), (k1, k3) as UXTB16
// makes them of the weights. Those are offset by 128 (8), which the input's sum corrects.
#ifndef TIN_CORTEXM_DSP_FC_H
#define TIN_CORTEXM_DSP_FC_H

#include "arch/cortexm_dsp.h"
#include "arch/cortexm_dsp_dot.h"

// 4 * quads elements to words; returns their sum.
TIN_ASM int32_t tin_widen_row(uint32_t *words, const int8_t *x, int32_t quads) {
    __asm__ (
        "    push   {r4, lr}\n"
        "    add    r2, r0, r2, lsl #3\n"
        "    movs   r3, #0\n"
        "    mov    r4, #0x00010001\n"
        "    b      2f\n"
        "1:  ldr    r12, [r1], #4\n"
        "    sxtb16 lr, r12, ror #8\n"
        "    sxtb16 r12, r12\n"
        "    smlad  r3, r12, r4, r3\n"
        "    smlad  r3, lr, r4, r3\n"
        "    strd   r12, lr, [r0], #8\n"
        "2:  cmp    r0, r2\n"
        "    bne    1b\n"
        "    mov    r0, r3\n"
        "    pop    {r4, pc}\n");
}

enum {
    TIN_FC_SIGNED = 1,           // TIN_FORM_SIGNED
    TIN_FC_SUMS = 2,             // the sums as they are, s32
};

// Two taps (x) times those of two channels in a word.
#define MAC2_S8(word, x, c0, c1) \
    "    uxtb16 r10, " word "\n" \
    "    smlad  " c0 ", r10, " x ", " c0 "\n" \
    "    uxtb16 r10, " word ", ror #8\n" \
    "    smlad  " c1 ", r10, " x ", " c1 "\n"
// 4 taps; all instructions have 4 bytes.
#define QUAD_S8 \
    "    ldrd   r2, r3, [r0], #8\n" \
    "    ldm.w  r1!, {r4, r5, r11, r12}\n" \
    MAC2_S8("r4", "r2", "r6", "r7") \
    MAC2_S8("r5", "r2", "r8", "r9") \
    MAC2_S8("r11", "r3", "r6", "r7") \
    MAC2_S8("r12", "r3", "r8", "r9")

// A byte 16 * c0 + c1: the sums of c0 become 16 times too large and have those of c1 in them; r11 is 0x000f000f.
#define MAC4_S4(word, c0, c1) \
    "    uxtb16 r10, " word "\n" \
    "    smlad  " c0 ", r10, r2, " c0 "\n" \
    "    uxtb16 r10, " word ", ror #8\n" \
    "    smlad  " c0 ", r10, r3, " c0 "\n" \
    "    and    r10, r11, " word "\n" \
    "    smlad  " c1 ", r10, r2, " c1 "\n" \
    "    and    r10, r11, " word ", lsr #8\n" \
    "    smlad  " c1 ", r10, r3, " c1 "\n"
#define QUAD_S4 \
    "    ldrd   r2, r3, [r0], #8\n" \
    "    ldrd   r4, r5, [r1], #8\n" \
    MAC4_S4("r4", "r6", "r7") \
    MAC4_S4("r5", "r8", "r9")
// The first channel's sum, its params at r12 + at, the second's behind: ((c0 - c1 without the biases) >> 4) + bias + correction.
#define SPLIT_S4(c0, c1, at) \
    "    ldr.w  r3, [r12, #" #at "]\n" \
    "    ldr.w  r4, [r12, #" #at " + 12]\n" \
    "    sub    " c0 ", " c0 ", " c1 "\n" \
    "    subs   r4, r3, r4\n" \
    "    sub    " c0 ", " c0 ", r4\n" \
    "    add    r3, r2\n" \
    "    add    " c0 ", r3, " c0 ", asr #4\n"

// As in cortexm_dsp_gemm.h; r5 is 2 * zero_point + 1, for SIGNED 2 * zero_point.
#define REQUANT_RELU(acc, at) \
    "    ldrd   r2, r3, [r12, #" #at " + 4]\n" \
    "    mvns   r3, r3\n" \
    "    lsl    r4, r5, r3\n" \
    "    lsl.w  " acc ", " acc ", #1\n" \
    "    smmlar " acc ", " acc ", r2, r4\n" \
    "    asr.w  " acc ", " acc ", r3\n" \
    "    ssat   " acc ", #8, " acc ", asr #1\n"
#define REQUANT_SIGNED(acc, at) \
    "    ldrd   r2, r3, [r12, #" #at " + 4]\n" \
    "    mvns   r3, r3\n" \
    "    movs   r4, #1\n" \
    "    lsls   r4, r3\n" \
    "    add    r4, r4, " acc ", asr #31\n" \
    "    lsl.w  " acc ", " acc ", #1\n" \
    "    smmlar " acc ", " acc ", r2, r4\n" \
    "    asr.w  " acc ", " acc ", r3\n" \
    "    add    " acc ", r5\n" \
    "    ssat   " acc ", #8, " acc ", asr #1\n"

// Fours of channels, `params` to `params_end`; `correction` is what the offset of the weights adds to each sum. Words, params and
// weights are aligned. The stack: x, entry, params, out, 9 saved registers, then the arguments from x_end on.
TIN_ASM void tin_fc_quads(const uint32_t *x, const uint8_t *weights, const uint8_t *params, void *out, const uint32_t *x_end,
    const uint8_t *params_end, int32_t correction, int32_t rounding, uint32_t flags, int32_t s4) {
    __asm__ (
        "    push   {r0-r11, lr}\n"
        // The loops are unrolled 4 and 2 times; they are entered so that the last round is whole. A quad of either has 72 bytes.
        "    ldr    lr, [sp, #52]\n"
        "    sub    r4, r0, lr\n"
        "    ldr    r5, [sp, #72]\n"
        "    cbnz   r5, 1f\n"
        "    ubfx   r4, r4, #3, #2\n"
        "    adr.w  r3, 30f\n"
        "    b      2f\n"
        "1:  ubfx   r4, r4, #3, #1\n"
        "    adr.w  r3, 40f\n"
        "2:  movs   r5, #(31f - 30f) / 4\n"
        "    mla    r3, r4, r5, r3\n"
        "    adds   r3, #1\n"
        "    str    r3, [sp, #4]\n"

        "    mov    r12, r2\n"

        // Four channels; their params at r12.
        "3:  ldr    r2, [sp, #60]\n"
        "    ldr.w  r6, [r12]\n"
        "    ldr.w  r7, [r12, #12]\n"
        "    ldr.w  r8, [r12, #24]\n"
        "    ldr.w  r9, [r12, #36]\n"
        "    add    r6, r2\n"
        "    add    r7, r2\n"
        "    add    r8, r2\n"
        "    add    r9, r2\n"
        "    mov    r11, #0x000f000f\n"
        "    ldrd   r0, r3, [sp]\n"
        "    bx     r3\n"

        "    .balign 4\n"
        "40:\n"
        "    .rept  2\n"
        QUAD_S4
        "    .endr\n"
        "    .if    . - 40b - 2 * 72\n"
        "    .error \"a quad has 72 bytes\"\n"
        "    .endif\n"
        "    cmp    r0, lr\n"
        "    bne.w  40b\n"
        "    ldrd   r12, r11, [sp, #8]\n"
        "    ldr    r2, [sp, #60]\n"
        SPLIT_S4("r6", "r7", 0)
        SPLIT_S4("r8", "r9", 24)
        "    b      4f\n"

        "    .balign 4\n"
        "30:\n"
        "    .rept  4\n"
        QUAD_S8
        "    .endr\n"
        "31: cmp    r0, lr\n"
        "    bne.w  30b\n"
        "    ldrd   r12, r11, [sp, #8]\n"

        "4:  ldrd   r5, r0, [sp, #64]\n"
        "    cbz    r0, 5f\n"
        "    b      8f\n"
        "5:\n"
        REQUANT_RELU("r6", 0)
        REQUANT_RELU("r7", 12)
        REQUANT_RELU("r8", 24)
        REQUANT_RELU("r9", 36)
        "6:  bfi    r6, r7, #8, #8\n"
        "    bfi    r6, r8, #16, #8\n"
        "    bfi    r6, r9, #24, #8\n"
        "    str    r6, [r11], #4\n"
        "10: ldr    r2, [sp, #56]\n"
        "    add    r12, #48\n"
        "    strd   r12, r11, [sp, #8]\n"
        "    cmp    r12, r2\n"
        "    bne    3b\n"
        "    add    sp, #16\n"
        "    pop    {r4-r11, pc}\n"

        "8:  tst    r0, #2\n"
        "    bne    11f\n"
        "    subs   r5, #1\n"
        REQUANT_SIGNED("r6", 0)
        REQUANT_SIGNED("r7", 12)
        REQUANT_SIGNED("r8", 24)
        REQUANT_SIGNED("r9", 36)
        "    b      6b\n"
        // TIN_FC_SUMS
        "11: stm    r11!, {r6-r9}\n"
        "    b      10b\n");
}

#undef MAC2_S8
#undef QUAD_S8
#undef MAC4_S4
#undef QUAD_S4
#undef SPLIT_S4
#undef REQUANT_RELU
#undef REQUANT_SIGNED

// s16: taps to words, those of padding zero; returns their sum, which wraps.
static inline int32_t tin_widen_row_s16(uint32_t *words, const int8_t *x, int32_t taps) {
    const tin_halves_t ones = { 0x00010001, 0x00010001 };
    uint32_t sum = 0;
    for (; taps > 0; taps -= 4, x += 8, words += 2) {
        const uint32_t second = taps > 3 ? tin_load_u32((const uint8_t *)x + 4) : taps > 2 ? (uint16_t)tin_load(x, true, 2) : 0;
        const uint32_t first = taps > 1 ? tin_load_u32((const uint8_t *)x) : (uint16_t)tin_load(x, true, 0);
        const tin_halves_t halves = tin_transposed(first, second);
        words[0] = halves.even;
        words[1] = halves.odd;
        sum = tin_products(halves, ones, sum);
    }
    return (int32_t)sum;
}

// Taps of s4 whose sums of s16 stay below 2^27.
#define TIN_FC_TAPS_S16 (256)

// Sums of any four channels, wherever their weights lie: these come by way of an aligned buffer.
static inline void tin_fc_sums(const tin_gemm_t *fc, int32_t oc, const uint32_t *words, int32_t correction, int32_t sums[4]) {
    const int32_t pitch = (fc->taps + 3) & ~3;
    const uint8_t *weights = fc->weights + oc * pitch / (fc->s4 ? 2 : 1);
    uint32_t params[12] = { 0 }, buffer[16];
    if (tin_reads_s16(fc) && fc->aligned && (!fc->s4 || pitch <= TIN_FC_TAPS_S16)) {
        tin_fc_quads(words, weights, fc->params + 12 * oc, sums, words + pitch / 2, fc->params + 12 * oc + 48, correction, 0,
            TIN_FC_SUMS, fc->s4);
        return;
    }
    for (int32_t i = 0; i < 4; i++) {
        params[3 * i] = tin_load_u32(fc->params + 12 * (oc + i)) + (uint32_t)correction;
    }
    for (int32_t tap = 0; tap < pitch;) {
        // 64 bytes of weights are 16 or 32 taps.
        const int32_t most = fc->s4 ? 32 : 16, taps = pitch - tap < most ? pitch - tap : most;
        const int32_t bytes = taps * (fc->s4 ? 2 : 4);
        for (int32_t i = 0; i < bytes; i += 4, weights += 4) {
            buffer[i >> 2] = tin_load_u32(weights);
        }
        tin_fc_quads(words, (const uint8_t *)buffer, (const uint8_t *)params, sums, words + taps / 2, (const uint8_t *)(params + 12), 0, 0,
            TIN_FC_SUMS, fc->s4);
        for (int32_t i = 0; i < 4; i++) {
            params[3 * i] = (uint32_t)sums[i];
        }
        words += taps / 2;
        tap += taps;
    }
}

// The sums only, then plain requantization: of the channels that `fc` leaves as well.
TIN_KERNEL(fc_row, fc_sums, true)
TIN_KERNEL(fc_row, fc, fc->form != TIN_FORM_WIDE && fc->aligned && out_bits == 8 && fc->channels >= 4)
TIN_KERNEL(fc_row_s16, fc_s16, true)

static inline void tin_fc_row__dsp(const tin_gemm_t *fc, const int8_t *x, int32_t out_bits, void *scratch) {
    uint32_t *const words = scratch, *const words_end = words + ((fc->taps + 3) & ~3) / 2;
    int32_t sum = tin_reads_s16(fc) ? tin_widen_row_s16(words, x, fc->taps) : tin_widen_row(words, x, fc->taps >> 2);
    if (!tin_reads_s16(fc) && (fc->taps & 3)) {
        uint32_t last = 0;
        for (int32_t tap = fc->taps & ~3; tap < fc->taps; tap++) {
            last |= (uint32_t)(uint8_t)x[tap] << 8 * (tap & 3);
        }
        sum += tin_widen_row(words_end - 2, (const int8_t *)&last, 1);
    }
    const int32_t correction = sum * (fc->s4 ? -8 : -128);
    int32_t oc = 0;
    if (!tin_reads_s16(fc) && tin_takes_fc(fc, out_bits)) {
        oc = fc->channels & ~3;
        TIN_RAN(fc, oc * fc->taps);
        tin_fc_quads(words, fc->weights, fc->params, fc->out, words_end, fc->params + 12 * oc, correction, 2 * fc->to.zero_point + 1,
            fc->form == TIN_FORM_SIGNED ? TIN_FC_SIGNED : 0, fc->s4);
        tin_clamp_range(&fc->to, fc->out, 0, 1, oc);
    }
    if (tin_reads_s16(fc)) {
        TIN_RAN(fc_s16, fc->channels * fc->taps);
    } else {
        TIN_RAN(fc_sums, (fc->channels - oc) * fc->taps);
    }
    for (; oc < fc->channels; oc += 4) {
        int32_t sums[4];
        tin_fc_sums(fc, oc, words, correction, sums);
        tin_requantize_sums(fc, oc, 4, sums, 1, 1, out_bits);
    }
}
#define tin_fc_row tin_fc_row__dsp
#define tin_fc_row_s16 tin_fc_row__dsp

#endif
