// Runs one model on a bare machine, every step between two marks; bench/run.py reads what it prints.
#include <string.h>

#include "machine.h"
#include "tin.h"

static void print_number(const char *name, uint32_t value) {
    char digits[11], *first = digits + sizeof(digits) - 1;
    *first = 0;
    do {
        uint32_t rest = value / 10;
        *--first = (char)('0' + value - 10 * rest);
        value = rest;
    } while (value);
    machine_print(name);
    machine_print(" ");
    machine_print(first);
    machine_print("\n");
}

static void load_inputs(const tin_model_t *model, const uint8_t *bytes) {
    for (int32_t index = 0; index < model->input_count; index++) {
        tin_tensor_t input;
        tin_input(model, index, &input);
        memcpy(input.data, bytes, input.bytes);
        bytes += input.bytes;
    }
}

#ifdef TIN_TRACE
#include "arch/family.h"

// What ran since the last print.
static struct {
    const char *kernel;
    uint32_t count;
} ran[16];

void tin_ran(const char *kernel, int32_t count) {
    size_t place = 0;
    while (ran[place].kernel && ran[place].kernel != kernel) {
        place++;
    }
    ran[place].kernel = kernel;
    ran[place].count += (uint32_t)count;
}

static void print_ran(void) {
    for (size_t place = 0; ran[place].kernel; place++) {
        machine_print("ran ");
        print_number(ran[place].kernel, ran[place].count);
    }
    memset(ran, 0, sizeof(ran));
}

static void print_family(void) {
    print_number("family", TIN_FAMILY);
}
#else
static void print_ran(void) {
}

static void print_family(void) {
}
#endif

static int fail(const tin_error_t *error) {
    machine_print("error ");
    machine_print(tin_message(error->status));
    machine_print("\n");
    return 1;
}

int machine_main(void) {
    const uint8_t *file = (const uint8_t *)(&machine_job + 1);
    const uint8_t *inputs = file + ((machine_job.model_bytes + 15) & ~15u);
    tin_model_t model;
    tin_error_t error;

    machine_mark();
    machine_mark();                    // an empty region: what the marks themselves cost
    if (tin_open(&model, file, machine_job.model_bytes, &error) != TIN_OK) {
        return fail(&error);
    }
    machine_mark();
    if (tin_bind(&model, machine_arena, machine_job.arena_bytes, &error) != TIN_OK) {
        return fail(&error);
    }
    machine_mark();

    load_inputs(&model, inputs);
    machine_mark();
    tin_invoke(&model);
    machine_mark();
    uint32_t last_crc = tin_node_crc(&model, model.node_count - 1);

    print_ran();
    print_number("invoke_crc", last_crc);
    tin_reset(&model);
    load_inputs(&model, inputs);
    tin_start(&model);
    for (int32_t node = 0; node < model.node_count; node++) {
        machine_mark();
        tin_run_node(&model);
        machine_mark();
        print_ran();
        print_number("crc", tin_node_crc(&model, node));
    }
    print_number("arena", model.arena_bytes);
    print_family();
    return 0;
}
