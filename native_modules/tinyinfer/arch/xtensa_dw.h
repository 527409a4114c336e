// Depthwise 3x3 on Xtensa: weights in the registers of MAC16, three sums under way.
#ifndef TIN_XTENSA_DW_H
#define TIN_XTENSA_DW_H

#include "arch/dw_taps.h"
#include "arch/xtensa_store.h"

#define TIN_XTENSA_WIDEST (128)

// Lines of one channel's plane.
typedef struct {
    const int8_t *row[3];        // of the image
    int8_t *out;
    int32_t step;                // from pixel to pixel of either
    int32_t lines;
    int32_t whole;               // outputs of a line without padding on the right
    int32_t advance;             // from the last column of a line to the first of the next
    bool pad_left, pad_right;
    int32_t first, last;         // what the padding adds, with `start` on the left
    int32_t start;               // of each sum: what rows outside of the image add
    const tin_gemm_t *dw;
    int32_t channel;
} tin_xtensa_plane_t;

// The places that the assembly names; an array of -1 elements does not compile.
typedef char tin_xtensa_plane_places_t[offsetof(tin_xtensa_plane_t, pad_right) == 33 && offsetof(tin_xtensa_plane_t, start) == 44 ? 1 : -1];

// a2 plane; a3 last weight; a4, a5, a6 rows; a7 sums; a8 step; a9 sum of the next output, a10 of the one behind it; a11, a12, a13
// a column; a14 sum of this output, a15 start. m0 to m3 hold the other weights.
#define COLUMN \
    "    l8ui   a11, a4, 0\n" \
    "    l8ui   a12, a5, 0\n" \
    "    l8ui   a13, a6, 0\n" \
    "    add    a4, a4, a8\n" \
    "    add    a5, a5, a8\n" \
    "    add    a6, a6, a8\n" \
    "    sext   a11, a11, 7\n" \
    "    sext   a12, a12, 7\n" \
    "    sext   a13, a13, 7\n"
#define LEFT(to, from) \
    "    wsr.acclo " from "\n" \
    "    mula.da.ll m0, a11\n" \
    "    mula.da.hl m1, a12\n" \
    "    mula.ad.ll a13, m3\n" \
    "    rsr.acclo " to "\n"
#define MIDDLE(to, from) \
    "    wsr.acclo " from "\n" \
    "    mula.da.hl m0, a11\n" \
    "    mula.ad.ll a12, m2\n" \
    "    mula.ad.lh a13, m3\n" \
    "    rsr.acclo " to "\n"
#define RIGHT(to, from) \
    "    wsr.acclo " from "\n" \
    "    mula.da.ll m1, a11\n" \
    "    mula.ad.lh a12, m2\n" \
    "    mula.aa.ll a3, a13\n" \
    "    rsr.acclo " to "\n"
#define SUM(from) \
    "    s32i   " from ", a7, 0\n" \
    "    addi   a7, a7, 4\n"
// `before` the first output, `again` for each without padding, `behind` them what precedes the one with padding.
#define LINES(before, again, behind) \
    __asm__ volatile ( \
        "    ldinc  m0, a3\n" \
        "    ldinc  m1, a3\n" \
        "    ldinc  m2, a3\n" \
        "    ldinc  m3, a3\n" \
        "    l32i   a3, a3, 4\n" \
        "    l32i   a4, a2, 0\n" \
        "    l32i   a5, a2, 4\n" \
        "    l32i   a6, a2, 8\n" \
        "    l32i   a8, a2, 16\n" \
        "    l32i   a15, a2, 44\n" \
        "1:  l8ui   a14, a2, 32\n" \
        "    l32i   a9, a2, 36\n" \
        "    bnez   a14, 2f\n" \
        COLUMN LEFT("a9", "a15") \
        "2:\n" \
        before \
        "    l32i   a14, a2, 24\n" \
        "    loop   a14, 3f\n" \
        again \
        SUM("a14") \
        "3:  l8ui   a14, a2, 33\n" \
        "    beqz   a14, 4f\n" \
        behind \
        "    l32i   a14, a2, 40\n" \
        "    add    a14, a14, a9\n" \
        SUM("a14") \
        "4:  l32i   a14, a2, 28\n" \
        "    add    a4, a4, a14\n" \
        "    add    a5, a5, a14\n" \
        "    add    a6, a6, a14\n" \
        "    l32i   a14, a2, 20\n" \
        "    addi   a14, a14, -1\n" \
        "    s32i   a14, a2, 20\n" \
        "    bnez   a14, 1b\n" \
        "    s32i   a4, a2, 0\n" \
        "    s32i   a5, a2, 4\n" \
        "    s32i   a6, a2, 8\n" \
        : "+r"(a2), "+r"(a3), "+r"(a7) \
        : \
        : "a4", "a5", "a6", "a8", "a9", "a10", "a11", "a12", "a13", "a14", "a15", "memory")

// Sums of plane->lines lines, which become 0; the rows are then those of the next line.
TIN_HOT void tin_xtensa_lines(tin_xtensa_plane_t *plane, const int8_t *weights, int32_t *sums, bool stride_1) {
    // A load comes before the address.
    int32_t pairs[6] = { 0 };
    for (int32_t i = 0; i < 4; i++) {
        pairs[i + 1] = (weights[2 * i] & 0xffff) | weights[2 * i + 1] * (1 << 16);
    }
    pairs[5] = weights[8];
    register tin_xtensa_plane_t *a2 __asm__("a2") = plane;
    register int32_t *a3 __asm__("a3") = pairs;
    register int32_t *a7 __asm__("a7") = sums;
    if (stride_1) {
        LINES(
            COLUMN MIDDLE("a9", "a9") LEFT("a10", "a15"),
            COLUMN RIGHT("a14", "a9") MIDDLE("a9", "a10") LEFT("a10", "a15"),
            "");
    } else {
        LINES(
            "",
            COLUMN MIDDLE("a9", "a9") COLUMN RIGHT("a14", "a9") LEFT("a9", "a15"),
            COLUMN MIDDLE("a9", "a9"));
    }
}
#undef COLUMN
#undef LEFT
#undef MIDDLE
#undef RIGHT
#undef SUM
#undef LINES

