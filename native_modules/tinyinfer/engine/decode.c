// From the file to what a kernel gets.
#include "engine/ops.h"
#include "engine/reader.h"

#define MAX_SIZE (1u << 24)
#define MAX_ELEMENTS (1u << 28)

static const uint8_t bits_of_dtype[] = { 0, 8, 4, 16, 32, 8, 32 };

static bool decode_shape(const uint8_t *file, uint32_t shape, tin_tensor_t *tensor, uint32_t *elements) {
    const uint32_t rank = tin_count(file, shape);
    if (rank > TIN_MAX_RANK) {
        return false;
    }
    *elements = 1;
    for (uint32_t axis = 0; axis < TIN_MAX_RANK; axis++) {
        const uint32_t skipped = TIN_MAX_RANK - rank;
        const uint32_t size = axis < skipped ? 1 : tin_element_u32(file, shape, axis - skipped);
        // The product is compared before it is made: both factors have at most 28 bits. Most sizes are 1, and 64 bits are dear.
        if (size == 0 || size > MAX_SIZE
            || (size > 1 && *elements > 1 && (uint64_t)*elements * size > MAX_ELEMENTS)) {
            return false;
        }
        *elements *= size;
        tensor->shape[axis] = (int32_t)size;
    }
    tensor->n = tensor->outer[0] * tensor->outer[1] * tensor->outer[2];
    return true;
}

// In the range of the type; floats have none.
static bool zero_point_ok(const tin_tensor_t *tensor) {
    if (tensor->dtype == TIN_U8 || tensor->dtype == TIN_F32) {
        return tensor->zero_point >= 0 && tensor->zero_point <= (tensor->dtype == TIN_U8 ? 255 : 0);
    }
    const int32_t half = (int32_t)(1u << (tensor->bits - 1) >> 1);
    return tensor->zero_point >> 1 >= -half && tensor->zero_point >> 1 < half;
}

bool tin_decode_tensor(const tin_model_t *model, uint32_t index, tin_tensor_t *tensor) {
    const uint8_t *const file = model->file;
    const uint32_t table = tin_element_table(file, model->tensors, index);
    const uint32_t dtype = tin_scalar(file, table, FBS_TENSOR_DTYPE, 1, TIN_NONE);
    uint32_t elements;
    if (dtype == TIN_NONE || dtype >= sizeof(bits_of_dtype)
        || !decode_shape(file, tin_target(file, table, FBS_TENSOR_SHAPE), tensor, &elements)) {
        return false;
    }
    tensor->dtype = (uint8_t)dtype;
    tensor->bits = bits_of_dtype[dtype];
    tensor->zero_point = (int32_t)tin_scalar(file, table, FBS_TENSOR_ZERO_POINT, 4, 0);
    // A pattern from 0x7f800000 on is negative, infinite or no number.
    if (!zero_point_ok(tensor) || tin_scalar(file, table, FBS_TENSOR_SCALE, 4, 0) >= 0x7f800000u) {
        return false;
    }
    const uint32_t offset = tin_scalar(file, table, FBS_TENSOR_OFFSET, 4, UINT32_MAX);
    tensor->constant = offset == UINT32_MAX;
    if (tensor->constant) {
        const uint32_t buffers = model->buffers;
        const uint32_t buffer = tin_scalar(file, table, FBS_TENSOR_BUFFER, 4, 0);
        if (buffer >= tin_count(file, buffers)) {
            return false;
        }
        const uint32_t data = tin_target(file, tin_element_table(file, buffers, buffer), FBS_BUFFER_DATA);
        tensor->bytes = tin_count(file, data);
        // Kernels never write a constant; one type for both keeps them simple.
        tensor->data = (void *)(uintptr_t)(file + data + 4);
        tensor->aligned = model->aligned;
        return true;
    }
    tensor->bytes = elements * (tensor->bits / 8u);
    tensor->data = (void *)((uintptr_t)model->arena + offset);
    tensor->aligned = true;
    // A tensor is state as a whole or not at all.
    const uint32_t end = offset < model->state_bytes ? model->state_bytes : model->arena_bytes;
    return dtype != TIN_S4 && offset % 4 == 0 && offset <= end && tensor->bytes <= end - offset;
}

void tin_decode_node(const tin_model_t *model, uint32_t index, tin_node_t *node) {
    const uint8_t *const file = model->file;
    const uint32_t table = tin_element_table(file, model->nodes, index);
    const uint32_t inputs = tin_target(file, table, FBS_NODE_INPUTS);
    const uint32_t outputs = tin_target(file, table, FBS_NODE_OUTPUTS);
    const uint32_t attrs = tin_target(file, table, FBS_NODE_ATTRS);

    // What is not there is not read, but for the sizes of input 1 in formulas.
    static const tin_tensor_t absent = { .n = 1, .h = 1, .w = 1, .c = 1, .bits = 8 };
    node->inputs[1] = absent;
    node->op = (uint16_t)tin_scalar(file, table, FBS_NODE_OP, 2, 0);
    node->input_count = (uint8_t)tin_count(file, inputs);
    node->output_count = (uint8_t)tin_count(file, outputs);
    for (uint32_t i = 0; i < node->input_count; i++) {
        tin_decode_tensor(model, tin_element_u16(file, inputs, i), &node->inputs[i]);
    }
    for (uint32_t i = 0; i < node->output_count; i++) {
        tin_decode_tensor(model, tin_element_u16(file, outputs, i), &node->outputs[i]);
    }
    const uint32_t known = (uint32_t)tin_op_defaults(node->op, node->attrs.v);
    for (uint32_t i = 0; i < tin_count(file, attrs) && i < known; i++) {
        node->attrs.v[i] = (int32_t)tin_element_u32(file, attrs, i);
    }
    const uint32_t scratch = tin_scalar(file, table, FBS_NODE_SCRATCH, 4, UINT32_MAX);
    node->scratch = model->arena == NULL || scratch == UINT32_MAX ? NULL : model->arena + scratch;
}
