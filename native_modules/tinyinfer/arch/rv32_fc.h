// Fully connected on RV32: sixteen channels at a time of s8, four of s4.
#ifndef TIN_RV32_FC_H
#define TIN_RV32_FC_H

#include "arch/rv32.h"

// One tap of a quad.
#define QUAD(quad, at, r0, r1, r2, r3) \
    "    lbu    t1, " at "(" quad ")\n" \
    "    lbu    t2, " at "+1(" quad ")\n" \
    "    mul    t1, t1, t0\n" \
    "    mul    t2, t2, t0\n" \
    "    add    " r0 ", " r0 ", t1\n" \
    "    add    " r1 ", " r1 ", t2\n" \
    "    lbu    t1, " at "+4(" quad ")\n" \
    "    lbu    t2, " at "+5(" quad ")\n" \
    "    mul    t1, t1, t0\n" \
    "    mul    t2, t2, t0\n" \
    "    add    " r2 ", " r2 ", t1\n" \
    "    add    " r3 ", " r3 ", t2\n"
#define TAP(x, at) \
    "    lb     t0, " x "(a0)\n" \
    QUAD("a2", at, "s0", "s1", "s2", "s3") \
    QUAD("a3", at, "s4", "s5", "s6", "s7") \
    QUAD("a4", at, "s8", "s9", "s10", "s11") \
    QUAD("a5", at, "t3", "t4", "t5", "t6")

// Of x up to `end`, a multiple of 4 taps, and the 4 at `rest` if there are: `start` and the sums of x * (w + 128) for the 4 channels
// of quads a to d each.
TIN_ASM void tin_rv32_fc_s8(const int8_t *x, const int8_t *end, const uint8_t *a, const uint8_t *b, const uint8_t *c, const uint8_t *d,
    int32_t start, int32_t *sums, const int8_t *rest) {
    __asm__ (
        SAVE_ALL
        "    .irp   sum, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, t3, t4, t5, t6\n"
        "    mv     \\sum, a6\n"
        "    .endr\n"
        "    sub    t0, a1, a0\n"
        "    andi   t0, t0, 4\n"
        "    beqz   t0, 1f\n"
        "0:  addi   a0, a0, -4\n"          // the second half alone
        "    addi   a2, a2, -16\n"
        "    addi   a3, a3, -16\n"
        "    addi   a4, a4, -16\n"
        "    addi   a5, a5, -16\n"
        "    j      2f\n"
        "1:\n"
        TAP("0", "0")
        TAP("1", "8")
        TAP("2", "2")
        TAP("3", "10")
        "2:\n"
        TAP("4", "16")
        TAP("5", "24")
        TAP("6", "18")
        TAP("7", "26")
        "    addi   a0, a0, 8\n"
        "    addi   a2, a2, 32\n"
        "    addi   a3, a3, 32\n"
        "    addi   a4, a4, 32\n"
        "    addi   a5, a5, 32\n"
        "    bne    a0, a1, 1b\n"
        "    lw     a0, 64(sp)\n"
        "    sw     zero, 64(sp)\n"
        "    addi   a1, a0, 4\n"
        "    bnez   a0, 0b\n"
        "    .set   at, 0\n"
        "    .irp   sum, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, t3, t4, t5, t6\n"
        "    sw     \\sum, at(a7)\n"
        "    .set   at, at + 4\n"
        "    .endr\n"
        RESTORE_ALL);
}

#undef QUAD
#undef TAP

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