// As many lines at a time as there is room for their sums, which lack the bias of the params.
TIN_HOT void tin_xtensa_plane(tin_xtensa_plane_t *plane, const int8_t *weights, bool stride_1) {
    const int32_t width = plane->whole + plane->pad_right;
    int32_t sums[TIN_XTENSA_WIDEST];
    tin_gemm_t dw = *plane->dw;
    dw.out = plane->out - plane->channel;
    for (int32_t left = plane->lines; left > 0; ) {
        plane->lines = left * width <= TIN_XTENSA_WIDEST ? left : TIN_XTENSA_WIDEST / width;
        left -= plane->lines;
        const int32_t outputs = plane->lines * width;
        tin_xtensa_lines(plane, weights, sums, stride_1);
        tin_xtensa_store(sums, &dw, plane->channel, outputs);
        dw.out += outputs * plane->step;
    }
    plane->out = dw.out + plane->channel;
}

// A line with rows outside of the image: their weights go to the start.
TIN_ALWAYS void tin_xtensa_plane_edge(tin_xtensa_plane_t *plane, int8_t *weights, int32_t h, int32_t in_h, int32_t zero_point) {
    for (int32_t ky = 0; ky < 3; ky++, weights += 3) {
        if ((uint32_t)(h + ky) >= (uint32_t)in_h) {
            plane->start += zero_point * (weights[0] + weights[1] + weights[2]);
            weights[0] = weights[1] = weights[2] = 0;
        }
    }
}

// Not beyond one column of padding on either side, at least one output without any on the right.
TIN_KERNEL(dw_rows, dw3x3, !dw->s16 && window->kernel_h == 3 && window->kernel_w == 3 && window->stride_w <= 2
    && window->stride_h == window->stride_w && window->dilation_h == 1 && window->dilation_w == 1 && multiplier == 1
    && window->pad_left <= 1 && (window->out_w - 1) * window->stride_w + 2 - window->pad_left <= window->in_w
    && (window->out_w > 1 || window->pad_left + window->in_w >= 3) && dw->form != TIN_FORM_WIDE && window->out_w <= TIN_XTENSA_WIDEST)

// Channel by channel over all rows: a channel's outputs only ever lie over inputs of the same channel (SPEC.md "Overlap").
TIN_HOT void tin_dw_rows__xtensa(const tin_window_t *window, const tin_gemm_t *dw, tin_pixel_t pixel, int32_t rows, int32_t multiplier,
    void *scratch) {
    const int32_t stride = window->stride_w, line = window->in_w * window->in_c, zero_point = window->zero_point;
    const int32_t beyond = (window->out_w - 1) * stride + 3 - window->pad_left - window->in_w;
    const int32_t whole = window->out_w - (beyond == 1);
    if (!tin_takes_dw3x3(window, dw, multiplier)) {
        tin_dw_rows__taps(window, dw, pixel, rows, multiplier, scratch);
        return;
    }
    TIN_RAN(dw3x3, rows * window->out_w * dw->channels * dw->taps);
    tin_xtensa_plane_t plane = { .step = window->in_c, .dw = dw };
    plane.whole = whole;
    plane.pad_left = window->pad_left == 1;
    plane.pad_right = beyond == 1;
    const int32_t columns = 1 - window->pad_left + (stride == 1 ? 1 + whole : 2 * whole + (beyond == 1));
    plane.advance = stride * line - columns * window->in_c;
    for (int32_t oc = 0; oc < dw->channels; oc++) {
        const uint8_t *const stored = dw->weights + oc * (dw->s4 ? 5 : 9);
        int8_t unpacked[9];
        const int8_t *weights = (const int8_t *)stored;
        if (dw->s4) {
            for (int32_t tap = 0; tap < 9; tap++) {
                unpacked[tap] = (int8_t)tin_plane_weight(stored, true, tap);
            }
            weights = unpacked;
        }
        plane.out = dw->out + oc;
        plane.channel = oc;
        int32_t h = pixel.oh * stride - window->pad_top;
        for (int32_t row = 0; row < rows; row += plane.lines, h += plane.lines * stride) {
            int8_t edge[9];
            const int8_t *used = weights;
            plane.start = 0;
            plane.lines = 1;
            if (h < 0 || h + 2 >= window->in_h) {
                for (int32_t tap = 0; tap < 9; tap++) {
                    edge[tap] = weights[tap];
                }
                tin_xtensa_plane_edge(&plane, edge, h, window->in_h, zero_point);
                used = edge;
            } else {
                // All lines whose rows are inside.
                while (row + plane.lines < rows && h + plane.lines * stride + 2 < window->in_h) {
                    plane.lines++;
                }
            }
            const int32_t lines = plane.lines;
            for (int32_t ky = 0; ky < 3; ky++) {
                plane.row[ky] = pixel.x + tin_clamp(h + ky, 0, window->in_h - 1) * line + oc;
            }
            plane.first = plane.start + zero_point * (used[0] + used[3] + used[6]);
            plane.last = zero_point * (used[2] + used[5] + used[8]);
            tin_xtensa_plane(&plane, used, stride == 1);
            plane.lines = lines;
        }
    }
}
#define tin_dw_rows tin_dw_rows__xtensa

#endif
