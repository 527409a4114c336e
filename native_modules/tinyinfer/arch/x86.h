// x86-64 with SSE2, which all of them have: PMADDWD makes eight products and four sums of them. The blocks keep to the scratch of
// the plain family, so a plan for this machine is one for any.
#ifndef TIN_X86_H
#define TIN_X86_H

#include <emmintrin.h>
#include "arch/dot.h"
#include "arch/generic.h"

// 8 signed bytes as words, from any address.
static inline __m128i tin_x86_widen(const void *p) {
    const __m128i bytes = _mm_loadl_epi64(p);
    return _mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8);
}

// The last `count` of them, 1 to 7; zeros follow.
static inline void tin_x86_copy(int8_t to[8], const int8_t *from, int32_t count) {
    for (int32_t i = 0; i < 8; i++) {
        to[i] = i < count ? from[i] : 0;
    }
}

// Sums of each of four.
static inline __m128i tin_x86_sums(const __m128i s[4]) {
    const __m128i ab = _mm_add_epi32(_mm_unpacklo_epi32(s[0], s[1]), _mm_unpackhi_epi32(s[0], s[1]));
    const __m128i cd = _mm_add_epi32(_mm_unpacklo_epi32(s[2], s[3]), _mm_unpackhi_epi32(s[2], s[3]));
    return _mm_add_epi32(_mm_unpacklo_epi64(ab, cd), _mm_unpackhi_epi64(ab, cd));
}

// A channel's requantization of four sums to 4 bytes.
static inline uint32_t tin_x86_requantize(__m128i acc, const tin_params_t *params, const tin_output_t *to) {
    const uint32_t left = params->shift > 0 ? (uint32_t)params->shift & 31 : 0;
    const uint32_t right = params->shift > 0 ? 0 : (0 - (uint32_t)params->shift) & 31;
    const __m128i multiplier = _mm_set1_epi32(params->multiplier), half = _mm_set_epi32(0, 1 << 30, 0, 1 << 30);
    // There are unsigned products only: of a + 2^31, which leaves the multiplier too much after the shift.
    acc = _mm_sll_epi32(_mm_add_epi32(acc, _mm_set1_epi32(params->bias)), _mm_cvtsi32_si128((int)left));
    acc = _mm_xor_si128(acc, _mm_set1_epi32(INT32_MIN));
    const __m128i even = _mm_srli_epi64(_mm_add_epi64(_mm_mul_epu32(acc, multiplier), half), 31);
    const __m128i odd = _mm_srli_epi64(_mm_add_epi64(_mm_mul_epu32(_mm_srli_epi64(acc, 32), multiplier), half), 31);
    const __m128i joined = _mm_or_si128(_mm_and_si128(even, _mm_set_epi32(0, -1, 0, -1)), _mm_slli_epi64(odd, 32));
    const __m128i high = _mm_sub_epi32(joined, multiplier);
    const int32_t bits = (int32_t)((1u << right) - 1);
    const __m128i mask = _mm_set1_epi32(bits), threshold = _mm_set1_epi32((int32_t)((uint32_t)bits >> 1));
    const __m128i away = _mm_cmpgt_epi32(_mm_and_si128(high, mask), _mm_sub_epi32(threshold, _mm_srai_epi32(high, 31)));
    __m128i y = _mm_sub_epi32(_mm_sra_epi32(high, _mm_cvtsi32_si128((int)right)), away);
    y = _mm_add_epi32(y, _mm_set1_epi32(to->zero_point));
    y = _mm_packs_epi32(y, y);
    y = _mm_min_epi16(_mm_max_epi16(y, _mm_set1_epi16((int16_t)to->low)), _mm_set1_epi16((int16_t)to->high));
    return (uint32_t)_mm_cvtsi128_si32(_mm_packs_epi16(y, y));
}

// Columns of bytes, as the generic ones, but zeros behind the last tap: weights are read by eights there, whatever they are.
#define TIN_BLOCK_PIXELS(taps, s4) TIN_BLOCK_PIXELS__GENERIC
#define tin_block_bytes tin_block_bytes__generic

