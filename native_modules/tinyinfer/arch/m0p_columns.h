// ARMv6-M: the columns of a block, pixels two by two.
//
// A word holds a tap of two pixels, x(p) + x(p + 1) * 2^16, so that one MULS makes two products. A block has, for s4, six pixels: the
// three words of each tap side by side; for s8, four pixels: the two words of each tap, taps in the order of pairs_s8 (k0 k2 k1 k3);
// of few taps, where the time goes to outputs, twice as many.
#ifndef TIN_M0P_COLUMNS_H
#define TIN_M0P_COLUMNS_H

#include "arch/generic.h"

#define TIN_BLOCK_PIXELS(taps, s4) ((s4) ? 6 : (taps) <= 48 ? 8 : 4)

// Behind a block: the bytes of two pixels whose windows are not all inside of the input, or not in runs; then weights that are not
// aligned.
static inline int32_t tin_block_bytes__m0p(const tin_window_t *window, int32_t taps, bool s4) {
    const int32_t spare = s4 && window->kernel_h * window->kernel_w == 1 ? 1 : 2;
    return (2 * TIN_BLOCK_PIXELS(taps, s4) + spare) * ((taps + 3) & ~3);
}
#define tin_block_bytes tin_block_bytes__m0p

// Two pixels' bytes in runs of neighbours. The assembly knows these offsets.
typedef struct {
    const int8_t *low, *high;       //  0,  4 end of the first run
    int32_t *to;                    //  8
    int32_t minus_run;              // 12
    int32_t runs;                   // 16
    int32_t low_pitch, high_pitch;  // 20, 24 from run to run
    uint32_t s4;                    // 28
} tin_m0p_pack_t;

// One tap of two pixels: lo + hi * 2^16.
#define TIN_M0P_PACK_TAP(offset) \
    "    ldrsb  r4, [r0, r3]\n" \
    "    ldrsb  r5, [r1, r3]\n" \
    "    lsls   r5, #16\n" \
    "    adds   r4, r5\n" \
    "    str    r4, [r2, #" offset "]\n" \
    "    adds   r3, #1\n" \
    "    bne    3f\n" \
    "    bl     4f\n" \
    "3:\n"

TIN_ASM void tin_m0p_pack(const tin_m0p_pack_t *job) {
    __asm__ (
        ".syntax unified\n"
        "    push   {r4-r7, lr}\n"
        "    movs   r7, r0\n"
        "    ldmia  r7!, {r0-r3, r6}\n"
        "    ldmia  r7!, {r4, r5}\n"
        "    ldr    r7, [r7]\n"
        "    push   {r3-r5}\n"                // [sp] minus_run, +4 low_pitch, +8 high_pitch; r6 = runs left
        "    cmp    r7, #0\n"
        "    bne    2f\n"
        "1:\n"
        TIN_M0P_PACK_TAP("0")
        TIN_M0P_PACK_TAP("16")
        TIN_M0P_PACK_TAP("8")
        TIN_M0P_PACK_TAP("24")
        "    adds   r2, #32\n"
        "    b      1b\n"
        "2:\n"
        TIN_M0P_PACK_TAP("0")
        TIN_M0P_PACK_TAP("12")
        TIN_M0P_PACK_TAP("24")
        TIN_M0P_PACK_TAP("36")
        "    adds   r2, #48\n"
        "    b      2b\n"
        "4:  ldr    r3, [sp, #4]\n"
        "    adds   r0, r3\n"
        "    ldr    r3, [sp, #8]\n"
        "    adds   r1, r3\n"
        "    ldr    r3, [sp]\n"
        "    subs   r6, #1\n"
        "    beq    5f\n"
        "    bx     lr\n"
        "5:  add    sp, #12\n"
        "    pop    {r4-r7, pc}\n"
    );
}

static inline int8_t *tin_m0p_fill(int8_t *to, int8_t value, int32_t count) {
    while (count-- > 0) {
        *to++ = value;
    }
    return to;
}

