// y = the inputs one after the other along one axis    SPEC.md "concat"
#include "engine/ops.h"
#include "kernels/check.h"
#include "kernels/copy.h"

bool tin_concat_check(const tin_node_t *node) {
    const tin_tensor_t *const y = &node->outputs[0];
    const int32_t joined = node->attrs.concat.axis;
    if (joined < 0 || joined >= TIN_MAX_RANK) {
        return false;
    }
    int32_t size = 0;
    for (int32_t i = 0; i < node->input_count; i++) {
        const tin_tensor_t *const x = &node->inputs[i];
        for (int32_t axis = 0; axis < TIN_MAX_RANK; axis++) {
            if (axis != joined && x->shape[axis] != y->shape[axis]) {
                return false;
            }
        }
        if (x->dtype != y->dtype || !tin_elements_ok(x)) {
            return false;
        }
        size += x->shape[joined];
    }
    return size == y->shape[joined];
}

void tin_concat(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const y = &node->outputs[0];
    // y is [outer, block]; a block has one part from each input.
    const int32_t block = tin_bytes_from(y, node->attrs.concat.axis);
    const int32_t end = row1 * tin_row_bytes(y);
    int32_t at = row0 * tin_row_bytes(y);
    int32_t outer = at / block, place = at % block;
    int32_t part[TIN_MAX_INPUTS];
    (void)scratch;
    for (int32_t i = 0; i < node->input_count; i++) {
        part[i] = tin_bytes_from(&node->inputs[i], node->attrs.concat.axis);
    }
    for (int32_t i = 0; at < end;) {
        if (place < part[i]) {
            const int32_t bytes = part[i] - place < end - at ? part[i] - place : end - at;
            tin_copy((uint8_t *)y->data + at, (const uint8_t *)node->inputs[i].data + outer * part[i] + place, bytes);
            at += bytes;
            place += bytes;
        }
        if (place >= part[i]) {
            place -= part[i];
            if (++i == node->input_count) {
                i = 0;
                outer++;
            }
        }
    }
}
