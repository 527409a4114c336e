// x with a border of `value`    NHWC; SPEC.md "pad"
#include <string.h>
#include "engine/ops.h"
#include "kernels/check.h"

static bool fits(int32_t before, int32_t in, int32_t out) {
    return before >= 0 && before <= out - in;
}

bool tin_pad_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const tin_pad_attrs_t *const a = &node->attrs.pad;
    return tin_s8_or_s16(node) && tin_range_ok(a->value, a->value, y) && fits(a->before_n, x->n, y->n)
           && fits(a->before_h, x->h, y->h) && fits(a->before_w, x->w, y->w) && fits(a->before_c, x->c, y->c);
}

static void fill(uint8_t *out, int32_t value, int32_t count, int32_t bytes) {
    if (bytes == 1) {
        memset(out, value, (size_t)count);
        return;
    }
    for (int32_t i = 0; i < count; i++) {
        ((int16_t *)out)[i] = (int16_t)value;
    }
}

void tin_pad(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const tin_pad_attrs_t *const a = &node->attrs.pad;
    const int32_t bytes = y->bits / 8;
    (void)scratch;
    for (int32_t row = row0; row < row1; row++) {
        const int32_t n = row / y->h - a->before_n, h = row % y->h - a->before_h;
        uint8_t *const out = (uint8_t *)y->data + row * y->w * y->c * bytes;
        fill(out, a->value, y->w * y->c, bytes);
        if (n < 0 || n >= x->n || h < 0 || h >= x->h) {
            continue;
        }
        const uint8_t *const from = (const uint8_t *)x->data + (n * x->h + h) * x->w * x->c * bytes;
        for (int32_t w = 0; w < x->w; w++) {
            uint8_t *const to = out + ((w + a->before_w) * y->c + a->before_c) * bytes;
            memcpy(to, from + w * x->c * bytes, (size_t)(x->c * bytes));
        }
    }
}
