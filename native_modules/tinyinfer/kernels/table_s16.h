// A function of s16 from 513 entries: SPEC.md "table".
#ifndef TIN_TABLE_S16_H
#define TIN_TABLE_S16_H

#include <stdint.h>

// Little-endian entries at any address.
static inline int32_t tin_table_entry(const uint8_t *table, int32_t index) {
    return (int16_t)(table[2 * index] | table[2 * index + 1] << 8);
}

static inline int16_t tin_table_s16(const uint8_t *table, int32_t x) {
    const int32_t index = (x >> 7) + 256;
    const int32_t base = tin_table_entry(table, index);
    const int32_t slope = tin_table_entry(table, index + 1) - base;
    return (int16_t)(base + ((slope * (x & 127) + 64) >> 7));
}

#endif
