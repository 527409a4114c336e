// Files that are damaged or hostile: the engine refuses them or runs them, and never touches memory that is not its own.
//
//     cc -fsanitize=address,undefined … model_file.c        a program:  model_file ROUNDS FILE…
//     clang -fsanitize=fuzzer,address,undefined -DLIBFUZZER  … model_file.c
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "engine/crc32.h"
#include "engine/ops.h"
#include "engine/reader.h"

// More would only take time.
#define MAX_ARENA (1u << 18)
#define MAX_WORK (1 << 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long opened, ran;

// Upper bound of what the plain kernels do for a node.
static int64_t work_of(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    int64_t window = 1;
    if (node->op == TIN_OP_average_pool_2d) {
        window = (int64_t)node->attrs.average_pool_2d.kernel_h * node->attrs.average_pool_2d.kernel_w;
    } else if (node->op == TIN_OP_max_pool_2d) {
        window = (int64_t)node->attrs.max_pool_2d.kernel_h * node->attrs.max_pool_2d.kernel_w;
    } else if (node->op == TIN_OP_mean) {
        window = (int64_t)x->n * x->h * x->w * x->c;
    }
    const int64_t image = (int64_t)x->h * x->w, elements = (int64_t)y->n * y->h * y->w * y->c;
    return (int64_t)tin_op_row_macs(node) * tin_op_rows(node) + elements * (window < image ? window : image);
}

static bool is_small(const tin_model_t *model) {
    int64_t work = 0;
    for (uint32_t i = 0; i < model->node_count; i++) {
        tin_node_t node;
        tin_decode_node(model, i, &node);
        work += work_of(&node);
    }
    return work <= MAX_WORK;
}

// Everything that follows tin_bind, as a binding would call it.
static void run(tin_model_t *model) {
    for (int32_t i = 0; i < model->input_count; i++) {
        tin_tensor_t input;
        tin_input(model, i, &input);
        for (uint32_t byte = 0; byte < input.bytes; byte++) {
            ((uint8_t *)input.data)[byte] = (uint8_t)(byte * 37 + 11);
        }
        const uint32_t count = input.bytes / (input.bits / 8);
        uint8_t *const floats = malloc(4 * (size_t)count);
        memset(floats, 0x41, 4 * (size_t)count);
        tin_quantize_input(model, i, floats, input.data, count);
        free(floats);
    }
    tin_invoke(model);
    tin_start(model);
    uint32_t budget = 0;
    while (tin_step(model, budget)) {
        budget = budget * 3 + 1;
    }
    for (int32_t i = 0; i < model->node_count; i++) {
        tin_node_crc(model, i);
    }
    for (int32_t i = 0; i < model->output_count; i++) {
        tin_tensor_t output;
        tin_output(model, i, &output);
        const uint32_t count = output.bytes / (output.bits / 8);
        uint8_t *const floats = malloc(4 * (size_t)count);
        tin_argmax(&output);
        tin_dequantize_output(model, i, output.data, floats, count);
        free(floats);
    }
    tin_reset(model);
    ran++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    // Exact sizes, so that the sanitizer sees the byte behind; any address.
    const size_t misaligned = size % 3;
    uint8_t *const memory = malloc(size + misaligned + 1);
    uint8_t *const file = memory + misaligned;
    memcpy(file, data, size);
    uint8_t *const exact = realloc(memory, size + misaligned);
    if (exact != NULL) {
        tin_model_t model;
        tin_error_t error;
        const tin_status_t status = tin_open(&model, exact + misaligned, size, &error);
        if (status != error.status || tin_message(status)[0] == '\0') {
            abort();
        }
        if (status == TIN_OK && model.arena_bytes <= MAX_ARENA) {
            opened++;
            void *const arena = malloc(model.arena_bytes == 0 ? 4 : model.arena_bytes);
            if (tin_bind(&model, arena, model.arena_bytes, &error) != TIN_OK) {
                abort();
            }
            if (is_small(&model)) {
                run(&model);
            }
            free(arena);
        }
    }
    free(exact);
    return 0;
}

static void put_u32(uint8_t *p, uint32_t value) {
    for (int32_t byte = 0; byte < 4; byte++) {
        p[byte] = (uint8_t)(value >> 8 * byte);
    }
}

