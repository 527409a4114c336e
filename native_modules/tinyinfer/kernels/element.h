// Elements of tensors whose type is only known when the model runs.
#ifndef TIN_ELEMENT_H
#define TIN_ELEMENT_H

#include "kernels/kernel.h"

// Element i of s8 or s16 data, at any address.
static inline int32_t tin_element(const tin_tensor_t *x, int32_t i) {
    if (!TIN_HAS_S16 || x->bits == 8) {
        return ((const int8_t *)x->data)[i];
    }
    const uint8_t *const p = (const uint8_t *)x->data + 2 * i;
    return (int16_t)(p[0] | p[1] << 8);
}

// Into the arena: s8, s16 or s32.
static inline void tin_set_element(const tin_tensor_t *y, int32_t i, int32_t value) {
    if (y->bits == 8) {
        ((int8_t *)y->data)[i] = (int8_t)value;
    } else if (y->bits == 16) {
        ((int16_t *)y->data)[i] = (int16_t)value;
    } else {
        ((int32_t *)y->data)[i] = value;
    }
}

// What reverses the order of integers when all are XORed with it: maxima become minima.
static inline int32_t tin_reversed(int32_t minimum) {
    return minimum != 0 ? -1 : 0;
}

#endif
