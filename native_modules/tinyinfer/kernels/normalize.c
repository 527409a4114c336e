// y = d / sqrt(sum of d^2) * factor + offset over the last axis, d = x or x - mean    SPEC.md "normalize"
#include "arch/arch.h"
#include "engine/ops.h"
#include "kernels/check.h"
#include "kernels/element.h"

#define MAX_ELEMENTS (1 << 16)
#define MAX_EPSILON_SHIFT (24)

bool tin_normalize_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    const tin_normalize_attrs_t *const a = &node->attrs.normalize;
    return tin_s8_or_s16(node) && tin_same_view(x, y) && x->c <= MAX_ELEMENTS && k->constant && k->dtype == TIN_S32
           && tin_elements_ok(k) && k->n == 1 && k->h == 1 && k->w == x->c && k->c == 2 && a->centred >= 0 && a->centred <= 1
           && a->epsilon >= 0 && a->epsilon_shift >= 0 && a->epsilon_shift <= MAX_EPSILON_SHIFT
           && tin_multiplier_ok(a->multiplier, a->shift);
}

// floor(sum * 2^bits / count + 1/2) without leaving 32 bits.
static int32_t mean_of(int32_t sum, int32_t count, int32_t bits) {
    int32_t whole = sum / count, rest = sum % count;
    if (rest < 0) {
        rest += count;
        whole--;
    }
    return whole * (1 << bits) + ((rest << bits) + count / 2) / count;
}

// 1 / sqrt(squares) = result / 2^29 / 2^exponent
static int32_t reciprocal_root(uint64_t squares, int32_t *exponent) {
    int32_t e = 16;
    while (squares >> 32 != 0) {
        squares >>= 2;
        e++;
    }
    uint32_t high = (uint32_t)squares;
    while (high >> 30 == 0) {
        high <<= 2;
        e--;
    }
    *exponent = e;
    const int32_t m = (int32_t)(high >> 1);
    // Newton's steps from 2.2 - 1.25 m, off by an eighth at most.
    int32_t r = 1181116006 - tin_rounding_high_mul(m, 671088640);
    for (int32_t i = 0; i < 4; i++) {
        const int32_t product = tin_rounding_high_mul(m, tin_rounding_high_mul(r, r));
        r = tin_rounding_high_mul(r, (3 << 27) - product) * 8;
    }
    return r;
}

void tin_normalize(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const uint8_t *const params = node->inputs[1].data;
    const tin_normalize_attrs_t *const a = &node->attrs.normalize;
    const int32_t limit = 1 << (y->bits - 1), bits = x->bits == 8 ? 7 : 3;
    const tin_params_t scale = { 0, a->multiplier, a->shift };
    const tin_output_t to = { y->zero_point, -limit, limit - 1 };
    (void)scratch;
    for (int32_t row = row0; row < row1; row++) {
        const int32_t first = row * x->c;
        int32_t mean = x->zero_point * (1 << bits), exponent = 1, root = 0;
        if (a->centred != 0) {
            int32_t sum = 0;
            for (int32_t c = 0; c < x->c; c++) {
                sum += tin_element(x, first + c);
            }
            mean = mean_of(sum, x->c, bits);
        }
        uint64_t squares = (uint64_t)a->epsilon << a->epsilon_shift;
        for (int32_t c = 0; c < x->c; c++) {
            const int32_t d = tin_element(x, first + c) * (1 << bits) - mean;
            squares += (uint64_t)((int64_t)d * d);
        }
        if (squares != 0) {
            root = reciprocal_root(squares, &exponent);
        }
        for (int32_t c = 0; c < x->c; c++) {
            const int32_t d = tin_element(x, first + c) * (1 << bits) - mean;
            const int32_t share = tin_rounding_high_mul(d * (1 << (30 - exponent)), root);
            const int64_t scaled = (int64_t)share * tin_load_s32(params + 8 * c) + (1 << 12);
            const int32_t sum = tin_wrap_add((int32_t)(scaled >> 13), tin_load_s32(params + 8 * c + 4));
            tin_set_element(y, first + c, tin_requantize(sum, &scale, &to));
        }
    }
}
