// y[row, o] = zp_y + mbqm(bias[o] + sum of x[row, c] * w[o, c])    weights quads_s8, quads_s4; SPEC.md "fully_connected"
#include "arch/arch.h"
#include "engine/ops.h"
#include "kernels/check.h"

bool tin_fully_connected_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    const tin_fully_connected_attrs_t *const a = &node->attrs.fully_connected;
    const int64_t rows = (y->c + 3) & ~3;
    const int64_t taps = (x->c + 3) & ~3;
    return x->dtype == TIN_S8 && (y->dtype == TIN_S8 || y->dtype == TIN_S16) && tin_elements_ok(x)
           && tin_range_ok(a->activation_min, a->activation_max, y) && x->n == y->n && x->h == y->h && x->w == y->w
           && k->c == x->c && (int64_t)k->n * k->h * k->w == y->c
           && tin_weights_ok(node, rows, rows * taps / (k->dtype == TIN_S4 ? 2 : 1));
}

// Row r is quad r % quads of input row r / quads.
void tin_fully_connected(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    const tin_fully_connected_attrs_t *const a = &node->attrs.fully_connected;
    const tin_output_t to = { y->zero_point, a->activation_min, a->activation_max };
    const bool s4 = k->dtype == TIN_S4;
    const int32_t quads = (y->c + 3) / 4;
    const int32_t quad_bytes = 4 * ((x->c + 3) & ~3) / (s4 ? 2 : 1);
    (void)scratch;
    for (int32_t row = row0; row < row1; row++) {
        const int32_t quad = row % quads;
        tin_params_t params[4];
        int32_t acc[4];
        for (int32_t i = 0; i < 4; i++) {
            params[i] = tin_params(node->inputs[2].data, 4 * quad + i);
            acc[i] = params[i].bias;
        }
        tin_fc_quad((const int8_t *)x->data + row / quads * x->c, x->c, (const uint8_t *)k->data + quad * quad_bytes, s4, acc);
        for (int32_t i = 0; i < 4 && 4 * quad + i < y->c; i++) {
            const int32_t value = tin_requantize(acc[i], &params[i], &to);
            const int32_t at = row / quads * y->c + 4 * quad + i;
            if (y->dtype == TIN_S16) {
                ((int16_t *)y->data)[at] = (int16_t)value;
            } else {
                ((int8_t *)y->data)[at] = (int8_t)value;
            }
        }
    }
}
