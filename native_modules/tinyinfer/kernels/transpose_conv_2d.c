// y[oh, ow, o] = zp_y + mbqm(bias[o] + sum of x * w)    stride_h * stride_w convolutions of their own; SPEC.md "transpose_conv_2d"
#include "engine/ops.h"
#include "kernels/check.h"
#include "kernels/convolve.h"

// How many taps of a kernel the outputs of a phase see; one of zeros if none.
static int32_t taps_of(int32_t kernel, int32_t stride, int32_t phase) {
    return kernel > phase ? (kernel - phase + stride - 1) / stride : 1;
}

static int32_t padded_rows(const tin_node_t *node) {
    const int32_t groups = node->inputs[0].c / node->inputs[1].c;
    return groups * ((node->outputs[0].c / groups + 1) & ~1);
}

// Bytes of a phase's weights for `kernel` taps of each channel.
static int64_t phase_bytes(const tin_node_t *node, int32_t kernel) {
    const tin_tensor_t *const k = &node->inputs[1];
    const int64_t bytes = (int64_t)padded_rows(node) * ((kernel * k->c + 3) & ~3);
    return k->dtype == TIN_S4 ? bytes >> 1 : bytes;
}

// Of the phases of `kernel_h` taps in h, whatever their phase in w.
static int64_t phases_bytes(const tin_node_t *node, int32_t kernel_h) {
    const int32_t stride = node->attrs.transpose_conv_2d.stride_w;
    int64_t bytes = 0;
    for (int32_t phase = 0; phase < stride; phase++) {
        bytes += phase_bytes(node, kernel_h * taps_of(node->inputs[1].w, stride, phase));
    }
    return bytes;
}

// Every window begins inside of the input or just behind it.
static bool axis_ok(int32_t out, int32_t in, int32_t kernel, int32_t stride, int32_t pad) {
    return kernel <= TIN_MAX_STEP && stride >= 1 && stride <= TIN_MAX_STEP && pad >= 0 && pad <= TIN_MAX_STEP
           && out + pad < (int64_t)in * stride + kernel;
}

bool tin_transpose_conv_2d_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    const tin_transpose_conv_2d_attrs_t *const a = &node->attrs.transpose_conv_2d;
    if (!tin_filtered_ok(node) || !tin_range_ok(a->activation_min, a->activation_max, y) || x->c % k->c != 0
        || k->n != y->c || x->n != y->n || y->c % (x->c / k->c) != 0
        || !axis_ok(y->h, x->h, k->h, a->stride_h, a->pad_top) || !axis_ok(y->w, x->w, k->w, a->stride_w, a->pad_left)
        || k->h * k->w * k->c > TIN_MAX_TAPS) {
        return false;
    }
    // First what bounds the number of phases.
    const int64_t rows = (int64_t)a->stride_h * a->stride_w * padded_rows(node);
    if (!tin_weights_ok(node, rows, 0)) {
        return false;
    }
    int64_t bytes = 0;
    for (int32_t phase = 0; phase < a->stride_h; phase++) {
        bytes += phases_bytes(node, taps_of(k->h, a->stride_h, phase));
    }
    return k->bytes >= bytes;
}

void tin_transpose_conv_2d(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    const tin_transpose_conv_2d_attrs_t *const a = &node->attrs.transpose_conv_2d;
    const int32_t rows = padded_rows(node), most = taps_of(k->h, a->stride_h, 0) * taps_of(k->w, a->stride_w, 0) * k->c;
    tin_gemm_t gemm;
    tin_set_gemm(node, rows * a->stride_h * a->stride_w, most, TIN_RANGE_OF(transpose_conv_2d), &gemm);
    gemm.channels = y->c / (x->c / k->c);
    const int32_t bytes = x->bits / 8, out_c = gemm.out_pitch;
    gemm.out_pitch = a->stride_w * out_c;
    // Never more than one row at a time, so it has no end here.
    tin_window_t window = { x->h, x->w, x->c * bytes, 0, INT32_MAX, 0, 0, 1, 1, 0, 0, 1, 1, (int8_t)x->zero_point };
    for (int32_t row = row0; row < row1; row++) {
        const int32_t top = row % y->h + a->pad_top, phase_h = top % a->stride_h;
        gemm.weights = k->data;
        for (int32_t phase = 0; phase < phase_h; phase++) {
            gemm.weights += phases_bytes(node, taps_of(k->h, a->stride_h, phase));
        }
        gemm.params = (const uint8_t *)node->inputs[2].data + 12 * rows * a->stride_w * phase_h;
        window.kernel_h = taps_of(k->h, a->stride_h, phase_h);
        window.pad_top = window.kernel_h - 1;
        for (int32_t phase = 0; phase < a->stride_w; phase++) {
            // The first output of this phase.
            const int32_t before = a->pad_left % a->stride_w, ow = phase < before ? phase - before + a->stride_w : phase - before;
            const int32_t pixels = (y->w - ow + a->stride_w - 1) / a->stride_w;
            const tin_pixel_t pixel = {
                (const int8_t *)x->data + row / y->h * (x->h * x->w * window.in_c), top / a->stride_h, (ow + a->pad_left) / a->stride_w,
            };
            window.kernel_w = taps_of(k->w, a->stride_w, phase);
            window.pad_left = window.kernel_w - 1;
            gemm.taps = window.kernel_h * window.kernel_w * k->c;
            gemm.out = (int8_t *)y->data + (row * y->w + ow) * out_c;
            tin_convolve(&window, pixel, pixels, k->c * bytes, &gemm, scratch);
            gemm.weights += phase_bytes(node, window.kernel_h * window.kernel_w);
            gemm.params += 12 * rows;
        }
    }
}
