// y = zp_y + mbqm(mbqm((x - zp_x) << left_shift) + mbqm((k - zp_k) << left_shift))    SPEC.md "add"
#include "arch/arch.h"
#include "engine/ops.h"
#include "kernels/broadcast.h"
#include "kernels/check.h"
#include "kernels/element.h"

static int32_t magnitude(int32_t multiplier) {
    return multiplier < 0 ? -multiplier : multiplier;
}

bool tin_add_check(const tin_node_t *node) {
    const tin_add_attrs_t *const a = &node->attrs.add;
    return tin_pair_ok(node, TIN_ATTR(add, activation_min))
           && a->k_multiplier != INT32_MIN && tin_multiplier_ok(a->x_multiplier, a->x_shift)
           && tin_multiplier_ok(magnitude(a->k_multiplier), a->k_shift) && tin_multiplier_ok(a->multiplier, a->shift)
           && a->left_shift >= 0 && a->left_shift <= 30;
}

// One pixel of s16.
static void add_s16(const tin_add_t *add, const tin_tensor_t *x, int32_t x_at, const tin_tensor_t *k, int32_t k_at, const tin_tensor_t *y, int32_t out) {
    for (int32_t c = 0; c < y->c; c++) {
        const int32_t scaled_x = tin_add_scaled(tin_element(x, x_at), add->x_zero_point, add->left_shift, add->x_multiplier, add->x_shift);
        const int32_t scaled_k = tin_add_scaled(tin_element(k, k_at), add->k_zero_point, add->left_shift, add->k_multiplier, add->k_shift);
        tin_set_element(y, out + c, tin_requantize(tin_wrap_add(scaled_x, add->subtract ? -scaled_k : scaled_k), &add->params, &add->to));
        x_at += tin_broadcast_c(x);
        k_at += tin_broadcast_c(k);
    }
}

void tin_add(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    const tin_add_attrs_t *const a = &node->attrs.add;
    const tin_add_t add = {
        x->zero_point, a->x_multiplier, a->x_shift,
        k->zero_point, magnitude(a->k_multiplier), a->k_shift,
        a->left_shift, a->k_multiplier < 0,
        { 0, a->multiplier, a->shift }, { y->zero_point, a->activation_min, a->activation_max },
    };
    const int32_t x_step = y->c == 1 ? tin_broadcast_w(x) : tin_broadcast_c(x);
    const int32_t k_step = y->c == 1 ? tin_broadcast_w(k) : tin_broadcast_c(k);
    // Pixels that follow one another in both inputs are one run.
    const int32_t run = tin_broadcast_w(x) == x_step * y->c && tin_broadcast_w(k) == k_step * y->c ? y->w : 1;
    (void)scratch;
    for (int32_t row = row0; row < row1; row++) {
        if (TIN_HAS_S16 && y->bits == 16) {
            const int32_t x_row = tin_broadcast_first(x, y, row), k_row = tin_broadcast_first(k, y, row);
            for (int32_t w = 0; w < y->w; w++) {
                add_s16(&add, x, x_row + w * tin_broadcast_w(x), k, k_row + w * tin_broadcast_w(k), y, (row * y->w + w) * y->c);
            }
            continue;
        }
        const int8_t *const x_row = tin_broadcast_row(x, y, row);
        const int8_t *const k_row = tin_broadcast_row(k, y, row);
        int8_t *const out = (int8_t *)y->data + row * y->w * y->c;
        for (int32_t w = 0; w < y->w; w += run) {
            tin_add_row(&add, x_row + w * tin_broadcast_w(x), x_step, k_row + w * tin_broadcast_w(k), k_step, out + w * y->c, run * y->c);
        }
    }
}
