#include <string.h>
#include "engine/crc32.h"
#include "engine/ops.h"
#include "engine/reader.h"
#include "engine/verify.h"

uint32_t tin_decode_port(const tin_model_t *model, uint32_t field, int32_t index, tin_tensor_t *tensor) {
    const uint32_t vector = tin_target(model->file, tin_root(model->file), field);
    const uint32_t number = tin_element_u16(model->file, vector, (uint32_t)index);
    tin_decode_tensor(model, number, tensor);
    return tin_element_table(model->file, model->tensors, number);
}

static uint16_t model_count(const tin_model_t *model, uint32_t field) {
    return (uint16_t)tin_count(model->file, tin_target(model->file, tin_root(model->file), field));
}

tin_status_t tin_open(tin_model_t *model, const void *file, size_t size, tin_error_t *error) {
    memset(model, 0, sizeof(*model));
    tin_fail(error, TIN_OK, 0, 0);
    const tin_status_t status = tin_verify_structure(file, size, error);
    if (status != TIN_OK) {
        return status;
    }
    model->file = file;
    model->size = (uint32_t)size;
    model->aligned = (uintptr_t)file % 4 == 0;
    model->arena_bytes = tin_scalar(file, tin_root(file), FBS_MODEL_ARENA_BYTES, 4, 0);
    model->state_bytes = tin_scalar(file, tin_root(file), FBS_MODEL_STATE_BYTES, 4, 0);
    model->tensors = tin_target(file, tin_root(file), FBS_MODEL_TENSORS);
    model->nodes = tin_target(file, tin_root(file), FBS_MODEL_NODES);
    model->buffers = tin_target(file, tin_root(file), FBS_MODEL_BUFFERS);
    model->node_count = model_count(model, FBS_MODEL_NODES);
    model->input_count = model_count(model, FBS_MODEL_INPUTS);
    model->output_count = model_count(model, FBS_MODEL_OUTPUTS);
    if (model->arena_bytes > INT32_MAX || model->state_bytes > model->arena_bytes) {
        return tin_fail(error, TIN_ERR_TENSOR, -1, 0);
    }
    return tin_verify_nodes(model, error);
}

tin_status_t tin_bind(tin_model_t *model, void *arena, size_t size, tin_error_t *error) {
    if (size < model->arena_bytes || (uintptr_t)arena % 4 != 0) {
        return tin_fail(error, TIN_ERR_ARENA, (int32_t)model->arena_bytes, size > INT32_MAX ? INT32_MAX : (int32_t)size);
    }
    model->arena = arena;
    tin_reset(model);
    tin_start(model);
    return tin_fail(error, TIN_OK, 0, 0);
}

void tin_input(const tin_model_t *model, int32_t index, tin_tensor_t *tensor) {
    tin_decode_port(model, FBS_MODEL_INPUTS, index, tensor);
}

void tin_output(const tin_model_t *model, int32_t index, tin_tensor_t *tensor) {
    tin_decode_port(model, FBS_MODEL_OUTPUTS, index, tensor);
}

void tin_reset(tin_model_t *model) {
    memset(model->arena, 0, model->state_bytes);
}

void tin_start(tin_model_t *model) {
    model->node = 0;
    model->row = 0;
}

// Rows of the current node from the cursor on, at most `rows`; moves the cursor.
static void run_rows(tin_model_t *model, const tin_node_t *node, int32_t rows) {
    const int32_t all = tin_op_rows(node);
    const int32_t end = rows < all - model->row ? model->row + rows : all;
    tin_op_run(node, model->row, end);
    model->row = end;
    if (end == all) {
        model->node++;
        model->row = 0;
    }
}

void tin_run_node(tin_model_t *model) {
    if (model->node < model->node_count) {
        tin_node_t node;
        tin_decode_node(model, model->node, &node);
        run_rows(model, &node, INT32_MAX);
    }
}

bool tin_step(tin_model_t *model, uint32_t max_macs) {
    uint32_t left = max_macs;
    bool first = true;
    while (model->node < model->node_count) {
        tin_node_t node;
        tin_decode_node(model, model->node, &node);
        // An operator without multiplications costs about one per output element.
        const uint32_t rows = (uint32_t)tin_op_rows(&node);
        const size_t counted = tin_op_row_macs(&node), macs = counted > 0 ? counted : node.outputs[0].bytes / rows;
        const uint32_t per_row = (macs > UINT32_MAX ? UINT32_MAX : (uint32_t)macs) | 1;
        const uint32_t fit = left / per_row;
        if (fit == 0 && !first) {
            return true;
        }
        const uint32_t done = fit == 0 ? 1 : fit < rows ? fit : rows;
        run_rows(model, &node, (int32_t)done);
        left -= done * per_row < left ? done * per_row : left;
        first = false;
    }
    return false;
}

void tin_invoke(tin_model_t *model) {
    tin_start(model);
    while (model->node < model->node_count) {
        tin_run_node(model);
    }
}

uint32_t tin_node_crc(const tin_model_t *model, int32_t index) {
    tin_node_t node;
    tin_decode_node(model, (uint32_t)index, &node);
    uint32_t crc = 0;
    for (int32_t i = 0; i < node.output_count; i++) {
        crc = tin_crc32(crc, node.outputs[i].data, node.outputs[i].bytes);
    }
    return crc;
}

int32_t tin_argmax(const tin_tensor_t *tensor) {
    const uint32_t count = tensor->bits == 4 ? 0 : tensor->bytes / (tensor->bits / 8u);
    uint32_t best = 0;
    for (uint32_t i = 1; i < count; i++) {
        if (tin_integer(tensor, tensor->data, i) > tin_integer(tensor, tensor->data, best)) {
            best = i;
        }
    }
    return (int32_t)best;
}

// Dense if and else: a switch would put its strings' addresses into a table that a native .mpy must relocate.
const char *tin_message(tin_status_t status) {
    // One string after the other, in the order of TIN_STATUS_LIST, whose values count down from 0.
    #define TIN_STATUS(name, value, message) message "\0"
    const char *message = TIN_STATUS_LIST(TIN_STATUS) "unknown status";
    #undef TIN_STATUS
    for (; status < 0 && *message != '\0'; status++) {
        while (*message++ != '\0') {
        }
    }
    return message;
}
