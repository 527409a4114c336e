// SPEC.md "Float input" and "Float output": binary32 bit patterns and integers only.
#include "engine/reader.h"

int32_t tin_integer(const tin_tensor_t *tensor, const void *data, uint32_t index) {
    const uint8_t *const p = (const uint8_t *)data + index * (tensor->bits / 8u);
    if (tensor->bits == 8) {
        return tensor->dtype == TIN_U8 ? *p : (int8_t)*p;
    }
    return tensor->bits == 16 ? (int16_t)tin_u16(p) : tin_s32(p);
}

// Element `index` of `bits` each.
static void put(uint8_t *data, uint32_t index, int32_t bits, uint32_t value) {
    uint8_t *to = data + index * ((uint32_t)bits / 8);
    for (int32_t byte = 0; byte < bits; byte += 8) {
        *to++ = (uint8_t)(value >> byte);
    }
}

static int32_t quantize(uint32_t bits, uint32_t multiplier, int32_t shift, int32_t offset, const tin_tensor_t *tensor) {
    const uint32_t field = bits >> 23 & 255, fraction = bits & 0x7fffff;
    if (field == 255 && fraction != 0) {
        return tensor->zero_point;
    }
    // Infinity needs no other treatment than 2^128.
    const uint32_t mantissa = field == 0 ? fraction : fraction | 1u << 23;
    const uint64_t limit = (uint64_t)1 << 30;
    uint64_t magnitude = (uint64_t)mantissa * multiplier;
    // By words and single bits: small cores call their compiler's library for other shifts.
    int32_t down = 150 + 31 - 14 - (int32_t)(field == 0 ? 1 : field) - shift;
    for (; down >= 32; down -= 32) {
        magnitude >>= 32;
    }
    for (; down > 0; down--) {
        magnitude >>= 1;
    }
    for (; down < 0 && magnitude < limit; down++) {
        magnitude <<= 1;
    }
    const int32_t limited = (int32_t)(magnitude > limit ? limit : magnitude);
    const int64_t q = (int64_t)tin_rounding_shift((bits >> 31 ? -limited : limited) + offset, 14) + tensor->zero_point;
    const int32_t low = tensor->dtype == TIN_U8 ? 0 : (int32_t)(UINT32_MAX << (tensor->bits - 1));
    const int32_t high = tensor->dtype == TIN_U8 ? UINT8_MAX : ~low;
    return q < low ? low : q > high ? high : (int32_t)q;
}

bool tin_quantize_input(const tin_model_t *model, int32_t input, const void *f32, void *out, uint32_t count) {
    const uint8_t *const file = model->file;
    tin_tensor_t tensor;
    const uint32_t table = tin_decode_port(model, FBS_MODEL_INPUTS, input, &tensor);
    const uint32_t quantizer = tin_target(file, table, FBS_TENSOR_QUANTIZER);
    if (quantizer == 0) {
        return false;
    }
    const uint32_t multipliers = tin_target(file, quantizer, FBS_QUANTIZER_MULTIPLIER);
    const uint32_t shifts = tin_target(file, quantizer, FBS_QUANTIZER_SHIFT);
    const uint32_t offsets = tin_target(file, quantizer, FBS_QUANTIZER_OFFSET);
    const uint32_t channels = tin_count(file, multipliers);
    for (uint32_t i = 0, channel = 0; i < count; i++) {
        const int32_t shift = (int32_t)tin_element_u32(file, shifts, channel);
        const int32_t offset = (int32_t)tin_element_u32(file, offsets, channel);
        const uint32_t multiplier = tin_element_u32(file, multipliers, channel);
        put(out, i, tensor.bits, (uint32_t)quantize(tin_u32((const uint8_t *)f32 + 4 * i), multiplier, shift, offset, &tensor));
        channel = channel + 1 == channels ? 0 : channel + 1;
    }
    return true;
}

// magnitude * 2^exponent as binary32, rounded half to even; magnitude is below 2^57, exponent at least -149.
static uint32_t pack_binary32(uint64_t magnitude, int32_t exponent) {
    if (magnitude == 0) {
        return 0;
    }
    // To 26 bits: 24 of mantissa, one of rounding, one that remembers whether anything lies below. Subnormals stay shorter.
    int32_t field = exponent + 25 + 127;
    for (; magnitude >> 26 != 0; field++) {
        magnitude = magnitude >> 1 | (magnitude & 1);
    }
    for (; magnitude >> 25 == 0 && field > 1; field--) {
        magnitude <<= 1;
    }
    uint32_t mantissa = (uint32_t)(magnitude >> 2);
    if ((magnitude & 3) == 3 || ((magnitude & 3) == 2 && (mantissa & 1) != 0)) {
        mantissa++;
    }
    // A carry out of the mantissa, and out of the subnormals, is what adding the fields does anyway.
    const uint32_t bits = ((uint32_t)(field - 1) << 23) + mantissa;
    return bits >= 0x7f800000u ? 0x7f800000u : bits;
}

void tin_dequantize_output(const tin_model_t *model, int32_t output, const void *in, void *f32, uint32_t count) {
    tin_tensor_t tensor;
    const uint32_t table = tin_decode_port(model, FBS_MODEL_OUTPUTS, output, &tensor);
    const uint32_t scale = tin_scalar(model->file, table, FBS_TENSOR_SCALE, 4, 0);
    const uint32_t field = scale >> 23 & 255;
    const uint32_t mantissa = (scale & 0x7fffff) | (field == 0 ? 0 : 1u << 23);
    for (uint32_t i = 0; i < count; i++) {
        const int32_t integer = tin_integer(&tensor, in, i);
        const bool negative = integer < tensor.zero_point;
        const uint32_t difference = (uint32_t)integer - (uint32_t)tensor.zero_point;
        const uint64_t magnitude = (uint64_t)(negative ? 0 - difference : difference) * mantissa;
        const uint32_t bits = pack_binary32(magnitude, (int32_t)(field == 0 ? 1 : field) - 150);
        put(f32, i, 32, bits | (negative && bits != 0 ? 1u << 31 : 0));
    }
}
