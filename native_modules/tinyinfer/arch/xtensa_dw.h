// Depthwise 3x3 on Xtensa, of s8 and s16: weights in the registers of MAC16, three sums under way.
#ifndef TIN_XTENSA_DW_H
#define TIN_XTENSA_DW_H

#include "arch/dw_taps.h"
#include "arch/xtensa_store.h"

#define TIN_XTENSA_WIDEST (128)

// Lines of one channel's plane.
typedef struct {
    const int8_t *row[3];        // of the image
    int32_t step;                // from pixel to pixel
    int32_t lines;
    int32_t whole;               // outputs of a line without padding on the right
    int32_t advance;             // from the last column of a line to the first of the next
    bool pad_left, pad_right;
    int32_t first, last;         // what the padding adds, with `start` on the left
    int32_t start;               // of each sum: what rows outside of the image add
} tin_xtensa_plane_t;

// The places that the assembly names; an array of -1 elements does not compile.
typedef char tin_xtensa_plane_places_t[offsetof(tin_xtensa_plane_t, pad_right) == 29 && offsetof(tin_xtensa_plane_t, start) == 40 ? 1 : -1];

// a2 plane; a3 last weight; a4, a5, a6 rows; a7 sums; a8 step; a9 sum of the next output, a10 of the one behind it; a11, a12, a13
// a column; a14 sum of this output, a15 start. m0 to m3 hold the other weights.
#define COLUMN_S16 \
    "    l16si  a11, a4, 0\n" \
    "    l16si  a12, a5, 0\n" \
    "    l16si  a13, a6, 0\n" \
    "    add    a4, a4, a8\n" \
    "    add    a5, a5, a8\n" \
    "    add    a6, a6, a8\n"
#define COLUMN_S8 \
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
#define LINES(column, before, again, behind) \
    __asm__ volatile ( \
        "    ldinc  m0, a3\n" \
        "    ldinc  m1, a3\n" \
        "    ldinc  m2, a3\n" \
        "    ldinc  m3, a3\n" \
        "    l16si  a3, a3, 4\n" \
        "    l32i   a4, a2, 0\n" \
        "    l32i   a5, a2, 4\n" \
        "    l32i   a6, a2, 8\n" \
        "    l32i   a8, a2, 12\n" \
        "    l32i   a15, a2, 40\n" \
        "1:  l8ui   a14, a2, 28\n" \
        "    l32i   a9, a2, 32\n" \
        "    bnez   a14, 2f\n" \
        column LEFT("a9", "a15") \
        "2:\n" \
        before \
        "    l32i   a14, a2, 20\n" \
        "    loop   a14, 3f\n" \
        again \
        SUM("a14") \
        "3:  l8ui   a14, a2, 29\n" \
        "    beqz   a14, 4f\n" \
        behind \
        "    l32i   a14, a2, 36\n" \
        "    add    a14, a14, a9\n" \
        SUM("a14") \
        "4:  l32i   a14, a2, 24\n" \
        "    add    a4, a4, a14\n" \
        "    add    a5, a5, a14\n" \
        "    add    a6, a6, a14\n" \
        "    l32i   a14, a2, 16\n" \
        "    addi   a14, a14, -1\n" \
        "    s32i   a14, a2, 16\n" \
        "    bnez   a14, 1b\n" \
        "    s32i   a4, a2, 0\n" \
        "    s32i   a5, a2, 4\n" \
        "    s32i   a6, a2, 8\n" \
        : "+r"(a2), "+r"(a3), "+r"(a7) \
        : \
        : "a4", "a5", "a6", "a8", "a9", "a10", "a11", "a12", "a13", "a14", "a15", "memory")

#define LINES_1(column) \
    LINES(column, \
        column MIDDLE("a9", "a9") LEFT("a10", "a15"), \
        column RIGHT("a14", "a9") MIDDLE("a9", "a10") LEFT("a10", "a15"), \
        "")
#define LINES_2(column) \
    LINES(column, \
        "", \
        column MIDDLE("a9", "a9") column RIGHT("a14", "a9") LEFT("a9", "a15"), \
        column MIDDLE("a9", "a9"))

// Sums of plane->lines lines, which become 0; the rows are then those of the next line. Returns where the next sums go.
TIN_HOT int32_t *tin_xtensa_lines(tin_xtensa_plane_t *plane, const int32_t *pairs, int32_t *sums, bool stride_1,
    bool s16) {
    register tin_xtensa_plane_t *a2 __asm__("a2") = plane;
    // A load comes before the address.
    register const int32_t *a3 __asm__("a3") = pairs - 1;
    register int32_t *a7 __asm__("a7") = sums;
    if (s16 && stride_1) {
        LINES_1(COLUMN_S16);
    } else if (s16) {
        LINES_2(COLUMN_S16);
    } else if (stride_1) {
        LINES_1(COLUMN_S8);
    } else {
        LINES_2(COLUMN_S8);
    }
    return a7;
}
#undef COLUMN_S8
#undef COLUMN_S16
#undef LINES_1
#undef LINES_2
#undef LEFT
#undef MIDDLE
#undef RIGHT
#undef SUM
#undef LINES

// A channel's weights of 16 bits in the order of its taps, two a word.
typedef union {
    int16_t taps[10];
    int32_t pairs[5];
} tin_xtensa_filter_t;

