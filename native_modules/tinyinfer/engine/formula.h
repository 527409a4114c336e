// Functions that expressions of ops.def may use.
#ifndef TIN_FORMULA_H
#define TIN_FORMULA_H

#include <stdint.h>

static inline int64_t max(int64_t p, int64_t q) {
    return p > q ? p : q;
}

static inline int64_t min(int64_t p, int64_t q) {
    return p < q ? p : q;
}

// Of sizes, which have 24 bits: no 64-bit division on a small core.
static inline int64_t ceil_div(int64_t p, int64_t q) {
    return ((int32_t)p + (int32_t)q - 1) / (int32_t)q;
}

// Of a tensor's sizes: 32 bits have room for a few times as much.
static inline int32_t align(int64_t bytes, int32_t to) {
    return ((int32_t)bytes + to - 1) & -to;
}

#endif
