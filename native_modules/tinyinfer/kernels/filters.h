// What the operators with weights have in common.
#ifndef TIN_FILTERS_H
#define TIN_FILTERS_H

#include "arch/arch.h"

// Index of an operator's attributes activation_min, activation_max, wide.
#define TIN_RANGE_OF(op) TIN_ATTR(op, activation_min)

// Weights and their params, `rows` with those of padding. In a file of its own: it would else be there for each operator.
void tin_set_gemm(const tin_node_t *node, int32_t rows, int32_t taps, uint32_t range, tin_gemm_t *gemm);

// The window of conv_2d and depthwise_conv_2d, which have the same attributes; the pixel at the start of a row.
void tin_set_window(const tin_node_t *node, int32_t row, tin_window_t *window, tin_pixel_t *pixel);

#endif
