// The same bytes; SPEC.md "reshape"
#include <string.h>
#include "engine/ops.h"
#include "kernels/check.h"

bool tin_reshape_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    return x->dtype == y->dtype && x->bytes >= y->bytes && x->n * x->h * x->w * x->c == y->n * y->h * y->w * y->c;
}

void tin_reshape(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    (void)row0;
    (void)row1;
    (void)scratch;
    if (x->data != y->data) {
        memmove(y->data, x->data, y->bytes);
    }
}
