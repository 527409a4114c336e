// The blocks in plain C: complete, and the judge of every override. An architecture header that is included before this one
// may define any TIN_HAS_<block> and the block itself, with the same signature, layouts and results.
//
// Weights, params and columns are read byte by byte here, so that a file at any address runs.
#ifndef TIN_GENERIC_H
#define TIN_GENERIC_H

#include "arch/arithmetic.h"
#include "kernels/kernel.h"

#ifndef TIN_PIXELS
// Output pixels of one block: their columns are packed together.
#define TIN_PIXELS (4)
#endif

// From accumulators to the output.
typedef struct {
    int32_t zero_point, low, high;
} tin_output_t;

static inline int32_t tin_requantize(int32_t acc, const tin_params_t *params, const tin_output_t *to) {
    return tin_clamp(tin_wrap_add(tin_mbqm(acc, params->multiplier, params->shift), to->zero_point), to->low, to->high);
}

// Where the taps of an output pixel lie in the input.
typedef struct {
    const int8_t *x;             // of the image, first channel
    int32_t in_h, in_w, in_c;
    int32_t kernel_h, kernel_w;
    int32_t stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w;
    int8_t zero_point;
} tin_window_t;

#ifndef TIN_HAS_PACK_COLUMN
// The inputs of output pixel (oh, ow) for channels [channel, channel + channels), in the order of the taps.
static inline void tin_pack_column(const tin_window_t *window, int32_t oh, int32_t ow, int32_t channel, int32_t channels, int8_t *column) {
    for (int32_t ky = 0; ky < window->kernel_h; ky++) {
        const int32_t h = oh * window->stride_h - window->pad_top + ky * window->dilation_h;
        for (int32_t kx = 0; kx < window->kernel_w; kx++) {
            const int32_t w = ow * window->stride_w - window->pad_left + kx * window->dilation_w;
            const bool inside = h >= 0 && h < window->in_h && w >= 0 && w < window->in_w;
            const int8_t *const from = window->x + (inside ? (h * window->in_w + w) * window->in_c + channel : 0);
            for (int32_t c = 0; c < channels; c++) {
                *column++ = inside ? from[c] : window->zero_point;
            }
        }
    }
}
#endif

// A matrix product: `pixels` columns of `taps` bytes, `pitch` bytes apart, with `channels` filters.
typedef struct {
    const uint8_t *weights;      // pairs_s8 or pairs_s4, first channel of the group
    const uint8_t *params;
    int32_t channels, taps;
    int8_t *out;                 // first channel of the first pixel
    int32_t out_pitch;           // bytes from pixel to pixel
    bool aligned;                // weights and params can be read as words
    tin_output_t to;
} tin_gemm_t;

#ifndef TIN_HAS_GEMM_BLOCK_S8
static inline void tin_gemm_block_s8(const tin_gemm_t *gemm, const int8_t *columns, int32_t pitch, int32_t pixels) {
    const int32_t pair_bytes = 2 * ((gemm->taps + 3) & ~3);
    for (int32_t oc = 0; oc < gemm->channels; oc++) {
        const int8_t *const pair = (const int8_t *)gemm->weights + (oc >> 1) * pair_bytes + (oc & 1);
        const tin_params_t params = tin_params(gemm->params, oc);
        for (int32_t pixel = 0; pixel < pixels; pixel++) {
            const int8_t *const column = columns + pixel * pitch;
            uint32_t acc = (uint32_t)params.bias;
            for (int32_t tap = 0; tap < gemm->taps; tap++) {
                // c0k0 c1k0 c0k2 c1k2 c0k1 c1k1 c0k3 c1k3
                const int8_t weight = pair[(tap & ~3) * 2 + (tap & 1) * 4 + (tap & 2)];
                acc += (uint32_t)(column[tap] * weight);
            }
            gemm->out[pixel * gemm->out_pitch + oc] = (int8_t)tin_requantize((int32_t)acc, &params, &gemm->to);
        }
    }
}
#endif

