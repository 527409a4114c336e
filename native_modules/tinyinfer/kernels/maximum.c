// y = max(x, k)    SPEC.md "minimum, maximum"
#include "engine/ops.h"
#include "kernels/extreme.h"

bool tin_maximum_check(const tin_node_t *node) {
    return tin_extreme_check(node);
}

void tin_maximum(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    (void)scratch;
    tin_extreme(node, row0, row1, tin_reversed(0));
}
