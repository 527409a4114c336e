// y = table[x + 128]; of s16 between two of 513 entries    SPEC.md "table"
#include "engine/ops.h"
#include "kernels/check.h"
#include "kernels/table_s16.h"

bool tin_table_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1];
    const uint32_t entries = x->bits == 8 ? 256 : 513;
    return tin_s8_or_s16(node) && tin_addressable(x) && tin_same_view(x, &node->outputs[0]) && k->constant
           && k->dtype == x->dtype && (uint32_t)(k->n * k->h * k->w * k->c) == entries && k->bytes >= entries * (x->bits / 8u);
}

void tin_table(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const int8_t *const table = (const int8_t *)node->inputs[1].data + 128;
    const int32_t row = y->w * y->c;
    if (TIN_HAS_S16 && x->bits == 16) {
        for (int32_t i = row0 * row; i < row1 * row; i++) {
            ((int16_t *)y->data)[i] = tin_table_s16(node->inputs[1].data, ((const int16_t *)x->data)[i]);
        }
        return;
    }
    const int8_t *from = (const int8_t *)x->data + row0 * row;
    int8_t *out = (int8_t *)y->data + row0 * row;
    (void)scratch;
    for (const int8_t *const end = (const int8_t *)y->data + row1 * row; out != end; out++) {
        *out = table[*from++];
    }
}
