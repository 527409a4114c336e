// What several operators check once, when a model is opened.
#ifndef TIN_CHECK_H
#define TIN_CHECK_H

#include "arch/arithmetic.h"
#include "kernels/kernel.h"

// Positions and extents stay below this, so that kernels may compute them in 32 bits.
#define TIN_MAX_EXTENT (1 << 24)

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

// Every window starts above the input's end and below the largest extent.
static inline bool tin_axis_ok(int64_t out, int64_t in, int64_t kernel, int64_t stride, int64_t pad, int64_t dilation) {
    return kernel >= 1 && kernel <= TIN_MAX_EXTENT && stride >= 1 && stride <= TIN_MAX_EXTENT && pad >= 0
           && pad <= TIN_MAX_EXTENT && dilation >= 1 && dilation <= TIN_MAX_EXTENT
           && (out - 1) * stride - pad < in && (out - 1) * stride + (kernel - 1) * dilation <= 4 * (int64_t)TIN_MAX_EXTENT;
}

// Weights and params of `rows` channels, the padded ones included.
static inline bool tin_weights_ok(const tin_node_t *node, int64_t rows, int64_t weight_bytes) {
    const tin_tensor_t *const k = &node->inputs[1], *const params = &node->inputs[2];
    if (!k->constant || !params->constant || params->dtype != TIN_S32 || (k->dtype != TIN_S8 && k->dtype != TIN_S4)
        || k->bytes < weight_bytes || params->bytes < 12 * rows) {
        return false;
    }
    for (int32_t row = 0; row < rows; row++) {
        const tin_params_t p = tin_params(params->data, row);
        if (!tin_multiplier_ok(p.multiplier, p.shift)) {
            return false;
        }
    }
    return true;
}

// numpy's rule on the NHWC view: each size is y's or 1.
static inline bool tin_broadcast_ok(const tin_tensor_t *x, const tin_tensor_t *y) {
    return (x->n == y->n || x->n == 1) && (x->h == y->h || x->h == 1) && (x->w == y->w || x->w == 1)
           && (x->c == y->c || x->c == 1);
}

#endif
