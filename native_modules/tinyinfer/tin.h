// tinyinfer: runs a quantized model file (SPEC.md) in place. C99, no allocation, no float, no writable globals.
//
//     tin_model_t model;
//     tin_error_t error;
//     if (tin_open(&model, file, size, &error) != TIN_OK) { ... tin_message(error.status) ... }
//     tin_bind(&model, arena, arena_size, &error);       // arena: 4-byte aligned, at least model.arena_bytes
//     tin_input(&model, 0, &x) ... x.data; tin_invoke(&model); tin_output(&model, 0, &y) ... y.data
//
// The file and the arena must outlive the model. A model is not re-entrant.
#ifndef TIN_H
#define TIN_H

#include <stddef.h>
#include "kernels/kernel.h"

#define TIN_FORMAT_MAJOR (1)
#define TIN_FORMAT_MINOR (0)

// name, value, message; %d in a message take error.a and error.b
#define TIN_STATUS_LIST(X) \
    X(OK, 0, "ok") \
    X(ERR_NOT_A_MODEL, -1, "not a tinyinfer model file") \
    X(ERR_TRUNCATED, -2, "model file is truncated or damaged") \
    X(ERR_CRC, -3, "model file is damaged: wrong CRC") \
    X(ERR_VERSION, -4, "model file needs a newer tinyinfer: format %d") \
    X(ERR_OPERATOR, -5, "node %d: unknown operator %d") \
    X(ERR_ATTRIBUTE, -6, "node %d: bad attribute %d") \
    X(ERR_TENSOR, -7, "tensor %d: bad shape, type or place") \
    X(ERR_SHAPE, -8, "node %d: shapes, types or attributes do not fit") \
    X(ERR_OVERLAP, -9, "node %d: memory overlaps") \
    X(ERR_ARENA, -10, "arena too small: needs %d bytes, has %d") \
    X(ERR_LEFT_OUT, -11, "node %d: operator %d is left out of this build") \
    X(ERR_BUSY, -12, "model is running")

typedef enum {
    #define TIN_STATUS(name, value, message) TIN_##name = value,
    TIN_STATUS_LIST(TIN_STATUS)
    #undef TIN_STATUS
} tin_status_t;

typedef struct {
    tin_status_t status;
    int32_t a, b;
} tin_error_t;

typedef struct {
    const uint8_t *file;
    uint32_t size;
    uint8_t *arena;              // NULL until tin_bind
    uint32_t arena_bytes;        // needed
    uint32_t state_bytes;
    uint16_t node_count, input_count, output_count;
    uint32_t tensors, nodes, buffers; // where these vectors lie in the file
    bool aligned;                // the constants can be read as words
    // cursor of tin_step
    uint16_t node;
    int32_t row;
} tin_model_t;

tin_status_t tin_open(tin_model_t *model, const void *file, size_t size, tin_error_t *error);
tin_status_t tin_bind(tin_model_t *model, void *arena, size_t size, tin_error_t *error);
void tin_input(const tin_model_t *model, int32_t index, tin_tensor_t *tensor);
void tin_output(const tin_model_t *model, int32_t index, tin_tensor_t *tensor);

void tin_start(tin_model_t *model);                     // cursor to the first node
bool tin_step(tin_model_t *model, uint32_t max_macs);   // at least one row; false when done
void tin_run_node(tin_model_t *model);                  // the rest of the current node
void tin_invoke(tin_model_t *model);                    // start, then all nodes
void tin_reset(tin_model_t *model);                     // zero the state
uint32_t tin_node_crc(const tin_model_t *model, int32_t node);
int32_t tin_argmax(const tin_tensor_t *tensor);

// binary32 bit patterns, `count` elements, to and from the tensor's integers (SPEC.md "Float input", "Float output");
// false if the input has no quantizer
bool tin_quantize_input(const tin_model_t *model, int32_t input, const void *f32, void *out, uint32_t count);
void tin_dequantize_output(const tin_model_t *model, int32_t output, const void *in, void *f32, uint32_t count);

const char *tin_message(tin_status_t status);

#endif
