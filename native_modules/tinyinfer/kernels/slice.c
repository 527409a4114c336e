// y[i0, .., i5] = x[begin_j + i_j * step_j]    SPEC.md "slice"
#include "engine/ops.h"
#include "kernels/check.h"
#include "kernels/copy.h"

bool tin_slice_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const int32_t *const begin = node->attrs.v, *const step = begin + TIN_MAX_RANK;
    for (int32_t axis = 0; axis < TIN_MAX_RANK; axis++) {
        const int64_t last = begin[axis] + (int64_t)(y->shape[axis] - 1) * step[axis];
        if (begin[axis] < 0 || begin[axis] >= x->shape[axis] || last < 0 || last >= x->shape[axis]) {
            return false;
        }
    }
    return x->dtype == y->dtype && tin_elements_ok(x);
}

void tin_slice(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const int32_t *const begin = node->attrs.v, *const step = begin + TIN_MAX_RANK;
    const uint8_t *base = x->data;
    int32_t stride[TIN_MAX_RANK];
    (void)scratch;
    for (int32_t axis = 0; axis < TIN_MAX_RANK; axis++) {
        const int32_t bytes = tin_bytes_from(x, axis + 1);
        base += begin[axis] * bytes;
        // Along an axis of one index a step may be of any size.
        stride[axis] = y->shape[axis] > 1 ? step[axis] * bytes : 0;
    }
    tin_copy_view(y, base, stride, row0, row1);
}
