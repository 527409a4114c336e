// y = zp_y + mbqm((x - zp_x) * (k - zp_k))    SPEC.md "mul"
#include "arch/arch.h"
#include "engine/ops.h"
#include "kernels/broadcast.h"
#include "kernels/check.h"
#include "kernels/element.h"

bool tin_mul_check(const tin_node_t *node) {
    const tin_mul_attrs_t *const a = &node->attrs.mul;
    return tin_pair_ok(node, TIN_ATTR(mul, activation_min)) && tin_multiplier_ok(a->multiplier, a->shift);
}

void tin_mul(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    const tin_mul_attrs_t *const a = &node->attrs.mul;
    const tin_params_t params = { 0, a->multiplier, a->shift };
    const tin_output_t to = { y->zero_point, a->activation_min, a->activation_max };
    (void)scratch;
    for (int32_t row = row0; row < row1; row++) {
        const int32_t x_row = tin_broadcast_first(x, y, row), k_row = tin_broadcast_first(k, y, row);
        int32_t out = row * y->w * y->c;
        for (int32_t w = 0; w < y->w; w++) {
            int32_t x_at = x_row + w * tin_broadcast_w(x), k_at = k_row + w * tin_broadcast_w(k);
            for (int32_t c = 0; c < y->c; c++) {
                // Of two zero points at the ends of s16 the product wraps.
                const uint32_t product = (uint32_t)(tin_element(x, x_at) - x->zero_point) * (uint32_t)(tin_element(k, k_at) - k->zero_point);
                tin_store(y->data, TIN_HAS_S16 ? y->bits : 8, out++, tin_requantize((int32_t)product, &params, &to));
                x_at += tin_broadcast_c(x);
                k_at += tin_broadcast_c(k);
            }
        }
    }
}
