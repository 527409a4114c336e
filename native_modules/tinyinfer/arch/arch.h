// The blocks of the core this is compiled for: what its header does better, then plain C for the rest.
#ifndef TIN_ARCH_H
#define TIN_ARCH_H

#include "arch/family.h"
#include "arch/generic.h"

#if TIN_FAMILY == TIN_FAMILY_DSP
#include "arch/cortexm_dsp.h"
#elif TIN_FAMILY == TIN_FAMILY_M0P
#include "arch/m0p.h"
#elif TIN_FAMILY == TIN_FAMILY_RV32
#include "arch/rv32.h"
#elif TIN_FAMILY == TIN_FAMILY_XTENSA
#include "arch/xtensa.h"
#elif TIN_FAMILY == TIN_FAMILY_X86
#include "arch/x86.h"
#endif

#ifndef tin_requant_form
#define tin_requant_form tin_requant_form__generic
#endif
// Columns and matrix product share the layout of a block: all or none.
#ifndef tin_gemm_block
#define TIN_BLOCK_PIXELS(taps, s4) TIN_BLOCK_PIXELS__GENERIC
#define tin_block_bytes tin_block_bytes__generic
#define tin_pack_columns tin_pack_columns__generic
#define tin_gemm_block tin_gemm_block__generic
#endif
#ifndef tin_gemm_block_s16
#define TIN_BLOCK_PIXELS_S16(taps, s4) TIN_BLOCK_PIXELS_S16__GENERIC
#define tin_block_bytes_s16 tin_block_bytes_s16__generic
#define tin_pack_columns_s16 tin_pack_columns__generic
#define tin_gemm_block_s16 tin_gemm_block_s16__generic
#endif
#ifndef tin_dw_rows
#define tin_dw_rows tin_dw_rows__generic
#endif
#ifndef tin_dw_rows_s16
#define tin_dw_rows_s16 tin_dw_rows__generic
#endif
#ifndef tin_dot
#define tin_dot tin_dot__generic
#endif
#ifndef tin_sum_s16
#define tin_sum_s16 tin_sum_s16__generic
#endif
#ifndef tin_sum
#define tin_sum tin_sum__generic
#endif
#ifndef tin_fc_row
#define tin_fc_row tin_fc_row__generic
#endif
#ifndef tin_fc_row_s16
#define tin_fc_row_s16 tin_fc_row__generic
#endif
// Whether tin_fc_row wants tin_requant_form's answer.
#ifndef TIN_FC_FORM
#define TIN_FC_FORM (1)
#endif
#ifndef tin_add_row
#define tin_add_row tin_add_row__generic
#endif

#endif
