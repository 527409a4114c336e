// y[oh, ow, c] = mean of x over the window    NHWC; SPEC.md "average_pool_2d"
#include "arch/arch.h"
#include "engine/ops.h"
#include "kernels/check.h"
#include "arch/span.h"

bool tin_average_pool_2d_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const tin_average_pool_2d_attrs_t *const a = &node->attrs.average_pool_2d;
    return TIN_WINDOWS_OK(node, &a->kernel_h, average_pool_2d) && x->c == y->c && tin_addressable(x)
           && tin_multiplier_ok(a->multiplier, a->shift);
}

void tin_average_pool_2d(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const tin_average_pool_2d_attrs_t *const a = &node->attrs.average_pool_2d;
    const tin_params_t params = { 0, a->multiplier, a->shift };
    const tin_output_t to = { y->zero_point, a->activation_min, a->activation_max };
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
            const int32_t width = columns.count, step = tin_step(&columns, a->dilation_w, pixel);
            const int32_t skip = tin_step(&rows, a->dilation_h, x->w * pixel) - width * step;
            const int32_t count = rows.count * width;
            const int32_t run = skip == 0 ? count : width;
            const int8_t *const first = image + (rows.begin * x->w + columns.begin) * pixel;
            for (int32_t c = 0; c < y->c; c++) {
                const int8_t *from = first + (s16 ? 2 * c : c);
                int32_t sum = 0;
                for (int32_t left = count; left > 0; left -= run, from += run * step + skip) {
                    sum = tin_wrap_add(sum, s16 ? tin_sum_s16(from, run, step) : tin_sum(from, run, step));
                }
                if (a->multiplier == 0) {
                    // Taps may lie on both sides of a small input, none inside.
                    const int32_t mean = count == 0 ? 0 : sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
                    tin_store(y->data, s16 ? 16 : 8, out++, tin_clamp(mean, to.low, to.high));
                } else {
                    const uint32_t centred = (uint32_t)sum - (uint32_t)count * (uint32_t)x->zero_point;
                    tin_store(y->data, s16 ? 16 : 8, out++, tin_requantize((int32_t)centred, &params, &to));
                }
            }
        }
    }
}
