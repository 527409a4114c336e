// ARMv6-M: one channel of a strip of rows as words, padded.
#ifndef TIN_M0P_PLANES_H
#define TIN_M0P_PLANES_H

#include "arch/generic.h"

// How the bytes of one channel fill a plane of words: rows, with padding before, between and behind them. The assembly knows these
// offsets.
typedef struct {
    int32_t from;                   //  0 from the channel's first input to one step before the first row
    int32_t step;                   //  4
    int32_t begin;                  //  8 in bytes of the plane: of the first row
    int32_t end;                    // 12 of the plane
    int32_t rows;                   // 16
    int32_t quad_bytes;             // 20 of a row, in whole fours
    int32_t row_bytes;              // 24
    int32_t gap_bytes;              // 28 from row to row
    int32_t from_gap;               // 32
} tin_m0p_plane_t;

TIN_ASM void tin_m0p_widen(const tin_m0p_plane_t *plane,
    int32_t *to, const int8_t *x, int32_t padding) {
    __asm__ (
        ".syntax unified\n"
        "    push   {r0, r4-r7, lr}\n"
        "    movs   r7, r0\n"
        "    movs   r0, r1\n"
        "    ldr    r1, [r7]\n"
        "    adds   r1, r2\n"
        "    ldr    r2, [r7, #4]\n"
        "    movs   r5, r3\n"
        "    ldr    r4, [r7, #16]\n"
        "    ldr    r6, [r7, #12]\n"
        "    adds   r6, r0\n"
        "    push   {r4-r6}\n"               // [sp] rows left, +4 padding, +8 end, +12 plane
        "    lsls   r3, r2, #1\n"
        "    cmp    r4, #0\n"
        "    beq    8f\n"
        "    ldr    r6, [r7, #8]\n"
        "    adds   r6, r0\n"
        "    b      6f\n"
        "1:  ldr    r7, [sp, #12]\n"
        "    ldr    r6, [r7, #20]\n"
        "    adds   r6, r0\n"
        "    mov    lr, r6\n"
        "    ldr    r7, [r7, #24]\n"
        "    adds   r7, r0\n"
        "    mov    r12, r7\n"
        "    b      3f\n"
        "2:  ldrsb  r4, [r1, r2]\n"
        "    ldrsb  r5, [r1, r3]\n"
        "    adds   r1, r3\n"
        "    ldrsb  r6, [r1, r2]\n"
        "    ldrsb  r7, [r1, r3]\n"
        "    adds   r1, r3\n"
        "    stmia  r0!, {r4-r7}\n"
        "3:  cmp    r0, lr\n"
        "    bne    2b\n"
        "    cmp    r0, r12\n"
        "    beq    5f\n"
        "4:  ldrsb  r4, [r1, r2]\n"
        "    adds   r1, r2\n"
        "    stmia  r0!, {r4}\n"
        "    cmp    r0, r12\n"
        "    bne    4b\n"
        "5:  ldr    r5, [sp, #4]\n"
        "    ldr    r4, [sp]\n"
        "    subs   r4, #1\n"
        "    beq    8f\n"
        "    str    r4, [sp]\n"
        "    ldr    r7, [sp, #12]\n"
        "    ldr    r4, [r7, #32]\n"
        "    adds   r1, r4\n"
        "    ldr    r6, [r7, #28]\n"
        "    adds   r6, r0\n"
        "6:  cmp    r0, r6\n"
        "    beq    1b\n"
        "7:  stmia  r0!, {r5}\n"
        "    cmp    r0, r6\n"
        "    bne    7b\n"
        "    b      1b\n"
        "8:  ldr    r6, [sp, #8]\n"
        "    cmp    r0, r6\n"
        "    beq    10f\n"
        "9:  stmia  r0!, {r5}\n"
        "    cmp    r0, r6\n"
        "    bne    9b\n"
        "10: add    sp, #16\n"
        "    pop    {r4-r7, pc}\n"
    );
}

