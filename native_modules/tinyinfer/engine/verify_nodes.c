#include "engine/ops.h"
#include "engine/reader.h"
#include "engine/verify.h"

static uint32_t start_of(const tin_model_t *model, uint32_t tensor) {
    const uint8_t *const file = model->file;
    const uint32_t table = tin_element_table(file, model->tensors, tensor);
    return tin_scalar(file, table, FBS_TENSOR_OFFSET, 4, UINT32_MAX);
}

static tin_status_t verify_tensors(const tin_model_t *model, uint32_t count, tin_error_t *error) {
    tin_tensor_t tensor;
    // State stands in the order of its places: then no two of its tensors share bytes.
    uint32_t state_end = 0;
    for (uint32_t i = 0; i < count; i++) {
        const bool ok = tin_decode_tensor(model, i, &tensor);
        const uint32_t at = !ok || tensor.constant ? UINT32_MAX : tin_unbound(&tensor);
        if (!ok || at < state_end) {
            return tin_fail(error, TIN_ERR_TENSOR, (int32_t)i, 0);
        }
        if (at < model->state_bytes) {
            state_end = at + tensor.bytes;
        }
    }
    return TIN_OK;
}

// Indices of tensors that exist; those that are written lie in the arena.
static bool indices_ok(const tin_model_t *model, uint32_t vector, uint32_t tensors, bool written) {
    for (uint32_t i = 0; i < tin_count(model->file, vector); i++) {
        const uint32_t index = tin_element_u16(model->file, vector, i);
        if (index >= tensors || (written && start_of(model, index) == UINT32_MAX)) {
            return false;
        }
    }
    return true;
}

// SPEC.md "Float input": one entry, or one for each of the last axis, in the ranges that its arithmetic is made for.
static bool quantizer_ok(const uint8_t *file, uint32_t quantizer, uint32_t channels) {
    const uint32_t multiplier = tin_target(file, quantizer, FBS_QUANTIZER_MULTIPLIER);
    const uint32_t shift = tin_target(file, quantizer, FBS_QUANTIZER_SHIFT);
    const uint32_t offset = tin_target(file, quantizer, FBS_QUANTIZER_OFFSET);
    for (uint32_t i = 0; i < tin_count(file, multiplier); i++) {
        const int32_t of_shift = (int32_t)tin_element_u32(file, shift, i);
        const int32_t of_offset = (int32_t)tin_element_u32(file, offset, i);
        if (tin_element_u32(file, multiplier, i) > INT32_MAX || of_shift < -160 || of_shift > 160
            || of_offset < -(1 << 29) || of_offset > 1 << 29) {
            return false;
        }
    }
    return tin_count(file, multiplier) == 1 || tin_count(file, multiplier) == channels;
}

static bool inputs_ok(const tin_model_t *model, uint32_t vector) {
    const uint8_t *const file = model->file;
    const uint32_t tensors = model->tensors;
    // Each entry has 12 bytes of the file: more of them means that inputs share a quantizer, to keep the reader busy.
    uint32_t entries_left = model->size / 12;
    for (uint32_t i = 0; i < tin_count(file, vector); i++) {
        const uint32_t index = tin_element_u16(file, vector, i);
        const uint32_t quantizer = tin_target(file, tin_element_table(file, tensors, index), FBS_TENSOR_QUANTIZER);
        if (quantizer != 0) {
            tin_tensor_t tensor;
            tin_decode_tensor(model, index, &tensor);
            const uint32_t entries = tin_count(file, tin_target(file, quantizer, FBS_QUANTIZER_MULTIPLIER));
            if (entries > entries_left || !quantizer_ok(file, quantizer, (uint32_t)tensor.c)) {
                return false;
            }
            entries_left -= entries;
        }
    }
    return true;
}

static bool extra_attrs_ok(const uint8_t *file, uint32_t attrs, uint32_t known) {
    for (uint32_t i = known; i < tin_count(file, attrs); i++) {
        if (tin_element_u32(file, attrs, i) != 0) {
            return false;
        }
    }
    return true;
}

typedef struct {
    uint32_t at, bytes;
} place_t;

static bool disjoint(const place_t *a, const place_t *b) {
    return a->at + a->bytes <= b->at || b->at + b->bytes <= a->at || a->bytes == 0 || b->bytes == 0;
}

