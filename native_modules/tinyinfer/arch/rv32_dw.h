// Depthwise 3x3 on RV32: a plane at a time, its weights and three sums under way in registers.
#ifndef TIN_RV32_DW_H
#define TIN_RV32_DW_H

#include "arch/rv32.h"
#include "arch/dw_taps.h"

// Lines of one channel's plane.
typedef struct {
    const int8_t *row[3];        // of the image
    int8_t *out;
    int32_t step;                // from pixel to pixel of either
    int32_t low, high;
    int32_t negative;            // output of all sums below zero, 128 if they differ
    int32_t lines;
    int32_t whole;               // bytes of a line's outputs without padding on the right
    int32_t advance;             // from the last column of a line to the first of the next
    bool pad_left, pad_right;
    bool two;                    // stride 2, else 1
    int32_t first, last;         // what the padding adds, with the bias on the left
    tin_rv32_scale_t scale;      // of sums, which are twice what they would be: weights, bias, first and last are
} tin_rv32_plane_t;

// The places that the assembly names; an array of -1 elements does not compile.
typedef char tin_rv32_plane_places_t[offsetof(tin_rv32_plane_t, two) == 46 && offsetof(tin_rv32_plane_t, scale) == 56
    && sizeof(tin_rv32_plane_t) == 72 ? 1 : -1];

#define LOAD(row) \
    "    lb     t6, 0(" row ")\n" \
    "    add    " row ", " row ", a6\n"
#define ADD(sum, from, weight) \
    "    mul    a7, t6, " weight "\n" \
    "    add    " sum ", " from ", a7\n"
#define ROW_1(row, sum, weight) LOAD(row) ADD(sum, sum, weight)
#define ROW_2(row, w0, from0, w1, from1) LOAD(row) ADD("t5", from0, w0) ADD("t3", from1, w1)

// The sum in t5 to the output, then on with `loop` while there are outputs without padding.
#define OUTPUT(sum, stored, negative, loop) \
    sum ":  bltz   t5, " negative "f\n" \
    "    mulh   t6, t5, s10\n" \
    "    mul    t5, t5, s10\n" \
    "    srli   t5, t5, 31\n" \
    "    add    t6, t6, t5\n" \
    "    add    t6, t6, ra\n" \
    "    sra    t6, t6, s11\n" \
    "    ble    t6, t2, " stored "f\n" \
    "    mv     t6, t2\n" \
    stored ": sb     t6, 0(a5)\n" \
    "    add    a5, a5, a6\n" \
    "    bne    a5, t0, " loop "b\n"
#define NEGATIVE(stored, negative) \
    negative ": lw     t6, 28(a0)\n" \
    "    ble    t6, t2, " stored "b\n"

