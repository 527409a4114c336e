// ARMv6-M (Cortex-M0, M0+): one 32-bit product per instruction, eight registers that most instructions take, and words must be
// aligned. ARMv7-M without the DSP extension (Cortex-M3) takes the same blocks with its multiply-accumulate in their loops.
#ifndef TIN_M0P_H
#define TIN_M0P_H

#include "arch/dot.h"
#include "arch/generic.h"

// Assembly in whole functions: each uses all registers, which no compiler would give an asm statement at every setting.
#define TIN_ASM static __attribute__((naked, noinline, unused))
// C that a larger function would have to keep in its stack frame.
#define TIN_M0P_APART static __attribute__((noinline, unused))
// What assembly of several files calls by its name: the linker keeps one of these.
#define TIN_M0P_SHARED __attribute__((naked, noinline, used, weak, visibility("hidden")))
// All registers that a function must give back, the high ones left in r4 to r7 for a push of their own, and from there again.
#define TIN_M0P_SAVE \
    "    push   {r4-r7, lr}\n" \
    "    mov    r4, r8\n" \
    "    mov    r5, r9\n" \
    "    mov    r6, r10\n" \
    "    mov    r7, r11\n"
#define TIN_M0P_RESTORE \
    "    mov    r8, r4\n" \
    "    mov    r9, r5\n" \
    "    mov    r10, r6\n" \
    "    mov    r11, r7\n" \
    "    pop    {r4-r7, pc}\n"
#define TIN_M0P_THUMB2 (__ARM_ARCH_ISA_THUMB >= 2)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"

// Forms of requantization. Of the narrow one all params shift to the right, or multiply by zero. Convolutions look at each channel's
// anyway.
enum { TIN_FORM_WIDE, TIN_FORM_NARROW };
TIN_KERNEL(form, narrow, true)
TIN_KERNEL(form_params, narrow_params, params->shift < 0 || params->multiplier == 0)

static inline uint8_t tin_requant_form__m0p(const uint8_t *params, int32_t rows, int32_t taps, const tin_output_t *to) {
    (void)taps;
    (void)to;
    for (const uint8_t *const end = params + 12 * rows; params != end; params += 12) {
        // As far as the row looks at them: at any address, words cost more.
        const tin_params_t of_channel = { 0, params[4] | params[5] | params[6] | params[7], (int8_t)params[11] };
        if (!tin_takes_narrow_params(&of_channel)) {
            return TIN_FORM_WIDE;
        }
    }
    return TIN_FORM_NARROW;
}
#define tin_requant_form tin_requant_form__m0p

#include "arch/m0p_gemm.h"
#include "arch/m0p_dw.h"
#include "arch/m0p_fc.h"
#include "arch/m0p_s16.h"
#include "arch/linear_add.h"

#pragma GCC diagnostic pop

#endif
