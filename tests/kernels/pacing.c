// What a row costs in tin_step() where size_t has 32 bits, of layers whose products these do not count.
#include <stddef.h>
#include <string.h>
#include "expect.h"
#define size_t uint32_t
#include "engine/ops.c"
#undef size_t

// ops.c asks for the kernels; the function under test does not.
#define OP(name, code, inputs_min, inputs_max, outputs, summary) \
    bool tin_##name##_check(const tin_node_t *of) { \
        (void)of; \
        abort(); \
    } \
    void tin_##name(const tin_node_t *of, int32_t row0, int32_t row1, void *scratch) { \
        (void)of, (void)row0, (void)row1, (void)scratch; \
        abort(); \
    }
#include "engine/table.h"

static tin_node_t node;

static void set(tin_tensor_t *tensor, int32_t n, int32_t h, int32_t w, int32_t c) {
    tensor->n = n;
    tensor->h = h;
    tensor->w = w;
    tensor->c = c;
}

static void expect(uint16_t op, int64_t row) {
    node.op = op;
    EXPECT(tin_op_row_macs(&node), row, "operator %d", (int)op);
}

int main(void) {
    for (int32_t n = 1; n <= 2; n++) {
        for (int32_t h = 1; h <= 1 << 20; h *= 32) {
            set(&node.inputs[0], n, h, 16, 64);
            set(&node.inputs[1], 1024, 3, 5, 64);
            set(&node.outputs[0], n, h, 16, 1024);
            expect(TIN_OP_conv_2d, 16 * 1024 * 3 * 5 * 64);
            expect(TIN_OP_depthwise_conv_2d, 16 * 1024 * 3 * 5);
            expect(TIN_OP_transpose_conv_2d, 16 * 1024 * 3 * 5 * 64);
            expect(TIN_OP_fully_connected, 4 * 64);
            expect(TIN_OP_batch_matmul, 1024 * 64);
            expect(TIN_OP_mul, 16 * 1024);
            expect(TIN_OP_lstm, 16 * 5 * (64 + 1024));
            expect(TIN_OP_add, 0);
            expect(TIN_OP_reshape, 0);
        }
    }
    return passed("pacing");
}
