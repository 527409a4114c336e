// For operators that only move elements, of any type.
#ifndef TIN_COPY_H
#define TIN_COPY_H

#include <string.h>
#include "kernels/kernel.h"

// Below this many bytes a call costs more than the copy.
#define TIN_SHORT_COPY (12)

static inline void tin_copy(uint8_t *to, const uint8_t *from, int32_t bytes) {
    if (bytes > TIN_SHORT_COPY) {
        memcpy(to, from, (size_t)bytes);
        return;
    }
    for (; bytes > 0; bytes--) {
        *to++ = *from++;
    }
}

// Bytes of one index of all axes before `axis`.
static inline int32_t tin_bytes_from(const tin_tensor_t *x, int32_t axis) {
    int32_t bytes = x->bits / 8;
    for (; axis < TIN_MAX_RANK; axis++) {
        bytes *= x->shape[axis];
    }
    return bytes;
}

// Bytes of an NHWC row, the unit in which kernels are called.
static inline int32_t tin_row_bytes(const tin_tensor_t *x) {
    return x->w * x->c * (x->bits / 8);
}

// Rows of y from elements that lie `stride` bytes apart along each of y's axes, the first of them at `base`.
__attribute__((noinline, unused)) static void tin_copy_view(const tin_tensor_t *y, const uint8_t *base, const int32_t *stride,
    int32_t row0, int32_t row1) {
    int32_t run = y->bits / 8, columns = y->w, channels = y->c;
    if (channels == 1 || stride[5] == run) {
        run *= channels;
        channels = 1;
        if (columns == 1 || stride[4] == run) {
            run *= columns;
            columns = 1;
        }
    }
    uint8_t *out = (uint8_t *)y->data + row0 * tin_row_bytes(y);
    for (int32_t row = row0; row < row1; row++) {
        // A row is the four outer axes, the last of them fastest.
        const uint8_t *from = base;
        for (int32_t axis = 3, rest = row; axis >= 0; axis--) {
            from += rest % y->shape[axis] * stride[axis];
            rest /= y->shape[axis];
        }
        for (int32_t w = 0; w < columns; w++) {
            for (int32_t c = 0; c < channels; c++, out += run) {
                tin_copy(out, from + w * stride[4] + c * stride[5], run);
            }
        }
    }
}

#endif