static inline void tin_pack_columns__x86(const tin_window_t *window, tin_pixel_t pixel, int32_t pixels, int32_t channel, int32_t channels,
    bool s4, void *block) {
    const int32_t taps = window->kernel_h * window->kernel_w * channels, pitch = (taps + 3) & ~3;
    if (window->kernel_h == 1 && window->kernel_w == 1) {
        int8_t *column = block;
        for (tin_pixel_t p = pixel; column != (int8_t *)block + pixels * pitch; column += pitch, tin_next_pixel(window, &p)) {
            const int32_t h = p.oh * window->stride_h - window->pad_top, w = p.ow * window->stride_w - window->pad_left;
            if ((uint32_t)h < (uint32_t)window->in_h && (uint32_t)w < (uint32_t)window->in_w) {
                __builtin_memcpy(column, p.x + (h * window->in_w + w) * window->in_c + channel, (size_t)channels);
            } else {
                __builtin_memset(column, window->zero_point, (size_t)channels);
            }
        }
    } else {
        tin_pack_columns__generic(window, pixel, pixels, channel, channels, s4, block);
    }
    for (int32_t i = 0; i < pixels; i++) {
        for (int32_t tap = taps; tap < pitch; tap++) {
            ((int8_t *)block)[i * pitch + tap] = 0;
        }
    }
}
#define tin_pack_columns tin_pack_columns__x86

// Eight taps of a pair of channels as words, in order.
static inline void tin_x86_pair(__m128i stored, bool s4, __m128i weights[2]) {
    if (s4) {
        weights[0] = _mm_srai_epi16(_mm_unpacklo_epi8(stored, stored), 12);
        weights[1] = _mm_srai_epi16(_mm_slli_epi16(_mm_unpacklo_epi8(stored, stored), 12), 12);
        return;
    }
    // Stored as taps 0, 2, 1, 3, of both channels in turn.
    weights[0] = _mm_srai_epi16(_mm_slli_epi16(stored, 8), 8);
    weights[1] = _mm_srai_epi16(stored, 8);
    weights[0] = _mm_shufflehi_epi16(_mm_shufflelo_epi16(weights[0], _MM_SHUFFLE(3, 1, 2, 0)), _MM_SHUFFLE(3, 1, 2, 0));
    weights[1] = _mm_shufflehi_epi16(_mm_shufflelo_epi16(weights[1], _MM_SHUFFLE(3, 1, 2, 0)), _MM_SHUFFLE(3, 1, 2, 0));
}

static inline void tin_x86_products(const int8_t *column, const __m128i weights[2], __m128i *even, __m128i *odd) {
    const __m128i x = tin_x86_widen(column);
    *even = _mm_add_epi32(*even, _mm_madd_epi16(x, weights[0]));
    *odd = _mm_add_epi32(*odd, _mm_madd_epi16(x, weights[1]));
}

// Not a loop: the sums stay in registers.
static inline void tin_x86_pair_products(const int8_t *const column[4], int32_t tap, const __m128i weights[2], __m128i sums[2][4]) {
    tin_x86_products(column[0] + tap, weights, &sums[0][0], &sums[1][0]);
    tin_x86_products(column[1] + tap, weights, &sums[0][1], &sums[1][1]);
    tin_x86_products(column[2] + tap, weights, &sums[0][2], &sums[1][2]);
    tin_x86_products(column[3] + tap, weights, &sums[0][3], &sums[1][3]);
}

// Outputs of a channel for up to 4 pixels.
static inline void tin_x86_finish(const tin_gemm_t *gemm, int32_t oc, __m128i acc, const tin_params_t *params, int32_t pixels) {
    uint32_t bytes = tin_x86_requantize(acc, params, &gemm->to);
    int8_t *out = gemm->out + oc;
    for (int32_t i = 0; i < pixels; i++, bytes >>= 8, out += gemm->out_pitch) {
        *out = (int8_t)bytes;
    }
}

