// What C expects of memory before main().
#ifndef BENCH_START_H
#define BENCH_START_H

#include <stdint.h>
#include "machine.h"

extern uint32_t __data_start[], __data_end[], __data_load[], __bss_start[], __bss_end[];

static inline _Noreturn void start(void) {
    for (uint32_t *to = __data_start, *from = __data_load; to != __data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *to = __bss_start; to != __bss_end;) {
        *to++ = 0;
    }
    machine_exit(machine_main());
}

#endif
