// y = zp_y + mbqm(mbqm((x - zp_x) << left_shift) + mbqm((k - zp_k) << left_shift))    SPEC.md "add"
#include "arch/arch.h"
#include "engine/ops.h"
#include "kernels/broadcast.h"
#include "kernels/check.h"

// (x - zero_point) << left_shift, times the multiplier; the shift wraps.
static int32_t scaled(int32_t x, int32_t zero_point, int32_t left_shift, int32_t multiplier, int32_t shift) {
    return tin_mbqm((int32_t)((uint32_t)(x - zero_point) << left_shift), multiplier, shift);
}

static int32_t magnitude(int32_t multiplier) {
    return multiplier < 0 ? -multiplier : multiplier;
}

bool tin_add_check(const tin_node_t *node) {
    const tin_tensor_t *const k = &node->inputs[1], *const y = &node->outputs[0];
    const tin_add_attrs_t *const a = &node->attrs.add;
    return tin_both_s8(node) && k->dtype == TIN_S8 && tin_elements_ok(k) && tin_broadcast_ok(&node->inputs[0], k, y)
           && tin_range_ok(a->activation_min, a->activation_max, y)
           && a->k_multiplier != INT32_MIN && tin_multiplier_ok(a->x_multiplier, a->x_shift)
           && tin_multiplier_ok(magnitude(a->k_multiplier), a->k_shift) && tin_multiplier_ok(a->multiplier, a->shift)
           && a->left_shift >= 0 && a->left_shift <= 30;
}

void tin_add(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    const tin_add_attrs_t *const a = &node->attrs.add;
    const tin_params_t params = { 0, a->multiplier, a->shift };
    const tin_output_t to = { y->zero_point, a->activation_min, a->activation_max };
    const int32_t k_multiplier = magnitude(a->k_multiplier);
    (void)scratch;
    for (int32_t row = row0; row < row1; row++) {
        const int8_t *const x_row = tin_broadcast_row(x, y, row);
        const int8_t *const k_row = tin_broadcast_row(k, y, row);
        int8_t *out = (int8_t *)y->data + row * y->w * y->c;
        for (int32_t w = 0; w < y->w; w++) {
            const int8_t *from_x = x_row + w * tin_broadcast_w(x);
            const int8_t *from_k = k_row + w * tin_broadcast_w(k);
            for (int32_t c = 0; c < y->c; c++) {
                const int32_t scaled_x = scaled(*from_x, x->zero_point, a->left_shift, a->x_multiplier, a->x_shift);
                const int32_t scaled_k = scaled(*from_k, k->zero_point, a->left_shift, k_multiplier, a->k_shift);
                const int32_t sum = tin_wrap_add(scaled_x, a->k_multiplier < 0 ? -scaled_k : scaled_k);
                *out++ = (int8_t)tin_requantize(sum, &params, &to);
                from_x += tin_broadcast_c(x);
                from_k += tin_broadcast_c(k);
            }
        }
    }
}