#define TIN_M0P_STRIDES (2)

// Outputs of a strip along one axis, and what of the input they read. Inputs whose coordinates have the same remainder by the
// stride are neighbours in one plane.
typedef struct {
    int32_t outputs, kernel, stride, dilation, inputs;
    int32_t x_step, out_step, tap_step;
    int32_t start;                          // of the first output's first tap
    int32_t most;                           // of extra
    int32_t extra[TIN_M0P_STRIDES];         // inputs of a remainder more than outputs; -1: none is read
} tin_m0p_axis_t;

static inline void tin_m0p_find_extra(tin_m0p_axis_t *axis) {
    for (int32_t i = 0; i < axis->stride; i++) {
        axis->extra[i] = -1;
    }
    for (int32_t tap = 0; tap < axis->kernel; tap++) {
        axis->most = tap * axis->dilation / axis->stride;
        axis->extra[tap * axis->dilation - axis->most * axis->stride] = axis->most;
    }
}

typedef struct {
    int32_t begin, end;
} tin_m0p_span_t;

// Which of `count` neighbours in a plane, from remainder i on, lie inside of the input.
static inline tin_m0p_span_t tin_m0p_inside(const tin_m0p_axis_t *axis, int32_t i, int32_t count) {
    tin_m0p_span_t span = { 0, 0 };
    int32_t at = axis->start + i;
    for (; at < 0 && span.begin < count; at += axis->stride) {
        span.begin++;
    }
    span.end = span.begin;
    for (; at < axis->inputs && span.end < count; at += axis->stride) {
        span.end++;
    }
    return span;
}

// The planes of a strip, one per pair of remainders of which something is read, in a row. The last sums of a plane read 3 words
// behind it.
typedef struct {
    int32_t count, words;
    tin_m0p_plane_t of[TIN_M0P_STRIDES * TIN_M0P_STRIDES];
    int32_t begin[TIN_M0P_STRIDES * TIN_M0P_STRIDES];       // in words
    int32_t remainders[TIN_M0P_STRIDES][TIN_M0P_STRIDES];   // the plane's index
} tin_m0p_planes_t;

static inline void tin_m0p_dw_planes(const tin_m0p_axis_t *outer, const tin_m0p_axis_t *inner, tin_m0p_planes_t *planes) {
    const int32_t pitch = inner->outputs + inner->most;
    planes->count = 0;
    planes->words = 0;
    for (int32_t i = 0; i < outer->stride; i++) {
        for (int32_t j = 0; j < inner->stride; j++) {
            if (outer->extra[i] < 0 || inner->extra[j] < 0) {
                continue;
            }
            const int32_t rows = outer->outputs + outer->extra[i];
            const tin_m0p_span_t of_rows = tin_m0p_inside(outer, i, rows);
            const tin_m0p_span_t of_row = tin_m0p_inside(inner, j, inner->outputs + inner->extra[j]);
            const int32_t inside = of_row.end - of_row.begin;
            tin_m0p_plane_t *const plane = &planes->of[planes->count];
            plane->step = inner->stride * inner->x_step;
            plane->from = (outer->start + i + of_rows.begin * outer->stride) * outer->x_step
                + (inner->start + j + (of_row.begin - 1) * inner->stride) * inner->x_step;
            plane->begin = 4 * (of_rows.begin * pitch + of_row.begin);
            plane->end = 4 * rows * pitch;
            plane->rows = inside > 0 ? of_rows.end - of_rows.begin : 0;
            plane->quad_bytes = 4 * (inside & ~3);
            plane->row_bytes = 4 * inside;
            plane->gap_bytes = 4 * (pitch - inside);
            plane->from_gap = outer->stride * outer->x_step - inside * plane->step;
            planes->begin[planes->count] = planes->words;
            planes->remainders[i][j] = planes->count++;
            planes->words += rows * pitch + 3;
        }
    }
}

#endif
