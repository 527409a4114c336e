// Any Cortex-M: vectors, reset, semihosting.
#include "semihosting.h"
#include "start.h"

static int semihosting_call(int operation, const void *argument) {
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile ("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

__attribute__((naked)) void machine_mark(void) {
    __asm__ volatile ("bx lr");
}

static void reset(void) {
#if defined(__ARM_FP)
    *(volatile uint32_t *)0xe000ed88 |= 0xfu << 20; // CPACR: the compiler may use the FPU
    __asm__ volatile ("dsb\nisb");
#endif
    start();
}

static void fault(void) {
    machine_print("fault\n");
    machine_exit(3);
}

extern uint8_t __stack_top[];

__attribute__((section(".vectors"), used)) static const struct {
    void *stack;
    void (*handlers[15])(void);
} vectors = {__stack_top, {reset, fault, fault, fault, fault, fault}};
