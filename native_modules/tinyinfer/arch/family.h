// The kernel family of the core this is compiled for: which blocks are used and how much scratch they take.
#ifndef TIN_FAMILY_H
#define TIN_FAMILY_H

#define TIN_FAMILY_PLAIN (0)
#define TIN_FAMILY_M0P (1)
#define TIN_FAMILY_DSP (2)
#define TIN_FAMILY_RV32 (3)
#define TIN_FAMILY_XTENSA (4)
#define TIN_FAMILY_MVE (5)
#define TIN_FAMILY_X86 (6)       // needs the scratch of plain

#ifndef TIN_FAMILY
#if defined(__ARM_FEATURE_DSP) && defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
#define TIN_FAMILY TIN_FAMILY_DSP
#elif defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
#define TIN_FAMILY TIN_FAMILY_M0P
#elif defined(__riscv_mul) && __riscv_xlen == 32 && !defined(__riscv_32e)
#define TIN_FAMILY TIN_FAMILY_RV32
// The ESP8266, without MAC16, has the other ABI.
#elif defined(__XTENSA_WINDOWED_ABI__)
#define TIN_FAMILY TIN_FAMILY_XTENSA
// Not in native modules: on a PC they show what boards do, whose bytes count.
#elif defined(__SSE2__) && !defined(MICROPY_ENABLE_DYNRUNTIME)
#define TIN_FAMILY TIN_FAMILY_X86
#else
#define TIN_FAMILY TIN_FAMILY_PLAIN
#endif
#endif

#endif
