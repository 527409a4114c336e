// ARMv6-M: the product of a block of columns, two pixels to a word, with one output channel after the other.
//
// While they share a word, the lanes' sums must not leave 16 bits:
//     s8  two products, from -2 * 127 * 128 to 2 * 128 * 128 = 2^15
//     s4  36 products, 36 * 7 * 128 < 2^15; with weights of -8 28, 28 * 8 * 128 < 2^15
// The low lane is kept from borrowing by 0x8000 that is added to it. Of s8 it is 0x7fff, and the high lane gets -1: 2^15 is a sum too.
#ifndef TIN_M0P_GEMM_H
#define TIN_M0P_GEMM_H

#include "arch/m0p_columns.h"
#include "arch/m0p_requant.h"

#define TIN_M0P_CHUNK(wide) ((wide) ? 28 : 36)

// The assembly knows these offsets.
typedef struct {
    tin_m0p_requant_t requant;
    const tin_params_t *params_end; // 40
    const int32_t *columns;         // 44
    const uint8_t *weights;         // 48 moves on by a pair of channels
    uint32_t halves;                // 52 the same of all sums
    uint32_t half;                  // 56 what is added to both lanes
    uint32_t pairs_or_chunk;        // 60 s8: taps / 2; s4: bytes of columns of a chunk
    const int32_t *columns_end;     // 64 s8: of the first four pixels
    const int32_t *columns_last;    // 68 s8: of the last four pixels
    int32_t *acc_last;              // 72 s8: of the last four pixels
    uint32_t pair_bytes;            // 76
    uint32_t s4;                    // 80
    int32_t acc[8];                 // 84
} tin_m0p_gemm_t;
typedef char tin_m0p_gemm_places_t[offsetof(tin_m0p_gemm_t, params_end) == 40 && offsetof(tin_m0p_gemm_t, acc) == 84 ? 1 : -1];

// in: r2 = job; out: r1 = weights, r3 = halves, r5 = pairs_or_chunk, r7 = bias, r12 = half
#define TIN_M0P_CHANNEL \
    "    ldr    r7, [r2, #8]\n" \
    "    ldr    r7, [r7]\n" \
    "    adds   r2, #48\n" \
    "    ldmia  r2!, {r1, r3-r5}\n" \
    "    mov    r12, r4\n"

// Two taps of four pixels in one channel: t = lo + hi * 2^16 + half.
// S (r8, r10) sums t, H (r9, r11) sums t >> 16.
#if TIN_M0P_THUMB2
#define TIN_M0P_BYTE0 "    sxtb   r3, r2\n"
#define TIN_M0P_BYTE1 "    sxtb   r3, r2, ror #8\n"
#define TIN_M0P_BYTE2 "    sxtb   r3, r2, ror #16\n"
#define TIN_M0P_BYTE3 "    sxtb   r3, r2, ror #24\n"
#define TIN_M0P_TAPS_S8(first, second) \
    "    ldmia  r1!, {r2}\n" \
    "    ldmia  r0!, {r4-r7}\n" \
    first \
    "    mla    r4, r4, r3, r12\n" \
    "    mla    r5, r5, r3, r12\n" \
    second \
    "    mla    r4, r6, r3, r4\n" \
    "    mla    r5, r7, r3, r5\n" \
    "    add    r8, r4\n" \
    "    add    r10, r5\n" \
    "    add    r9, r9, r4, asr #16\n" \
    "    add    r11, r11, r5, asr #16\n"
