// y[i0, .., i5] = x with axis perm_j at position i_j    SPEC.md "transpose"
#include "engine/ops.h"
#include "kernels/check.h"
#include "kernels/copy.h"

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
    return seen == (1u << TIN_MAX_RANK) - 1 && x->dtype == y->dtype && tin_elements_ok(x);
}

void tin_transpose(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0];
    int32_t stride[TIN_MAX_RANK];
    (void)scratch;
    for (int32_t axis = 0; axis < TIN_MAX_RANK; axis++) {
        stride[axis] = tin_bytes_from(x, node->attrs.v[axis] + 1);
    }
    tin_copy_view(&node->outputs[0], x->data, stride, row0, row1);
}