#ifndef TIN_HAS_GEMM_BLOCK_S4
static inline void tin_gemm_block_s4(const tin_gemm_t *gemm, const int8_t *columns, int32_t pitch, int32_t pixels) {
    const int32_t pair_bytes = (gemm->taps + 3) & ~3;
    for (int32_t oc = 0; oc < gemm->channels; oc++) {
        const uint8_t *const pair = gemm->weights + (oc >> 1) * pair_bytes;
        const tin_params_t params = tin_params(gemm->params, oc);
        for (int32_t pixel = 0; pixel < pixels; pixel++) {
            const int8_t *const column = columns + pixel * pitch;
            uint32_t acc = (uint32_t)params.bias;
            for (int32_t tap = 0; tap < gemm->taps; tap++) {
                acc += (uint32_t)(column[tap] * (oc & 1 ? tin_low_nibble(pair[tap]) : tin_high_nibble(pair[tap])));
            }
            gemm->out[pixel * gemm->out_pitch + oc] = (int8_t)tin_requantize((int32_t)acc, &params, &gemm->to);
        }
    }
}
#endif

#ifndef TIN_HAS_DW_ROW
// One output row of a depthwise convolution, every output channel of a pixel before the next pixel.
static inline void tin_dw_row(const tin_window_t *window, const tin_gemm_t *dw, bool s4, int32_t multiplier, int32_t oh, int32_t out_w) {
    const int32_t plane = s4 ? (dw->taps + 1) / 2 : dw->taps;
    for (int32_t ow = 0; ow < out_w; ow++) {
        for (int32_t oc = 0, channel = 0, of_channel = 0; oc < dw->channels; oc++) {
            const uint8_t *const weights = dw->weights + oc * plane;
            const tin_params_t params = tin_params(dw->params, oc);
            uint32_t acc = (uint32_t)params.bias;
            for (int32_t ky = 0, tap = 0; ky < window->kernel_h; ky++) {
                const int32_t h = oh * window->stride_h - window->pad_top + ky * window->dilation_h;
                for (int32_t kx = 0; kx < window->kernel_w; kx++, tap++) {
                    const int32_t w = ow * window->stride_w - window->pad_left + kx * window->dilation_w;
                    const bool inside = h >= 0 && h < window->in_h && w >= 0 && w < window->in_w;
                    const int32_t x = inside ? window->x[(h * window->in_w + w) * window->in_c + channel] : window->zero_point;
                    const int32_t weight = !s4 ? (int8_t)weights[tap]
                        : tap & 1 ? tin_high_nibble(weights[tap >> 1]) : tin_low_nibble(weights[tap >> 1]);
                    acc += (uint32_t)(x * weight);
                }
            }
            dw->out[ow * dw->out_pitch + oc] = (int8_t)tin_requantize((int32_t)acc, &params, &dw->to);
            if (++of_channel == multiplier) {
                of_channel = 0;
                channel++;
            }
        }
    }
}
#endif

#ifndef TIN_HAS_FC_QUAD
// Four output channels of a fully connected layer; quads_s8 (offset 128) or quads_s4 (offset 8).
static inline void tin_fc_quad(const int8_t *x, int32_t taps, const uint8_t *weights, bool s4, int32_t acc[4]) {
    for (int32_t tap = 0; tap < taps; tap++) {
        for (int32_t channel = 0; channel < 4; channel++) {
            int32_t weight;
            if (s4) {
                const uint8_t byte = weights[(tap & ~3) * 2 + (channel >> 1) * 4 + (tap & 3)];
                weight = (channel & 1 ? byte & 15 : byte >> 4) - 8;
            } else {
                weight = weights[(tap & ~3) * 4 + (tap & 1) * 8 + (channel >> 1) * 4 + (tap & 2) + (channel & 1)] - 128;
            }
            acc[channel] = (int32_t)((uint32_t)acc[channel] + (uint32_t)(x[tap] * weight));
        }
    }
}
#endif

#endif
