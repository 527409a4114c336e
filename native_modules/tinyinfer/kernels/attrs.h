// The operators' codes and attributes, from ops.def.
#ifndef TIN_ATTRS_H
#define TIN_ATTRS_H

#include <stddef.h>
#include <stdint.h>

#define TIN_MAX_ATTRS (24)

typedef enum {
    #define OP(name, code, inputs_min, inputs_max, outputs, summary) TIN_OP_##name = code,
    #include "engine/table.h"
} tin_op_t;

// One struct of int32_t per operator; `end` only keeps operators without attributes valid C.
#define OP(name, code, inputs_min, inputs_max, outputs, summary) typedef struct {
#define ATTR(op, name, initial, meaning) int32_t name;
#define END(name) int32_t end; } tin_##name##_attrs_t;
#include "engine/table.h"

typedef union {
    int32_t v[TIN_MAX_ATTRS];
    #define OP(name, code, inputs_min, inputs_max, outputs, summary) tin_##name##_attrs_t name;
    #include "engine/table.h"
} tin_attrs_t;

// An attribute's index.
#define TIN_ATTR(op, name) (offsetof(tin_##op##_attrs_t, name) / sizeof(int32_t))

#endif
