// Reductions over axes, given by bits: n, h, w, c.
#ifndef TIN_REDUCE_H
#define TIN_REDUCE_H

#include "kernels/kernel.h"

static inline int32_t tin_kept(int32_t axes, int32_t axis, int32_t size) {
    return axes >> axis & 1 ? 1 : size;
}

// y has size 1 along the reduced axes, the others are x's.
static inline bool tin_reduction_ok(const tin_tensor_t *x, const tin_tensor_t *y, int32_t axes) {
    return axes >= 0 && axes <= 15 && y->n == tin_kept(axes, 0, x->n) && y->h == tin_kept(axes, 1, x->h)
           && y->w == tin_kept(axes, 2, x->w) && y->c == tin_kept(axes, 3, x->c);
}

#endif
