// y[oh, ow, o] = zp_y + mbqm(bias[o] + sum of x[.., o / m] * w[o])    x, y NHWC; weights planes_s8, planes_s4
// SPEC.md "depthwise_conv_2d"
#include "engine/ops.h"
#include "kernels/check.h"
#include "kernels/filters.h"

bool tin_depthwise_conv_2d_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    const int64_t taps = (int64_t)k->h * k->w;
    return TIN_WINDOWS_OK(node, &k->shape[3], depthwise_conv_2d) && tin_s16_window_ok(x) && k->n == y->c && k->c == 1 && y->c % x->c == 0
           && tin_weights_ok(node, y->c, y->c * (k->dtype == TIN_S4 ? (taps + 1) / 2 : taps));
}

void tin_depthwise_conv_2d(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    tin_window_t window;
    tin_pixel_t pixel;
    tin_gemm_t dw;
    tin_set_window(node, row0, &window, &pixel);
    tin_set_gemm(node, y->c, k->h * k->w, TIN_RANGE_OF(depthwise_conv_2d), &dw);
    while (row0 < row1) {
        // The rows of one image.
        const int32_t rows = row1 - row0 < y->h - pixel.oh ? row1 - row0 : y->h - pixel.oh;
        dw.out = (int8_t *)y->data + row0 * y->w * dw.out_pitch;
        if (tin_reads_s16(&dw)) {
            tin_dw_rows_s16(&window, &dw, pixel, rows, y->c / x->c, scratch);
        } else {
            tin_dw_rows(&window, &dw, pixel, rows, y->c / x->c, scratch);
        }
        pixel.x += x->h * x->w * window.in_c;
        pixel.oh = 0;
        row0 += rows;
    }
}
