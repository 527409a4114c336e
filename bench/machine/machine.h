// What bench.c needs of a bare machine; one .c file per kind of machine has it.
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <stdint.h>

void machine_print(const char *text);
_Noreturn void machine_exit(int status);
void machine_mark(void);               // the plugin notes how many instructions ran up to here
int machine_main(void);

// Placed in memory by the emulator before the machine starts; the model follows, then its inputs, each aligned to 16.
typedef struct {
    uint32_t model_bytes;
    uint32_t input_bytes;
    uint32_t arena_bytes;
    uint32_t reserved;
} machine_job_t;

extern const machine_job_t machine_job;
extern uint8_t machine_arena[];        // all the memory that is left

#endif
