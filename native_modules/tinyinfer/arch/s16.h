// Layers of s16 on cores with one product per instruction: what is theirs alone are the sums of a block (tin_sums_s16) and the place
// of its numbers (tin_put_run_s16).
#ifndef TIN_S16_H
#define TIN_S16_H

#include "arch/generic.h"

// Loads that the first scheduling pass hoists cost more spills than they hide.
#define TIN_S16_HOT static __attribute__((noinline, unused, optimize("O2", "no-schedule-insns")))

// `count` numbers of a pixel, the taps from `tap` on; `step` 0 repeats one.
static void tin_put_run_s16(void *block, int32_t pixel, int32_t tap, const int16_t *x, int32_t step, int32_t count, int32_t pitch);

// The numbers of a block, in the order of the taps but where they are put; zeros outside of the input and behind the last tap.
__attribute__((noinline, unused)) static void tin_pack_columns__s16(const tin_window_t *window, tin_pixel_t pixel, int32_t pixels,
    int32_t channel, int32_t channels, bool s4, void *block) {
    static const int16_t zero = 0;
    const int32_t taps = window->kernel_h * window->kernel_w * channels / 2, pitch = (taps + 3) & ~3;
    const int32_t last = (window->kernel_w - 1) * window->dilation_w;
    (void)s4;
    for (int32_t i = 0; i < pixels; i++, tin_next_pixel(window, &pixel)) {
        const int32_t left = pixel.ow * window->stride_w - window->pad_left;
        const bool whole = window->dilation_w == 1 && channels == window->in_c && left >= 0 && left + last < window->in_w;
        int32_t h = pixel.oh * window->stride_h - window->pad_top, tap = 0;
        for (int32_t ky = 0; ky < window->kernel_h; ky++, h += window->dilation_h) {
            const int8_t *const line = pixel.x + h * window->in_w * window->in_c + channel;
            const bool inside = (uint32_t)h < (uint32_t)window->in_h;
            // A kernel row is one run where it can be.
            const int32_t run = whole || !inside ? window->kernel_w * channels / 2 : channels / 2;
            for (int32_t w = left; w <= left + last; w += window->dilation_w, tap += run) {
                const bool in = inside && (uint32_t)w < (uint32_t)window->in_w;
                tin_put_run_s16(block, i, tap, in ? (const int16_t *)(const void *)(line + w * window->in_c) : &zero, in, run, pitch);
                if (run != channels / 2) {
                    tap += run;
                    break;
                }
            }
        }
        tin_put_run_s16(block, i, tap, &zero, 0, pitch - tap, pitch);
    }
}

// Of a channel, from `sums` that have its bias.
TIN_S16_HOT void tin_store_s16(const tin_gemm_t *gemm, int32_t oc, const int32_t *sums, int32_t pixels) {
    const tin_params_t params = tin_params(gemm->params, oc);
    const tin_output_t to = gemm->to;
    int8_t *out = gemm->out + 2 * oc;
    for (const int32_t *const end = sums + pixels; sums != end; sums++, out += gemm->out_pitch) {
        *(int16_t *)(void *)out = (int16_t)tin_requantize(tin_wrap_add(*sums, params.bias), &params, &to);
    }
}

// The sum of four products.
#define FOUR(a, b, c, d) (uint32_t)(x[0] * (a) + x[2] * (b)) + (uint32_t)(x[1] * (c) + x[3] * (d))

// Four channels at a time. Their weights are offset, which the input's sum corrects.
TIN_KERNEL(fc_row_s16, fc_s16, true)

__attribute__((noinline, unused)) static void tin_fc_row__s16(const tin_gemm_t *fc, const int8_t *inputs, int32_t out_bits, void *scratch) {
    const uint8_t *next = fc->weights;
    uint8_t unpacked[16];
    (void)scratch;
    TIN_RAN(fc_s16, fc->channels * fc->taps);
    for (int32_t oc = 0; oc < fc->channels; oc += 4) {
        const int16_t *x = (const int16_t *)(const void *)inputs;
        uint32_t sums[4], a = 0, b = 0, c = 0, d = 0, total = 0;
        int16_t tail[4] = { 0 };
        for (int32_t left = fc->taps; left > 0; left -= 4, x += 4) {
            if (left < 4) {
                for (int32_t i = 0; i < left; i++) {
                    tail[i] = x[i];
                }
                x = tail;
            }
            total += (uint32_t)(x[0] + x[1] + x[2] + x[3]);
            const uint8_t *q = next;
            next += fc->s4 ? 8 : 16;
            if (fc->s4) {
                // As quads_s8.
                for (int32_t i = 0; i < 8; i++) {
                    uint8_t *const pair = unpacked + (i & 4) + (i & 2) + (i & 1) * 8;
                    pair[0] = q[i] >> 4;
                    pair[1] = q[i] & 15;
                }
                q = unpacked;
            }
            a += FOUR(q[0], q[2], q[8], q[10]);
            b += FOUR(q[1], q[3], q[9], q[11]);
            c += FOUR(q[4], q[6], q[12], q[14]);
            d += FOUR(q[5], q[7], q[13], q[15]);
        }
        total *= fc->s4 ? 8 : 128;
        sums[0] = a;
        sums[1] = b;
        sums[2] = c;
        sums[3] = d;
        for (int32_t i = 0; i < 4 && oc + i < fc->channels; i++) {
            const tin_params_t params = tin_params(fc->params, oc + i);
            tin_store(fc->out, out_bits, oc + i, tin_requantize((int32_t)(sums[i] - total + (uint32_t)params.bias), &params, &fc->to));
        }
    }
}
#define tin_fc_row_s16 tin_fc_row__s16
#undef FOUR

#endif