static inline int8_t *tin_m0p_copy(int8_t *to, const int8_t *from, int32_t count) {
    for (; count >= 4; count -= 4, from += 4, to += 4) {
        const int8_t a = from[0], b = from[1], c = from[2], d = from[3];
        to[0] = a;
        to[1] = b;
        to[2] = c;
        to[3] = d;
    }
    while (count-- > 0) {
        *to++ = *from++;
    }
    return to;
}

static void tin_m0p_gather(const tin_window_t *window, const tin_pixel_t *pixel, int32_t channel, int32_t channels, int8_t *to) {
    const bool in_runs = window->dilation_w == 1 && channels == window->in_c;
    int32_t h = pixel->oh * window->stride_h - window->pad_top;
    for (int32_t ky = window->kernel_h; ky > 0; ky--, h += window->dilation_h) {
        int32_t w = pixel->ow * window->stride_w - window->pad_left, left = window->kernel_w;
        if (h >= 0 && h < window->in_h) {
            for (; w < 0 && left > 0; w += window->dilation_w, left--) {
                to = tin_m0p_fill(to, window->zero_point, channels);
            }
            const int8_t *from = pixel->x + (h * window->in_w + w) * window->in_c + channel;
            if (in_runs) {
                const int32_t inside = w + left > window->in_w ? window->in_w - w : left;
                to = tin_m0p_copy(to, from, inside * channels);
                left -= inside;
            } else {
                for (; w < window->in_w && left > 0; w += window->dilation_w, left--) {
                    to = tin_m0p_copy(to, from, channels);
                    from += window->dilation_w * window->in_c;
                }
            }
        }
        to = tin_m0p_fill(to, window->zero_point, left * channels);
    }
}

TIN_M0P_APART void tin_pack_columns__m0p(const tin_window_t *window, tin_pixel_t pixel, int32_t pixels, int32_t channel, int32_t channels,
    bool s4, void *block) {
    const int32_t kernel = window->kernel_h * window->kernel_w, padded = (kernel * channels + 3) & ~3;
    const int32_t run = window->kernel_w * channels, pitch = window->dilation_h * window->in_w * window->in_c;
    const bool in_runs = kernel == 1 || (channels == window->in_c && window->dilation_w == 1);
    const bool every_pixel = kernel == 1 && window->stride_h == 1 && window->stride_w == 1 && window->out_h == window->in_h
        && window->out_w == window->in_w;
    const int32_t last_h = (window->kernel_h - 1) * window->dilation_h, last_w = (window->kernel_w - 1) * window->dilation_w;
    int8_t *const gathered = (int8_t *)block + 2 * TIN_BLOCK_PIXELS(kernel * channels, s4) * padded;
    tin_m0p_pack_t job = { .minus_run = -run, .runs = window->kernel_h, .s4 = s4 };
    const int8_t *from[2] = { pixel.x + (pixel.oh * window->in_w + pixel.ow) * window->in_c + channel + run, NULL };
    int32_t pitches[2] = { 0, 0 };
    for (int32_t i = 0; i < pixels; i += 2) {
        if (every_pixel) {
            from[1] = from[0] + window->in_c;
        }
        for (int32_t j = 0; j < 2 && i + j < pixels && !every_pixel; j++, tin_next_pixel(window, &pixel)) {
            const int32_t h = pixel.oh * window->stride_h - window->pad_top, w = pixel.ow * window->stride_w - window->pad_left;
            if (in_runs && h >= 0 && h + last_h < window->in_h && w >= 0 && w + last_w < window->in_w) {
                from[j] = pixel.x + (h * window->in_w + w) * window->in_c + channel + run;
                pitches[j] = pitch;
            } else {
                tin_m0p_gather(window, &pixel, channel, channels, gathered + j * padded);
                from[j] = gathered + j * padded + run;
                pitches[j] = run;
            }
        }
        // A single pixel at the end pairs with itself.
        const int32_t other = i + 1 < pixels;
        job.low = from[0];
        job.high = from[other];
        job.low_pitch = pitches[0];
        job.high_pitch = pitches[other];
        job.to = (int32_t *)block + (s4 ? i / 2 : (i & 4) / 2 * padded + (i & 2) / 2);
        tin_m0p_pack(&job);
        from[0] = from[1] + window->in_c;
    }
}
#define tin_pack_columns tin_pack_columns__m0p

#endif
