#include "engine/crc32.h"
#include "engine/reader.h"
#include "engine/verify.h"

// Kinds of fields, in the order of model.fbs: 1 2 4 scalars; b h w vectors of 1, 2, 4 bytes; B the same, aligned to 16;
// s string; t table; v vector of tables.
static const char fields_of_model[] = "22vvvhh44vvsv";
static const char fields_of_quantizer[] = "www";
static const struct {
    uint8_t field;               // of the model, a vector of these
    char kinds[9];
} tables[] = {
    { FBS_MODEL_TENSORS, "w14444st" },
    { FBS_MODEL_BUFFERS, "B" },
    { FBS_MODEL_NODES, "2hhw4s" },
    { FBS_MODEL_FAMILIES, "s4" },
    { FBS_MODEL_GOLDEN, "4bbw" },
};

// More would be hostile: every vector of tables is walked once, and offsets may all lead to the same table.
#define MAX_TABLES (65535)
#define MAX_NUMBERS (64)
#define IDENTIFIER (0x464e4954u) // "TINF", little-endian

typedef struct {
    const uint8_t *data;
    uint32_t size;
} file_t;

static bool inside(const file_t *file, uint32_t at, uint32_t bytes) {
    return at <= file->size && bytes <= file->size - at;
}

// Follows the offset at `at`; 0 if it leads outside.
static uint32_t follow(const file_t *file, uint32_t at) {
    const uint32_t offset = inside(file, at, 4) ? tin_u32(file->data + at) : 0;
    return offset == 0 || offset > file->size - at ? 0 : at + offset;
}

static bool vector_ok(const file_t *file, uint32_t vector, uint32_t width) {
    if (vector == 0 || !inside(file, vector, 4)) {
        return false;
    }
    const uint32_t count = tin_u32(file->data + vector);
    return count <= (file->size - vector - 4) / width;
}

static bool string_ok(const file_t *file, uint32_t string) {
    if (!vector_ok(file, string, 1)) {
        return false;
    }
    const uint32_t end = string + 4 + tin_u32(file->data + string);
    return inside(file, end, 1) && file->data[end] == 0;
}

static bool tables_ok(const file_t *file, uint32_t vector) {
    if (!vector_ok(file, vector, 4) || tin_u32(file->data + vector) > MAX_TABLES) {
        return false;
    }
    const uint32_t count = tin_u32(file->data + vector);
    for (uint32_t i = 0; i < count; i++) {
        if (follow(file, vector + 4 + 4 * i) == 0) {
            return false;
        }
    }
    return true;
}

static bool target_ok(const file_t *file, uint32_t target, char kind) {
    switch (kind) {
        case 'b':
            return vector_ok(file, target, 1);
        case 'B':
            return vector_ok(file, target, 1) && (target + 4) % 16 == 0;
        case 'h':
            return vector_ok(file, target, 2);
        case 'w':
            return vector_ok(file, target, 4);
        case 's':
            return string_ok(file, target);
        case 'v':
            return tables_ok(file, target);
        default:
            return target != 0;
    }
}

// The table itself and what its fields hold or point to, except what lies in tables behind it.
static bool table_ok(const file_t *file, uint32_t table, const char *kinds) {
    if (table == 0 || !inside(file, table, 4)) {
        return false;
    }
    const uint32_t vtable = table - tin_u32(file->data + table);
    if (!inside(file, vtable, 4)) {
        return false;
    }
    const uint32_t vtable_bytes = tin_u16(file->data + vtable);
    const uint32_t table_bytes = tin_u16(file->data + vtable + 2);
    if (vtable_bytes < 4 || !inside(file, vtable, vtable_bytes) || !inside(file, table, table_bytes)) {
        return false;
    }
    for (uint32_t i = 0; kinds[i] != 0 && 4 + 2 * i + 2 <= vtable_bytes; i++) {
        const uint32_t offset = tin_u16(file->data + vtable + 4 + 2 * i);
        if (offset == 0) {
            continue;
        }
        const uint32_t width = kinds[i] == '1' ? 1 : kinds[i] == '2' ? 2 : 4;
        if (offset < 4 || offset + width > table_bytes) {
            return false;
        }
        if (kinds[i] > '4' && !target_ok(file, follow(file, table + offset), kinds[i])) {
            return false;
        }
    }
    // An odd length would let tin_field() read an entry half outside.
    return vtable_bytes % 2 == 0;
}