// 4 pixels x 2 channels.
static inline void tin_x86_gemm(const tin_gemm_t *gemm, const void *block, int32_t pixels, const bool s4) {
    const int32_t pitch = (gemm->taps + 3) & ~3, whole = pitch & ~7;
    const int8_t *column[4], *last[4];
    int8_t tails[4][8];
    for (int32_t i = 0; i < 4; i++) {
        // Missing pixels repeat the last; their sums are not stored.
        column[i] = (const int8_t *)block + (i < pixels ? i : pixels - 1) * pitch;
        if (whole != pitch) {
            tin_x86_copy(tails[i], column[i] + whole, 4);
        }
        last[i] = tails[i];
    }
    const uint8_t *pair = gemm->weights;
    for (int32_t oc = 0; oc < gemm->channels; oc += 2) {
        const __m128i zero = _mm_setzero_si128();
        __m128i sums[2][4] = { { zero, zero, zero, zero }, { zero, zero, zero, zero } }, weights[2];
        for (int32_t tap = 0; tap < whole; tap += 8, pair += s4 ? 8 : 16) {
            tin_x86_pair(s4 ? _mm_loadl_epi64((const void *)pair) : _mm_loadu_si128((const void *)pair), s4, weights);
            tin_x86_pair_products(column, tap, weights, sums);
        }
        if (whole != pitch) {
            tin_x86_pair(s4 ? _mm_cvtsi32_si128(tin_load_s32(pair)) : _mm_loadl_epi64((const void *)pair), s4, weights);
            tin_x86_pair_products(last, 0, weights, sums);
            pair += s4 ? 4 : 8;
        }
        const tin_params_t even = tin_params(gemm->params, oc);
        tin_x86_finish(gemm, oc, tin_x86_sums(sums[0]), &even, pixels);
        if (oc + 1 < gemm->channels) {
            const tin_params_t odd = tin_params(gemm->params, oc + 1);
            tin_x86_finish(gemm, oc + 1, tin_x86_sums(sums[1]), &odd, pixels);
        }
    }
}

TIN_KERNEL(gemm_block, gemm, true)

static inline void tin_gemm_block__x86(const tin_gemm_t *gemm, const void *block, int32_t pixels) {
    TIN_RAN(gemm, pixels * gemm->channels * gemm->taps);
    if (gemm->s4) {
        tin_x86_gemm(gemm, block, pixels, true);
    } else {
        tin_x86_gemm(gemm, block, pixels, false);
    }
}
#define tin_gemm_block tin_gemm_block__x86

// Depthwise: 8 channels of 4 pixels. Inputs less their zero point, which fit words, so that what lies outside adds nothing.
#define TIN_X86_DW_TAPS (64)

// The kernel's [first, end) that lies inside of an axis when its first element is at `at`.
typedef struct {
    int32_t first, end;
} tin_x86_span_t;

static inline tin_x86_span_t tin_x86_inside(int32_t at, int32_t kernel, int32_t dilation, int32_t size) {
    tin_x86_span_t span = { 0, kernel };
    while (span.first < kernel && at + span.first * dilation < 0) {
        span.first++;
    }
    while (span.end > span.first && at + (span.end - 1) * dilation >= size) {
        span.end--;
    }
    return span;
}

static inline void tin_x86_dw_pixel(const tin_window_t *window, const tin_pixel_t *pixel, int32_t channel, int32_t count,
    const int16_t (*weights)[16], __m128i *low, __m128i *high) {
    const __m128i zero_point = _mm_set1_epi16(window->zero_point), zero = _mm_setzero_si128();
    const int32_t h = pixel->oh * window->stride_h - window->pad_top, w = pixel->ow * window->stride_w - window->pad_left;
    const tin_x86_span_t rows = tin_x86_inside(h, window->kernel_h, window->dilation_h, window->in_h);
    const tin_x86_span_t columns = tin_x86_inside(w, window->kernel_w, window->dilation_w, window->in_w);
    const int32_t step = window->dilation_w * window->in_c;
    __m128i sum_low = zero, sum_high = zero;
    for (int32_t ky = rows.first; ky < rows.end; ky++) {
        const int32_t at = (h + ky * window->dilation_h) * window->in_w + w + columns.first * window->dilation_w;
        const int8_t *from = pixel->x + at * window->in_c + channel;
        const __m128i *tap = (const void *)weights[ky * window->kernel_w + columns.first];
        for (int32_t left = columns.end - columns.first; left > 0; left--, from += step, tap += 2) {
            int8_t tail[8];
            if (count < 8) {
                tin_x86_copy(tail, from, count);
            }
            const __m128i value = _mm_sub_epi16(tin_x86_widen(count < 8 ? tail : from), zero_point);
            sum_low = _mm_add_epi32(sum_low, _mm_madd_epi16(_mm_unpacklo_epi16(value, zero), _mm_loadu_si128(tap)));
            sum_high = _mm_add_epi32(sum_high, _mm_madd_epi16(_mm_unpackhi_epi16(value, zero), _mm_loadu_si128(tap + 1)));
        }
    }
    *low = sum_low;
    *high = sum_high;
}

