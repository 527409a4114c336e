// CRC-32 (IEEE 802.3), as zlib.crc32.
#ifndef TIN_CRC32_H
#define TIN_CRC32_H

#include <stddef.h>
#include <stdint.h>

// `crc` continues an earlier call; 0 begins.
uint32_t tin_crc32(uint32_t crc, const uint8_t *data, size_t size);

#endif
