// y = zp_y + mbqm(x - zp_x)    SPEC.md "quantize"
#include "arch/arch.h"
#include "engine/ops.h"
#include "kernels/check.h"

bool tin_quantize_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const tin_quantize_attrs_t *const a = &node->attrs.quantize;
    return (x->dtype == TIN_S8 || x->dtype == TIN_S16) && (y->dtype == TIN_S8 || y->dtype == TIN_S16)
           && tin_elements_ok(x) && (!x->constant || x->bits == 8) && tin_same_view(x, y)
           && tin_range_ok(a->activation_min, a->activation_max, y) && tin_multiplier_ok(a->multiplier, a->shift);
}

void tin_quantize(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const tin_quantize_attrs_t *const a = &node->attrs.quantize;
    const tin_params_t params = { 0, a->multiplier, a->shift };
    const tin_output_t to = { y->zero_point, a->activation_min, a->activation_max };
    (void)scratch;
    for (int32_t i = row0 * y->w * y->c; i < row1 * y->w * y->c; i++) {
        const int32_t from = x->bits == 8 ? ((const int8_t *)x->data)[i] : ((const int16_t *)x->data)[i];
        const int32_t centred = from - x->zero_point;
        const int32_t value = a->multiplier == 0 ? tin_clamp(centred + to.zero_point, to.low, to.high)
            : tin_requantize(centred, &params, &to);
        if (y->bits == 8) {
            ((int8_t *)y->data)[i] = (int8_t)value;
        } else {
            ((int16_t *)y->data)[i] = (int16_t)value;
        }
    }
}
