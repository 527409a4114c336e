// y[row, o] = zp_y + mbqm(bias[o] + sum of the leaves that x[row] reaches)    SPEC.md "tree_ensemble"
#include "arch/arch.h"
#include "engine/ops.h"
#include "kernels/check.h"
#include "kernels/element.h"

#define TIN_TREE_NODE_BYTES (6)
#define TIN_TREE_ROOT_BYTES (8)

// Byte by byte: constants lie at any address.
static inline int32_t load_s16(const uint8_t *p) {
    return (int16_t)(p[0] | p[1] << 8);
}

// The leaf of a node whose feature is negative.
static inline int32_t leaf_of(const uint8_t *node) {
    return tin_load_s32(node + 2);
}

// Rows of a constant matrix with `columns` columns; -1 if it is none.
static int32_t rows_of(const tin_tensor_t *k, tin_dtype_t dtype, int32_t columns) {
    return k->constant && k->dtype == dtype && k->c == columns && tin_elements_ok(k) ? k->n * k->h * k->w : -1;
}

// Once, so that run() may trust the trees: children stand behind their parents, inside of the nodes.
bool tin_tree_ensemble_check(const tin_node_t *node) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const tin_tree_ensemble_attrs_t *const a = &node->attrs.tree_ensemble;
    const int32_t width = node->inputs[3].c;
    const int32_t count = rows_of(&node->inputs[1], TIN_S16, 3), trees = rows_of(&node->inputs[2], TIN_S32, 2);
    const int32_t leaves = rows_of(&node->inputs[3], TIN_S16, width), biases = rows_of(&node->inputs[4], TIN_S32, y->c);
    if ((x->dtype != TIN_S8 && x->dtype != TIN_S16) || (y->dtype != TIN_S8 && y->dtype != TIN_S16) || !tin_elements_ok(x)
        || x->n != y->n || x->h != y->h || x->w != y->w || count < 1 || trees < 1 || leaves < 1 || biases != 1
        || !tin_multiplier_ok(a->multiplier, a->shift)) {
        return false;
    }
    const uint8_t *at = node->inputs[1].data;
    for (int32_t i = 0; i < count; i++, at += TIN_TREE_NODE_BYTES) {
        const int32_t feature = load_s16(at), right = load_s16(at + 4);
        if (feature < 0 ? leaf_of(at) < 0 || leaf_of(at) >= leaves
                        : feature >= x->c || i + 1 >= count || right < 1 || right >= count - i) {
            return false;
        }
    }
    at = node->inputs[2].data;
    for (int32_t i = 0; i < trees; i++, at += TIN_TREE_ROOT_BYTES) {
        const int32_t root = tin_load_s32(at), first = tin_load_s32(at + 4);
        if (root < 0 || root >= count || first < 0 || first > y->c - width) {
            return false;
        }
    }
    return true;
}

void tin_tree_ensemble(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch) {
    const tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const tin_tree_ensemble_attrs_t *const a = &node->attrs.tree_ensemble;
    const tin_params_t params = { 0, a->multiplier, a->shift };
    const tin_output_t to = { y->zero_point, y->bits == 8 ? INT8_MIN : INT16_MIN, y->bits == 8 ? INT8_MAX : INT16_MAX };
    const uint8_t *const nodes = node->inputs[1].data, *const roots = node->inputs[2].data;
    const uint8_t *const leaves = node->inputs[3].data, *const bias = node->inputs[4].data;
    const int32_t trees = node->inputs[2].n * node->inputs[2].h * node->inputs[2].w, width = node->inputs[3].c;
    int32_t *const sums = scratch;
    for (int32_t row = row0; row < row1; row++) {
        for (int32_t o = 0; o < y->c; o++) {
            sums[o] = tin_load_s32(bias + 4 * o);
        }
        for (int32_t tree = 0; tree < trees; tree++) {
            const uint8_t *const root = roots + TIN_TREE_ROOT_BYTES * tree;
            const uint8_t *at = nodes + TIN_TREE_NODE_BYTES * tin_load_s32(root);
            int32_t *const sum = sums + tin_load_s32(root + 4);
            for (int32_t feature; (feature = load_s16(at)) >= 0;) {
                const bool right = tin_element(x, row * x->c + feature) > load_s16(at + 2);
                at += TIN_TREE_NODE_BYTES * (right ? load_s16(at + 4) : 1);
            }
            const uint8_t *const leaf = leaves + 2 * leaf_of(at) * width;
            for (int32_t i = 0; i < width; i++) {
                sum[i] = tin_wrap_add(sum[i], load_s16(leaf + 2 * i));
            }
        }
        for (int32_t o = 0; o < y->c; o++) {
            tin_set_element(y, row * y->c + o, tin_requantize(sums[o], &params, &to));
        }
    }
}