TIN_ALWAYS void tin_xtensa_filter(const tin_gemm_t *dw, int32_t channel, tin_xtensa_filter_t *filter) {
    if (dw->s4) {
        const uint8_t *const stored = dw->weights + 5 * channel;
        for (int32_t i = 0; i < 4; i++) {
            filter->taps[2 * i] = (int16_t)tin_low_nibble(stored[i]);
            filter->taps[2 * i + 1] = (int16_t)tin_high_nibble(stored[i]);
        }
        filter->taps[8] = (int16_t)tin_low_nibble(stored[4]);
    } else {
        int32_t weight;
        __asm__ volatile (
            "    .set   at, 0\n"
            "    .rept  9\n"
            "    l8ui   %[weight], %[stored], at\n"
            "    sext   %[weight], %[weight], 7\n"
            "    s16i   %[weight], %[taps], 2 * at\n"
            "    .set   at, at + 1\n"
            "    .endr\n"
            : [weight] "=&r"(weight)
            : [stored] "r"(dw->weights + 9 * channel), [taps] "r"(filter->taps)
            : "memory");
    }
}

// Lines of the same rows outside of the image, the first of which reads `row`.
typedef struct {
    const int8_t *row[3];
    int32_t lines;
    uint32_t outside;            // a bit for each
} tin_xtensa_lines_t;

// Weights of rows outside go to the start.
TIN_ALWAYS const int32_t *tin_xtensa_pad(tin_xtensa_plane_t *plane, const tin_xtensa_filter_t *filter, uint32_t outside, int32_t zero_point,
    tin_xtensa_filter_t *inside) {
    const int16_t *taps = filter->taps;
    plane->start = 0;
    if (outside != 0) {
        int32_t start = 0;
        *inside = *filter;
        for (int16_t *row = inside->taps; outside != 0; outside >>= 1, row += 3) {
            if (outside & 1) {
                start += row[0] + row[1] + row[2];
                row[0] = row[1] = row[2] = 0;
            }
        }
        taps = inside->taps;
        filter = inside;
        plane->start = zero_point * start;
    }
    plane->first = plane->start + zero_point * (taps[0] + taps[3] + taps[6]);
    plane->last = zero_point * (taps[2] + taps[5] + taps[8]);
    return filter->pairs;
}

TIN_HOT void tin_xtensa_store_plane(const int32_t *sums, const tin_gemm_t *dw, int32_t oc, int32_t outputs) {
    if (tin_reads_s16(dw)) {
        tin_xtensa_store_s16(sums, dw, oc, outputs);
    } else {
        tin_xtensa_store(sums, dw, oc, outputs);
    }
}

// Not beyond one column of padding on either side, at least one output without any on the right; one line on either side whose rows
// are not all inside.
TIN_KERNEL(dw_rows, dw3x3, window->kernel_h == 3 && window->kernel_w == 3 && window->stride_w <= 2
    && window->stride_h == window->stride_w && window->dilation_h == 1 && window->dilation_w == 1 && multiplier == 1
    && window->pad_left <= 1 && (window->out_w - 1) * window->stride_w + 2 - window->pad_left <= window->in_w
    && (window->out_w > 1 || window->pad_left + window->in_w >= 3) && (dw->s16 || dw->form != TIN_FORM_WIDE) && window->out_w <= TIN_XTENSA_WIDEST
    && window->pad_top <= window->stride_h && (window->out_h - 2) * window->stride_h + 2 - window->pad_top < window->in_h)

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
    tin_xtensa_lines_t groups[3], *end = groups;
    int32_t h = pixel.oh * stride - window->pad_top;
    for (int32_t row = 0; row < rows; row++, h += stride) {
        uint32_t outside = 0;
        for (int32_t ky = 0; ky < 3; ky++) {
            outside |= (uint32_t)((uint32_t)(h + ky) >= (uint32_t)window->in_h) << ky;
        }
        if (end != groups && outside == end[-1].outside) {
            end[-1].lines++;
            continue;
        }
        for (int32_t ky = 0; ky < 3; ky++) {
            end->row[ky] = pixel.x + tin_clamp(h + ky, 0, window->in_h - 1) * line;
        }
        end->lines = 1;
        end->outside = outside;
        end++;
    }
    tin_xtensa_plane_t plane = { .step = window->in_c, .whole = whole, .pad_left = window->pad_left == 1, .pad_right = beyond == 1 };
    const int32_t columns = 1 - window->pad_left + (stride == 1 ? 1 + whole : 2 * whole + (beyond == 1));
    plane.advance = stride * line - columns * window->in_c;
    // As many lines at a time as there is room for their sums, which lack the bias of the params.
    int32_t sums[TIN_XTENSA_WIDEST];
    const int32_t most = TIN_XTENSA_WIDEST / window->out_w;
    const bool s16 = tin_reads_s16(dw);
    tin_gemm_t to = *dw;
    for (int32_t oc = 0; oc < dw->channels; oc++) {
        tin_xtensa_filter_t filter, inside;
        tin_xtensa_filter(dw, oc, &filter);
        int32_t *next = sums, room = most;
        to.out = dw->out;
        for (const tin_xtensa_lines_t *group = groups; group != end; group++) {
            const int32_t *const pairs = tin_xtensa_pad(&plane, &filter, group->outside, zero_point, &inside);
            for (int32_t ky = 0; ky < 3; ky++) {
                plane.row[ky] = group->row[ky] + (s16 ? 2 * oc : oc);
            }
            for (int32_t left = group->lines; left > 0; ) {
                if (room == 0) {
                    tin_xtensa_store_plane(sums, &to, oc, next - sums);
                    to.out += (next - sums) * plane.step;
                    next = sums;
                    room = most;
                }
                plane.lines = left < room ? left : room;
                left -= plane.lines;
                room -= plane.lines;
                next = tin_xtensa_lines(&plane, pairs, next, stride == 1, s16);
            }
        }
        tin_xtensa_store_plane(sums, &to, oc, next - sums);
    }
}
#define tin_dw_rows tin_dw_rows__xtensa
#undef tin_dw_rows_s16
#define tin_dw_rows_s16 tin_dw_rows__xtensa

#endif
