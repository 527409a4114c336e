#include "kernels/filters.h"

__attribute__((noinline)) void tin_set_gemm(const tin_node_t *node, int32_t rows, int32_t taps, uint32_t range, tin_gemm_t *gemm) {
    const tin_tensor_t *const k = &node->inputs[1], *const params = &node->inputs[2], *const y = &node->outputs[0];
    gemm->weights = k->data;
    gemm->params = params->data;
    gemm->channels = y->c;
    gemm->taps = taps;
    gemm->out = y->data;
    gemm->out_pitch = y->c * (y->bits / 8);
    gemm->s16 = node->inputs[0].dtype == TIN_S16;
    gemm->s4 = k->dtype == TIN_S4;
    gemm->aligned = k->aligned;
    gemm->to.zero_point = y->zero_point;
    gemm->to.low = node->attrs.v[range];
    gemm->to.high = node->attrs.v[range + 1];
    gemm->wide = node->attrs.v[range + 2] != 0;
    gemm->form = tin_requant_form(gemm->params, rows, taps, &gemm->to);
}

__attribute__((noinline)) void tin_set_window(const tin_node_t *node, int32_t row, tin_window_t *window, tin_pixel_t *pixel) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    const tin_conv_2d_attrs_t *const a = &node->attrs.conv_2d;
    const int32_t in_c = x->c * (x->bits / 8);
    const tin_window_t of_node = {
        x->h, x->w, in_c, y->h, y->w, k->h, k->w, a->stride_h, a->stride_w, a->pad_top, a->pad_left, a->dilation_h, a->dilation_w,
        (int8_t)x->zero_point,
    };
    *window = of_node;
    pixel->x = (const int8_t *)x->data + row / y->h * (x->h * x->w * in_c);
    pixel->oh = row % y->h;
    pixel->ow = 0;
}
