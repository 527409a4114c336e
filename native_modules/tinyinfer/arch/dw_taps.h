// Depthwise convolution of any shape, a channel at a time: of each window the taps inside of the image. For what a core has no faster
// block of its own.
#ifndef TIN_DW_TAPS_H
#define TIN_DW_TAPS_H

#include "arch/generic.h"
#include "arch/span.h"

typedef struct {
    const int8_t *x;             // of the first tap
    int32_t step, line_step;     // from tap to tap
    int32_t zero_point;
    const uint8_t *plane;
    bool s4, s16;
    int32_t first;               // tap
    int32_t rows, columns, kernel_w;
} tin_dw_taps_t;

// A function of its own, for the registers.
__attribute__((noinline, unused)) static uint32_t tin_dw_sum(const tin_dw_taps_t *taps) {
    const int32_t step = taps->step, zero_point = taps->zero_point;
    const int8_t *line = taps->x;
    int32_t first = taps->first;
    uint32_t acc = 0;
    for (int32_t rows = taps->rows; rows > 0; rows--, line += taps->line_step, first += taps->kernel_w) {
        const int8_t *x = line;
        if (taps->s4 || taps->s16) {
            for (int32_t tap = first; tap < first + taps->columns; tap++, x += step) {
                acc += (uint32_t)((tin_load(x, taps->s16, 0) - zero_point) * tin_plane_weight(taps->plane, taps->s4, tap));
            }
            continue;
        }
        const int8_t *weights = (const int8_t *)taps->plane + first;
        for (const int8_t *const end = weights + taps->columns; weights != end; weights++, x += step) {
            acc += (uint32_t)((*x - zero_point) * *weights);
        }
    }
    return acc;
}

// Of s16, whose zero point is 0, with weights of s8.
__attribute__((noinline, unused, optimize("O2"))) static uint32_t tin_dw_sum_s16(const tin_dw_taps_t *taps) {
    const int32_t step = taps->step, columns = taps->columns, line_step = taps->line_step, kernel_w = taps->kernel_w;
    const int8_t *line = taps->x, *weights = (const int8_t *)taps->plane + taps->first;
    uint32_t acc = 0;
    for (int32_t rows = taps->rows; rows > 0; rows--, line += line_step, weights += kernel_w) {
        const int8_t *x = line, *w = weights;
        if (columns == 3) {
            acc += (uint32_t)(tin_load(x, true, 0) * w[0]) + (uint32_t)(tin_load(x + step, true, 0) * w[1])
                + (uint32_t)(tin_load(x + 2 * step, true, 0) * w[2]);
            continue;
        }
        for (const int8_t *const end = w + columns; w != end; w++, x += step) {
            acc += (uint32_t)(tin_load(x, true, 0) * *w);
        }
    }
    return acc;
}

TIN_KERNEL(dw_rows, dw_taps, true)

// A channel's outputs only ever lie over inputs of the same channel (SPEC.md "Overlap").
__attribute__((noinline, unused)) static void tin_dw_rows__taps(const tin_window_t *window, const tin_gemm_t *dw, tin_pixel_t pixel,
    int32_t rows, int32_t multiplier, void *scratch) {
    const int32_t bytes = tin_reads_s16(dw) ? 2 : 1;
    tin_dw_taps_t taps = {
        .step = window->dilation_w * window->in_c, .line_step = window->dilation_h * window->in_w * window->in_c,
        .zero_point = window->zero_point, .plane = dw->weights, .s4 = dw->s4, .s16 = tin_reads_s16(dw),
        .kernel_w = window->kernel_w,
    };
    const int32_t reach = (window->kernel_w - 1) * window->dilation_w;
    (void)scratch;
    TIN_RAN(dw_taps, rows * window->out_w * dw->channels * dw->taps);
    for (int32_t oc = 0, of_channel = 0; oc < dw->channels; oc++) {
        const tin_params_t params = tin_params(dw->params, oc);
        uint32_t start = (uint32_t)params.bias;
        for (int32_t tap = 0; tap < dw->taps; tap++) {
            start += (uint32_t)(taps.zero_point * tin_plane_weight(taps.plane, taps.s4, tap));
        }
        int8_t *out = dw->out + oc * bytes;
        int32_t top = pixel.oh * window->stride_h - window->pad_top;
        for (int32_t row = rows; row > 0; row--, top += window->stride_h) {
            tin_span_t of_rows, of_columns;
            tin_set_span(top, window->kernel_h, window->dilation_h, window->in_h, &of_rows);
            taps.rows = of_rows.count;
            int32_t left = -window->pad_left;
            for (int32_t ow = window->out_w; ow > 0; ow--, out += dw->out_pitch, left += window->stride_w) {
                if (tin_reads_s16(dw) && left >= 0 && left + reach < window->in_w) {
                    of_columns.begin = left;
                    of_columns.count = window->kernel_w;
                    of_columns.first = 0;
                } else {
                    tin_set_span(left, window->kernel_w, window->dilation_w, window->in_w, &of_columns);
                }
                taps.columns = of_columns.count;
                taps.first = of_rows.first * window->kernel_w + of_columns.first;
                taps.x = pixel.x + (of_rows.begin * window->in_w + of_columns.begin) * window->in_c;
                const uint32_t sum = (tin_reads_s16(dw) && !taps.s4 ? tin_dw_sum_s16 : tin_dw_sum)(&taps);
                tin_store(out, 8 * bytes, 0, tin_requantize((int32_t)(start + sum), &params, &dw->to));
            }
        }
        taps.plane += dw->s4 ? (dw->taps + 1) / 2 : dw->taps;
        if (++of_channel == multiplier) {
            of_channel = 0;
            pixel.x += bytes;
        }
    }
}
#define tin_dw_rows_s16 tin_dw_rows__taps

#endif
