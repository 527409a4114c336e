// y = index of the largest or smallest element of the last axis    SPEC.md "arg_max"
#include "engine/ops.h"
#include "kernels/check.h"
#include "kernels/element.h"

bool tin_arg_max_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const tin_arg_max_attrs_t *const a = &node->attrs.arg_max;
    return (x->dtype == TIN_S8 || x->dtype == TIN_S16) && tin_elements_ok(x) && y->dtype == TIN_S32 && x->n == y->n && x->h == y->h
           && x->w == y->w && y->c == 1 && a->minimum >= 0 && a->minimum <= 1 && a->select_last >= 0 && a->select_last <= 1;
}

void tin_arg_max(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const tin_arg_max_attrs_t *const a = &node->attrs.arg_max;
    const int32_t reversed = tin_reversed(a->minimum);
    (void)scratch;
    for (int32_t pixel = row0 * y->w; pixel < row1 * y->w; pixel++) {
        int32_t best = INT32_MIN, place = 0;
        for (int32_t c = 0; c < x->c; c++) {
            const int32_t value = tin_element(x, pixel * x->c + c) ^ reversed;
            if (value > best || (value == best && a->select_last != 0)) {
                best = value;
                place = c;
            }
        }
        tin_set_element(y, pixel, place);
    }
}
