// The blocks in plain C, tin_<block>__generic: complete, and the judge of every override. An architecture's header defines
// tin_<block> as a function of its own with the same signature and results, which may call these for what it leaves out;
// arch.h lets the others fall through.
//
// Weights, params and columns are read byte by byte here, so that a file at any address runs.
#ifndef TIN_GENERIC_H
#define TIN_GENERIC_H

#include <stddef.h>
#include "arch/arithmetic.h"
#include "arch/choice.h"
#include "arch/trace.h"
#include "kernels/kernel.h"

// From accumulators to the output.
typedef struct {
    int32_t zero_point, low, high;
} tin_output_t;

static inline int32_t tin_requantize(int32_t acc, const tin_params_t *params, const tin_output_t *to) {
    return tin_clamp(tin_wrap_add(tin_mbqm(acc, params->multiplier, params->shift), to->zero_point), to->low, to->high);
}

// Where the taps of output pixels lie in the input. Sizes of channels are bytes: of s16, whose zero point is 0, twice as many.
typedef struct {
    int32_t in_h, in_w, in_c, out_h, out_w;
    int32_t kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w;
    int8_t zero_point;
} tin_window_t;

// An output pixel: its image in the input, its row and column.
typedef struct {
    const int8_t *x;
    int32_t oh, ow;
} tin_pixel_t;

static inline void tin_next_pixel(const tin_window_t *window, tin_pixel_t *pixel) {
    if (++pixel->ow == window->out_w) {
        pixel->ow = 0;
        if (++pixel->oh == window->out_h) {
            pixel->oh = 0;
            pixel->x += window->in_h * window->in_w * window->in_c;
        }
    }
}

// Weights and what follows their sums.
typedef struct {
    const uint8_t *weights;      // in the operator's layout, first channel
    const uint8_t *params;
    int32_t channels, taps;
    int8_t *out;                 // first channel of the first pixel
    int32_t out_pitch;           // bytes from pixel to pixel
    bool s4;                     // the weights
    bool s16;                    // the inputs, which few blocks take; of conv_2d and depthwise_conv_2d the outputs as well
    bool aligned;                // weights and params can be read as words
    bool wide;                   // weights hold -128 or -8
    uint8_t form;                // of requantization that all channels permit, tin_requant_form's
    tin_output_t to;
} tin_gemm_t;

static inline bool tin_reads_s16(const tin_gemm_t *gemm) {
    return TIN_HAS_S16 && gemm->s16;
}

// An architecture's choice for `rows` params whose sums have `taps` terms: the kernels ask once a call.
static inline uint8_t tin_requant_form__generic(const uint8_t *params, int32_t rows, int32_t taps, const tin_output_t *to) {
    (void)params;
    (void)rows;
    (void)taps;
    (void)to;
    return 0;
}

// A block is the columns of so many output pixels, here just their bytes; tin_block_bytes is its size.
#define TIN_BLOCK_PIXELS__GENERIC (4)

static inline int32_t tin_block_bytes__generic(const tin_window_t *window, int32_t taps, bool s4) {
    (void)window;
    (void)s4;
    return TIN_BLOCK_PIXELS__GENERIC * ((taps + 3) & ~3);
}

// The inputs of `pixels` output pixels for channels [channel, channel + channels), in the order of the taps.
static inline void tin_pack_columns__generic(const tin_window_t *window, tin_pixel_t pixel, int32_t pixels, int32_t channel, int32_t channels,
    bool s4, void *block) {
    const int32_t pitch = tin_block_bytes__generic(window, window->kernel_h * window->kernel_w * channels, s4) / TIN_BLOCK_PIXELS__GENERIC;
    for (int32_t i = 0; i < pixels; i++, tin_next_pixel(window, &pixel)) {
        int8_t *column = (int8_t *)block + i * pitch;
        for (int32_t ky = 0; ky < window->kernel_h; ky++) {
            const int32_t h = pixel.oh * window->stride_h - window->pad_top + ky * window->dilation_h;
            for (int32_t kx = 0; kx < window->kernel_w; kx++) {
                const int32_t w = pixel.ow * window->stride_w - window->pad_left + kx * window->dilation_w;
                const bool inside = h >= 0 && h < window->in_h && w >= 0 && w < window->in_w;
                const int8_t *const from = pixel.x + (inside ? (h * window->in_w + w) * window->in_c + channel : 0);
                for (int32_t c = 0; c < channels; c++) {
                    *column++ = inside ? from[c] : window->zero_point;
                }
            }
        }
    }
}

// Weight of a pair's tap: pairs_s8 c0k0 c1k0 c0k2 c1k2 c0k1 c1k1 c0k3 c1k3, pairs_s4 a byte of both channels.
static inline int32_t tin_pair_weight(const uint8_t *pair, bool s4, int32_t tap, int32_t odd) {
    if (s4) {
        return odd ? tin_low_nibble(pair[tap]) : tin_high_nibble(pair[tap]);
    }
    return (int8_t)pair[(tap & ~3) * 2 + (tap & 1) * 4 + (tap & 2) + odd];
}

