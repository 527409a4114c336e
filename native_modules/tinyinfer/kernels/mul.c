// y = zp_y + mbqm((x - zp_x) * (k - zp_k))    SPEC.md "mul"
#include "arch/arch.h"
#include "engine/ops.h"
#include "kernels/broadcast.h"
#include "kernels/check.h"

bool tin_mul_check(const tin_node_t *node) {
    const tin_tensor_t *const k = &node->inputs[1], *const y = &node->outputs[0];
    const tin_mul_attrs_t *const a = &node->attrs.mul;
    return tin_both_s8(node) && k->dtype == TIN_S8 && tin_elements_ok(k) && tin_broadcast_ok(&node->inputs[0], k, y)
           && tin_range_ok(a->activation_min, a->activation_max, y)
           && tin_multiplier_ok(a->multiplier, a->shift);
}

void tin_mul(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    const tin_mul_attrs_t *const a = &node->attrs.mul;
    const tin_params_t params = { 0, a->multiplier, a->shift };
    const tin_output_t to = { y->zero_point, a->activation_min, a->activation_max };
    (void)scratch;
    for (int32_t row = row0; row < row1; row++) {
        const int8_t *const x_row = tin_broadcast_row(x, y, row);
        const int8_t *const k_row = tin_broadcast_row(k, y, row);
        int8_t *out = (int8_t *)y->data + row * y->w * y->c;
        for (int32_t w = 0; w < y->w; w++) {
            const int8_t *from_x = x_row + w * tin_broadcast_w(x);
            const int8_t *from_k = k_row + w * tin_broadcast_w(k);
            for (int32_t c = 0; c < y->c; c++) {
                *out++ = (int8_t)tin_requantize((*from_x - x->zero_point) * (*from_k - k->zero_point), &params, &to);
                from_x += tin_broadcast_c(x);
                from_k += tin_broadcast_c(k);
            }
        }
    }
}