// `start` and the sums of x * (w + 8) for a quad. A masked word has two taps of a channel in its halves; times the same two of x,
// crosswise, their sum is in the upper half of the product. What lies below stays below: 8 such products keep both halves inside of
// 16 bits.
TIN_HOT void tin_rv32_fc_s4(const uint32_t *x, int32_t quads, const uint32_t *w, int32_t start, int32_t sums[4]) {
    const uint32_t mask = 0x000f000f, lower = 0x8000;
    int32_t a = start, b = start, c = start, d = start;
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
        uint32_t part_a = lower, part_b = lower, part_c = lower, part_d = lower;
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

// Sums of channels [oc, oc + channels), without bias, to the outputs. Sums below 2^30 leave room for one more bit: a rounding high
// product is MULH and the top bit of MUL.
TIN_HOT void tin_rv32_fc_store(const tin_gemm_t *fc, const int32_t *sums, int32_t oc, int32_t channels) {
    const tin_output_t to = fc->to;
    tin_params_t copies[16];
    const tin_params_t *params = tin_rv32_params(fc->params, oc, channels, copies);
    const int32_t offset = 2 * to.zero_point + 1;
    int8_t *out = fc->out + oc;
    for (const int32_t *const end = sums + channels; sums != end; sums++, params++) {
        const int32_t acc = tin_wrap_add(*sums, params->bias), shift = ~params->shift;
        int32_t value;
        if ((int32_t)((uint32_t)acc + (1u << 30)) >= 0 && (uint32_t)shift < 31) {
            const int32_t twice = (int32_t)((uint32_t)acc << 1);
            const int32_t high = (int32_t)((int64_t)twice * params->multiplier >> 32);
            const int32_t h = high + (int32_t)((uint32_t)twice * (uint32_t)params->multiplier >> 31);
            value = tin_clamp((((h + (h >> 31)) >> shift) + offset) >> 1, to.low, to.high);
        } else {
            value = tin_requantize(acc, params, &to);
        }
        *out++ = (int8_t)value;
    }
}

TIN_HOT int32_t tin_rv32_fc_total(const int8_t *x, int32_t taps) {
    int32_t total = 0;
    for (; taps >= 4; taps -= 4, x += 4) {
        total += x[0] + x[1] + x[2] + x[3];
    }
    for (; taps > 0; taps--) {
        total += *x++;
    }
    return total;
}

TIN_KERNEL(fc_row, fc, (!fc->s4 || fc->aligned) && out_bits == 8)

TIN_COLD void tin_fc_row__rv32(const tin_gemm_t *fc, const int8_t *x, int32_t out_bits, void *scratch) {
    const int32_t taps = fc->taps, whole = taps & ~3, pitch = (taps + 3) & ~3, quad_bytes = 4 * pitch >> fc->s4;
    if (!tin_takes_fc(fc, out_bits)) {
        tin_fc_row__generic(fc, x, out_bits, scratch);
        return;
    }
    TIN_RAN(fc, fc->channels * fc->taps);
    const int32_t offset = -tin_rv32_fc_total(x, taps) * (fc->s4 ? 8 : 128);
    int8_t last[4] = { 0, 0, 0, 0 };
    for (int32_t tap = whole; tap < taps; tap++) {
        last[tap & 3] = x[tap];
    }
    if (fc->s4) {
        tin_rv32_fc_pack(x, taps, scratch);
    }
    const uint8_t *quad = fc->weights;
    int32_t sums[16];
    for (int32_t oc = 0; oc < fc->channels; oc += 16, quad += 4 * quad_bytes) {
        const int32_t channels = fc->channels - oc < 16 ? fc->channels - oc : 16;
        // Missing quads repeat the last.
        const uint8_t *const b = channels > 4 ? quad + quad_bytes : quad;
        const uint8_t *const c = channels > 8 ? b + quad_bytes : b;
        const uint8_t *const d = channels > 12 ? c + quad_bytes : c;
        if (fc->s4) {
            for (int32_t i = 0; i < channels; i += 4) {
                tin_rv32_fc_s4(scratch, pitch / 4, (const uint32_t *)(const void *)(quad + i / 4 * quad_bytes), offset, sums + i);
            }
        } else if (whole != 0) {
            tin_rv32_fc_s8(x, x + whole, quad, b, c, d, offset, sums, whole == taps ? NULL : last);
        } else {
            tin_rv32_fc_s8(last, last + 4, quad, b, c, d, offset, sums, NULL);
        }
        tin_rv32_fc_store(fc, sums, oc, channels);
    }
}
#define tin_fc_row tin_fc_row__rv32
// One sum for each of the params: the sums tell.
#define TIN_FC_FORM (0)

#endif