// s0 to s8 weights; a2, a3, a4 rows; a5 out; a6 step; s9 bias; s10 multiplier; s11 shift; ra zero; t0 end of the line's
// outputs; t1, t2 clamp; t3 sum of the next output, t4 (stride 1) of the one behind it, t5 of this; t6, a7 temporaries; a1 whether
// one with padding on the right is to come.
TIN_ASM void tin_rv32_plane(tin_rv32_plane_t *plane, const int8_t *weights) {
    __asm__ (
        SAVE_ALL
        "    .set   at, 0\n"
        "    .irp   weight, s0, s1, s2, s3, s4, s5, s6, s7, s8\n"
        "    lb     \\weight, at(a1)\n"
        "    slli   \\weight, \\weight, 1\n"
        "    .set   at, at + 1\n"
        "    .endr\n"
        "    .set   at, 0\n"
        "    .irp   value, a2, a3, a4, a5, a6, t1, t2\n"
        "    lw     \\value, at(a0)\n"
        "    .set   at, at + 4\n"
        "    .endr\n"
        "    lw     s9, 56(a0)\n"
        "    lw     s10, 60(a0)\n"
        "    lw     s11, 64(a0)\n"
        "    lw     ra, 68(a0)\n"
        // A line.
        "1:  lw     t0, 36(a0)\n"
        "    lbu    a1, 45(a0)\n"
        "    add    t0, t0, a5\n"
        "    lbu    a7, 44(a0)\n"
        "    lw     t3, 48(a0)\n"
        "    bnez   a7, 2f\n"
        "    mv     t3, s9\n"
        ROW_1("a2", "t3", "s0")
        ROW_1("a3", "t3", "s3")
        ROW_1("a4", "t3", "s6")
        "2:  lbu    a7, 46(a0)\n"
        "    bnez   a7, 4f\n"
        // Stride 1.
        "    mv     t4, s9\n"
        LOAD("a2") ADD("t3", "t3", "s1") ADD("t4", "t4", "s0")
        LOAD("a3") ADD("t3", "t3", "s4") ADD("t4", "t4", "s3")
        LOAD("a4") ADD("t3", "t3", "s7") ADD("t4", "t4", "s6")
        "3:\n"
        ROW_2("a2", "s2", "t3", "s1", "t4")
        "    mul    t4, t6, s0\n"
        "    add    t4, t4, s9\n"
        ROW_2("a3", "s5", "t5", "s4", "t3") ADD("t4", "t4", "s3")
        ROW_2("a4", "s8", "t5", "s7", "t3") ADD("t4", "t4", "s6")
        OUTPUT("10", "11", "12", "3")
        // An output with padding on the right, if it is to come.
        "20: beqz   a1, 22f\n"
        "    li     a1, 0\n"
        "    add    t0, t0, a6\n"
        "    lw     t5, 52(a0)\n"
        "    lbu    a7, 46(a0)\n"
        "    beqz   a7, 21f\n"
        ROW_1("a2", "t3", "s1")
        ROW_1("a3", "t3", "s4")
        ROW_1("a4", "t3", "s7")
        "    add    t5, t5, t3\n"
        "    j      13f\n"
        "21: add    t5, t5, t3\n"
        "    j      10b\n"
        // The end of the line.
        "22: lw     a7, 40(a0)\n"
        "    lw     t6, 32(a0)\n"
        "    add    a2, a2, a7\n"
        "    add    a3, a3, a7\n"
        "    add    a4, a4, a7\n"
        "    addi   t6, t6, -1\n"
        "    sw     t6, 32(a0)\n"
        "    bnez   t6, 1b\n"
        "    sw     a5, 12(a0)\n"
        RESTORE_ALL
        // Stride 2.
        "4:\n"
        ROW_1("a2", "t3", "s1")
        ROW_1("a3", "t3", "s4")
        ROW_1("a4", "t3", "s7")
        LOAD("a2") ADD("t5", "t3", "s2")
        "    mul    t3, t6, s0\n"
        "    add    t3, t3, s9\n"
        ROW_2("a3", "s5", "t5", "s3", "t3")
        ROW_2("a4", "s8", "t5", "s6", "t3")
        OUTPUT("13", "14", "15", "4")
        "    j      20b\n"
        // Negative sums, at last to an output above the lower clamp.
        NEGATIVE("11", "12")
        "    j      30f\n"
        NEGATIVE("14", "15")
        "30: mulh   t6, t5, s10\n"
        "    mul    t5, t5, s10\n"
        "    srli   t5, t5, 31\n"
        "    add    t6, t6, t5\n"
        "    srai   t5, t6, 31\n"
        "    add    t6, t6, t5\n"
        "    add    t6, t6, ra\n"
        "    sra    t6, t6, s11\n"
        "    bge    t6, t1, 31f\n"
        "    mv     t6, t1\n"
        "31: lbu    a7, 46(a0)\n"
        "    beqz   a7, 11b\n"
        "    j      14b\n");
}

#undef LOAD
#undef ADD
#undef ROW_1
#undef ROW_2
#undef OUTPUT
#undef NEGATIVE

// A line with rows outside of the image: their weights go to the bias.
TIN_ALWAYS void tin_rv32_plane_edge(tin_rv32_plane_t *plane, int8_t *weights, int32_t h, int32_t in_h, int32_t zero_point) {
    for (int32_t ky = 0; ky < 3; ky++, weights += 3) {
        if ((uint32_t)(h + ky) >= (uint32_t)in_h) {
            plane->scale.bias += 2 * zero_point * (weights[0] + weights[1] + weights[2]);
            weights[0] = weights[1] = weights[2] = 0;
        }
    }
}

