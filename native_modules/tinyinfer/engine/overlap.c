// SPEC.md "Overlap".
#include "engine/ops.h"

// What the distance of a window operator depends on.
typedef struct {
    int64_t stride_h, stride_w, pad_top, pad_left, kernel_h, kernel_w, dilation_h, dilation_w;
} window_t;

static bool window_of(const tin_node_t *node, window_t *window) {
    const tin_tensor_t *const k = &node->inputs[1];
    #define WINDOW(op, kh, kw, dh, dw) { \
        const tin_##op##_attrs_t a = node->attrs.op; \
        const window_t w = { a.stride_h, a.stride_w, a.pad_top, a.pad_left, kh, kw, dh, dw }; \
        *window = w; \
        return true; \
    }
    switch (node->op) {
        case TIN_OP_conv_2d:
            WINDOW(conv_2d, k->h, k->w, a.dilation_h, a.dilation_w)
        case TIN_OP_depthwise_conv_2d:
            WINDOW(depthwise_conv_2d, k->h, k->w, a.dilation_h, a.dilation_w)
        case TIN_OP_average_pool_2d:
            WINDOW(average_pool_2d, a.kernel_h, a.kernel_w, 1, 1)
        case TIN_OP_max_pool_2d:
            WINDOW(max_pool_2d, a.kernel_h, a.kernel_w, 1, 1)
        default:
            return false;
    }
}

// Least input position of a tap inside of the input, `size` if none is.
static int64_t first_inside(int64_t out, int64_t size, int64_t stride, int64_t pad, int64_t kernel, int64_t dilation) {
    int64_t at = out * stride - pad;
    for (int64_t tap = 0; at < 0 && tap < kernel; tap++) {
        at += dilation;
    }
    return at < 0 || at > size ? size : at;
}

// The least input byte that pixel (oh, ow) of an image reads, the image's end if it reads none.
static int64_t pixel_need(const tin_node_t *node, const window_t *w, int64_t oh, int64_t ow) {
    const tin_tensor_t *const x = &node->inputs[0];
    const int64_t row = first_inside(oh, x->h, w->stride_h, w->pad_top, w->kernel_h, w->dilation_h);
    const int64_t column = first_inside(ow, x->w, w->stride_w, w->pad_left, w->kernel_w, w->dilation_w);
    const int64_t pixels = row == x->h || column == x->w ? (int64_t)x->h * x->w : row * x->w + column;
    return pixels * x->c * x->bits / 8;
}

// Largest end(p) - need(p + 1) over the pixels. From the last pixel to the first, so that the running minimum is need().
static int64_t least_distance(const tin_node_t *node, const window_t *w) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const int64_t pixel = y->c * (int64_t)y->bits / 8;
    const int64_t image_in = (int64_t)x->h * x->w * x->c * x->bits / 8;
    int64_t need = image_in * x->n;
    int64_t end = pixel * y->n * y->h * y->w;
    int64_t distance = 0;
    for (int64_t image = y->n - 1; image >= 0; image--) {
        for (int64_t oh = y->h - 1; oh >= 0; oh--) {
            for (int64_t ow = y->w - 1; ow >= 0; ow--) {
                if (end < pixel * y->n * y->h * y->w && end - need > distance) {
                    distance = end - need;
                }
                const int64_t first = pixel_need(node, w, oh, ow);
                if (first < image_in && image * image_in + first < need) {
                    need = image * image_in + first;
                }
                end -= pixel;
            }
        }
    }
    return distance;
}

static bool same_size(const tin_tensor_t *x, const tin_tensor_t *y) {
    return x->bits == y->bits && x->bytes == y->bytes;
}

bool tin_overlap_allowed(const tin_node_t *node, int32_t index, uint32_t lead) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    window_t window;
    switch (tin_op_overlap(node->op)) {
        case TIN_OVERLAP_inplace:
            return same_size(&node->inputs[index], y);
        case TIN_OVERLAP_window:
            // A filter of several outputs per input would overwrite what the next output of the pixel reads.
            return index == 0 && (node->op != TIN_OP_depthwise_conv_2d || x->c == y->c) && window_of(node, &window)
                   && lead % ((uint32_t)y->c * y->bits / 8) == 0 && (int64_t)lead >= least_distance(node, &window);
        default:
            return false;
    }
}