// Whether scratch and outputs share memory with nothing that the node touches; an input may lie over output 0 as the operator allows.
static bool places_ok(const tin_node_t *node, place_t scratch) {
    place_t places[1 + TIN_MAX_OUTPUTS + TIN_MAX_INPUTS] = { scratch };
    int32_t count = 1;
    for (int32_t i = 0; i < node->output_count; i++, count++) {
        places[count].at = tin_unbound(&node->outputs[i]);
        places[count].bytes = node->outputs[i].bytes;
    }
    const int32_t written = count;
    for (int32_t i = 0; i < node->input_count; i++, count++) {
        places[count].at = tin_unbound(&node->inputs[i]);
        places[count].bytes = node->inputs[i].constant ? 0 : node->inputs[i].bytes;
    }
    for (int32_t i = 0; i < written; i++) {
        for (int32_t j = i + 1; j < count; j++) {
            if (!disjoint(&places[i], &places[j]) && (i != 1 || j < written || places[j].at < places[1].at
                                                      || !tin_overlap_allowed(node, j - written, places[j].at - places[1].at))) {
                return false;
            }
        }
    }
    return true;
}

static tin_status_t verify_node(const tin_model_t *model, uint32_t index, uint32_t tensors, tin_error_t *error) {
    const uint8_t *const file = model->file;
    const int32_t number = (int32_t)index;
    const uint32_t table = tin_element_table(file, model->nodes, index);
    const uint32_t op = tin_scalar(file, table, FBS_NODE_OP, 2, 0);
    const uint32_t inputs = tin_target(file, table, FBS_NODE_INPUTS);
    const uint32_t outputs = tin_target(file, table, FBS_NODE_OUTPUTS);
    int32_t inputs_min, inputs_max, output_count;
    if (tin_op_left_out((uint16_t)op)) {
        return tin_fail(error, TIN_ERR_LEFT_OUT, number, (int32_t)op);
    }
    if (!tin_op_arity((uint16_t)op, &inputs_min, &inputs_max, &output_count)) {
        return tin_fail(error, TIN_ERR_OPERATOR, number, (int32_t)op);
    }
    if (tin_count(file, inputs) < (uint32_t)inputs_min || tin_count(file, inputs) > (uint32_t)inputs_max
        || tin_count(file, outputs) != (uint32_t)output_count
        || !indices_ok(model, inputs, tensors, false) || !indices_ok(model, outputs, tensors, true)) {
        return tin_fail(error, TIN_ERR_SHAPE, number, 0);
    }

    tin_node_t node;
    tin_decode_node(model, index, &node);
    const uint32_t known = (uint32_t)tin_op_defaults(node.op, node.attrs.v);
    if (!extra_attrs_ok(file, tin_target(file, table, FBS_NODE_ATTRS), known)) {
        return tin_fail(error, TIN_ERR_ATTRIBUTE, number, (int32_t)known);
    }
    tin_decode_node(model, index, &node);
    if (!TIN_HAS_S16 && node.inputs[0].dtype == TIN_S16) {
        return tin_fail(error, TIN_ERR_LEFT_OUT, number, (int32_t)op);
    }
    if (!tin_op_check(&node)) {
        return tin_fail(error, TIN_ERR_SHAPE, number, 0);
    }

    const uint32_t scratch = tin_scalar(file, table, FBS_NODE_SCRATCH, 4, UINT32_MAX);
    const int64_t needed = tin_op_scratch(&node);
    const bool absent = scratch == UINT32_MAX;
    if (needed > 0 && (absent || scratch % 4 != 0 || scratch < model->state_bytes || scratch > model->arena_bytes
                       || needed > (int64_t)(model->arena_bytes - scratch))) {
        return tin_fail(error, TIN_ERR_OVERLAP, number, 0);
    }
    const place_t place = { absent ? 0 : scratch, needed > 0 ? (uint32_t)needed : 0 };
    if (!places_ok(&node, place)) {
        return tin_fail(error, TIN_ERR_OVERLAP, number, 0);
    }
    return TIN_OK;
}

tin_status_t tin_verify_nodes(const tin_model_t *model, tin_error_t *error) {
    const uint8_t *const file = model->file;
    const uint32_t root = tin_root(file);
    const uint32_t tensors = tin_count(file, model->tensors);
    const uint32_t inputs = tin_target(file, root, FBS_MODEL_INPUTS);
    tin_status_t status = verify_tensors(model, tensors, error);
    if (status == TIN_OK && (model->output_count == 0 || !indices_ok(model, inputs, tensors, true) || !inputs_ok(model, inputs)
                             || !indices_ok(model, tin_target(file, root, FBS_MODEL_OUTPUTS), tensors, true))) {
        status = tin_fail(error, TIN_ERR_TENSOR, -1, 0);
    }
    for (uint32_t i = 0; status == TIN_OK && i < model->node_count; i++) {
        status = verify_node(model, i, tensors, error);
    }
    return status;
}