// The product of a block's columns with the weights.
static inline void tin_gemm_block__generic(const tin_gemm_t *gemm, const void *block, int32_t pixels) {
    const int32_t pitch = (gemm->taps + 3) & ~3;
    const int32_t pair_bytes = gemm->s4 ? pitch : 2 * pitch;
    TIN_RAN(gemm_plain, pixels * gemm->channels * gemm->taps);
    for (int32_t oc = 0; oc < gemm->channels; oc++) {
        const uint8_t *const pair = gemm->weights + (oc >> 1) * pair_bytes;
        const tin_params_t params = tin_params(gemm->params, oc);
        for (int32_t pixel = 0; pixel < pixels; pixel++) {
            const int8_t *const column = (const int8_t *)block + pixel * pitch;
            uint32_t acc = (uint32_t)params.bias;
            for (int32_t tap = 0; tap < gemm->taps; tap++) {
                acc += (uint32_t)(column[tap] * tin_pair_weight(pair, gemm->s4, tap, oc & 1));
            }
            gemm->out[pixel * gemm->out_pitch + oc] = (int8_t)tin_requantize((int32_t)acc, &params, &gemm->to);
        }
    }
}

// The same of s16, whose blocks have one pixel here. For a native module the linker keeps one of these.
#define TIN_BLOCK_PIXELS_S16__GENERIC (1)

static inline int32_t tin_block_bytes_s16__generic(const tin_window_t *window, int32_t taps, bool s4) {
    (void)window;
    (void)s4;
    return (2 * taps + 3) & ~3;
}

__attribute__((noinline, unused)) static void tin_gemm_block_s16__generic(const tin_gemm_t *gemm, const void *block, int32_t pixels) {
    const int16_t *const column = block;
    const int32_t pitch = (gemm->taps + 3) & ~3;
    (void)pixels;
    TIN_RAN(gemm_s16_plain, gemm->channels * gemm->taps);
    for (int32_t oc = 0; oc < gemm->channels; oc++) {
        const uint8_t *const pair = gemm->weights + (oc >> 1) * (gemm->s4 ? pitch : 2 * pitch);
        const tin_params_t params = tin_params(gemm->params, oc);
        uint32_t acc = (uint32_t)params.bias;
        for (int32_t tap = 0; tap < gemm->taps; tap++) {
            acc += (uint32_t)(column[tap] * tin_pair_weight(pair, gemm->s4, tap, oc & 1));
        }
        ((int16_t *)(void *)gemm->out)[oc] = (int16_t)tin_requantize((int32_t)acc, &params, &gemm->to);
    }
}

// An element of s8 or s16, at its index.
static inline int32_t tin_load(const int8_t *x, bool s16, int32_t index) {
    return s16 ? ((const int16_t *)(const void *)x)[index] : x[index];
}

static inline void tin_store(int8_t *out, int32_t bits, int32_t index, int32_t value) {
    if (bits == 16) {
        ((int16_t *)(void *)out)[index] = (int16_t)value;
    } else {
        out[index] = (int8_t)value;
    }
}

// planes_s8, planes_s4.
static inline int32_t tin_plane_weight(const uint8_t *plane, bool s4, int32_t tap) {
    if (s4) {
        return tap & 1 ? tin_high_nibble(plane[tap >> 1]) : tin_low_nibble(plane[tap >> 1]);
    }
    return (int8_t)plane[tap];
}

// The sum of `taps` numbers, s8 or s16, times the weights of a plane.
__attribute__((noinline, unused)) static uint32_t tin_dot__generic(const void *x, int32_t bits, const uint8_t *plane, bool s4, int32_t taps) {
    uint32_t acc = 0;
    TIN_RAN(dot_plain, taps);
    for (int32_t tap = 0; tap < taps; tap++) {
        acc += (uint32_t)(tin_load(x, bits == 16, tap) * tin_plane_weight(plane, s4, tap));
    }
    return acc;
}

// The sum of `count` elements, `step` bytes from one to the next.
static inline int32_t tin_sum_s16__generic(const int8_t *from, int32_t count, int32_t step) {
    uint32_t sum = 0;
    for (; count > 0; count--, from += step) {
        sum += (uint32_t)tin_load(from, true, 0);
    }
    return (int32_t)sum;
}

static inline int32_t tin_sum__generic(const int8_t *from, int32_t count, int32_t step) {
    uint32_t sum = 0;
    for (; count > 3; count -= 4, from += 4 * step) {
        sum += (uint32_t)from[0] + (uint32_t)from[step] + (uint32_t)from[2 * step] + (uint32_t)from[3 * step];
    }
    for (; count > 0; count--, from += step) {
        sum += (uint32_t)*from;
    }
    return (int32_t)sum;
}

