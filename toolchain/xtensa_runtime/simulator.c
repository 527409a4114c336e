// The door out of QEMU's Xtensa simulator machine: exit, read and write, by the operation's number.
#include <stdint.h>

int simulator_call(int operation, int a, const void *b, uint32_t c);

int simulator_call(int operation, int a, const void *b, uint32_t c) {
    register int a2 __asm__("a2") = operation;
    register int a3 __asm__("a3") = a;
    register const void *a4 __asm__("a4") = b;
    register uint32_t a5 __asm__("a5") = c;
    __asm__ volatile ("simcall" : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
    return a2;
}
