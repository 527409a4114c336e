// Inner products on the DSP extension: the halves of two words by those of two others.
#ifndef TIN_CORTEXM_DSP_DOT_H
#define TIN_CORTEXM_DSP_DOT_H

#include "arch/generic.h"

// Two words of two halves each.
typedef struct {
    uint32_t even, odd;
} tin_halves_t;

// The low halves of two words, and the high ones.
static inline tin_halves_t tin_transposed(uint32_t first, uint32_t second) {
    tin_halves_t halves;
    __asm__ ("pkhbt %0, %1, %2, lsl #16" : "=r" (halves.even) : "r" (first), "r" (second));
    __asm__ ("pkhtb %0, %2, %1, asr #16" : "=r" (halves.odd) : "r" (first), "r" (second));
    return halves;
}

// Inputs 0 and step, and 1 and step + 1.
static inline tin_halves_t tin_halves_s16(const int16_t *x, int32_t step) {
    return tin_transposed(tin_load_u32((const uint8_t *)x), tin_load_u32((const uint8_t *)(x + step)));
}

static inline uint32_t tin_products(tin_halves_t a, tin_halves_t b, uint32_t acc) {
    __asm__ ("smlad %0, %1, %2, %0" : "+r" (acc) : "r" (a.even), "r" (b.even));
    __asm__ ("smlad %0, %1, %2, %0" : "+r" (acc) : "r" (a.odd), "r" (b.odd));
    return acc;
}

// Bytes 0 and 2 as halves, and bytes 1 and 3.
static inline tin_halves_t tin_halves_s8(uint32_t bytes) {
    tin_halves_t halves;
    __asm__ ("sxtb16 %0, %1" : "=r" (halves.even) : "r" (bytes));
    __asm__ ("sxtb16 %0, %1, ror #8" : "=r" (halves.odd) : "r" (bytes));
    return halves;
}

// The nibbles in the low half of each byte as signed bytes.
static inline uint32_t tin_nibbles(uint32_t word) {
    uint32_t bytes;
    __asm__ ("ssub8 %0, %1, %2" : "=r" (bytes) : "r" ((word & 0x0f0f0f0fu) ^ 0x08080808u), "r" (0x08080808));
    return bytes;
}

// Those that remain are plain.
TIN_KERNEL(dot, dot, taps >= 4 && (!s4 || taps >= 8))

__attribute__((noinline, unused)) static uint32_t tin_dot__dsp(const void *x, int32_t bits, const uint8_t *plane, bool s4, int32_t taps) {
    const int16_t *x16 = x;
    const int8_t *x8 = x;
    uint32_t acc = 0;
    TIN_RAN(dot, taps & (s4 ? ~7 : ~3));
    for (; s4 && taps >= 8; taps -= 8, plane += 4) {
        // Nibble i of the word is of tap i.
        const uint32_t w = tin_load_u32(plane);
        const tin_halves_t even = tin_halves_s8(tin_nibbles(w)), odd = tin_halves_s8(tin_nibbles(w >> 4));
        if (bits == 8) {
            const tin_halves_t low = tin_transposed(even.even, even.odd), high = tin_transposed(odd.even, odd.odd);
            const tin_halves_t first = { low.even, high.even }, second = { low.odd, high.odd };
            acc = tin_products(tin_halves_s8(tin_load_u32((const uint8_t *)x8)), first, acc);
            acc = tin_products(tin_halves_s8(tin_load_u32((const uint8_t *)(x8 + 4))), second, acc);
            x8 += 8;
        } else {
            const tin_halves_t first = { even.even, odd.even }, second = { even.odd, odd.odd };
            acc = tin_products(tin_halves_s16(x16, 4), first, acc);
            acc = tin_products(tin_halves_s16(x16 + 2, 4), second, acc);
            x16 += 8;
        }
    }
    if (bits == 8) {
        for (; !s4 && taps >= 4; taps -= 4, plane += 4, x8 += 4) {
            acc = tin_products(tin_halves_s8(tin_load_u32((const uint8_t *)x8)), tin_halves_s8(tin_load_u32(plane)), acc);
        }
        return acc + tin_dot__generic(x8, bits, plane, s4, taps);
    }
    for (; !s4 && taps >= 4; taps -= 4, plane += 4, x16 += 4) {
        acc = tin_products(tin_halves_s16(x16, 2), tin_halves_s8(tin_load_u32(plane)), acc);
    }
    return acc + tin_dot__generic(x16, bits, plane, s4, taps);
}
#define tin_dot tin_dot__dsp

#endif
