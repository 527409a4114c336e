// engine/float_bits.c against long double, whose 64-bit mantissa holds every product here exactly.
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "engine/float_bits.c"
#include "expect.h"

#if LDBL_MANT_DIG < 64
#error the oracle needs 64 bits of mantissa
#endif

// float_bits.c asks the model for these; the functions under test do not.
uint32_t tin_decode_port(const tin_model_t *model, uint32_t field, int32_t index, tin_tensor_t *tensor) {
    (void)model, (void)field, (void)index, (void)tensor;
    abort();
}

static float from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static uint32_t to_bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static int64_t expected(float x, uint32_t multiplier, int32_t shift, int32_t offset, const tin_tensor_t *tensor) {
    long double q = 0;
    if (!isnan(x)) {
        // An infinity counts as 2^128.
        const long double magnitude = isinf(x) ? ldexpl(1, 128) : fabsl((long double)x);
        long double t = floorl(ldexpl(magnitude * multiplier, shift - 31 + 14));
        t = t > 1 << 30 ? 1 << 30 : t;
        const long double u = (signbit(x) ? -t : t) + offset;
        q = floorl((fabsl(u) + (1 << 13)) / (1 << 14));
        q = u < 0 ? -q : q;
    }
    q += tensor->zero_point;
    const bool is_unsigned = tensor->dtype == TIN_U8;
    const long double low = is_unsigned ? 0 : -ldexpl(1, tensor->bits - 1);
    const long double high = ldexpl(1, is_unsigned ? 8 : tensor->bits - 1) - 1;
    return (int64_t)(q < low ? low : q > high ? high : q);
}

static void check_quantize(uint32_t bits, uint32_t multiplier, int32_t shift, int32_t offset, const tin_tensor_t *tensor) {
    EXPECT(quantize(bits, multiplier, shift, offset, tensor), expected(from_bits(bits), multiplier, shift, offset, tensor),
        "float %08" PRIx32 ", multiplier %" PRIu32 ", shift %d, offset %d, zero point %d", bits, multiplier, shift, offset,
        tensor->zero_point);
}

static void check_dequantize(uint32_t scale, int64_t difference) {
    const uint32_t field = scale >> 23 & 255;
    const uint32_t mantissa = (scale & 0x7fffff) | (field == 0 ? 0 : 1u << 23);
    const uint32_t magnitude_bits = pack_binary32((uint64_t)difference * mantissa, (int32_t)(field == 0 ? 1 : field) - 150);
    // One rounding: the conversion of the exact product.
    EXPECT(magnitude_bits, to_bits((float)((long double)from_bits(scale) * difference)), "scale %08" PRIx32 ", q %" PRId64,
        scale, difference);
}

static const tin_tensor_t *tensor_of(tin_dtype_t dtype, int32_t zero_point) {
    static tin_tensor_t tensor;
    tensor.dtype = (uint8_t)dtype;
    tensor.bits = dtype == TIN_S16 ? 16 : dtype == TIN_S32 ? 32 : 8;
    tensor.zero_point = zero_point;
    return &tensor;
}

// Half-way cases: with this multiplier and shift q is x itself.
static void check_halves(void) {
    for (int32_t twice = -70000; twice <= 70000; twice++) {
        const float x = (float)twice / 2;
        const tin_tensor_t *const tensor = tensor_of(TIN_S16, 0);
        check_quantize(to_bits(x), 1u << 30, 1, 0, tensor);
        const int32_t away = twice < 0 ? -((-twice + 1) / 2) : (twice + 1) / 2;
        const int32_t clamped = away < INT16_MIN ? INT16_MIN : away > INT16_MAX ? INT16_MAX : away;
        EXPECT(quantize(to_bits(x), 1u << 30, 1, 0, tensor), clamped, "x %g", (double)x);
        check_quantize(to_bits(nextafterf(x, 1e9f)), 1u << 30, 1, 0, tensor);
        check_quantize(to_bits(nextafterf(x, -1e9f)), 1u << 30, 1, 0, tensor);
    }
}

int main(void) {
    static const uint32_t fractions[] = { 0, 1, 2, 0x3fffff, 0x400000, 0x400001, 0x7ffffe, 0x7fffff };
    static const uint32_t multipliers[] = { 0, 1, 1u << 30, (1u << 30) + 1, 0x5555aaaa, INT32_MAX };
    static const int32_t shifts[] = { -160, -127, -31, -14, -1, 0, 1, 7, 14, 31, 127, 160 };
    static const int32_t offsets[] = { 0, 1, -1, 1 << 13, -(1 << 13), 1 << 29, -(1 << 29), 123456, -7654321 };
    static const tin_dtype_t dtypes[] = { TIN_S8, TIN_U8, TIN_S16, TIN_S32 };
    for (uint32_t exponent = 0; exponent < 256; exponent++) {
        for (size_t f = 0; f < COUNT_OF(fractions) + 4; f++) {
            const uint32_t fraction = f < COUNT_OF(fractions) ? fractions[f] : random_u32() & 0x7fffff;
            const uint32_t bits = exponent << 23 | fraction;
            for (size_t m = 0; m < COUNT_OF(multipliers); m++) {
                for (size_t s = 0; s < COUNT_OF(shifts); s++) {
                    const tin_dtype_t dtype = dtypes[random_u32() % COUNT_OF(dtypes)];
                    const int32_t offset = offsets[random_u32() % COUNT_OF(offsets)];
                    const tin_tensor_t *const tensor = tensor_of(dtype, dtype == TIN_S32 ? random_s32() : random_in(0, 100));
                    check_quantize(bits, multipliers[m], shifts[s], offset, tensor);
                    check_quantize(bits | 1u << 31, multipliers[m], shifts[s], offset, tensor);
                }
            }
            // Values that land inside of the type, where rounding shows: the mantissa's product decides the shift.
            for (int32_t i = 0; i < 64; i++) {
                const int32_t shift = 127 - (int32_t)exponent + random_in(-4, 18);
                const int32_t in_range = shift < -160 ? -160 : shift > 160 ? 160 : shift;
                const uint32_t multiplier = (1u << 30) + (random_u32() >> 2);
                check_quantize(bits, multiplier, in_range, random_in(-200000, 200000), tensor_of(TIN_S16, random_in(-9, 9)));
            }
            if (exponent < 255) {
                for (int64_t q = 0; q <= 300; q++) {
                    check_dequantize(bits, q);
                }
                for (int32_t i = 0; i < 200; i++) {
                    check_dequantize(bits, (uint32_t)random_s32());
                    check_dequantize(bits, random_u32() & 0x1ffff);
                }
            }
        }
    }
    check_halves();
    return passed("float_bits");
}
