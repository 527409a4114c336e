// softmax over the last axis, gemmlowp fixed point    SPEC.md "softmax", "Softmax functions"
#include "arch/arch.h"
#include "engine/ops.h"
#include "kernels/check.h"

#define MAX_ELEMENTS (4096)

static int32_t saturated(int32_t a, int32_t shift) {
    const int32_t limit = INT32_MAX >> shift;
    return a > limit ? INT32_MAX : a < -limit - 1 ? INT32_MIN : (int32_t)((uint32_t)a << shift);
}

// exp(a), a <= 0 in Q5.26, as Q0.31.
static int32_t exp_on_negative_values(int32_t a) {
    // exp(-1/4), exp(-1/2), .. exp(-16) in Q0.31
    static const int32_t factors[] = { 1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242 };
    if (a == 0) {
        return INT32_MAX;
    }
    const int32_t quarter = (a & ((1 << 24) - 1)) - (1 << 24);
    const int32_t t = quarter * 32 + (1 << 28);
    const int32_t t2 = tin_rounding_high_mul(t, t);
    const int32_t t3 = tin_rounding_high_mul(t2, t);
    const int32_t t4 = tin_rounding_high_mul(t2, t2);
    // |t| is at most 2^28, t4 and the sum of t2 and the cubic term not negative: halves round up.
    const int32_t cubic = tin_rounding_high_mul(((t4 + 2) >> 2) + t3, 715827883);
    const int32_t p = (cubic + t2 + 1) >> 1;
    int32_t e = 1895147668 + tin_rounding_high_mul(1895147668, t + p);
    const int32_t *factor = factors;
    for (uint32_t quarters = ((uint32_t)quarter - (uint32_t)a) >> 24 & 127; quarters != 0; quarters >>= 1, factor++) {
        if (quarters & 1) {
            e = tin_rounding_high_mul(e, *factor);
        }
    }
    return e;
}

// 1 / sum, sum in Q12.19: the reciprocal in Q0.31 and how far it was shifted.
static int32_t reciprocal(uint32_t sum, int32_t *bits) {
    int32_t zeros = 0;
    while (sum >> 31 == 0) {
        sum <<= 1;
        zeros++;
    }
    const int32_t half = (int32_t)(sum >> 1);
    int32_t x = tin_wrap_add(1515870810, tin_rounding_high_mul(half, -1010580540));
    for (int32_t i = 0; i < 3; i++) {
        const int32_t rest = tin_wrap_add(1 << 29, -tin_rounding_high_mul(half, x));
        x = tin_wrap_add(x, saturated(tin_rounding_high_mul(x, rest), 2));
    }
    *bits = 12 - zeros;
    return saturated(x, 1);
}

bool tin_softmax_check(const tin_node_t *node) {
    const tin_softmax_attrs_t *const a = &node->attrs.softmax;
    return tin_s8_or_s16(node) && tin_addressable(&node->inputs[0]) && tin_same_view(&node->inputs[0], &node->outputs[0]) && node->outputs[0].c <= MAX_ELEMENTS
           && a->multiplier >= 0 && a->shift >= 0 && a->shift <= 31 && a->diff_min <= 0;
}

// exp(x - max) in Q0.31; 0 if it is too small to count.
static int32_t exponential(int32_t difference, const tin_softmax_attrs_t *a) {
    if (difference < a->diff_min) {
        return 0;
    }
    const int32_t shifted = (int32_t)((uint32_t)difference << a->shift);
    return exp_on_negative_values(tin_rounding_high_mul(shifted, a->multiplier));
}

void tin_softmax(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const tin_softmax_attrs_t *const a = &node->attrs.softmax;
    const bool s16 = TIN_HAS_S16 && x->bits == 16;
    (void)scratch;
    for (int32_t row = row0; row < row1; row++) {
        const int8_t *const from = (const int8_t *)x->data + row * x->c * (x->bits / 8);
        int8_t *const out = (int8_t *)y->data + row * y->c * (y->bits / 8);
        int32_t largest = INT32_MIN, bits;
        uint32_t sum = 0;
        for (int32_t c = 0; c < x->c; c++) {
            const int32_t value = tin_load(from, s16, c);
            largest = value > largest ? value : largest;
        }
        for (int32_t c = 0; c < x->c; c++) {
            sum += (uint32_t)tin_rounding_shift(exponential(tin_load(from, s16, c) - largest, a), 12);
        }
        const int32_t scale = reciprocal(sum, &bits);
        // In ascending order: the output may lie over the input, of which only element c is still read.
        for (int32_t c = 0; c < x->c; c++) {
            const int32_t difference = tin_load(from, s16, c) - largest;
            const int32_t e = exponential(difference, a);
            const int32_t shift = bits + 31 - (s16 ? 15 : 8);
            const int32_t share = shift > 31 || difference < a->diff_min ? 0 : tin_rounding_shift(tin_rounding_high_mul(scale, e), shift);
            tin_store(out, s16 ? 16 : 8, c, s16 ? tin_clamp(share, 0, INT16_MAX) : tin_clamp(share - 128, INT8_MIN, INT8_MAX));
        }
    }
}
