// What the engine asks of every operator, derived from ops.def.
#ifndef TIN_OPS_H
#define TIN_OPS_H

#include "kernels/kernel.h"

// The kernel: output rows [row0, row1). `scratch` has tin_op_scratch() bytes.
#define OP(name, code, inputs_min, inputs_max, outputs, summary) \
    void tin_##name(const tin_node_t *node, int32_t row0, int32_t row1, void *scratch); \
    bool tin_##name##_check(const tin_node_t *node);
#include "engine/table.h"

// More than TIN_OVERLAP_window by the index of the attributes stride_h, stride_w, pad_top, pad_left.
enum {
    TIN_OVERLAP_none,
    TIN_OVERLAP_inplace,
    TIN_OVERLAP_border,
    TIN_OVERLAP_window,
};

// False if the operator is unknown; fills the defaults.
bool tin_op_arity(uint16_t op, int32_t *inputs_min, int32_t *inputs_max, int32_t *outputs);
bool tin_op_left_out(uint16_t op);                       // of this build
int32_t tin_op_defaults(uint16_t op, int32_t *attrs);    // returns how many attributes there are
bool tin_op_check(const tin_node_t *node);
int32_t tin_op_rows(const tin_node_t *node);
size_t tin_op_row_macs(const tin_node_t *node);          // of one output row, about
int64_t tin_op_scratch(const tin_node_t *node);          // of the kernel family this engine was built for
int32_t tin_op_overlap(uint16_t op);
void tin_op_run(const tin_node_t *node, int32_t row0, int32_t row1);

// SPEC.md "Overlap": may input `index` begin `lead` bytes above output 0 and share memory with it?
bool tin_overlap_allowed(const tin_node_t *node, int32_t index, uint32_t lead);

#endif
