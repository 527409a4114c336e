// What the recurrent operators share: SPEC.md "Recurrent operators".
#ifndef TIN_RECURRENT_H
#define TIN_RECURRENT_H

#include <string.h>
#include "arch/arch.h"
#include "engine/ops.h"
#include "kernels/check.h"

#define TIN_GATE_ENTRIES (256)

static inline int32_t tin_s16(int32_t value) {
    return tin_clamp(value, INT16_MIN, INT16_MAX);
}

// The product of two numbers in 1/32768, at most one of them -32768.
static inline int32_t tin_q15(int32_t product) {
    return (product + (1 << 14)) >> 15;
}

// a is three times the argument in Q3.12. Each of `fraction` bits of it lies between two entries; `shift` leaves Q0.15.
__attribute__((noinline, unused)) static int32_t tin_gate_curve(const uint8_t *table, int32_t a, int32_t fraction, int32_t shift) {
    const uint32_t size = (uint32_t)(a < 0 ? -a : a), entry = size >> fraction;
    int32_t r = (32767 - (shift > fraction)) << fraction;
    if (entry < TIN_GATE_ENTRIES - 1) {
        const uint8_t *const at = table + 2 * entry;
        const int32_t low = (int16_t)(at[0] | at[1] << 8), high = (int16_t)(at[2] | at[3] << 8);
        r = low * (1 << fraction) + (int32_t)(size & ((1u << fraction) - 1)) * (high - low);
    }
    const int32_t half = 1 << (shift - 1);
    return a < 0 ? (half - 1 - r) >> shift : (r + half) >> shift;
}

static inline int32_t tin_sigmoid(const uint8_t *table, int32_t x) {
    const int32_t y = 16384 + tin_gate_curve(table, 3 * x, 9, 10);
    return y > INT16_MAX ? INT16_MAX : y;
}

// Of a, three times the argument in Q3.12.
static inline int32_t tin_tanh(const uint8_t *table, int32_t a) {
    const int32_t y = tin_gate_curve(table, a, 8, 8);
    return y > INT16_MAX ? INT16_MAX : y;
}

// One cell at work: its inputs of a time step, and its state.
typedef struct {
    const tin_node_t *node;
    const uint8_t *table;
    const void *x;
    int16_t *h;
    int32_t units, batch;
} tin_cell_t;

// The product of a row of planes with `taps` numbers, requantized; its params are the entry `param`.
__attribute__((noinline, unused)) static int32_t tin_gate_part(const tin_node_t *node, int32_t input, int32_t row, int32_t param, const void *x,
    int32_t bits, int32_t taps) {
    const tin_tensor_t *const k = &node->inputs[input];
    const bool s4 = k->dtype == TIN_S4;
    const uint8_t *const plane = (const uint8_t *)k->data + row * (s4 ? (taps + 1) / 2 : taps);
    const tin_params_t params = tin_params(node->inputs[3].data, param);
    const uint32_t acc = (uint32_t)params.bias + tin_dot(x, bits, plane, s4, taps);
    return tin_s16(tin_mbqm((int32_t)acc, params.multiplier, params.shift));
}

static inline int32_t tin_gate_input(const tin_cell_t *cell, int32_t row) {
    const tin_tensor_t *const x = &cell->node->inputs[0];
    return tin_gate_part(cell->node, 1, row, row, cell->x, x->bits, x->c);
}

// Of the state, or of what stands for it.
static inline int32_t tin_gate_state(const tin_cell_t *cell, int32_t row, const int16_t *h) {
    return tin_gate_part(cell->node, 2, row, cell->node->inputs[1].w + row, h, 16, cell->units);
}

static inline int32_t tin_gate(const tin_cell_t *cell, int32_t row) {
    return tin_s16(tin_gate_input(cell, row) + tin_gate_state(cell, row, cell->h));
}

