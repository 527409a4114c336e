// QEMU's Xtensa simulator machine: console; and the C library's memory functions, which Debian
// has for the other ABI only.
#include <stddef.h>
#include "start.h"

enum { SYS_EXIT = 1, SYS_WRITE = 4 };

// Of toolchain/xtensa_runtime.
int simulator_call(int operation, int a, const void *b, uint32_t c);

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

// Called by toolchain/xtensa_runtime/windows.S.
void fault(void);
void begin(void);

void fault(void) {
    machine_print("fault\n");
    machine_exit(3);
}

void begin(void) {
    start();
}
