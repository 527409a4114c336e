// The part of a pooling window that lies inside of the input.
#ifndef TIN_POOL_WINDOW_H
#define TIN_POOL_WINDOW_H

#include <stdint.h>

// Taps begin, begin + dilation, ..., all below end.
typedef struct {
    int32_t begin, end, count;
} tin_span_t;

static inline tin_span_t tin_span(int32_t out, int32_t stride, int32_t pad, int32_t kernel, int32_t dilation, int32_t size) {
    const int32_t start = out * stride - pad, reach = start + (kernel - 1) * dilation + 1;
    tin_span_t span = { start < 0 ? 0 : start, reach > size ? size : reach, 0 };
    span.count = span.end - span.begin;
    // Divisions are slow on small cores.
    if (dilation != 1) {
        if (start < 0) {
            span.begin = start + (dilation - 1 - start) / dilation * dilation;
        }
        span.count = span.end > span.begin ? (span.end - span.begin + dilation - 1) / dilation : 0;
    }
    return span;
}

// Elements from tap to tap, `size` elements being one position; two taps inside bound the dilation by the input.
static inline int32_t tin_step(tin_span_t span, int32_t dilation, int32_t size) {
    return span.count > 1 ? dilation * size : 0;
}

#endif
