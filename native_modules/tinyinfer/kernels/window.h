// The part of a pooling window that lies inside of the input.
#ifndef TIN_POOL_WINDOW_H
#define TIN_POOL_WINDOW_H

#include <stdint.h>

typedef struct {
    int32_t begin, end;
} tin_span_t;

static inline tin_span_t tin_span(int32_t out, int32_t stride, int32_t pad, int32_t kernel, int32_t size) {
    const int32_t start = out * stride - pad;
    const tin_span_t span = { start < 0 ? 0 : start, start + kernel > size ? size : start + kernel };
    return span;
}

#endif
