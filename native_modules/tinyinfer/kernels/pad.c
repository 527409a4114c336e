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

void tin_pad(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const tin_pad_attrs_t *const a = &node->attrs.pad;
    const int32_t bytes = TIN_HAS_S16 ? y->bits / 8 : 1;
    const int32_t x_pixel = x->c * bytes, y_pixel = y->c * bytes;
    (void)scratch;
    // From the front on, since x may lie over the end of y.
    uint8_t *out = (uint8_t *)y->data + row0 * y->w * y_pixel;
    for (int32_t row = row0; row < row1; row++) {
        const int32_t n = row / y->h - a->before_n, h = row % y->h - a->before_h;
        const uint8_t *const end = out + y->w * y_pixel, *from = x->data;
        int32_t left = 0, border = a->before_w * y_pixel + a->before_c * bytes;
        if (n >= 0 && n < x->n && h >= 0 && h < x->h) {
            left = x->w;
            from += (n * x->h + h) * x->w * x_pixel;
        }
        do {
            const uint8_t *const to = left > 0 ? out + border : end;
            while (out < to) {
                *out++ = (uint8_t)a->value;
                if (bytes == 2) {
                    *out++ = (uint8_t)(a->value >> 8);
                }
            }
            if (left > 0) {
                memmove(out, from, (size_t)x_pixel);
                out += x_pixel;
                from += x_pixel;
                border = y_pixel - x_pixel;
            }
        } while (left-- > 0);
    }
}
