// QEMU's RISC-V virt machine without firmware: reset, traps, semihosting.
#include "semihosting.h"
#include "start.h"

static int semihosting_call(int operation, const void *argument) {
    register int a0 __asm__("a0") = operation;
    register const void *a1 __asm__("a1") = argument;
    __asm__ volatile (
        ".option push\n"
        ".option norvc\n"
        ".balign 16\n"            // the three must lie in one page
        "slli x0, x0, 0x1f\n"
        "ebreak\n"
        "srai x0, x0, 7\n"
        ".option pop\n"
        : "+r"(a0) : "r"(a1) : "memory");
    return a0;
}

__attribute__((naked)) void machine_mark(void) {
    __asm__ volatile ("ret");
}

__attribute__((used)) static void fault(void) {
    machine_print("fault\n");
    machine_exit(3);
}

__attribute__((used)) static void begin(void) {
    start();
}

__attribute__((naked, used, section(".vectors"))) static void reset(void) {
    __asm__ volatile (
        ".option push\n"
        ".option norelax\n"
        "la gp, __global_pointer$\n"
        ".option pop\n"
        "la sp, __stack_top\n"
        "la t0, 1f\n"
        ".option push\n"
        ".option arch, +zicsr\n"
        "csrw mtvec, t0\n"
        ".option pop\n"
        "j begin\n"
        ".balign 4\n"
        "1: la sp, __stack_top\n"
        "j fault\n");
}
