// minimum and maximum: the greater of two elements in the order that `reversed` (kernels/element.h) makes.
#ifndef TIN_EXTREME_H
#define TIN_EXTREME_H

#include "kernels/broadcast.h"
#include "kernels/check.h"
#include "kernels/element.h"

static inline bool tin_extreme_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1];
    return tin_s8_or_s16(node) && k->dtype == x->dtype && tin_elements_ok(k) && tin_broadcast_ok(x, k, &node->outputs[0]);
}

static inline void tin_extreme(const tin_node_t *node, int32_t row0, int32_t row1, int32_t reversed) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    int32_t out = row0 * y->w * y->c;
    for (int32_t row = row0; row < row1; row++) {
        const int32_t x_row = tin_broadcast_first(x, y, row), k_row = tin_broadcast_first(k, y, row);
        for (int32_t w = 0; w < y->w; w++) {
            int32_t x_at = x_row + w * tin_broadcast_w(x), k_at = k_row + w * tin_broadcast_w(k);
            for (int32_t c = 0; c < y->c; c++, out++) {
                const int32_t p = tin_element(x, x_at), q = tin_element(k, k_at);
                tin_set_element(y, out, (p ^ reversed) > (q ^ reversed) ? p : q);
                x_at += tin_broadcast_c(x);
                k_at += tin_broadcast_c(k);
            }
        }
    }
}

#endif
