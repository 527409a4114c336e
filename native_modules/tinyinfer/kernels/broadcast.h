// One output row at a time of an elementwise operator with two inputs.
#ifndef TIN_BROADCAST_H
#define TIN_BROADCAST_H

#include "kernels/kernel.h"

// Index of the first element of the input row that output row `row` (n * y.h + h) reads.
__attribute__((noinline, unused)) static int32_t tin_broadcast_first(const tin_tensor_t *x, const tin_tensor_t *y, int32_t row) {
    const int32_t n = x->n == 1 ? 0 : row / y->h;
    const int32_t h = x->h == 1 ? 0 : row % y->h;
    return (n * x->h + h) * x->w * x->c;
}

// The same of s8 elements, where it lies.
static inline const int8_t *tin_broadcast_row(const tin_tensor_t *x, const tin_tensor_t *y, int32_t row) {
    return (const int8_t *)x->data + tin_broadcast_first(x, y, row);
}

// Elements from one output element to the next along w and c: 0 where the input has size 1.
static inline int32_t tin_broadcast_w(const tin_tensor_t *x) {
    return x->w == 1 ? 0 : x->c;
}

static inline int32_t tin_broadcast_c(const tin_tensor_t *x) {
    return x->c == 1 ? 0 : 1;
}

#endif
