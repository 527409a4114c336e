// Dispatch and formulas of the operators.
#include "engine/ops.h"
#include "arch/family.h"
#include "engine/formula.h"

// A build may leave operators out: -DTIN_WITHOUT_mean=1, and no kernels/mean.c. LEFT_OUT(mean) is 1 then, otherwise 0.
#define LEFT_OUT(op) LEFT_OUT_EXPANDED(TIN_WITHOUT_##op)
#define LEFT_OUT_EXPANDED(value) LEFT_OUT_PASTED(value)
#define LEFT_OUT_PASTED(value) LEFT_OUT_CHOSEN(LEFT_OUT_COMMA_##value)
#define LEFT_OUT_CHOSEN(comma) LEFT_OUT_SECOND(comma 1, 0, 0)
#define LEFT_OUT_SECOND(first, second, ...) second
#define LEFT_OUT_COMMA_1 0,

// Unless the operator is left out: the linker does not look for its kernel then.
#define UNLESS_LEFT_OUT(op, ...) UNLESS_LEFT_OUT_EXPANDED(LEFT_OUT(op), __VA_ARGS__)
#define UNLESS_LEFT_OUT_EXPANDED(value, ...) UNLESS_LEFT_OUT_PASTED(value, __VA_ARGS__)
#define UNLESS_LEFT_OUT_PASTED(value, ...) UNLESS_##value(__VA_ARGS__)
#define UNLESS_0(...) __VA_ARGS__
#define UNLESS_1(...)

bool tin_op_left_out(uint16_t op) {
    switch (op) {
        #define OP(name, code, inputs_min, inputs_max, outputs, summary) case code: return LEFT_OUT(name);
        #include "engine/table.h"
        default:
            return false;
    }
}

// Records of different lengths, in the order of ops.def: what there is before `defaults`, these, then the overlap.
enum { CODE, INPUTS_MIN, INPUTS_MAX, OUTPUTS, ATTRS, DEFAULTS };
static const int8_t records[] = {
    #define OP(name, code, inputs_min, inputs_max, outputs, summary) \
        UNLESS_LEFT_OUT(name, code, inputs_min, inputs_max, outputs, TIN_ATTR(name, end),)
    #define ATTR(op, name, initial, meaning) UNLESS_LEFT_OUT(op, (int8_t)(initial),)
    #define OVERLAP(op, kind) UNLESS_LEFT_OUT(op, OVERLAP_##kind(op),)
    #define OVERLAP_none(op) TIN_OVERLAP_none
    #define OVERLAP_inplace(op) TIN_OVERLAP_inplace
    #define OVERLAP_border(op) TIN_OVERLAP_border
    #define OVERLAP_window(op) TIN_OVERLAP_window + TIN_ATTR(op, stride_h)
    #include "engine/table.h"
    0, 0, 0, 0, 0, 0,
};

static const struct {
    bool (*check)(const tin_node_t *node);
    void (*run)(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch);
} kernels[] = {
    #define OP(name, code, inputs_min, inputs_max, outputs, summary) UNLESS_LEFT_OUT(name, { tin_##name##_check, tin_##name },)
    #include "engine/table.h"
};

// An operator's record, whose code is 0 if there is none, and its place in `kernels`.
static const int8_t *find(uint16_t op, int32_t *place) {
    const int8_t *record = records;
    for (*place = 0; record[CODE] != op && record[CODE] != 0; ++*place) {
        record += DEFAULTS + record[ATTRS] + 1;
    }
    return record;
}

bool tin_op_arity(uint16_t op, int32_t *inputs_min, int32_t *inputs_max, int32_t *outputs) {
    int32_t place;
    const int8_t *const record = find(op, &place);
    *inputs_min = record[INPUTS_MIN];
    *inputs_max = record[INPUTS_MAX];
    *outputs = record[OUTPUTS];
    return record[CODE] != 0;
}

int32_t tin_op_defaults(uint16_t op, int32_t *attrs) {
    int32_t place;
    const int8_t *const record = find(op, &place);
    for (int32_t i = 0; i < record[ATTRS]; i++) {
        attrs[i] = record[DEFAULTS + i];
    }
    // Few need more than a byte.
    #define ATTR(of, name, initial, meaning) \
        UNLESS_LEFT_OUT(of, if ((initial) != (int8_t)(initial) && op == TIN_OP_##of) { \
            attrs[TIN_ATTR(of, name)] = initial; \
        })
    #include "engine/table.h"
    return record[ATTRS];
}