#else
#define TIN_M0P_BYTE0 "    sxtb   r3, r2\n"
#define TIN_M0P_BYTE1 "    lsls   r3, r2, #16\n    asrs   r3, #24\n"
#define TIN_M0P_BYTE2 "    lsls   r3, r2, #8\n    asrs   r3, #24\n"
#define TIN_M0P_BYTE3 "    asrs   r3, r2, #24\n"
#define TIN_M0P_TAPS_S8(first, second) \
    "    ldmia  r1!, {r2}\n" \
    "    ldmia  r0!, {r4-r7}\n" \
    first \
    "    muls   r4, r3\n" \
    "    muls   r5, r3\n" \
    second \
    "    muls   r6, r3\n" \
    "    muls   r7, r3\n" \
    "    adds   r4, r6\n" \
    "    adds   r5, r7\n" \
    "    add    r4, r12\n" \
    "    add    r5, r12\n" \
    "    add    r8, r4\n" \
    "    add    r10, r5\n" \
    "    asrs   r4, #16\n" \
    "    asrs   r5, #16\n" \
    "    add    r9, r4\n" \
    "    add    r11, r5\n"
#endif

// r0 = columns, lr = their end
#define TIN_M0P_CHANNEL_S8(first, second) \
    "    ldr    r2, [sp]\n" \
    "    ldr    r0, [r2, #44]\n" \
    "    ldr    r3, [r2, #64]\n" \
    "    mov    lr, r3\n" \
    "22:\n" \
    TIN_M0P_CHANNEL \
    "    lsls   r4, r7, #16\n" \
    "    adds   r4, r7\n" \
    "    subs   r4, r3\n" \
    "    mov    r8, r4\n" \
    "    mov    r10, r4\n" \
    "    adds   r7, r5\n"                /* for the -1 of each t */ \
    "    mov    r9, r7\n" \
    "    mov    r11, r7\n" \
    "    lsls   r5, #30\n" \
    "    bmi    21f\n"                   /* an odd number of fours */ \
    "20:\n" \
    TIN_M0P_TAPS_S8(first, second) \
    TIN_M0P_TAPS_S8(first, second) \
    "21:\n" \
    TIN_M0P_TAPS_S8(first, second) \
    TIN_M0P_TAPS_S8(first, second) \
    "    cmp    r0, lr\n" \
    "    bne    20b\n" \
    "    bl     70f\n" \
    "    bcc    22b\n"

// One tap of six pixels: r8-r10 sum x * w, from 0x8000 on.
#if TIN_M0P_THUMB2
#define TIN_M0P_NIBBLE(left) \
    "    sbfx   r3, r2, #28 - " left ", #4\n"
#define TIN_M0P_TAP_S4(nibble) \
    "    ldmia  r0!, {r4-r6}\n" \
    nibble \
    "    mla    r8, r4, r3, r8\n" \
    "    mla    r9, r5, r3, r9\n" \
    "    mla    r10, r6, r3, r10\n"
#else
#define TIN_M0P_NIBBLE(left) \
    "    lsls   r3, r2, #" left "\n" \
    "    asrs   r3, #28\n"
#define TIN_M0P_TAP_S4(nibble) \
    "    ldmia  r0!, {r4-r6}\n" \
    nibble \
    "    muls   r4, r3\n" \
    "    muls   r5, r3\n" \
    "    muls   r6, r3\n" \
    "    add    r8, r4\n" \
    "    add    r9, r5\n" \
    "    add    r10, r6\n"
#endif

#define TIN_M0P_SPLIT_S4(lanes) \
    "    mov    r3, " lanes "\n" \
    "    ldr    r4, [r2]\n" \
    "    ldr    r5, [r2, #4]\n" \
    "    uxth   r6, r3\n" \
    "    asrs   r3, #16\n" \
    "    adds   r4, r6\n" \
    "    adds   r5, r3\n" \
    "    stmia  r2!, {r4, r5}\n"