static bool all_ok(const file_t *file, uint32_t vector, const char *kinds) {
    const uint32_t count = tin_count(file->data, vector);
    for (uint32_t i = 0; i < count; i++) {
        if (!table_ok(file, tin_element_table(file->data, vector, i), kinds)) {
            return false;
        }
    }
    return true;
}

static bool quantizer_ok(const file_t *file, uint32_t tensor) {
    const uint32_t quantizer = tin_target(file->data, tensor, FBS_TENSOR_QUANTIZER);
    if (quantizer == 0) {
        return true;
    }
    if (!table_ok(file, quantizer, fields_of_quantizer)) {
        return false;
    }
    const uint32_t count = tin_count(file->data, tin_target(file->data, quantizer, FBS_QUANTIZER_MULTIPLIER));
    return count > 0 && count == tin_count(file->data, tin_target(file->data, quantizer, FBS_QUANTIZER_SHIFT))
           && count == tin_count(file->data, tin_target(file->data, quantizer, FBS_QUANTIZER_OFFSET));
}

static bool quantizers_ok(const file_t *file, uint32_t tensors) {
    for (uint32_t i = 0; i < tin_count(file->data, tensors); i++) {
        if (!quantizer_ok(file, tin_element_table(file->data, tensors, i))) {
            return false;
        }
    }
    return true;
}

static bool attrs_ok(const file_t *file, uint32_t nodes) {
    for (uint32_t i = 0; i < tin_count(file->data, nodes); i++) {
        const uint32_t node = tin_element_table(file->data, nodes, i);
        if (tin_count(file->data, tin_target(file->data, node, FBS_NODE_ATTRS)) > MAX_NUMBERS) {
            return false;
        }
    }
    return true;
}

static bool labels_ok(const file_t *file, uint32_t labels) {
    for (uint32_t i = 0; i < tin_count(file->data, labels); i++) {
        if (!string_ok(file, tin_element_table(file->data, labels, i))) {
            return false;
        }
    }
    return true;
}

static bool model_ok(const file_t *file) {
    const uint32_t root = follow(file, 0);
    if (!table_ok(file, root, fields_of_model)) {
        return false;
    }
    for (uint32_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (!all_ok(file, tin_target(file->data, root, tables[i].field), tables[i].kinds)) {
            return false;
        }
    }
    return quantizers_ok(file, tin_target(file->data, root, FBS_MODEL_TENSORS))
           && attrs_ok(file, tin_target(file->data, root, FBS_MODEL_NODES))
           && labels_ok(file, tin_target(file->data, root, FBS_MODEL_LABELS));
}

tin_status_t tin_verify_structure(const uint8_t *data, size_t size, tin_error_t *error) {
    if (size < 8 || tin_u32(data + 4) != IDENTIFIER) {
        return tin_fail(error, TIN_ERR_NOT_A_MODEL, 0, 0);
    }
    if (size < 20 || size > INT32_MAX || size % 16 != 4) {
        return tin_fail(error, TIN_ERR_TRUNCATED, 0, 0);
    }
    const file_t file = { data, (uint32_t)size - 4 };
    if (tin_crc32(0, data, file.size) != tin_u32(data + file.size)) {
        return tin_fail(error, TIN_ERR_CRC, 0, 0);
    }
    // The version first: a later one may look different behind it.
    const uint32_t root = follow(&file, 0);
    if (!table_ok(&file, root, "22")) {
        return tin_fail(error, TIN_ERR_TRUNCATED, 0, 0);
    }
    const uint32_t major = tin_scalar(data, root, FBS_MODEL_VERSION_MAJOR, 2, 0);
    if (major > TIN_FORMAT_MAJOR) {
        return tin_fail(error, TIN_ERR_VERSION, (int32_t)major, 0);
    }
    return model_ok(&file) ? TIN_OK : tin_fail(error, TIN_ERR_TRUNCATED, 0, 0);
}
