// The loop over pixels and groups of conv_2d and transpose_conv_2d.
#ifndef TIN_CONVOLVE_H
#define TIN_CONVOLVE_H

#include "kernels/filters.h"

// Sums of nibbles that stand 4 bits too high stay below 2^31.
#define TIN_MAX_TAPS (1 << 16)

// `left` output pixels from `pixel` on, `in_channels` bytes of the input for each group. `first` is the first group's, for the first pixel.
// In a file of its own: the blocks' assembly would else be there twice.
void tin_convolve(const tin_window_t *window, tin_pixel_t pixel, int32_t left, int32_t in_channels, const tin_gemm_t *first, void *scratch);

#endif