// `rows` output rows of a depthwise convolution from `pixel`, the first of a row, on. Every output channel of a pixel comes before
// the next pixel: the output may lie over the input.
static inline void tin_dw_rows__generic(const tin_window_t *window, const tin_gemm_t *dw, tin_pixel_t pixel, int32_t rows, int32_t multiplier,
    void *scratch) {
    const int32_t plane = dw->s4 ? (dw->taps + 1) / 2 : dw->taps;
    int8_t *out = dw->out;
    (void)scratch;
    TIN_RAN(dw_plain, rows * window->out_w * dw->channels * dw->taps);
    for (int32_t pixels = rows * window->out_w; pixels > 0; pixels--, tin_next_pixel(window, &pixel)) {
        for (int32_t oc = 0, channel = 0, of_channel = 0; oc < dw->channels; oc++) {
            const uint8_t *const weights = dw->weights + oc * plane;
            const tin_params_t params = tin_params(dw->params, oc);
            uint32_t acc = (uint32_t)params.bias;
            for (int32_t ky = 0, tap = 0; ky < window->kernel_h; ky++) {
                const int32_t h = pixel.oh * window->stride_h - window->pad_top + ky * window->dilation_h;
                for (int32_t kx = 0; kx < window->kernel_w; kx++, tap++) {
                    const int32_t w = pixel.ow * window->stride_w - window->pad_left + kx * window->dilation_w;
                    const bool inside = h >= 0 && h < window->in_h && w >= 0 && w < window->in_w;
                    const int8_t *const from = inside ? pixel.x + (h * window->in_w + w) * window->in_c : NULL;
                    const int32_t x = inside ? tin_load(from, tin_reads_s16(dw), channel) : window->zero_point;
                    acc += (uint32_t)(x * tin_plane_weight(weights, dw->s4, tap));
                }
            }
            tin_store(out, tin_reads_s16(dw) ? 16 : 8, oc, tin_requantize((int32_t)acc, &params, &dw->to));
            if (++of_channel == multiplier) {
                of_channel = 0;
                channel++;
            }
        }
        out += dw->out_pitch;
    }
}

// quads_s8: c0k0 c1k0 c0k2 c1k2 c2k0 c3k0 c2k2 c3k2 c0k1 c1k1 c0k3 c1k3 c2k1 c3k1 c2k3 c3k3; quads_s4: a byte of two channels.
static inline int32_t tin_quad_weight(const tin_gemm_t *fc, int32_t tap, int32_t oc) {
    const uint8_t *const quad = fc->weights + (oc & ~3) * ((fc->taps + 3) & ~3) / (fc->s4 ? 2 : 1);
    if (fc->s4) {
        const uint8_t byte = quad[(tap & ~3) * 2 + (oc & 2) * 2 + (tap & 3)];
        return (oc & 1 ? byte & 15 : byte >> 4) - 8;
    }
    return quad[(tap & ~3) * 4 + (tap & 1) * 8 + (oc & 2) * 2 + (tap & 2) + (oc & 1)] - 128;
}

// One row of a fully connected layer: `channels` outputs, s8 or s16, of quads_s8 (offset 128) or quads_s4 (offset 8).
static inline void tin_fc_row__generic(const tin_gemm_t *fc, const int8_t *x, int32_t out_bits, void *scratch) {
    (void)scratch;
    TIN_RAN(fc_plain, fc->channels * fc->taps);
    for (int32_t oc = 0; oc < fc->channels; oc++) {
        const tin_params_t params = tin_params(fc->params, oc);
        uint32_t acc = (uint32_t)params.bias;
        for (int32_t tap = 0; tap < fc->taps; tap++) {
            acc += (uint32_t)(tin_load(x, tin_reads_s16(fc), tap) * tin_quad_weight(fc, tap, oc));
        }
        tin_store(fc->out, out_bits, oc, tin_requantize((int32_t)acc, &params, &fc->to));
    }
}

// Attributes of add as its inner loop wants them.
typedef struct {
    int32_t x_zero_point, x_multiplier, x_shift;
    int32_t k_zero_point, k_multiplier, k_shift;
    int32_t left_shift;
    bool subtract;
    tin_params_t params;
    tin_output_t to;
} tin_add_t;

// (x - zero_point) << left_shift, times the multiplier; the shift wraps.
static inline int32_t tin_add_scaled(int32_t x, int32_t zero_point, int32_t left_shift, int32_t multiplier, int32_t shift) {
    return tin_mbqm((int32_t)((uint32_t)(x - zero_point) << left_shift), multiplier, shift);
}

// `count` sums; the inputs advance by x_step and k_step, 0 or 1.
static inline void tin_add_row__generic(const tin_add_t *add, const int8_t *x, int32_t x_step, const int8_t *k, int32_t k_step,
    int8_t *out, int32_t count) {
    TIN_RAN(add_plain, count);
    for (const int8_t *const end = out + count; out != end; out++, x += x_step, k += k_step) {
        const int32_t scaled_x = tin_add_scaled(*x, add->x_zero_point, add->left_shift, add->x_multiplier, add->x_shift);
        const int32_t scaled_k = tin_add_scaled(*k, add->k_zero_point, add->left_shift, add->k_multiplier, add->k_shift);
        *out = (int8_t)tin_requantize(tin_wrap_add(scaled_x, add->subtract ? -scaled_k : scaled_k), &add->params, &add->to);
    }
}

#endif
