// Which kernel a block runs. Each kernel that stands in for plain C says in a row which layers it takes, and its block asks that row;
// of the rows of a block that hold the last is the one, plain C if its name ends in _plain. host/tinypack/kernel_rows.py reads the
// same rows, so that profile() and `tinypack info` name what runs: conditions use the names below, numbers, constants with a value
// of their own, comparisons, + - * << && || ! ( ).
#ifndef TIN_CHOICE_H
#define TIN_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

// TIN_KERNEL(block, kernel, condition) defines tin_takes_<kernel>(what the block has to decide by).
#define TIN_KERNEL(block, kernel, condition) \
    static inline __attribute__((always_inline, unused)) bool tin_takes_##kernel(TIN_ASKS_##block) { \
        return condition; \
    }
#define TIN_UNUSED __attribute__((unused)) const
#define TIN_ASKS_gemm_block TIN_UNUSED tin_gemm_t *gemm
#define TIN_ASKS_gemm_block_s16 TIN_UNUSED tin_gemm_t *gemm
#define TIN_ASKS_dw_rows TIN_UNUSED tin_window_t *window, TIN_UNUSED tin_gemm_t *dw, TIN_UNUSED int32_t multiplier
#define TIN_ASKS_fc_row TIN_UNUSED tin_gemm_t *fc, TIN_UNUSED int32_t out_bits
#define TIN_ASKS_fc_row_s16 TIN_UNUSED tin_gemm_t *fc
#define TIN_ASKS_add_row TIN_UNUSED tin_add_t *add, TIN_UNUSED int32_t x_step, TIN_UNUSED int32_t k_step
#define TIN_ASKS_dot TIN_UNUSED int32_t taps, TIN_UNUSED bool s4
// Not kernels: a layer has a form other than TIN_FORM_WIDE if both rows hold, the second for each channel.
#define TIN_ASKS_form TIN_UNUSED int32_t taps, TIN_UNUSED tin_output_t *to
#define TIN_ASKS_form_params TIN_UNUSED tin_params_t *params

#endif
