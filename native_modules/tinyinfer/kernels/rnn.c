// h = tanh or relu of the sum    SPEC.md "rnn"
#include "kernels/recurrent.h"

bool tin_rnn_check(const tin_node_t *node) {
    const tin_rnn_attrs_t *const a = &node->attrs.rnn;
    return (a->relu == 0 || a->relu == 1) && tin_recurrent_ok(node, 1, 1, a->stateful, a->multiplier, a->shift);
}

void tin_rnn(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_rnn_attrs_t *const a = &node->attrs.rnn;
    int16_t *const next = scratch;
    for (int32_t row = row0; row < row1; row++) {
        tin_recurrent_begin(node, row, a->stateful);
        for (int32_t batch = 0; batch < node->inputs[0].w; batch++) {
            tin_cell_t cell;
            tin_set_cell(node, row, batch, &cell);
            for (int32_t i = 0; i < cell.units; i++) {
                const int32_t sum = tin_gate(&cell, i);
                const int32_t h = a->relu ? (sum > 0 ? sum : 0) : tin_tanh(cell.table, 3 * sum);
                next[i] = (int16_t)h;
            }
            tin_end_step(&cell, row, next, a->multiplier, a->shift);
        }
    }
}
