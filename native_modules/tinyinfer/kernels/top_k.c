// y = the largest or smallest elements of the last axis in order, or their indices    SPEC.md "top_k"
#include "engine/ops.h"
#include "kernels/check.h"
#include "kernels/element.h"

bool tin_top_k_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const tin_top_k_attrs_t *const a = &node->attrs.top_k;
    return (x->dtype == TIN_S8 || x->dtype == TIN_S16) && tin_elements_ok(x) && y->dtype == (a->indices != 0 ? TIN_S32 : x->dtype)
           && x->n == y->n && x->h == y->h && x->w == y->w && y->c <= x->c && a->minimum >= 0 && a->minimum <= 1
           && a->indices >= 0 && a->indices <= 1;
}

void tin_top_k(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const tin_top_k_attrs_t *const a = &node->attrs.top_k;
    const int32_t reversed = tin_reversed(a->minimum);
    (void)scratch;
    for (int32_t pixel = row0 * y->w; pixel < row1 * y->w; pixel++) {
        // Each output is the best of those that stand behind the one before: no list of what is taken.
        int32_t last = INT32_MAX, last_place = -1;
        for (int32_t k = 0; k < y->c; k++) {
            int32_t best = INT32_MIN, place = 0;
            for (int32_t c = 0; c < x->c; c++) {
                const int32_t value = tin_element(x, pixel * x->c + c) ^ reversed;
                if (value > best && (value < last || (value == last && c > last_place))) {
                    best = value;
                    place = c;
                }
            }
            last = best;
            last_place = place;
            tin_set_element(y, pixel * y->c + k, a->indices != 0 ? place : best ^ reversed);
        }
    }
}
