// main.c calls mp_init(), and this with it, at power-on and after each soft reset.
#include <stdint.h>

#include "py/mpconfig.h"
#include "shared/runtime/pyexec.h"

void board_init(void);

void board_init(void) {
    // QEMU found the receiver off when it looked for input and would look again only a second later; this makes it look.
    #if defined(QEMU_SOC_MPS2)
    (void)*(volatile uint32_t *)0x40004000; // UART0 DATA
    #elif defined(QEMU_SOC_NRF51)
    *(volatile uint32_t *)0x40008200 = 1 << 8; // TIMER0 SHORTS: stop at the first compare
    *(volatile uint32_t *)0x40008000 = 1; // TIMER0 TASKS_START
    #endif
    #if MICROPY_VFS_LFS2
    pyexec_frozen_module("_boot.py", false);
    #endif
}
