// What a kernel gets: decoded tensors, attributes, scratch. Kernels never see the model file.
#ifndef TIN_KERNEL_H
#define TIN_KERNEL_H

#include <stdbool.h>
#include <stdint.h>
#include "kernels/attrs.h"

// A build may leave out what computes with s16: -DTIN_WITHOUT_s16=1.
#ifdef TIN_WITHOUT_s16
#define TIN_HAS_S16 (0)
#else
#define TIN_HAS_S16 (1)
#endif

#define TIN_MAX_RANK (6)
#define TIN_MAX_INPUTS (8)
#define TIN_MAX_OUTPUTS (2)

typedef enum {
    TIN_NONE = 0,
    TIN_S8 = 1,
    TIN_S4 = 2,
    TIN_S16 = 3,
    TIN_S32 = 4,
    TIN_U8 = 5,
    TIN_F32 = 6,
} tin_dtype_t;

// The order keeps what is asked for most at small offsets, whose loads and stores are short.
typedef struct {
    uint8_t dtype;
    uint8_t bits;                // of one element: 4, 8, 16, 32
    bool constant;
    bool aligned;                // data % 4 == 0
    void *data;                  // arena, or the model file itself (then never written)
    int32_t n;                   // with h, w, c the NHWC view
    __extension__ union {
        int32_t shape[TIN_MAX_RANK]; // right-aligned, leading sizes 1
        __extension__ struct {
            int32_t outer[3];
            int32_t h, w, c;
        };
    };
    int32_t zero_point;
    uint32_t bytes;
} tin_tensor_t;

typedef struct {
    tin_tensor_t outputs[TIN_MAX_OUTPUTS];
    tin_tensor_t inputs[TIN_MAX_INPUTS];
    tin_attrs_t attrs;
    uint8_t input_count;
    uint8_t output_count;
    uint16_t op;
    void *scratch;
} tin_node_t;

#endif