// Not beyond one column of padding on either side, at least one output without any on the right.
TIN_KERNEL(dw_rows, dw3x3, !dw->s16 && window->kernel_h == 3 && window->kernel_w == 3 && window->stride_w <= 2
    && window->stride_h == window->stride_w && window->dilation_h == 1 && window->dilation_w == 1 && multiplier == 1
    && window->pad_left <= 1 && (window->out_w - 1) * window->stride_w + 2 - window->pad_left <= window->in_w
    && (window->out_w > 1 || window->pad_left + window->in_w >= 3) && dw->form != TIN_FORM_WIDE)

// Channel by channel over all rows: a channel's outputs only ever lie over inputs of the same channel (SPEC.md "Overlap").
TIN_COLD void tin_dw_rows__rv32(const tin_window_t *window, const tin_gemm_t *dw, tin_pixel_t pixel, int32_t rows, int32_t multiplier,
    void *scratch) {
    const int32_t stride = window->stride_w, line = window->in_w * window->in_c, zero_point = window->zero_point;
    const int32_t beyond = (window->out_w - 1) * stride + 3 - window->pad_left - window->in_w;
    const int32_t whole = window->out_w - (beyond == 1);
    if (!tin_takes_dw3x3(window, dw, multiplier)) {
        tin_dw_rows__taps(window, dw, pixel, rows, multiplier, scratch);
        return;
    }
    TIN_RAN(dw3x3, rows * window->out_w * dw->channels * dw->taps);
    tin_rv32_plane_t plane = { .step = window->in_c, .low = dw->to.low, .high = dw->to.high };
    plane.negative = dw->to.zero_point == dw->to.low ? dw->to.low : 128;
    plane.whole = whole * window->in_c;
    plane.pad_left = window->pad_left == 1;
    plane.pad_right = beyond == 1;
    plane.two = stride == 2;
    const int32_t columns = 1 - window->pad_left + (stride == 1 ? 1 + whole : 2 * whole + (beyond == 1));
    plane.advance = stride * line - columns * window->in_c;
    for (int32_t oc = 0; oc < dw->channels; oc++) {
        const uint8_t *const stored = dw->weights + oc * (dw->s4 ? 5 : 9);
        tin_params_t copy;
        tin_rv32_scale_t scale = tin_rv32_scale(tin_rv32_params(dw->params, oc, 1, &copy), &dw->to);
        scale.bias *= 2;
        int8_t unpacked[9];
        const int8_t *weights = (const int8_t *)stored;
        if (dw->s4) {
            for (int32_t tap = 0; tap < 9; tap++) {
                unpacked[tap] = (int8_t)tin_plane_weight(stored, true, tap);
            }
            weights = unpacked;
        }
        plane.out = dw->out + oc;
        int32_t h = pixel.oh * stride - window->pad_top;
        for (int32_t row = 0; row < rows; row += plane.lines, h += plane.lines * stride) {
            int8_t edge[9];
            const int8_t *used = weights;
            plane.scale = scale;
            plane.lines = 1;
            if (h < 0 || h + 2 >= window->in_h) {
                for (int32_t tap = 0; tap < 9; tap++) {
                    edge[tap] = weights[tap];
                }
                tin_rv32_plane_edge(&plane, edge, h, window->in_h, zero_point);
                used = edge;
            } else {
                // All lines whose rows are inside.
                const int32_t inside = ((window->in_h - 3 - h) >> (stride - 1)) + 1;
                plane.lines = inside < rows - row ? inside : rows - row;
            }
            const int32_t lines = plane.lines;
            for (int32_t ky = 0; ky < 3; ky++) {
                plane.row[ky] = pixel.x + tin_clamp(h + ky, 0, window->in_h - 1) * line + oc;
            }
            plane.first = plane.scale.bias + 2 * zero_point * (used[0] + used[3] + used[6]);
            plane.last = 2 * zero_point * (used[2] + used[5] + used[8]);
            tin_rv32_plane(&plane, used);
            plane.lines = lines;
        }
    }
}
#define tin_dw_rows tin_dw_rows__rv32

#endif
