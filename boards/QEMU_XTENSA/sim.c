// QEMU's Xtensa simulator machine: start, console and exit by its calls, the clock, and the roots of the garbage collector.
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>

#include "ports/qemu/uart.h"
#include "py/gc.h"
#include "py/mpstate.h"
#include "shared/runtime/gchelper.h"

enum { SYS_EXIT = 1, SYS_READ = 3, SYS_WRITE = 4 };

// Of toolchain/xtensa_runtime.
int simulator_call(int operation, int a, const void *b, uint32_t c);

extern uint32_t __bss_start[], __bss_end[];

// Of toolchain/xtensa_runtime/windows.S, and what it calls.
void spill_windows(int depth);
void begin(void);
void fault(void);

int main(int argc, char **argv);

void exit(int status) {
    for (;;) {
        simulator_call(SYS_EXIT, status, NULL, 0);
    }
}

void abort(void) {
    exit(3);
}

void begin(void) {
    for (uint32_t *word = __bss_start; word != __bss_end; word++) {
        *word = 0;
    }
    exit(main(0, NULL));
}

void fault(void) {
    static const char message[] = "fault\n";
    uart_tx_strn(message, sizeof(message) - 1);
    abort();
}

void uart_init(void) {
}

int uart_rx_chr(void) {
    uint8_t byte = 0;
    return simulator_call(SYS_READ, 0, &byte, 1) == 1 ? byte : UART_RX_NO_CHAR;
}

void uart_tx_strn(const char *buf, size_t len) {
    simulator_call(SYS_WRITE, 1, buf, len);
}

// Callers' registers lie on the stack once their windows do.
void gc_helper_collect_regs_and_stack(void) {
    spill_windows(3);
    uintptr_t stack = (uintptr_t)__builtin_frame_address(0) - 64;
    gc_collect_root((void **)stack, ((uintptr_t)MP_STATE_THREAD(stack_top) - stack) / sizeof(void *));
}
