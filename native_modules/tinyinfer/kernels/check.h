// What several operators check once, when a model is opened.
#ifndef TIN_CHECK_H
#define TIN_CHECK_H

#include "arch/arithmetic.h"
#include "kernels/kernel.h"

// Strides, dilations, kernel sizes and pads: kernels compute positions in 32 bits.
#define TIN_MAX_STEP (1 << 15)

static inline bool tin_range_ok(int32_t low, int32_t high, const tin_tensor_t *y) {
    const int32_t limit = 1 << (y->bits - 1);
    return low <= high && low >= -limit && high < limit;
}

static inline bool tin_same_view(const tin_tensor_t *x, const tin_tensor_t *y) {
    return x->n == y->n && x->h == y->h && x->w == y->w && x->c == y->c;
}

static inline bool tin_elements_ok(const tin_tensor_t *x) {
    // A constant's bytes are what its buffer has.
    return x->bytes >= (uint32_t)(x->n * x->h * x->w * x->c) * (x->bits / 8u);
}

static inline bool tin_both_s8(const tin_node_t *node) {
    return node->inputs[0].dtype == TIN_S8 && node->outputs[0].dtype == TIN_S8 && tin_elements_ok(&node->inputs[0]);
}

static inline bool tin_s8_or_s16(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0];
    return (x->dtype == TIN_S8 || (TIN_HAS_S16 && x->dtype == TIN_S16)) && x->dtype == node->outputs[0].dtype && tin_elements_ok(x);
}

// Windows of s16: what lies outside of the input is bytes of zero, and no constant may stand at an odd address.
static inline bool tin_s16_window_ok(const tin_tensor_t *x) {
    return !TIN_HAS_S16 || x->bits == 8 || (x->zero_point == 0 && !x->constant);
}

static inline bool tin_filtered_ok(const tin_node_t *node) {
    return tin_s8_or_s16(node) && tin_s16_window_ok(&node->inputs[0]);
}

// Of s16 no constant may stand at an odd address.
static inline bool tin_addressable(const tin_tensor_t *x) {
    return !TIN_HAS_S16 || x->bits == 8 || !x->constant;
}

// Along one axis every window touches the input. Sizes have 24 bits, so that with steps of 15 all of this has 32.
static inline bool tin_axis_ok(int32_t out, int32_t in, int32_t kernel, int32_t stride, int32_t pad, int32_t dilation) {
    return kernel >= 1 && kernel <= TIN_MAX_STEP && stride >= 1 && stride <= TIN_MAX_STEP && dilation >= 1
           && dilation <= TIN_MAX_STEP && pad >= 0 && pad <= TIN_MAX_STEP && pad < (kernel - 1) * dilation + 1
           && out - 1 <= (in - 1 + pad) / stride;
}

// What operators with windows have in common, of an image and of both axes; the attributes by their indices: of stride_h, stride_w,
// pad_top, pad_left, of dilation_h, dilation_w and of activation_min, activation_max.
__attribute__((noinline, unused)) static bool tin_windows_ok(const tin_node_t *node, const int32_t *kernel, uint32_t steps, uint32_t dilations,
    uint32_t range) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const int32_t *const step = node->attrs.v + steps;
    bool ok = tin_s8_or_s16(node) && x->n == y->n && tin_range_ok(node->attrs.v[range], node->attrs.v[range + 1], y);
    for (uint32_t axis = 0; axis < 2; axis++) {
        ok = ok && tin_axis_ok(y->shape[3 + axis], x->shape[3 + axis], kernel[axis], step[axis], step[2 + axis], node->attrs.v[dilations + axis]);
    }
    return ok;
}

#define TIN_WINDOWS_OK(node, kernel, op) \
    tin_windows_ok(node, kernel, TIN_ATTR(op, stride_h), TIN_ATTR(op, dilation_h), TIN_ATTR(op, activation_min))

// Weights and params of `rows` channels, the padded ones included.
static inline bool tin_weights_ok(const tin_node_t *node, int64_t rows, int64_t weight_bytes) {
    const tin_tensor_t *const k = &node->inputs[1], *const params = &node->inputs[2];
    return k->constant && params->constant && params->dtype == TIN_S32 && (k->dtype == TIN_S8 || k->dtype == TIN_S4)
           && params->c == 3 && params->n * params->h * params->w == node->outputs[0].c
           && k->bytes >= weight_bytes && params->bytes >= 12 * rows;
}

static inline bool tin_broadcast_size_ok(int32_t x, int32_t k, int32_t y) {
    return y == (x > k ? x : k) && (x == y || x == 1) && (k == y || k == 1);
}

// numpy's rule on the NHWC view.
static inline bool tin_broadcast_ok(const tin_tensor_t *x, const tin_tensor_t *k, const tin_tensor_t *y) {
    return tin_broadcast_size_ok(x->n, k->n, y->n) && tin_broadcast_size_ok(x->h, k->h, y->h)
           && tin_broadcast_size_ok(x->w, k->w, y->w) && tin_broadcast_size_ok(x->c, k->c, y->c);
}

// add and mul.
__attribute__((noinline, unused)) static bool tin_pair_ok(const tin_node_t *node, uint32_t range) {
    const tin_tensor_t *const k = &node->inputs[1], *const y = &node->outputs[0];
    return tin_s8_or_s16(node) && k->dtype == y->dtype && tin_elements_ok(k) && tin_broadcast_ok(&node->inputs[0], k, y)
           && tin_range_ok(node->attrs.v[range], node->attrs.v[range + 1], y);
}

#endif
