// y = zp_y + mbqm(sum over the axes of (x - zp_x))    SPEC.md "mean"
#include "arch/arch.h"
#include "engine/ops.h"
#include "kernels/check.h"
#include "kernels/element.h"
#include "kernels/reduce.h"

bool tin_mean_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const tin_mean_attrs_t *const a = &node->attrs.mean;
    return tin_s8_or_s16(node) && tin_multiplier_ok(a->multiplier, a->shift) && tin_reduction_ok(x, y, a->axes);
}

void tin_mean(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const tin_mean_attrs_t *const a = &node->attrs.mean;
    const tin_params_t params = { 0, a->multiplier, a->shift };
    const tin_output_t to = { y->zero_point, y->bits == 8 ? INT8_MIN : INT16_MIN, y->bits == 8 ? INT8_MAX : INT16_MAX };
    // How many elements one output takes along each axis.
    const int32_t n_count = x->n / y->n, h_count = x->h / y->h, w_count = x->w / y->w, c_count = x->c / y->c;
    (void)scratch;
    for (int32_t row = row0; row < row1; row++) {
        int32_t out = row * y->w * y->c;
        for (int32_t ow = 0; ow < y->w; ow++) {
            for (int32_t oc = 0; oc < y->c; oc++) {
                uint32_t sum = 0;
                for (int32_t n = 0; n < n_count; n++) {
                    for (int32_t h = 0; h < h_count; h++) {
                        for (int32_t w = 0; w < w_count; w++) {
                            const int32_t pixel = ((row / y->h + n) * x->h + row % y->h + h) * x->w + ow + w;
                            for (int32_t c = 0; c < c_count; c++) {
                                sum += (uint32_t)(tin_element(x, pixel * x->c + oc + c) - x->zero_point);
                            }
                        }
                    }
                }
                tin_set_element(y, out++, tin_requantize((int32_t)sum, &params, &to));
            }
        }
    }
}
