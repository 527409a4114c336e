// QEMU's Xtensa simulator machine: reset, register windows, traps, console; and the C library's memory functions, which Debian
// has for the other ABI only.
#include <stddef.h>
#include "start.h"

enum { SYS_EXIT = 1, SYS_WRITE = 4 };

static int simulator_call(int operation, int a, const void *b, uint32_t c) {
    register int a2 __asm__("a2") = operation;
    register int a3 __asm__("a3") = a;
    register const void *a4 __asm__("a4") = b;
    register uint32_t a5 __asm__("a5") = c;
    __asm__ volatile ("simcall" : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
    return a2;
}

void machine_print(const char *text) {
    uint32_t length = 0;
    while (text[length]) {
        length++;
    }
    simulator_call(SYS_WRITE, 1, text, length);
}

void machine_exit(int status) {
    for (;;) {
        simulator_call(SYS_EXIT, status, NULL, 0);
    }
}

__attribute__((noinline)) void machine_mark(void) {
    __asm__ volatile ("");
}

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);

// Words where both are aligned: as newlib has it on this core, but for its unrolling.
void *memcpy(void *to, const void *from, size_t size) {
    uint8_t *d = to;
    const uint8_t *s = from;
    if ((((uintptr_t)d | (uintptr_t)s) & 3) == 0) {
        for (; size >= 4; size -= 4, d += 4, s += 4) {
            *(uint32_t *)(void *)d = *(const uint32_t *)(const void *)s;
        }
    }
    for (; size > 0; size--) {
        *d++ = *s++;
    }
    return to;
}

void *memmove(void *to, const void *from, size_t size) {
    uint8_t *d = to;
    const uint8_t *s = from;
    if (d <= s || d >= s + size) {
        return memcpy(to, from, size);
    }
    while (size > 0) {
        size--;
        d[size] = s[size];
    }
    return to;
}

void *memset(void *to, int value, size_t size) {
    for (uint8_t *d = to; size > 0; size--) {
        *d++ = (uint8_t)value;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t size) {
    for (const uint8_t *x = a, *y = b; size > 0; size--, x++, y++) {
        if (*x != *y) {
            return *x - *y;
        }
    }
    return 0;
}

__attribute__((used)) static void fault(void) {
    machine_print("fault\n");
    machine_exit(3);
}

__attribute__((used)) static void begin(void) {
    start();
}

// Windows that do not fit go to the stack as the ABI says: the compiler's calls, by 8 registers, and the first, by 4, since what
// that lays away needs no caller. Each other trap is a fault.
__asm__ (
    "    .section .vectors, \"ax\"\n"
    "    j      reset\n"
    "    .balign 1024\n"
    "windows:\n"
    "    s32e   a0, a5, -16\n"
    "    s32e   a1, a5, -12\n"
    "    s32e   a2, a5, -8\n"
    "    s32e   a3, a5, -4\n"
    "    rfwo\n"
    "    .org   windows + 0x40\n"
    "    j      trap\n"
    "    .org   windows + 0x80\n"
    "    s32e   a0, a9, -16\n"
    "    l32e   a0, a1, -12\n"
    "    s32e   a1, a9, -12\n"
    "    s32e   a2, a9, -8\n"
    "    s32e   a3, a9, -4\n"
    "    s32e   a4, a0, -32\n"
    "    s32e   a5, a0, -28\n"
    "    s32e   a6, a0, -24\n"
    "    s32e   a7, a0, -20\n"
    "    rfwo\n"
    "    .org   windows + 0xc0\n"
    "    l32e   a0, a9, -16\n"
    "    l32e   a1, a9, -12\n"
    "    l32e   a2, a9, -8\n"
    "    l32e   a7, a1, -12\n"
    "    l32e   a3, a9, -4\n"
    "    l32e   a4, a7, -32\n"
    "    l32e   a5, a7, -28\n"
    "    l32e   a6, a7, -24\n"
    "    l32e   a7, a7, -20\n"
    "    rfwu\n"
    "    .irp   place, 0x100, 0x140, 0x180, 0x1c0, 0x200, 0x240, 0x280, 0x2c0, 0x300, 0x340, 0x3c0\n"
    "    .org   windows + \\place\n"
    "    j      trap\n"
    "    .endr\n"
    "    .balign 16\n"
    "    .literal_position\n"
    "reset:\n"
    "    movi   a0, windows\n"
    "    wsr.vecbase a0\n"
    "trap:\n"
    "    movi   a0, 1\n"
    "    wsr.windowstart a0\n"
    "    movi   a0, 0\n"
    "    wsr.windowbase a0\n"
    "    rsync\n"
    "    movi   a1, __stack_top\n"
    "    movi   a0, 0x4000f\n"         // windows on, interrupts off
    "    rsr.ps a3\n"
    "    wsr.ps a0\n"
    "    rsync\n"
    "    movi   a0, 0\n"
    "    bbsi   a3, 18, 1f\n"
    "    movi   a4, begin\n"
    "    callx4 a4\n"
    "1:  movi   a4, fault\n"
    "    callx4 a4\n"
    "    .text\n");
