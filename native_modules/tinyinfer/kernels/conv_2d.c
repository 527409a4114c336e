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
    const int64_t groups = x->c / k->c;
    const int64_t rows = groups * ((y->c / groups + 1) & ~1);
    const int64_t taps = ((int64_t)k->h * k->w * k->c + 3) & ~3;
    return tin_weights_ok(node, rows, k->dtype == TIN_S4 ? rows * taps / 2 : rows * taps);
}

void tin_conv_2d(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    const tin_conv_2d_attrs_t *const a = &node->attrs.conv_2d;
    const int32_t groups = x->c / k->c;
    const int32_t of_group = y->c / groups;
    const int32_t rows_of_group = (of_group + 1) & ~1;
    const int32_t taps = k->h * k->w * k->c;
    const int32_t pitch = (taps + 3) & ~3;
    const int32_t group_bytes = rows_of_group * pitch / (k->dtype == TIN_S4 ? 2 : 1);
    int8_t *const columns = scratch;
    tin_window_t window = {
        NULL, x->h, x->w, x->c, k->h, k->w, a->stride_h, a->stride_w, a->pad_top, a->pad_left, a->dilation_h, a->dilation_w,
        (int8_t)x->zero_point,
    };

    int32_t row = row0, ow = 0;
    while (row < row1) {
        // The columns of all groups before the first output: the output may lie over the input.
        int8_t *const out = (int8_t *)y->data + (row * y->w + ow) * y->c;
        int32_t pixels = 0;
        for (; pixels < TIN_PIXELS && row < row1; pixels++) {
            window.x = (const int8_t *)x->data + row / y->h * (x->h * x->w * x->c);
            for (int32_t group = 0; group < groups; group++) {
                int8_t *const column = columns + (group * TIN_PIXELS + pixels) * pitch;
                tin_pack_column(&window, row % y->h, ow, group * k->c, k->c, column);
            }
            if (++ow == y->w) {
                ow = 0;
                row++;
            }
        }
        for (int32_t group = 0; group < groups; group++) {
            const tin_gemm_t gemm = {
                (const uint8_t *)k->data + group * group_bytes,
                (const uint8_t *)node->inputs[2].data + group * rows_of_group * 12,
                of_group, taps, out + group * of_group, y->c, k->aligned,
                { y->zero_point, a->activation_min, a->activation_max },
            };
            const int8_t *const block = columns + group * TIN_PIXELS * pitch;
            if (k->dtype == TIN_S4) {
                tin_gemm_block_s4(&gemm, block, pitch, pixels);
            } else {
                tin_gemm_block_s8(&gemm, block, pitch, pixels);
            }
        }
    }
}
