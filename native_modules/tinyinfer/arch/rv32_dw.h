// Depthwise 3x3 on RV32: a plane at a time, its weights and the last three columns in registers.
#ifndef TIN_RV32_DW_H
#define TIN_RV32_DW_H

#include "arch/rv32.h"

// A row of one channel's plane. Rows outside of the image are the zero point, with a step of 0.
typedef struct {
    const int8_t *row[3];
    int32_t step[3];
    int32_t inside, out_w, out_step, pad_left;
    int8_t zero_point;
} tin_rv32_line_t;

// The next column, from the image or beyond it.
#define COLUMN(c) \
    if (left > 0) { \
        left--; \
        c##0 = *r0, c##1 = *r1, c##2 = *r2; \
        r0 += s0, r1 += s1, r2 += s2; \
    } else { \
        c##0 = c##1 = c##2 = line->zero_point; \
    }
#define OUTPUT(p, q, r) { \
        /* The form keeps sums below 2^30. */ \
        const int32_t sum = bias + p##0 * w0 + q##0 * w1 + r##0 * w2 + p##1 * w3 + q##1 * w4 + r##1 * w5 + p##2 * w6 + q##2 * w7 + r##2 * w8; \
        int32_t value = tin_rv32_requantize(sum, scale, form); \
        value = value < low ? low : value; \
        *out = (int8_t)(value > high ? high : value); \
        out += line->out_step; \
        if (--count == 0) { \
            return; \
        } \
    }

TIN_ALWAYS void tin_rv32_line(const tin_rv32_line_t *line, const int32_t *w, int32_t bias, const tin_rv32_scale_t *scale, uint8_t form,
    const tin_output_t *to, int32_t stride, int8_t *out) {
    const int8_t *r0 = line->row[0], *r1 = line->row[1], *r2 = line->row[2];
    const int32_t s0 = line->step[0], s1 = line->step[1], s2 = line->step[2];
    const int32_t w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3], w4 = w[4], w5 = w[5], w6 = w[6], w7 = w[7], w8 = w[8];
    const int32_t low = to->low, high = to->high;
    int32_t left = line->inside, count = line->out_w;
    int32_t a0, a1, a2, b0, b1, b2, c0, c1, c2;
    a0 = a1 = a2 = b0 = b1 = b2 = line->zero_point;
    if (line->pad_left < 1) {
        COLUMN(a)
    }
    if (line->pad_left < 2) {
        COLUMN(b)
    }
    if (stride == 1) {
        for (;;) {
            COLUMN(c)
            OUTPUT(a, b, c)
            COLUMN(a)
            OUTPUT(b, c, a)
            COLUMN(b)
            OUTPUT(c, a, b)
        }
    }
    for (;;) {
        COLUMN(c)
        OUTPUT(a, b, c)
        COLUMN(a)
        COLUMN(b)
        OUTPUT(c, a, b)
        COLUMN(c)
        COLUMN(a)
        OUTPUT(b, c, a)
        COLUMN(b)
    }
}
#undef COLUMN
#undef OUTPUT

#define LINE(name, form, stride) \
    TIN_HOT void name(const tin_rv32_line_t *line, const int32_t *w, int32_t bias, const tin_rv32_scale_t *scale, const tin_output_t *to, \
    int8_t *out) { \
        tin_rv32_line(line, w, bias, scale, form, to, stride, out); \
    }
LINE(tin_rv32_line_relu_1, TIN_FORM_RELU, 1)
LINE(tin_rv32_line_relu_2, TIN_FORM_RELU, 2)
LINE(tin_rv32_line_signed_1, TIN_FORM_SIGNED, 1)
LINE(tin_rv32_line_signed_2, TIN_FORM_SIGNED, 2)
#undef LINE

// Channel by channel over all rows: a channel's outputs only ever lie over inputs of the same channel (SPEC.md "Overlap").
static inline void tin_dw_rows__rv32(const tin_window_t *window, const tin_gemm_t *dw, tin_pixel_t pixel, int32_t rows, int32_t multiplier,
    void *scratch) {
    const int32_t stride = window->stride_w;
    if (window->kernel_h != 3 || window->kernel_w != 3 || stride > 2 || window->stride_h != stride || window->dilation_h != 1
        || window->dilation_w != 1 || multiplier != 1 || window->pad_left > 2 || dw->form == TIN_FORM_WIDE) {
        tin_dw_rows__generic(window, dw, pixel, rows, multiplier, scratch);
        return;
    }
    const bool relu = dw->form == TIN_FORM_RELU;
    for (int32_t oc = 0; oc < dw->channels; oc++) {
        const uint8_t *const plane = dw->weights + oc * (dw->s4 ? 5 : 9);
        const tin_params_t params = tin_params(dw->params, oc);
        const tin_rv32_scale_t scale = tin_rv32_scale(&params, dw->form, &dw->to);
        int32_t weights[9];
        for (int32_t tap = 0; tap < 9; tap++) {
            weights[tap] = tin_plane_weight(plane, dw->s4, tap);
        }
        int8_t *out = dw->out + oc;
        for (int32_t row = 0; row < rows; row++, out += window->out_w * dw->channels) {
            const int32_t h = (pixel.oh + row) * stride - window->pad_top;
            tin_rv32_line_t line = {
                { NULL, NULL, NULL }, { 0, 0, 0 }, window->in_w, window->out_w, dw->channels, window->pad_left, window->zero_point,
            };
            for (int32_t ky = 0; ky < 3; ky++) {
                const bool inside = (uint32_t)(h + ky) < (uint32_t)window->in_h;
                line.row[ky] = inside ? pixel.x + (h + ky) * window->in_w * window->in_c + oc : &window->zero_point;
                line.step[ky] = inside ? window->in_c : 0;
            }
            if (stride == 1) {
                (relu ? tin_rv32_line_relu_1 : tin_rv32_line_signed_1)(&line, weights, params.bias, &scale, &dw->to, out);
            } else {
                (relu ? tin_rv32_line_relu_2 : tin_rv32_line_signed_2)(&line, weights, params.bias, &scale, &dw->to, out);
            }
        }
    }
}
#define tin_dw_rows tin_dw_rows__rv32

#endif
