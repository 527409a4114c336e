// FlatBuffer accessors, read in place and byte by byte: the file may lie at any address. They trust the file: verify.c has
// followed every offset before.
#ifndef TIN_READER_H
#define TIN_READER_H

#include "arch/arithmetic.h"
#include "tin.h"

// Field numbers, in the order of model.fbs.
enum { FBS_BUFFER_DATA };
enum { FBS_QUANTIZER_MULTIPLIER, FBS_QUANTIZER_SHIFT, FBS_QUANTIZER_OFFSET };
enum {
    FBS_TENSOR_SHAPE, FBS_TENSOR_DTYPE, FBS_TENSOR_ZERO_POINT, FBS_TENSOR_OFFSET, FBS_TENSOR_BUFFER, FBS_TENSOR_SCALE,
    FBS_TENSOR_NAME, FBS_TENSOR_QUANTIZER,
};
enum { FBS_NODE_OP, FBS_NODE_INPUTS, FBS_NODE_OUTPUTS, FBS_NODE_ATTRS, FBS_NODE_SCRATCH, FBS_NODE_NAME };
enum {
    FBS_MODEL_VERSION_MAJOR, FBS_MODEL_VERSION_MINOR, FBS_MODEL_TENSORS, FBS_MODEL_BUFFERS, FBS_MODEL_NODES, FBS_MODEL_INPUTS,
    FBS_MODEL_OUTPUTS, FBS_MODEL_ARENA_BYTES, FBS_MODEL_STATE_BYTES, FBS_MODEL_FAMILIES, FBS_MODEL_LABELS, FBS_MODEL_METADATA,
    FBS_MODEL_GOLDEN,
};

static inline uint32_t tin_u16(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static inline uint32_t tin_u32(const uint8_t *p) {
    return tin_load_u32(p);
}

static inline int32_t tin_s32(const uint8_t *p) {
    return (int32_t)tin_u32(p);
}

// Where a field lies in the file, 0 if it is absent.
// In place: the frame of a call is longer than the search.
static inline __attribute__((always_inline)) uint32_t tin_field(const uint8_t *file, uint32_t table, uint32_t index) {
    const uint8_t *const vtable = file + (uint32_t)(table - tin_load_u32_here(file + table));
    const uint32_t entry = 4 + 2 * index;
    const uint32_t offset = entry < tin_u16(vtable) ? tin_u16(vtable + entry) : 0;
    return offset == 0 ? 0 : table + offset;
}

// `how` is the field's number, its width and whether it is all ones or 0 when it is absent: one argument is less code than three.
static inline uint32_t tin_scalar_packed(const uint8_t *file, uint32_t table, uint32_t how) {
    const uint32_t at = tin_field(file, table, how >> 4), width = how & 7;
    if (at == 0) {
        return 0 - (how >> 3 & 1);
    }
    return width == 4 ? tin_u32(file + at) : width == 2 ? tin_u16(file + at) : file[at];
}

static inline __attribute__((always_inline)) uint32_t tin_scalar(const uint8_t *file, uint32_t table, uint32_t index, uint32_t width, uint32_t initial) {
    return tin_scalar_packed(file, table, index << 4 | (initial != 0) << 3 | width);
}

// Where a string, table or vector lies that the field points to, 0 if it is absent.
static inline uint32_t tin_target(const uint8_t *file, uint32_t table, uint32_t index) {
    const uint32_t at = tin_field(file, table, index);
    return at == 0 ? 0 : at + tin_u32(file + at);
}

static inline uint32_t tin_count(const uint8_t *file, uint32_t vector) {
    return vector == 0 ? 0 : tin_u32(file + vector);
}

static inline uint32_t tin_element_u16(const uint8_t *file, uint32_t vector, uint32_t index) {
    return tin_u16(file + vector + 4 + 2 * index);
}

static inline uint32_t tin_element_u32(const uint8_t *file, uint32_t vector, uint32_t index) {
    return tin_u32(file + vector + 4 + 4 * index);
}

// The table a vector's element points to.
static inline uint32_t tin_element_table(const uint8_t *file, uint32_t vector, uint32_t index) {
    const uint32_t at = vector + 4 + 4 * index;
    return at + tin_u32(file + at);
}

static inline uint32_t tin_root(const uint8_t *file) {
    return tin_u32(file);
}

// engine/decode.c: false if the tensor's own fields break a rule (its place in the arena or in the buffers included).
bool tin_decode_tensor(const tin_model_t *model, uint32_t index, tin_tensor_t *tensor);
// Where a decoded tensor lies in the arena of a model that is not yet bound.
static inline uint32_t tin_unbound(const tin_tensor_t *tensor) {
    return (uint32_t)(uintptr_t)tensor->data;
}

// Whole node; the tensors it names and its count of attributes must be known to be good.
void tin_decode_node(const tin_model_t *model, uint32_t index, tin_node_t *node);

// engine/engine.c: input or output `index` of the model, by the field that lists them. Its table.
uint32_t tin_decode_port(const tin_model_t *model, uint32_t field, int32_t index, tin_tensor_t *tensor);
// engine/float_bits.c: an element of the tensor's type; `data` may lie at any address.
int32_t tin_integer(const tin_tensor_t *tensor, const void *data, uint32_t index);

#endif
