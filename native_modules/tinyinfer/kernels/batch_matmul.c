// y[.., i, j] = sum over l of (x[.., i, l] - zp_x) * (k[.., l, j] - zp_k)    SPEC.md "batch_matmul"
#include "arch/arch.h"
#include "engine/ops.h"
#include "kernels/broadcast.h"
#include "kernels/check.h"
#include "kernels/element.h"

#define MAX_SUM_SHIFT (31)

bool tin_batch_matmul_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    const tin_batch_matmul_attrs_t *const a = &node->attrs.batch_matmul;
    const bool transposed = a->transposed == 1;
    return tin_s8_or_s16(node) && k->dtype == x->dtype && tin_elements_ok(k) && (transposed || a->transposed == 0)
           && tin_broadcast_size_ok(x->n, k->n, y->n) && tin_broadcast_size_ok(x->h, k->h, y->h) && x->w == y->w
           && x->c == (transposed ? k->c : k->w) && y->c == (transposed ? k->w : k->c)
           && a->sum_shift >= 0 && a->sum_shift <= (x->bits == 8 ? 0 : MAX_SUM_SHIFT) && tin_multiplier_ok(a->multiplier, a->shift)
           && tin_range_ok(a->activation_min, a->activation_max, y);
}

// The sum of `count` products; of s16, where 32 bits may be too few, shifted right.
static int32_t product(const tin_node_t *node, int32_t x_at, int32_t k_at, int32_t k_step, int32_t count) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1];
    if (x->bits == 8) {
        const int8_t *const p = (const int8_t *)x->data + x_at, *q = (const int8_t *)k->data + k_at;
        uint32_t sum = 0;
        for (int32_t i = 0; i < count; i++, q += k_step) {
            sum += (uint32_t)((p[i] - x->zero_point) * (*q - k->zero_point));
        }
        return (int32_t)sum;
    }
    const int32_t sum_shift = node->attrs.batch_matmul.sum_shift;
    int64_t sum = (int64_t)((1u << sum_shift) >> 1);
    for (int32_t i = 0; i < count; i++) {
        sum += (int64_t)(tin_element(x, x_at + i) - x->zero_point) * (tin_element(k, k_at + i * k_step) - k->zero_point);
    }
    return (int32_t)(sum >> sum_shift);
}

void tin_batch_matmul(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    const tin_batch_matmul_attrs_t *const a = &node->attrs.batch_matmul;
    const tin_params_t params = { 0, a->multiplier, a->shift };
    const tin_output_t to = { y->zero_point, a->activation_min, a->activation_max };
    // From one output to the next, and from one term of its sum to the next.
    const int32_t next = a->transposed != 0 ? k->c : 1, step = a->transposed != 0 ? 1 : k->c;
    (void)scratch;
    for (int32_t row = row0; row < row1; row++) {
        const int32_t x_at = tin_broadcast_first(x, y, row / y->w) + row % y->w * x->c;
        const int32_t k_at = tin_broadcast_first(k, y, row / y->w);
        for (int32_t c = 0; c < y->c; c++) {
            const int32_t sum = product(node, x_at, k_at + c * next, step, x->c);
            tin_set_element(y, row * y->c + c, tin_requantize(sum, &params, &to));
        }
    }
}