// From channels of a pixel to pixels of a channel.
static inline void tin_x86_transpose(__m128i m[4]) {
    const __m128i ab_low = _mm_unpacklo_epi32(m[0], m[1]), ab_high = _mm_unpackhi_epi32(m[0], m[1]);
    const __m128i cd_low = _mm_unpacklo_epi32(m[2], m[3]), cd_high = _mm_unpackhi_epi32(m[2], m[3]);
    m[0] = _mm_unpacklo_epi64(ab_low, cd_low);
    m[1] = _mm_unpackhi_epi64(ab_low, cd_low);
    m[2] = _mm_unpacklo_epi64(ab_high, cd_high);
    m[3] = _mm_unpackhi_epi64(ab_high, cd_high);
}

// A group's weights, a zero behind each, and params whose bias has what the zero point adds.
static inline void tin_x86_dw_weights(const tin_gemm_t *dw, int32_t oc, int32_t count, int32_t zero_point, int16_t (*weights)[16],
    tin_params_t params[8]) {
    const int32_t plane = dw->s4 ? (dw->taps + 1) / 2 : dw->taps;
    for (int32_t i = 0; i < 8; i++) {
        int32_t total = 0;
        for (int32_t tap = 0; tap < dw->taps; tap++) {
            const int32_t weight = i < count ? tin_plane_weight(dw->weights + (oc + i) * plane, dw->s4, tap) : 0;
            weights[tap][2 * i] = (int16_t)weight;
            weights[tap][2 * i + 1] = 0;
            total += weight;
        }
        if (i < count) {
            params[i] = tin_params(dw->params, oc + i);
            params[i].bias = tin_wrap_add(params[i].bias, zero_point * total);
        }
    }
}

TIN_KERNEL(dw_rows, dw_groups, !dw->s16 && multiplier == 1 && dw->taps <= TIN_X86_DW_TAPS)

// Channels in groups of 8 over all rows: a channel's outputs only ever lie over inputs of the same channel (SPEC.md "Overlap").
static inline void tin_dw_rows__x86(const tin_window_t *window, const tin_gemm_t *dw, tin_pixel_t pixel, int32_t rows, int32_t multiplier,
    void *scratch) {
    if (!tin_takes_dw_groups(window, dw, multiplier)) {
        tin_dw_rows__generic(window, dw, pixel, rows, multiplier, scratch);
        return;
    }
    TIN_RAN(dw_groups, rows * window->out_w * dw->channels * dw->taps);
    int16_t weights[TIN_X86_DW_TAPS][16];
    for (int32_t oc = 0; oc < dw->channels; oc += 8) {
        const int32_t count = dw->channels - oc < 8 ? dw->channels - oc : 8;
        tin_params_t params[8];
        tin_x86_dw_weights(dw, oc, count, window->zero_point, weights, params);
        tin_gemm_t group = *dw;
        tin_pixel_t p = pixel;
        for (int32_t left = rows * window->out_w; left > 0; left -= 4, group.out += 4 * dw->out_pitch) {
            const int32_t pixels = left < 4 ? left : 4;
            __m128i sums[2][4];
            for (int32_t i = 0; i < 4; i++) {
                // Missing pixels repeat the last; their sums are not stored.
                tin_x86_dw_pixel(window, &p, oc, count, (const int16_t (*)[16])weights, &sums[0][i], &sums[1][i]);
                if (i + 1 < pixels) {
                    tin_next_pixel(window, &p);
                }
            }
            if (pixels < left) {
                tin_next_pixel(window, &p);
            }
            tin_x86_transpose(sums[0]);
            tin_x86_transpose(sums[1]);
            for (int32_t i = 0; i < count; i++) {
                tin_x86_finish(&group, oc + i, sums[i >> 2][i & 3], &params[i], pixels);
            }
        }
    }
}
#define tin_dw_rows tin_dw_rows__x86