int32_t tin_op_overlap(uint16_t op) {
    int32_t place;
    const int8_t *const record = find(op, &place);
    return record[DEFAULTS + record[ATTRS]];
}

bool tin_op_check(const tin_node_t *node) {
    int32_t place;
    find(node->op, &place);
    return kernels[place].check(node);
}

void tin_op_run(const tin_node_t *node, int32_t row0, int32_t row1) {
    int32_t place;
    find(node->op, &place);
    kernels[place].run(node, row0, row1, node->scratch);
}

// A product of sizes of one tensor has 32 bits; those of several become 64 by the functions of engine/formula.h.
typedef struct {
    int32_t n, h, w, c, bits;
} sizes_t;

static sizes_t sizes_of(const tin_tensor_t *tensor) {
    const sizes_t sizes = { tensor->n, tensor->h, tensor->w, tensor->c, tensor->bits };
    return sizes;
}

// In a switch over the operator's code: its expression, with the names that ops.def promises.
#define NAMES \
    const sizes_t x = sizes_of(&node->inputs[0]); \
    const sizes_t k = sizes_of(&node->inputs[1]); \
    const sizes_t y = sizes_of(&node->outputs[0]); \
    (void)x, (void)k, (void)y;
#define EXPRESSION(op, expression) UNLESS_LEFT_OUT(op, case TIN_OP_##op: { \
    const tin_##op##_attrs_t a = node->attrs.op; \
    (void)a; \
    return (expression); \
})

int32_t tin_op_rows(const tin_node_t *node) {
    NAMES
    switch (node->op) {
        #define ROWS(op, expression) EXPRESSION(op, (int32_t)(expression))
        #include "engine/table.h"
        default:
            return 0;
    }
}

// Only paces tin_step().
typedef struct {
    size_t n, h, w, c;
} counts_t;

static counts_t counts_of(const tin_tensor_t *tensor) {
    const counts_t counts = { 1, 1, (size_t)tensor->w, (size_t)tensor->c };
    return counts;
}

size_t tin_op_row_macs(const tin_node_t *node) {
    // Inputs and outputs of one row: 32 bits do not hold the products of all layers.
    const counts_t x = counts_of(&node->inputs[0]), y = counts_of(&node->outputs[0]);
    counts_t k = counts_of(&node->inputs[1]);
    k.h = (size_t)node->inputs[1].h;
    (void)x, (void)k, (void)y;
    switch (node->op) {
        #define ROWS(op, expression) UNLESS_LEFT_OUT(op, case TIN_OP_##op: { \
            const tin_##op##_attrs_t a = node->attrs.op; \
            const size_t rows = (size_t)(expression); \
            (void)a;)
        #define MACS(op, expression) UNLESS_LEFT_OUT(op, return (size_t)(expression) / rows; })
        #include "engine/table.h"
        default:
            return 0;
    }
}

// The family of this engine, then plain for what it does not name.
#define FAMILY_plain (TIN_FAMILY == TIN_FAMILY_PLAIN)
#define FAMILY_m0p (TIN_FAMILY == TIN_FAMILY_M0P)
#define FAMILY_dsp (TIN_FAMILY == TIN_FAMILY_DSP)
#define FAMILY_rv32 (TIN_FAMILY == TIN_FAMILY_RV32)
#define FAMILY_xtensa (TIN_FAMILY == TIN_FAMILY_XTENSA)
#define FAMILY_mve (TIN_FAMILY == TIN_FAMILY_MVE)

int64_t tin_op_scratch(const tin_node_t *node) {
    int64_t plain = 0;
    NAMES
    #define SCRATCH(operator, family, expression) \
    if (!LEFT_OUT(operator) && node->op == TIN_OP_##operator) { \
        const tin_##operator##_attrs_t a = node->attrs.operator; \
        (void)a; \
        if (FAMILY_##family) { \
            return (expression); \
        } \
        if (is_plain_##family) { \
            plain = (expression); \
        } \
    }
    enum { is_plain_plain = 1, is_plain_m0p = 0, is_plain_dsp = 0, is_plain_rv32 = 0, is_plain_xtensa = 0, is_plain_mve = 0 };
    #include "engine/table.h"
    return plain;
}
