// Follows every offset of a file once, so that engine/reader.h may trust it.
#ifndef TIN_VERIFY_H
#define TIN_VERIFY_H

#include "tin.h"

// The bytes: identifier, CRC, version, tables, vectors and strings.
tin_status_t tin_verify_structure(const uint8_t *file, size_t size, tin_error_t *error);
// What they mean: tensors, nodes, operators, overlap. model->file, arena_bytes and the counts are set.
tin_status_t tin_verify_nodes(const tin_model_t *model, tin_error_t *error);

__attribute__((noinline, unused)) static tin_status_t tin_fail(tin_error_t *error, tin_status_t status, int32_t a, int32_t b) {
    error->status = status;
    error->a = a;
    error->b = b;
    return status;
}

#endif