// `states`: vectors of the state. An initial state may follow the table.
__attribute__((noinline, unused)) static bool tin_recurrent_ok(const tin_node_t *node, int32_t gates, int32_t states, int32_t stateful,
    int32_t multiplier, int32_t shift) {
    const tin_tensor_t *const x = &node->inputs[0], *const w = &node->inputs[1], *const r = &node->inputs[2];
    const tin_tensor_t *const params = &node->inputs[3], *const table = &node->inputs[4];
    const tin_tensor_t *const y = &node->outputs[0], *const state = &node->outputs[1];
    const int64_t rows = (int64_t)gates * y->c;
    const int64_t taps = x->c + (int64_t)y->c;
    const int64_t w_taps = w->dtype == TIN_S4 ? (x->c + 1) >> 1 : x->c, r_taps = w->dtype == TIN_S4 ? (y->c + 1) >> 1 : y->c;
    const bool types = (x->dtype == TIN_S8 || x->dtype == TIN_S16) && tin_elements_ok(x) && (y->dtype == TIN_S8 || y->dtype == TIN_S16)
        && (w->dtype == TIN_S8 || w->dtype == TIN_S4) && w->dtype == r->dtype && params->dtype == TIN_S32 && table->dtype == TIN_S16
        && state->dtype == TIN_S16 && state->zero_point == 0;
    const bool shapes = y->w == x->w && (y->n * y->h == x->n * x->h || y->n * y->h == 1) && w->c == x->c && w->w == rows && w->n == 1
        && w->h == 1 && r->c == y->c && r->w == rows && r->n == 1 && r->h == 1 && params->c == 3 && params->w == 2 * rows
        && params->n * params->h == 1 && taps * rows < 1 << 28 && state->n == 1 && state->h == x->w && state->w == states
        && state->c == y->c;
    const bool places = w->constant && r->constant && params->constant && table->constant && w->bytes >= w_taps * rows
        && r->bytes >= r_taps * rows && params->bytes >= 24 * rows && table->n * table->h * table->w * table->c == TIN_GATE_ENTRIES
        && table->bytes >= 2 * TIN_GATE_ENTRIES;
    bool initial = true;
    if (node->input_count > 5) {
        const tin_tensor_t *const h = &node->inputs[5];
        initial = h->dtype == TIN_S16 && tin_same_view(h, state) && tin_elements_ok(h);
    }
    return types && shapes && places && initial && (stateful == 0 || stateful == 1) && tin_multiplier_ok(multiplier, shift);
}

// Before time step `row`: at the first one the state begins.
__attribute__((noinline, unused)) static void tin_recurrent_begin(const tin_node_t *node, int32_t row, int32_t stateful) {
    const tin_tensor_t *const state = &node->outputs[1];
    if (row == 0 && !stateful) {
        if (node->input_count > 5) {
            memcpy(state->data, node->inputs[5].data, state->bytes);
        } else {
            memset(state->data, 0, state->bytes);
        }
    }
}

static inline void tin_set_cell(const tin_node_t *node, int32_t row, int32_t batch, tin_cell_t *cell) {
    const tin_tensor_t *const x = &node->inputs[0], *const state = &node->outputs[1];
    cell->node = node;
    cell->table = node->inputs[4].data;
    cell->x = (const int8_t *)x->data + (row * x->w + batch) * x->c * (x->bits / 8);
    cell->h = (int16_t *)state->data + batch * state->w * state->c;
    cell->units = state->c;
    cell->batch = batch;
}

// The hidden state becomes `next`, and y's integers of time step `row`, if y has them.
__attribute__((noinline, unused)) static void tin_end_step(const tin_cell_t *cell, int32_t row, const int16_t *next, int32_t multiplier,
    int32_t shift) {
    const tin_tensor_t *const x = &cell->node->inputs[0], *const y = &cell->node->outputs[0];
    const int32_t steps = y->n * y->h, limit = 1 << (y->bits - 1);
    memcpy(cell->h, next, 2 * (size_t)cell->units);
    if (steps == 1 && row != x->n * x->h - 1) {
        return;
    }
    const int32_t first = ((steps == 1 ? 0 : row) * y->w + cell->batch) * cell->units;
    for (int32_t i = 0; i < cell->units; i++) {
        const int32_t value = multiplier == 0 ? next[i] : tin_mbqm(next[i], multiplier, shift);
        tin_store(y->data, y->bits, first + i, tin_clamp(tin_wrap_add(value, y->zero_point), -limit, limit - 1));
    }
}

#endif