#define TIN_M0P_CHANNEL_S4(nibble0, nibble1, nibble2, nibble3) \
    "    ldr    r2, [sp]\n" \
    "    ldr    r0, [r2, #44]\n" \
    TIN_M0P_CHANNEL \
    "    subs   r4, r7, r3\n" \
    "    adds   r2, #20\n" \
    "    movs   r5, r7\n" \
    "    movs   r6, r4\n" \
    "    stmia  r2!, {r4-r7}\n" \
    "    stmia  r2!, {r4, r5}\n" \
    "30: mov    r8, r12\n" \
    "    mov    r9, r12\n" \
    "    mov    r10, r12\n" \
    "    ldr    r2, [sp]\n" \
    "    ldr    r3, [r2, #64]\n" \
    "    ldr    r4, [r2, #60]\n" \
    "    adds   r4, r0\n" \
    "    cmp    r4, r3\n" \
    "    bls    31f\n" \
    "    movs   r4, r3\n" \
    "31: mov    lr, r4\n" \
    "32: ldmia  r1!, {r2}\n" \
    TIN_M0P_TAP_S4(nibble0) \
    TIN_M0P_TAP_S4(nibble1) \
    TIN_M0P_TAP_S4(nibble2) \
    TIN_M0P_TAP_S4(nibble3) \
    "    cmp    r0, lr\n" \
    "    bne    32b\n" \
    "    bl     75f\n" \
    "    cmp    r0, r3\n" \
    "    bne    30b\n" \
    "    bl     72f\n"

TIN_ASM void tin_m0p_gemm(tin_m0p_gemm_t *job) {
    __asm__ (
        ".syntax unified\n"
        TIN_M0P_SAVE
        "    push   {r0, r4-r7}\n"
        "    ldr    r1, [r0, #80]\n"
        "    cmp    r1, #0\n"
        "    beq    10f\n"
        "    b      12f\n"

        // s8: the first channel has bytes 0 and 2 of each word, the second 1 and 3
        "10:\n"
        TIN_M0P_CHANNEL_S8(TIN_M0P_BYTE0, TIN_M0P_BYTE2)
        "    bne    11f\n"
        "    b      14f\n"
        "11:\n"
        TIN_M0P_CHANNEL_S8(TIN_M0P_BYTE1, TIN_M0P_BYTE3)
        "    beq    11f\n"
        "    ldr    r3, [r2, #48]\n"
        "    ldr    r4, [r2, #76]\n"
        "    adds   r3, r4\n"
        "    str    r3, [r2, #48]\n"
        "    b      10b\n"
        "11: b      14f\n"

        // s4: high nibbles, then low ones, of the same bytes
        "12:\n"
        TIN_M0P_CHANNEL_S4(TIN_M0P_NIBBLE("24"), TIN_M0P_NIBBLE("16"), TIN_M0P_NIBBLE("8"), "    asrs   r3, r2, #28\n")
        "    bne    13f\n"
        "    b      14f\n"
        "13:\n"
        TIN_M0P_CHANNEL_S4(TIN_M0P_NIBBLE("28"), TIN_M0P_NIBBLE("20"), TIN_M0P_NIBBLE("12"), TIN_M0P_NIBBLE("4"))
        "    beq    14f\n"
        "    ldr    r3, [r2, #48]\n"
        "    ldr    r4, [r2, #76]\n"
        "    adds   r3, r4\n"
        "    str    r3, [r2, #48]\n"
        "    b      12b\n"

        "14: pop    {r0, r4-r7}\n"
        TIN_M0P_RESTORE

        // Sums of four pixels; not the last four: r2 = job, lr = next columns' end, carry clear
        "70: mov    r4, r8\n"
        "    mov    r5, r9\n"
        "    mov    r6, r10\n"
        "    mov    r7, r11\n"
        "    lsls   r3, r5, #16\n"        // `halves` came in with S alone: S - (H << 16) is the low pixel's sum
        "    subs   r4, r3\n"
        "    lsls   r3, r7, #16\n"
        "    subs   r6, r3\n"
        "    ldr    r2, [sp]\n"
        "    ldr    r3, [r2, #68]\n"
        "    cmp    r0, r3\n"
        "    beq    71f\n"
        "    ldr    r1, [r2]\n"
        "    stmia  r1!, {r4-r7}\n"
        "    mov    r1, lr\n"
        "    mov    lr, r3\n"
        "    bx     r1\n"
        "71: ldr    r0, [r2, #72]\n"
        "    stmia  r0!, {r4-r7}\n"

        // Outputs of one channel: r2 = job, flags: equal after the last channel, carry set
        "72: push   {r4, lr}\n"
        "    ldr    r2, [sp, #8]\n"
        "    bl     tin_m0p_requant\n"
        "    add    sp, #8\n"
        "    ldr    r2, [sp, #8]\n"
        "    ldr    r3, [r2, #8]\n"
        "    ldr    r4, [r2, #40]\n"
        "    cmp    r4, r3\n"
        "    pop    {r4, pc}\n"

        // Adds the lanes to the sums; r3 = end of columns
        "75: ldr    r2, [sp]\n"
        "    ldr    r7, [r2, #64]\n"
        "    adds   r2, #84\n"
        TIN_M0P_SPLIT_S4("r8")
        TIN_M0P_SPLIT_S4("r9")
        TIN_M0P_SPLIT_S4("r10")
        "    movs   r3, r7\n"
        "    bx     lr\n"
    );
}

