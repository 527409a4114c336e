// y[oh, ow, o] = zp_y + mbqm(bias[o] + sum of x * w)    x, y NHWC; weights pairs_s8, pairs_s4; SPEC.md "conv_2d"
#include <stddef.h>
#include "arch/arch.h"
#include "engine/ops.h"
#include "kernels/check.h"

bool tin_conv_2d_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    const tin_conv_2d_attrs_t *const a = &node->attrs.conv_2d;
    if (!tin_both_s8(node) || !tin_range_ok(a->activation_min, a->activation_max, y) || x->c % k->c != 0
        || k->n != y->c || x->n != y->n || y->c % (x->c / k->c) != 0
        || !tin_axis_ok(y->h, x->h, k->h, a->stride_h, a->pad_top, a->dilation_h)
        || !tin_axis_ok(y->w, x->w, k->w, a->stride_w, a->pad_left, a->dilation_w)) {
        return false;
    }
    const int32_t groups = x->c / k->c;
    const int32_t rows = groups * ((y->c / groups + 1) & ~1);
    const int64_t taps = (k->h * k->w * k->c + 3) & ~3;
    return tin_weights_ok(node, rows, (k->dtype == TIN_S4 ? rows >> 1 : rows) * taps);
}

void tin_conv_2d(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    const tin_conv_2d_attrs_t *const a = &node->attrs.conv_2d;
    const tin_window_t window = {
        x->h, x->w, x->c, y->h, y->w, k->h, k->w, a->stride_h, a->stride_w, a->pad_top, a->pad_left, a->dilation_h, a->dilation_w,
        (int8_t)x->zero_point,
    };
    const bool s4 = k->dtype == TIN_S4;
    const int32_t groups = x->c / k->c;
    const int32_t rows_of_group = (y->c / groups + 1) & ~1;
    const int32_t taps = k->h * k->w * k->c;
    const int32_t group_bytes = rows_of_group * ((taps + 3) & ~3) / (s4 ? 2 : 1);
    const int32_t block_bytes = tin_block_bytes(&window, taps, s4);
    tin_gemm_t gemm = {
        k->data, node->inputs[2].data, y->c / groups, taps, NULL, y->c, s4, k->aligned, a->wide != 0, 0,
        { y->zero_point, a->activation_min, a->activation_max },
    };
    gemm.form = tin_requant_form(node->inputs[2].data, groups == 1 ? y->c : groups * rows_of_group, taps, &gemm.to);

    tin_pixel_t pixel = { (const int8_t *)x->data + row0 / y->h * (x->h * x->w * x->c), row0 % y->h, 0 };
    int8_t *out = (int8_t *)y->data + row0 * y->w * y->c;
    int32_t left = (row1 - row0) * y->w;
    while (left > 0) {
        const int32_t pixels = left < TIN_BLOCK_PIXELS(taps, s4) ? left : TIN_BLOCK_PIXELS(taps, s4);
        // The columns of all groups before the first output: the output may lie over the input.
        for (int32_t group = 0; group < groups; group++) {
            tin_pack_columns(&window, pixel, pixels, group * k->c, k->c, s4, (uint8_t *)scratch + group * block_bytes);
        }
        for (int32_t group = 0; group < groups; group++) {
            gemm.weights = (const uint8_t *)k->data + group * group_bytes;
            gemm.params = (const uint8_t *)node->inputs[2].data + group * rows_of_group * 12;
            gemm.out = out + group * gemm.channels;
            tin_gemm_block(&gemm, (const uint8_t *)scratch + group * block_bytes, pixels);
        }
        for (int32_t i = 0; i < pixels; i++) {
            tin_next_pixel(&window, &pixel);
        }
        out += pixels * y->c;
        left -= pixels;
    }
}
