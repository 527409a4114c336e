#include "kernels/convolve.h"

void tin_convolve(const tin_window_t *window, tin_pixel_t pixel, int32_t left, int32_t in_channels, const tin_gemm_t *first, void *scratch) {
    const int32_t rows_of_group = (first->channels + 1) & ~1;
    const int32_t group_bytes = rows_of_group * ((first->taps + 3) & ~3) / (first->s4 ? 2 : 1);
    const int32_t block_bytes = (tin_reads_s16(first) ? tin_block_bytes_s16 : tin_block_bytes)(window, first->taps, first->s4);
    const int32_t most = tin_reads_s16(first) ? TIN_BLOCK_PIXELS_S16(first->taps, first->s4) : TIN_BLOCK_PIXELS(first->taps, first->s4);
    tin_gemm_t gemm = *first;
    int8_t *out = first->out;
    while (left > 0) {
        const int32_t pixels = left < most ? left : most;
        uint8_t *block = scratch;
        // The columns of all groups before the first output: the output may lie over the input.
        for (int32_t channel = 0; channel < window->in_c; channel += in_channels, block += block_bytes) {
            if (tin_reads_s16(first)) {
                tin_pack_columns_s16(window, pixel, pixels, channel, in_channels, first->s4, block);
            } else {
                tin_pack_columns(window, pixel, pixels, channel, in_channels, first->s4, block);
            }
        }
        block = scratch;
        gemm.weights = first->weights;
        gemm.params = first->params;
        gemm.out = out;
        for (int32_t channel = 0; channel < window->in_c; channel += in_channels, block += block_bytes) {
            if (tin_reads_s16(first)) {
                tin_gemm_block_s16(&gemm, block, pixels);
            } else {
                tin_gemm_block(&gemm, block, pixels);
            }
            gemm.weights += group_bytes;
            gemm.params += 12 * rows_of_group;
            gemm.out += tin_reads_s16(first) ? 2 * gemm.channels : gemm.channels;
        }
        for (int32_t i = 0; i < pixels; i++) {
            tin_next_pixel(window, &pixel);
        }
        out += pixels * first->out_pitch;
        left -= pixels;
    }
}
