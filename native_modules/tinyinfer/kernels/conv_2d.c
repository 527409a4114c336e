// y[oh, ow, o] = zp_y + mbqm(bias[o] + sum of x * w)    x, y NHWC; weights pairs_s8, pairs_s4; SPEC.md "conv_2d"
#include "engine/ops.h"
#include "kernels/check.h"
#include "kernels/convolve.h"

bool tin_conv_2d_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    if (!TIN_WINDOWS_OK(node, &k->shape[3], conv_2d) || !tin_s16_window_ok(x) || x->c % k->c != 0 || k->n != y->c
        || y->c % (x->c / k->c) != 0) {
        return false;
    }
    const int32_t groups = x->c / k->c;
    const int32_t rows = groups * ((y->c / groups + 1) & ~1);
    const int64_t taps = (k->h * k->w * k->c + 3) & ~3;
    return taps <= TIN_MAX_TAPS && tin_weights_ok(node, rows, (k->dtype == TIN_S4 ? rows >> 1 : rows) * taps);
}

void tin_conv_2d(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    const int32_t groups = x->c / k->c;
    tin_window_t window;
    tin_pixel_t pixel;
    tin_gemm_t gemm;
    tin_set_window(node, row0, &window, &pixel);
    tin_set_gemm(node, groups == 1 ? y->c : groups * ((y->c / groups + 1) & ~1), k->h * k->w * k->c, TIN_RANGE_OF(conv_2d), &gemm);
    gemm.channels = y->c / groups;
    gemm.out += row0 * y->w * gemm.out_pitch;
    tin_convolve(&window, pixel, (row1 - row0) * y->w, k->c * (x->bits / 8), &gemm, scratch);
}
