// y = sums over what each filter gave in the last steps    SPEC.md "svdf"
#include "kernels/recurrent.h"

bool tin_svdf_check(const tin_node_t *node) {
    const tin_svdf_attrs_t *const a = &node->attrs.svdf;
    const tin_tensor_t *const x = &node->inputs[0], *const w = &node->inputs[1], *const time = &node->inputs[2];
    const tin_tensor_t *const params = &node->inputs[3], *const y = &node->outputs[0], *const state = &node->outputs[1];
    const int32_t filters = w->w;
    const int64_t taps = w->dtype == TIN_S4 ? (x->c + 1) >> 1 : x->c;
    const bool types = (x->dtype == TIN_S8 || x->dtype == TIN_S16) && tin_elements_ok(x) && !x->constant
        && (y->dtype == TIN_S8 || y->dtype == TIN_S16) && tin_range_ok(a->activation_min, a->activation_max, y)
        && (w->dtype == TIN_S8 || w->dtype == TIN_S4) && (time->dtype == TIN_S8 || time->dtype == TIN_S16)
        && state->dtype == time->dtype && (state->dtype == TIN_S8 || state->zero_point == 0) && params->dtype == TIN_S32;
    const bool shapes = y->n == x->n && y->h == x->h && y->w == x->w && w->n == 1 && w->h == 1 && w->c == x->c
        && filters % y->c == 0 && time->n == 1 && time->h == 1 && time->w == filters && time->c == a->memory && params->n == 1
        && params->h == 1 && params->w == filters + y->c && params->c == 3 && state->n == 1 && state->h == x->w
        && state->w == filters && state->c == a->memory;
    return types && shapes && w->constant && time->constant && params->constant && w->bytes >= taps * filters && tin_elements_ok(time)
           && params->bytes >= 12 * ((int64_t)filters + y->c);
}

// What a filter gave in the last steps, oldest first, times its weights; the oldest makes room for `newest`. XOR makes the
// zero point, what was before the first step, a zero.
static uint32_t remember_s8(int8_t *memory, const int8_t *weights, int32_t last, int32_t newest, int32_t zero_point) {
    uint32_t acc = 0;
    for (int32_t i = 0; i < last; i++) {
        const int32_t kept = memory[i + 1];
        memory[i] = (int8_t)kept;
        acc += (uint32_t)((kept ^ zero_point) * weights[i]);
    }
    memory[last] = (int8_t)(newest ^ zero_point);
    return acc + (uint32_t)(newest * weights[last]);
}

static uint32_t remember_s16(int16_t *memory, const uint8_t *weights, int32_t last, int32_t newest) {
    uint32_t acc = 0;
    for (int32_t i = 0; i < last; i++, weights += 2) {
        memory[i] = memory[i + 1];
        acc += (uint32_t)(memory[i] * (int16_t)(weights[0] | weights[1] << 8));
    }
    memory[last] = (int16_t)newest;
    return acc + (uint32_t)(newest * (int16_t)(weights[0] | weights[1] << 8));
}

void tin_svdf(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_svdf_attrs_t *const a = &node->attrs.svdf;
    const tin_tensor_t *const x = &node->inputs[0], *const time = &node->inputs[2];
    const tin_tensor_t *const y = &node->outputs[0], *const state = &node->outputs[1];
    const int32_t filters = time->w, rank = filters / y->c, last = a->memory - 1;
    (void)scratch;
    for (int32_t row = row0; row < row1; row++) {
        const int32_t at = row / y->c, unit = row - at * y->c;
        const int8_t *const seen = (const int8_t *)x->data + at * x->c * (x->bits / 8);
        const int32_t of_batch = at % x->w * filters;
        const tin_params_t params = tin_params(node->inputs[3].data, filters + unit);
        uint32_t acc = (uint32_t)params.bias;
        for (int32_t filter = unit * rank; filter < (unit + 1) * rank; filter++) {
            const int32_t newest = tin_gate_part(node, 1, filter, filter, seen, x->bits, x->c);
            const int32_t first = (of_batch + filter) * a->memory;
            if (time->bits == 8) {
                acc += remember_s8((int8_t *)state->data + first, (const int8_t *)time->data + filter * a->memory, last,
                    (int8_t)(tin_clamp(newest, INT8_MIN, INT8_MAX) + state->zero_point), state->zero_point);
            } else {
                acc += remember_s16((int16_t *)state->data + first, (const uint8_t *)time->data + 2 * filter * a->memory, last, newest);
            }
        }
        const int32_t value = tin_wrap_add(tin_mbqm((int32_t)acc, params.multiplier, params.shift), y->zero_point);
        tin_store(y->data, y->bits, row, tin_clamp(value, a->activation_min, a->activation_max));
    }
}
