// arch/arithmetic.h against the formulas of SPEC.md "Numbers" in 128 bits.
#include "arch/arithmetic.h"
#include "expect.h"

__extension__ typedef __int128 wide_t;

static wide_t floor_shift(wide_t a, int32_t bits) {
    const wide_t unit = (wide_t)1 << bits;
    wide_t quotient = a / unit;
    return quotient * unit > a ? quotient - 1 : quotient;
}

static int32_t wrap(wide_t a) {
    return (int32_t)(uint32_t)(a & 0xffffffff);
}

static wide_t mbqm(int32_t a, int32_t m, int32_t shift) {
    const int32_t left = shift > 0 ? shift : 0, right = shift < 0 ? -shift : 0;
    const wide_t h = floor_shift((wide_t)wrap((wide_t)a * ((wide_t)1 << left)) * m + (1 << 30), 31);
    if (right == 0) {
        return h;
    }
    return floor_shift(h + ((wide_t)1 << (right - 1)) - (h < 0), right);
}

static void check_mbqm(int32_t a, int32_t m, int32_t shift) {
    EXPECT(tin_mbqm(a, m, shift), (int64_t)mbqm(a, m, shift), "a %d, multiplier %d, shift %d", a, m, shift);
}

static void check_rounding_shift(int32_t a, int32_t shift) {
    // Half away from zero.
    const wide_t half = shift == 0 ? 0 : (wide_t)1 << (shift - 1);
    const wide_t magnitude = a < 0 ? -(wide_t)a : a;
    const wide_t rounded = floor_shift(magnitude + half, shift);
    EXPECT(tin_rounding_shift(a, shift), (int64_t)(a < 0 ? -rounded : rounded), "a %d, shift %d", a, shift);
}

static void check_high_mul(int32_t a, int32_t b) {
    wide_t product = floor_shift((wide_t)a * b + (1 << 30), 31);
    product = product > INT32_MAX ? INT32_MAX : product;
    EXPECT(tin_rounding_high_mul(a, b), (int64_t)product, "a %d, b %d", a, b);
}

int main(void) {
    static const int32_t ends[] = {
        INT32_MIN, INT32_MIN + 1, -(1 << 30) - 1, -(1 << 30), -(1 << 30) + 1, -65536, -3, -2, -1, 0, 1, 2, 3, 65535,
        (1 << 29) - 1, 1 << 29, (1 << 30) - 1, 1 << 30, (1 << 30) + 1, INT32_MAX - 1, INT32_MAX,
    };
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        for (size_t j = 0; j < COUNT_OF(ends); j++) {
            check_high_mul(ends[i], ends[j]);
            for (int32_t shift = -31; ends[j] >= 0 && shift <= 30; shift++) {
                check_mbqm(ends[i], ends[j], shift);
            }
        }
        for (int32_t shift = 0; shift <= 31; shift++) {
            check_rounding_shift(ends[i], shift);
        }
    }
    for (int32_t i = 0; i < 2000000; i++) {
        const int32_t a = random_s32(), b = random_s32();
        check_mbqm(a, b & INT32_MAX, random_in(-31, 30));
        check_high_mul(a, b);
        check_rounding_shift(a, random_in(0, 31));
    }
    // Multipliers and shifts out of range: any number, but one that the sanitizers let pass.
    for (int32_t i = 0; i < 100000; i++) {
        checks += (unsigned)tin_mbqm(random_s32(), random_s32(), random_s32()) & 1;
    }
    for (int32_t byte = 0; byte < 256; byte++) {
        EXPECT(tin_low_nibble((uint8_t)byte), (byte & 15) >= 8 ? (byte & 15) - 16 : byte & 15, "byte %d", byte);
        EXPECT(tin_high_nibble((uint8_t)byte), byte >= 128 ? byte / 16 - 16 : byte / 16, "byte %d", byte);
    }
    return passed("arithmetic");
}
