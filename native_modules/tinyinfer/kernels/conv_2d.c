// y[oh, ow, o] = zp_y + mbqm(bias[o] + sum of x * w)    x, y NHWC; weights pairs_s8, pairs_s4; SPEC.md "conv_2d"
#include "engine/ops.h"
#include "kernels/check.h"
#include "kernels/filters.h"

// Sums of nibbles that stand 4 bits too high stay below 2^31.
#define MAX_TAPS (1 << 16)

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
    return taps <= MAX_TAPS && tin_weights_ok(node, rows, (k->dtype == TIN_S4 ? rows >> 1 : rows) * taps);
}

void tin_conv_2d(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    const int32_t groups = x->c / k->c;
    const int32_t rows_of_group = (y->c / groups + 1) & ~1;
    const int32_t taps = k->h * k->w * k->c;
    tin_window_t window;
    tin_pixel_t pixel;
    tin_gemm_t gemm;
    tin_set_window(node, row0, &window, &pixel);
    tin_set_gemm(node, groups == 1 ? y->c : groups * rows_of_group, taps, TIN_RANGE_OF(conv_2d), &gemm);
    gemm.channels = y->c / groups;
    const int32_t group_bytes = rows_of_group * ((taps + 3) & ~3) / (gemm.s4 ? 2 : 1);
    const int32_t block_bytes = tin_block_bytes(&window, taps, gemm.s4);

    int8_t *out = (int8_t *)y->data + row0 * y->w * y->c;
    int32_t left = (row1 - row0) * y->w;
    while (left > 0) {
        const int32_t most = TIN_BLOCK_PIXELS(taps, gemm.s4), pixels = left < most ? left : most;
        uint8_t *block = scratch;
        // The columns of all groups before the first output: the output may lie over the input.
        for (int32_t channel = 0; channel < x->c; channel += k->c, block += block_bytes) {
            tin_pack_columns(&window, pixel, pixels, channel, k->c, gemm.s4, block);
        }
        block = scratch;
        gemm.weights = k->data;
        gemm.params = node->inputs[2].data;
        gemm.out = out;
        for (int32_t group = 0; group < groups; group++, block += block_bytes) {
            tin_gemm_block(&gemm, block, pixels);
            gemm.weights += group_bytes;
            gemm.params += 12 * rows_of_group;
            gemm.out += gemm.channels;
        }
        for (int32_t i = 0; i < pixels; i++) {
            tin_next_pixel(&window, &pixel);
        }
        out += pixels * y->c;
        left -= pixels;
    }
}
