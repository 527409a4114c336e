// Console and exit through the emulator, alike on Arm and RISC-V but for the call itself.
#ifndef BENCH_SEMIHOSTING_H
#define BENCH_SEMIHOSTING_H

#include "machine.h"

enum { SYS_WRITE0 = 0x04, SYS_EXIT_EXTENDED = 0x20, APPLICATION_EXIT = 0x20026 };

static int semihosting_call(int operation, const void *argument);

void machine_print(const char *text) {
    semihosting_call(SYS_WRITE0, text);
}

void machine_exit(int status) {
    const uint32_t block[2] = {APPLICATION_EXIT, (uint32_t)status};
    for (;;) {
        semihosting_call(SYS_EXIT_EXTENDED, block);
    }
}

#endif
