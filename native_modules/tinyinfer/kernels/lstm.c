// c = f * c + i * g, h = o * tanh(c)    SPEC.md "lstm"
#include "kernels/recurrent.h"

// Rows of the gates, and of the peepholes.
enum { INPUT, OUTPUT, FORGET, CELL };

#define HALF (1 << 30)

bool tin_lstm_check(const tin_node_t *node) {
    const tin_lstm_attrs_t *const a = &node->attrs.lstm;
    const tin_tensor_t *const peepholes = &node->inputs[6], *const y = &node->outputs[0];
    return tin_recurrent_ok(node, 4, 2, a->stateful, a->multiplier, a->shift) && a->cell_shift >= -15 && a->cell_shift <= 14
           && a->cell_clip >= 0 && a->cell_clip <= 32768 && tin_multiplier_ok(a->hidden_multiplier, a->hidden_shift)
           && a->hidden_min <= a->hidden_max && a->hidden_min >= INT16_MIN && a->hidden_max <= INT16_MAX
           && tin_multiplier_ok(a->peephole_multiplier, a->peephole_shift)
           && (node->input_count < 7 || (peepholes->constant && peepholes->dtype == TIN_S16 && peepholes->n * peepholes->h == 1
                                         && peepholes->w == 3 && peepholes->c == y->c && tin_elements_ok(peepholes)));
}

static int32_t sum(const tin_cell_t *cell, int32_t gate, int32_t i, int32_t c) {
    const tin_node_t *const node = cell->node;
    const int32_t row = gate * cell->units + i, value = tin_gate(cell, row);
    if (node->input_count < 7 || gate == CELL) {
        return value;
    }
    const uint8_t *const at = (const uint8_t *)node->inputs[6].data + 2 * row;
    const int32_t weight = (int16_t)(at[0] | at[1] << 8);
    const tin_lstm_attrs_t *const a = &node->attrs.lstm;
    return tin_s16(value + tin_s16(tin_mbqm(weight * c, a->peephole_multiplier, a->peephole_shift)));
}

static void run_cell(const tin_cell_t *cell, const tin_lstm_attrs_t *a, int16_t *next) {
    int16_t *const cells = cell->h + cell->units;
    const uint8_t *const table = cell->table;
    const int32_t shift = a->cell_shift;
    for (int32_t i = 0; i < cell->units; i++) {
        const int32_t kept = tin_s16(tin_mbqm(tin_sigmoid(table, sum(cell, FORGET, i, cells[i])) * cells[i], HALF, -14));
        const int32_t candidate = tin_tanh(table, 3 * sum(cell, CELL, i, 0));
        const int32_t added = tin_mbqm(tin_sigmoid(table, sum(cell, INPUT, i, cells[i])) * candidate, HALF, -17 - shift);
        const int32_t c = tin_s16(tin_clamp(tin_s16(kept + tin_s16(added)), -a->cell_clip, a->cell_clip));
        cells[i] = (int16_t)c;
        const int32_t argument = shift >= 0 ? 3 * c * (1 << shift) : (3 * c + (1 << (-shift - 1))) >> -shift;
        const int32_t h = tin_sigmoid(table, sum(cell, OUTPUT, i, c)) * tin_tanh(table, argument);
        next[i] = (int16_t)tin_clamp(tin_mbqm(h, a->hidden_multiplier, a->hidden_shift), a->hidden_min, a->hidden_max);
    }
}

void tin_lstm(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_lstm_attrs_t *const a = &node->attrs.lstm;
    for (int32_t row = row0; row < row1; row++) {
        tin_recurrent_begin(node, row, a->stateful);
        for (int32_t batch = 0; batch < node->inputs[0].w; batch++) {
            tin_cell_t cell;
            tin_set_cell(node, row, batch, &cell);
            run_cell(&cell, a, scratch);
            tin_end_step(&cell, row, scratch, a->multiplier, a->shift);
        }
    }
}
