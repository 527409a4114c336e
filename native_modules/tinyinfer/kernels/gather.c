// y[.., j, ..] = x[.., indices[j], ..] along one axis    SPEC.md "gather"
#include "engine/ops.h"
#include "kernels/check.h"
#include "kernels/copy.h"

bool tin_gather_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const k = &node->inputs[1], *const y = &node->outputs[0];
    const int32_t gathered = node->attrs.gather.axis;
    if (gathered < 0 || gathered >= TIN_MAX_RANK) {
        return false;
    }
    for (int32_t axis = 0; axis < TIN_MAX_RANK; axis++) {
        if (axis != gathered && x->shape[axis] != y->shape[axis]) {
            return false;
        }
    }
    return x->dtype == y->dtype && tin_elements_ok(x) && (k->dtype == TIN_S16 || k->dtype == TIN_S32)
           && tin_elements_ok(k) && k->n * k->h * k->w * k->c == y->shape[gathered];
}

// One of the indices, byte by byte: constants lie at any address. What is no index of x counts as 0: computed ones may be
// anything.
static int32_t index_at(const tin_tensor_t *k, int32_t i, int32_t size) {
    const uint8_t *const at = (const uint8_t *)k->data + i * (k->bits / 8);
    int32_t index = at[0] | at[1] << 8;
    if (k->dtype == TIN_S16) {
        index = (int16_t)index;
    } else {
        index |= (int32_t)((uint32_t)at[2] << 16 | (uint32_t)at[3] << 24);
    }
    return index >= 0 && index < size ? index : 0;
}

void tin_gather(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const int32_t axis = node->attrs.gather.axis;
    // x is [outer, size, inner], y [outer, count, inner], inner in bytes.
    const int32_t size = x->shape[axis], count = y->shape[axis], inner = tin_bytes_from(x, axis + 1);
    const int32_t end = row1 * tin_row_bytes(y);
    int32_t at = row0 * tin_row_bytes(y);
    int32_t place = at % inner, j = at / inner % count, outer = at / inner / count;
    (void)scratch;
    while (at < end) {
        const int32_t bytes = inner - place < end - at ? inner - place : end - at;
        const int32_t from = (outer * size + index_at(&node->inputs[1], j, size)) * inner + place;
        tin_copy((uint8_t *)y->data + at, (const uint8_t *)x->data + from, bytes);
        at += bytes;
        place = 0;
        if (++j == count) {
            j = 0;
            outer++;
        }
    }
}
