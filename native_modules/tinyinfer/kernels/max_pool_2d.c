// y[oh, ow, c] = max of x over the window    NHWC; SPEC.md "max_pool_2d"
#include "arch/arch.h"
#include "engine/ops.h"
#include "kernels/check.h"
#include "arch/span.h"

bool tin_max_pool_2d_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const tin_max_pool_2d_attrs_t *const a = &node->attrs.max_pool_2d;
    return TIN_WINDOWS_OK(node, &a->kernel_h, max_pool_2d) && x->c == y->c && tin_addressable(x);
}

void tin_max_pool_2d(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const tin_max_pool_2d_attrs_t *const a = &node->attrs.max_pool_2d;
    const bool s16 = TIN_HAS_S16 && x->bits == 16;
    const int32_t pixel = s16 ? 2 * x->c : x->c;
    (void)scratch;
    for (int32_t row = row0; row < row1; row++) {
        tin_span_t rows, columns;
        tin_set_span(row % y->h * a->stride_h - a->pad_top, a->kernel_h, a->dilation_h, x->h, &rows);
        const int8_t *const image = (const int8_t *)x->data + row / y->h * (x->h * x->w * pixel);
        int32_t out = row * y->w * y->c;
        for (int32_t ow = 0; ow < y->w; ow++) {
            tin_set_span(ow * a->stride_w - a->pad_left, a->kernel_w, a->dilation_w, x->w, &columns);
            const int32_t step = tin_step(&columns, a->dilation_w, pixel);
            for (int32_t c = 0; c < y->c; c++) {
                int32_t best = INT16_MIN;
                for (int32_t h = rows.begin; h < rows.end; h += a->dilation_h) {
                    const int8_t *from = image + (h * x->w + columns.begin) * pixel + (s16 ? 2 * c : c);
                    for (int32_t w = 0; w < columns.count; w++, from += step) {
                        const int32_t value = tin_load(from, s16, 0);
                        best = value > best ? value : best;
                    }
                }
                tin_store(y->data, s16 ? 16 : 8, out++, tin_clamp(best, a->activation_min, a->activation_max));
            }
        }
    }
}
