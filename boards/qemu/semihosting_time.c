// The clock of the machine QEMU runs on, by semihosting: no timer to set up.
#include <stdint.h>

#include "py/mphal.h"
#include "py/runtime.h"

#define SYS_TIME (0x11)     // seconds since 1970
#define SYS_ELAPSED (0x30)  // 64-bit ticks since the machine started
#define TICKS_PER_US (1000) // QEMU's SYS_TICKFREQ is 1 GHz

#if defined(__XTENSA__)
// Xtensa's semihosting tells no time. CCOUNT does, at the DE212's 40 MHz; it must be asked before it wraps, after 107 s.
static uint64_t elapsed_us(void) {
    static uint32_t last;
    static uint64_t cycles;
    uint32_t now;
    __asm__ volatile ("rsr.ccount %0" : "=r" (now));
    cycles += now - last;
    last = now;
    return cycles / 40;
}

uint64_t mp_hal_time_ns(void) {
    return elapsed_us() * 1000;
}
#else
static uint32_t semihosting_call(uint32_t number, void *block) {
    #if defined(__riscv)
    register uint32_t a0 __asm__ ("a0") = number;
    register void *a1 __asm__ ("a1") = block;
    __asm__ volatile (
        ".option push\n"
        ".option norvc\n"
        ".balign 16\n" // the three words must not straddle a page
        "slli x0, x0, 0x1f\n"
        "ebreak\n"
        "srai x0, x0, 7\n"
        ".option pop\n"
        : "+r" (a0) : "r" (a1) : "memory");
    return a0;
    #else
    register uint32_t r0 __asm__ ("r0") = number;
    register void *r1 __asm__ ("r1") = block;
    __asm__ volatile ("bkpt 0xab" : "+r" (r0) : "r" (r1) : "memory");
    return r0;
    #endif
}

static uint64_t elapsed_us(void) {
    uint32_t ticks[2] = {0, 0};
    semihosting_call(SYS_ELAPSED, ticks);
    return ((uint64_t)ticks[1] << 32 | ticks[0]) / TICKS_PER_US;
}

uint64_t mp_hal_time_ns(void) {
    return (uint64_t)semihosting_call(SYS_TIME, NULL) * 1000000000;
}
#endif

mp_uint_t mp_hal_ticks_us(void) {
    return (mp_uint_t)elapsed_us();
}

mp_uint_t mp_hal_ticks_ms(void) {
    return (mp_uint_t)(elapsed_us() / 1000);
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return mp_hal_ticks_us();
}

void mp_hal_delay_us(mp_uint_t us) {
    uint64_t start = elapsed_us();
    while (elapsed_us() - start < us) {
        mp_event_handle_nowait();
    }
}

void mp_hal_delay_ms(mp_uint_t ms) {
    uint64_t start = elapsed_us();
    while (elapsed_us() - start < (uint64_t)ms * 1000) {
        mp_event_handle_nowait();
    }
}
