// z, r = sigmoid, n = tanh of the gates' sums, h = n + z * (h - n)    SPEC.md "gru"
#include "kernels/recurrent.h"

bool tin_gru_check(const tin_node_t *node) {
    const tin_gru_attrs_t *const a = &node->attrs.gru;
    return (a->linear_before_reset == 0 || a->linear_before_reset == 1)
           && tin_recurrent_ok(node, 3, 1, a->stateful, a->multiplier, a->shift);
}

// scratch: the next state, and r * h if that comes before the recurrent weights.
static void run_cell(const tin_cell_t *cell, bool linear, int16_t *next, int16_t *reset) {
    const int32_t units = cell->units;
    for (int32_t i = 0; !linear && i < units; i++) {
        reset[i] = (int16_t)tin_q15(tin_sigmoid(cell->table, tin_gate(cell, units + i)) * cell->h[i]);
    }
    for (int32_t i = 0; i < units; i++) {
        const int32_t z = tin_sigmoid(cell->table, tin_gate(cell, i));
        int32_t recurrent = tin_gate_state(cell, 2 * units + i, linear ? cell->h : reset);
        if (linear) {
            recurrent = tin_q15(tin_sigmoid(cell->table, tin_gate(cell, units + i)) * recurrent);
        }
        const int32_t n = tin_tanh(cell->table, 3 * tin_s16(tin_gate_input(cell, 2 * units + i) + recurrent));
        next[i] = (int16_t)tin_s16(n + tin_q15(z * (cell->h[i] - n)));
    }
}

void tin_gru(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_gru_attrs_t *const a = &node->attrs.gru;
    int16_t *const next = scratch;
    for (int32_t row = row0; row < row1; row++) {
        tin_recurrent_begin(node, row, a->stateful);
        for (int32_t batch = 0; batch < node->inputs[0].w; batch++) {
            tin_cell_t cell;
            tin_set_cell(node, row, batch, &cell);
            run_cell(&cell, a->linear_before_reset != 0, next, next + cell.units);
            tin_end_step(&cell, row, next, a->multiplier, a->shift);
        }
    }
}
