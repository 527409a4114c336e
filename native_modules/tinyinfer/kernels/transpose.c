// y[i0, .., i5] = x with axis perm_j at position i_j    SPEC.md "transpose"
#include <string.h>
#include "engine/ops.h"
#include "kernels/check.h"

bool tin_transpose_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const int32_t *const perm = node->attrs.v;
    uint32_t seen = 0;
    for (int32_t axis = 0; axis < TIN_MAX_RANK; axis++) {
        if (perm[axis] < 0 || perm[axis] >= TIN_MAX_RANK || y->shape[axis] != x->shape[perm[axis]]) {
            return false;
        }
        seen |= 1u << perm[axis];
    }
    return seen == (1u << TIN_MAX_RANK) - 1 && tin_s8_or_s16(node);
}

void tin_transpose(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const int32_t bytes = y->bits / 8;
    int32_t stride_of[TIN_MAX_RANK];  // of x's axes, in bytes
    int32_t stride[TIN_MAX_RANK];     // of y's axes, in x
    (void)scratch;
    for (int32_t axis = TIN_MAX_RANK - 1, step = bytes; axis >= 0; axis--) {
        stride_of[axis] = step;
        step *= x->shape[axis];
    }
    for (int32_t axis = 0; axis < TIN_MAX_RANK; axis++) {
        stride[axis] = stride_of[node->attrs.v[axis]];
    }
    uint8_t *out = (uint8_t *)y->data + row0 * y->w * y->c * bytes;
    for (int32_t row = row0; row < row1; row++) {
        // A row is the four outer axes, the last of them fastest.
        const uint8_t *from = x->data;
        for (int32_t axis = 3, rest = row; axis >= 0; axis--) {
            from += rest % y->shape[axis] * stride[axis];
            rest /= y->shape[axis];
        }
        for (int32_t w = 0; w < y->w; w++) {
            for (int32_t c = 0; c < y->c; c++, out += bytes) {
                memcpy(out, from + w * stride[4] + c * stride[5], (size_t)bytes);
            }
        }
    }
}