// Weights at odd addresses are copied before.
TIN_KERNEL(gemm_block, gemm_copied, true)
TIN_KERNEL(gemm_block, gemm, gemm->aligned)

TIN_M0P_APART void tin_gemm_block__m0p(const tin_gemm_t *gemm, const void *block, int32_t pixels) {
    const int32_t taps = (gemm->taps + 3) & ~3;
    tin_m0p_gemm_t job;
    tin_m0p_set_output(&job.requant, &gemm->to);
    job.requant.acc = job.acc;
    job.requant.acc_end = job.acc + pixels;
    job.requant.out = gemm->out;
    job.requant.out_step = gemm->out_pitch;
    job.columns = block;
    job.s4 = gemm->s4;
    if (gemm->s4) {
        job.half = 0x8000;
        job.columns_end = job.columns + 3 * taps;
        job.halves = 0;
        for (int32_t tap = 0; tap < taps; tap += TIN_M0P_CHUNK(gemm->wide)) {
            job.halves += job.half;
        }
        job.pairs_or_chunk = 12 * TIN_M0P_CHUNK(gemm->wide);
        job.pair_bytes = (uint32_t)taps;
    } else {
        job.columns_end = job.columns + 2 * taps;
        job.columns_last = pixels > 4 ? job.columns + 4 * taps : job.columns_end;
        job.acc_last = pixels > 4 ? job.acc + 4 : job.acc;
        job.half = 0x7fff - (1 << 16);
        job.pairs_or_chunk = (uint32_t)taps / 2;
        job.halves = job.pairs_or_chunk * job.half;
        job.pair_bytes = 2 * (uint32_t)taps;
    }
    if (tin_takes_gemm(gemm)) {
        job.requant.params = (const tin_params_t *)(const void *)gemm->params;
        job.params_end = job.requant.params + gemm->channels;
        job.weights = gemm->weights;
        TIN_RAN(gemm, pixels * gemm->channels * gemm->taps);
        tin_m0p_gemm(&job);
        return;
    }
    // One pair at a time, copied to where the gathered bytes were.
    uint8_t *const copy = (uint8_t *)(uintptr_t)block + 2 * TIN_BLOCK_PIXELS(gemm->taps, gemm->s4) * taps;
    const uint8_t *weights = gemm->weights;
    TIN_RAN(gemm_copied, pixels * gemm->channels * gemm->taps);
    for (int32_t oc = 0; oc < gemm->channels; oc += 2) {
        const tin_params_t params[2] = { tin_params(gemm->params, oc), tin_params(gemm->params, oc + 1) };
        for (uint32_t i = 0; i < job.pair_bytes; i++) {
            copy[i] = *weights++;
        }
        job.requant.params = params;
        job.params_end = params + (gemm->channels - oc < 2 ? 1 : 2);
        job.weights = copy;
        tin_m0p_gemm(&job);
    }
}
#define tin_gemm_block tin_gemm_block__m0p

#endif
