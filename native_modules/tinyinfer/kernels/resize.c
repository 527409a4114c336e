// y[oh, ow, c] = sum of x over the taps of row oh and of column ow    NHWC; SPEC.md "resize"
#include <string.h>
#include "arch/arch.h"
#include "engine/ops.h"
#include "kernels/check.h"

#define MAX_SHIFT (30)

// One entry for each output: the first tap, then the weights; all taps are inside of the input.
static bool table_ok(const tin_tensor_t *table, int32_t out, int32_t in) {
    return table->constant && table->dtype == TIN_S16 && tin_elements_ok(table) && table->n == 1 && table->h == 1
           && table->w == out && table->c - 1 <= in;
}

bool tin_resize_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const tin_tensor_t *const rows = &node->inputs[1], *const columns = &node->inputs[2];
    const tin_resize_attrs_t *const a = &node->attrs.resize;
    const bool weighted = rows->c > 1 && columns->c > 1;
    return tin_s8_or_s16(node) && x->n == y->n && x->c == y->c && table_ok(rows, y->h, x->h) && table_ok(columns, y->w, x->w)
           && (weighted || (rows->c == 1 && columns->c == 1)) && a->column_shift >= 0 && a->column_shift <= MAX_SHIFT
           && (a->multiplier == 0 ? a->shift <= 0 && a->shift >= -MAX_SHIFT : tin_multiplier_ok(a->multiplier, a->shift));
}

static int32_t load(const uint8_t *p) {
    return (int16_t)(p[0] | p[1] << 8);
}

// Constants are not trusted.
static int32_t first_tap(const uint8_t *entry, int32_t taps, int32_t in) {
    return tin_clamp(load(entry), 0, in - taps);
}

void tin_resize(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const tin_tensor_t *const rows = &node->inputs[1], *const columns = &node->inputs[2];
    const tin_resize_attrs_t *const a = &node->attrs.resize;
    const bool copies = rows->c == 1;
    const int32_t bytes = x->bits / 8, pixel = x->c * bytes, line = x->w * pixel;
    const int32_t tall = copies ? 1 : rows->c - 1, wide = copies ? 1 : columns->c - 1;
    const int32_t centre = a->multiplier != 0 ? x->zero_point : 0, limit = 1 << (y->bits - 1);
    const tin_params_t params = { 0, a->multiplier, a->shift };
    const tin_output_t to = { y->zero_point, -limit, limit - 1 };
    uint8_t *out = (uint8_t *)y->data + row0 * y->w * pixel;
    (void)scratch;
    for (int32_t row = row0; row < row1; row++) {
        const uint8_t *const of_row = (const uint8_t *)rows->data + row % y->h * rows->c * 2;
        const uint8_t *const top = (const uint8_t *)x->data + (row / y->h * x->h + first_tap(of_row, tall, x->h)) * line;
        const uint8_t *of_column = columns->data;
        for (int32_t ow = 0; ow < y->w; ow++, of_column += columns->c * 2) {
            const uint8_t *const corner = top + first_tap(of_column, wide, x->w) * pixel;
            if (copies) {
                memcpy(out, corner, (size_t)pixel);
                out += pixel;
                continue;
            }
            for (int32_t c = 0; c < pixel; c += bytes, out += bytes) {
                uint32_t sum = 0;
                for (int32_t h = 0; h < tall; h++) {
                    const uint8_t *from = corner + h * line + c;
                    uint32_t across = 0;
                    for (int32_t w = 1; w <= wide; w++, from += pixel) {
                        const int32_t value = (bytes == 1 ? *(const int8_t *)from : load(from)) - centre;
                        across += (uint32_t)value * (uint32_t)load(of_column + 2 * w);
                    }
                    const uint32_t rounded = (uint32_t)tin_rounding_shift((int32_t)across, a->column_shift);
                    sum += rounded * (uint32_t)load(of_row + 2 * h + 2);
                }
                int32_t value = (int32_t)sum;
                if (a->multiplier != 0) {
                    value = tin_requantize(value, &params, &to);
                } else {
                    value = tin_clamp(tin_rounding_shift(value, -a->shift), to.low, to.high);
                }
                if (bytes == 1) {
                    *(int8_t *)out = (int8_t)value;
                } else {
                    *(int16_t *)(void *)out = (int16_t)value;
                }
            }
        }
    }
}
