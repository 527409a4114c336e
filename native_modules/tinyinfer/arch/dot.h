// Inner products for cores with one product per instruction: four taps at a time, so that the loop's own work counts once.
#ifndef TIN_DOT_H
#define TIN_DOT_H

#include "arch/generic.h"

// The sum of four products; the compiler would keep a loop.
#define TIN_FOUR(x, w) (uint32_t)((x)[0] * w(0) + (x)[1] * w(1) + (x)[2] * w(2) + (x)[3] * w(3))
#define TIN_BYTE(i) (int8_t)plane[i]
#define TIN_NIBBLE(i) ((i) & 1 ? tin_high_nibble(plane[(i) >> 1]) : tin_low_nibble(plane[(i) >> 1]))

// Those that remain are plain.
TIN_KERNEL(dot, dot_unrolled, taps >= 4)

__attribute__((noinline, unused)) static uint32_t tin_dot__unrolled(const void *x, int32_t bits, const uint8_t *plane, bool s4, int32_t taps) {
    const int8_t *x8 = x;
    const int16_t *x16 = x;
    uint32_t acc = 0;
    TIN_RAN(dot_unrolled, taps & ~3);
    if (bits == 8) {
        for (; taps >= 4; taps -= 4, x8 += 4, plane += s4 ? 2 : 4) {
            acc += s4 ? TIN_FOUR(x8, TIN_NIBBLE) : TIN_FOUR(x8, TIN_BYTE);
        }
        return acc + tin_dot__generic(x8, bits, plane, s4, taps);
    }
    if (s4) {
        for (; taps >= 4; taps -= 4, x16 += 4, plane += 2) {
            acc += TIN_FOUR(x16, TIN_NIBBLE);
        }
    } else {
        for (; taps >= 4; taps -= 4, x16 += 4, plane += 4) {
            acc += TIN_FOUR(x16, TIN_BYTE);
        }
    }
    return acc + tin_dot__generic(x16, bits, plane, s4, taps);
}
#define tin_dot tin_dot__unrolled

#endif
