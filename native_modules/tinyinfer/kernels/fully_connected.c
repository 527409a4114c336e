// y[row, o] = zp_y + mbqm(bias[o] + sum of x[row, c] * w[o, c])    weights quads_s8, quads_s4; SPEC.md "fully_connected"
#include "engine/ops.h"
#include "kernels/check.h"
#include "kernels/filters.h"

bool tin_fully_connected_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    const tin_fully_connected_attrs_t *const a = &node->attrs.fully_connected;
    const int32_t rows = (y->c + 3) & ~3;
    const int64_t taps = (x->c + 3) & ~3;
    return (x->dtype == TIN_S8 || (TIN_HAS_S16 && x->dtype == TIN_S16 && !x->constant)) && (y->dtype == TIN_S8 || y->dtype == TIN_S16) && tin_elements_ok(x)
           && tin_range_ok(a->activation_min, a->activation_max, y) && x->n * x->h * x->w == y->n * y->h * y->w
           && k->c == x->c && (int64_t)k->n * k->h * k->w == y->c
           && tin_weights_ok(node, rows, (k->dtype == TIN_S4 ? rows >> 1 : rows) * taps);
}

// Row r is quad r % quads of input row r / quads.
void tin_fully_connected(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    const int32_t quads = (y->c + 3) / 4;
    int32_t input_row = row0 / quads, quad = row0 % quads;
    tin_gemm_t fc;
    tin_set_gemm(node, TIN_FC_FORM ? y->c : 0, x->c, TIN_RANGE_OF(fully_connected), &fc);
    const int32_t quad_bytes = 4 * ((x->c + 3) & ~3) / (fc.s4 ? 2 : 1);
    while (row0 < row1) {
        // The quads of one input row.
        const int32_t rows = row1 - row0 < quads - quad ? row1 - row0 : quads - quad;
        fc.weights = (const uint8_t *)k->data + quad * quad_bytes;
        fc.params = (const uint8_t *)node->inputs[2].data + quad * 48;
        fc.channels = 4 * rows < y->c - 4 * quad ? 4 * rows : y->c - 4 * quad;
        fc.out = (int8_t *)y->data + (input_row * y->c + 4 * quad) * (y->bits / 8);
        const int8_t *const from = (const int8_t *)x->data + input_row * x->c * (x->bits / 8);
        if (tin_reads_s16(&fc)) {
            tin_fc_row_s16(&fc, from, y->bits, scratch);
        } else {
            tin_fc_row(&fc, from, y->bits, scratch);
        }
        row0 += rows;
        input_row++;
        quad = 0;
    }
}
