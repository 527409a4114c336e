// The part of a window that lies inside of the input, along one axis.
#ifndef TIN_SPAN_H
#define TIN_SPAN_H

#include <stdint.h>

// Taps begin, begin + dilation, ..., all below end; `first` taps lie before them.
typedef struct {
    int32_t begin, end, count, first;
} tin_span_t;

// Of a window that begins at `start`. For a native module the linker keeps one of these.
__attribute__((noinline, unused)) static void tin_set_span(int32_t start, int32_t kernel, int32_t dilation, int32_t size, tin_span_t *span) {
    const int32_t reach = start + (kernel - 1) * dilation + 1;
    span->begin = start;
    span->end = reach > size ? size : reach;
    span->first = 0;
    if (start < 0) {
        // Divisions are slow on small cores.
        span->first = dilation == 1 ? -start : (dilation - 1 - start) / dilation;
        span->begin += span->first * dilation;
    }
    const int32_t inside = span->end > span->begin ? span->end - span->begin : 0;
    span->count = dilation == 1 ? inside : (inside + dilation - 1) / dilation;
}

// Elements from tap to tap, `size` elements being one position; two taps inside bound the dilation by the input.
static inline int32_t tin_step(const tin_span_t *span, int32_t dilation, int32_t size) {
    return span->count > 1 ? dilation * size : 0;
}

#endif
