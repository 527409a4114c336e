// y = maximum or minimum of x over the axes    SPEC.md "reduce_max"
#include "engine/ops.h"
#include "kernels/check.h"
#include "kernels/element.h"
#include "kernels/reduce.h"

bool tin_reduce_max_check(const tin_node_t *node) {
    const tin_reduce_max_attrs_t *const a = &node->attrs.reduce_max;
    return tin_s8_or_s16(node) && tin_reduction_ok(&node->inputs[0], &node->outputs[0], a->axes) && a->minimum >= 0 && a->minimum <= 1;
}

void tin_reduce_max(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const int32_t reversed = tin_reversed(node->attrs.reduce_max.minimum);
    // How many elements one output takes along each axis.
    const int32_t n_count = x->n / y->n, h_count = x->h / y->h, w_count = x->w / y->w, c_count = x->c / y->c;
    const int32_t row_size = y->w * y->c;
    (void)scratch;
    for (int32_t out = row0 * row_size; out < row1 * row_size; out++) {
        const int32_t row = out / row_size, ow = out % row_size / y->c, oc = out % y->c;
        int32_t best = INT32_MIN;
        for (int32_t n = 0; n < n_count; n++) {
            for (int32_t h = 0; h < h_count; h++) {
                const int32_t from = ((row / y->h + n) * x->h + row % y->h + h) * x->w + ow;
                for (int32_t w = 0; w < w_count; w++) {
                    for (int32_t c = 0; c < c_count; c++) {
                        const int32_t value = tin_element(x, (from + w) * x->c + oc + c) ^ reversed;
                        best = value > best ? value : best;
                    }
                }
            }
        }
        tin_set_element(y, out, best ^ reversed);
    }
}
