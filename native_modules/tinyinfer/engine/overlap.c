// SPEC.md "Overlap".
#include "engine/ops.h"

// Along one axis: where windows begin, and the bytes from one position to the next.
typedef struct {
    int32_t stride, pad;
    int32_t out, out_bytes, in_bytes;
} axis_t;

// Largest p * out_bytes - max(0, p * stride - pad) * in_bytes of the positions p in [from, out). It is linear on both sides
// of p = pad / stride.
static int32_t largest(const axis_t *axis, int32_t from) {
    const int32_t bend = axis->pad / axis->stride;
    const int32_t positions[4] = { from, bend, bend + 1, axis->out - 1 };
    int32_t result = INT32_MIN;
    for (int32_t i = 0; i < 4; i++) {
        const int32_t position = positions[i];
        if (position >= from && position < axis->out) {
            const int32_t begin = position * axis->stride - axis->pad;
            const int32_t value = position * axis->out_bytes - (begin > 0 ? begin : 0) * axis->in_bytes;
            result = value > result ? value : result;
        }
    }
    return result;
}

// D of SPEC.md. Tensors of window operators have up to 2^28 elements of up to 2 bytes, so nothing here exceeds 2^29.
static int32_t least_distance(const tin_node_t *node, int32_t stride_h, int32_t stride_w, int32_t pad_top, int32_t pad_left) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const int32_t out_pixel = y->c * (y->bits / 8), in_pixel = x->c * (x->bits / 8);
    const axis_t columns = { stride_w, pad_left, y->w, out_pixel, in_pixel };
    const axis_t rows = { stride_h, pad_top, y->h, y->w * out_pixel, x->w * in_pixel };
    const int32_t images = (y->n - 1) * (y->h * rows.out_bytes - x->h * rows.in_bytes);
    const int32_t column = y->w > 1 ? largest(&columns, 1) : 0;
    return (images > 0 ? images : 0) + largest(&rows, 0) + (column > 0 ? column : 0);
}

static bool window_allowed(const tin_node_t *node, const int32_t *steps, uint32_t lead) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    // Several outputs per input: the planes of x and y do not lie over each other.
    return (node->op != TIN_OP_depthwise_conv_2d || x->c == y->c) && lead % (uint32_t)(y->c * (y->bits / 8)) == 0
           && lead >= (uint32_t)least_distance(node, steps[0], steps[1], steps[2], steps[3]);
}

bool tin_overlap_allowed(const tin_node_t *node, int32_t index, uint32_t lead) {
    const tin_tensor_t *const x = &node->inputs[index], *const y = &node->outputs[0];
    const int32_t overlap = tin_op_overlap(node->op);
    if (overlap >= TIN_OVERLAP_window) {
        return index == 0 && window_allowed(node, node->attrs.v + (overlap - TIN_OVERLAP_window), lead);
    }
    return overlap != TIN_OVERLAP_none && x->bits == y->bits
           && (x->bytes == y->bytes || (overlap == TIN_OVERLAP_border && lead >= y->bytes - x->bytes));
}