// Fully connected: 4 channels. Sums of x * (w + 128) or x * (w + 8), four taps in turn.
static inline void tin_x86_fc_taps(__m128i x, const uint8_t *quad, bool s4, __m128i sums[2]) {
    const __m128i zero = _mm_setzero_si128();
    if (s4) {
        // c0, c2 in the high nibbles, c1, c3 in the low ones, four taps of each.
        const __m128i w = _mm_unpacklo_epi8(_mm_loadl_epi64((const void *)quad), zero);
        const __m128i twice = _mm_shuffle_epi32(x, _MM_SHUFFLE(1, 0, 1, 0));
        sums[0] = _mm_add_epi32(sums[0], _mm_madd_epi16(twice, _mm_srli_epi16(w, 4)));
        sums[1] = _mm_add_epi32(sums[1], _mm_madd_epi16(twice, _mm_and_si128(w, _mm_set1_epi16(15))));
        return;
    }
    // c0, c1 with taps 0, 1, then with 2, 3; c2, c3 alike.
    const __m128i w = _mm_unpacklo_epi8(_mm_loadl_epi64((const void *)quad), _mm_loadl_epi64((const void *)(quad + 8)));
    const __m128i twice = _mm_shuffle_epi32(x, _MM_SHUFFLE(1, 1, 0, 0));
    sums[0] = _mm_add_epi32(sums[0], _mm_madd_epi16(twice, _mm_unpacklo_epi8(w, zero)));
    sums[1] = _mm_add_epi32(sums[1], _mm_madd_epi16(twice, _mm_unpackhi_epi8(w, zero)));
}

TIN_KERNEL(fc_row, fc, true)

static inline void tin_fc_row__x86(const tin_gemm_t *fc, const int8_t *x, int32_t out_bits, void *scratch) {
    const int32_t whole = fc->taps & ~3;
    const uint8_t *quad = fc->weights;
    int8_t tail[8];
    uint32_t total = 0; // of x, times what the weights are too high by
    (void)scratch;
    TIN_RAN(fc, fc->channels * fc->taps);
    for (int32_t tap = 0; tap < fc->taps; tap++) {
        total += (uint32_t)x[tap];
    }
    total *= fc->s4 ? 8 : 128;
    tin_x86_copy(tail, x + whole, fc->taps - whole);
    for (int32_t oc = 0; oc < fc->channels; oc += 4) {
        __m128i sums[2] = { _mm_setzero_si128(), _mm_setzero_si128() };
        for (int32_t tap = 0; tap < whole; tap += 4, quad += fc->s4 ? 8 : 16) {
            const __m128i bytes = _mm_cvtsi32_si128(tin_load_s32((const uint8_t *)x + tap));
            tin_x86_fc_taps(_mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8), quad, fc->s4, sums);
        }
        if (whole != fc->taps) {
            tin_x86_fc_taps(tin_x86_widen(tail), quad, fc->s4, sums);
            quad += fc->s4 ? 8 : 16;
        }
        int32_t parts[8];
        _mm_storeu_si128((void *)parts, sums[0]);
        _mm_storeu_si128((void *)(parts + 4), sums[1]);
        for (int32_t i = 0; i < 4 && oc + i < fc->channels; i++) {
            const int32_t first = fc->s4 ? (i & 1) * 4 + (i & 2) : (i & 2) * 2 + (i & 1), second = first + (fc->s4 ? 1 : 2);
            const tin_params_t params = tin_params(fc->params, oc + i);
            const int32_t sum = tin_wrap_add(tin_wrap_add(parts[first], parts[second]), (int32_t)(0 - total));
            tin_store(fc->out, out_bits, oc + i, tin_requantize(tin_wrap_add(sum, params.bias), &params, &fc->to));
        }
    }
}
#define tin_fc_row tin_fc_row__x86

#endif