static void seal(uint8_t *file, size_t size) {
    put_u32(file + size - 4, tin_crc32(0, file, size - 4));
}

#ifdef LIBFUZZER

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

// Keeps the CRC right, or nothing behind it would ever be reached.
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
    size = LLVMFuzzerMutate(data, size, max_size);
    if (size >= 20 && seed % 16 != 0) {
        size -= (size - 4) % 16;
        seal(data, size);
    }
    return size;
}

#else

static uint32_t random_u32(void) {
    static uint32_t state = 2463534242u;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static void try_sealed(uint8_t *file, size_t size) {
    seal(file, size);
    LLVMFuzzerTestOneInput(file, size);
}

// Every length; those that could be a whole file once more with the CRC they would have.
static void truncate(const uint8_t *good, size_t size, uint8_t *file) {
    for (size_t length = 0; length < size; length++) {
        memcpy(file, good, length);
        LLVMFuzzerTestOneInput(file, length);
        if (length >= 20 && length % 16 == 4) {
            try_sealed(file, length);
        }
    }
}

// Every byte, with and without a CRC that fits.
static void flip(const uint8_t *good, size_t size, uint8_t *file) {
    static const uint8_t masks[] = { 0x01, 0x10, 0x80, 0xff };
    memcpy(file, good, size);
    for (size_t at = 0; at < size; at++) {
        for (size_t i = 0; i < sizeof(masks); i++) {
            file[at] ^= masks[i];
            LLVMFuzzerTestOneInput(file, size);
            if (at < size - 4) {
                try_sealed(file, size);
                memcpy(file + size - 4, good + size - 4, 4);
            }
            file[at] = good[at];
        }
    }
}

// A few numbers at once become what is likely to hurt.
static void scramble(const uint8_t *good, size_t size, uint8_t *file, unsigned long rounds) {
    for (unsigned long round = 0; round < rounds; round++) {
        memcpy(file, good, size);
        for (uint32_t change = 1 + (random_u32() & 3); change > 0; change--) {
            const size_t word = random_u32() % ((size - 4) / 4) * 4;
            const uint32_t old = tin_u32(file + word);
            const uint32_t values[] = {
                0, 1, old + 1, old - 1, old + 4, old - 4, old << 1, (uint32_t)size - (uint32_t)word, UINT32_MAX, INT32_MAX, 1u << 31,
                1u << (random_u32() & 31), random_u32(), tin_u32(good + random_u32() % ((size - 4) / 4) * 4), old ^ 0x00010000u, old & 0xffffu,
            };
            put_u32(file + word, values[random_u32() % (sizeof(values) / sizeof(values[0]))]);
        }
        try_sealed(file, size);
    }
}

static uint8_t *load(const char *path, size_t *size) {
    FILE *const stream = fopen(path, "rb");
    if (stream == NULL || fseek(stream, 0, SEEK_END) != 0) {
        return NULL;
    }
    *size = (size_t)ftell(stream);
    rewind(stream);
    uint8_t *const data = malloc(*size);
    const size_t got = fread(data, 1, *size, stream);
    fclose(stream);
    if (got != *size || *size < 20) {
        free(data);
        return NULL;
    }
    return data;
}

int main(int count, char **arguments) {
    const unsigned long rounds = count > 1 ? strtoul(arguments[1], NULL, 10) : 0;
    for (int i = 2; i < count; i++) {
        size_t size;
        uint8_t *const good = load(arguments[i], &size);
        if (good == NULL) {
            printf("%s: cannot be read\n", arguments[i]);
            return 2;
        }
        uint8_t *const file = malloc(size);
        opened = ran = 0;
        LLVMFuzzerTestOneInput(good, size);
        if (ran != 1) {
            printf("%s: must run as it is\n", arguments[i]);
            return 1;
        }
        truncate(good, size, file);
        const unsigned long opened_short = opened - 1;
        flip(good, size, file);
        scramble(good, size, file, rounds);
        printf("%s: %lu bytes, %lu damaged files opened (%lu of them short), %lu ran\n", arguments[i], (unsigned long)size, opened - 1,
            opened_short, ran - 1);
        free(file);
        free(good);
    }
    return 0;
}

#endif
