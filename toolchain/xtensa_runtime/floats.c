// libgcc's arithmetic of single precision, as IEEE 754 says, rounded to the nearest and to even. A firmware needs it, the engine not.
#include <stdbool.h>
#include <stdint.h>

float __addsf3(float a, float b);
float __subsf3(float a, float b);
float __mulsf3(float a, float b);
float __divsf3(float a, float b);
int __unordsf2(float a, float b);
int __eqsf2(float a, float b);
int __nesf2(float a, float b);
int __ltsf2(float a, float b);
int __lesf2(float a, float b);
int __gtsf2(float a, float b);
int __gesf2(float a, float b);
int32_t __fixsfsi(float a);
uint32_t __fixunssfsi(float a);
int64_t __fixsfdi(float a);
uint64_t __fixunssfdi(float a);
float __floatsisf(int32_t a);
float __floatunsisf(uint32_t a);
float __floatdisf(int64_t a);
float __floatundisf(uint64_t a);
double __extendsfdf2(float a);
float __truncdfsf2(double a);
double __floatsidf(int32_t a);

#define SIGN (0x80000000u)
#define INFINITE (0x7f800000u)
#define NOT_A_NUMBER (0x7fc00000u)

static uint32_t bits_of(float a) {
    const union {
        float number;
        uint32_t bits;
    } from = { a };
    return from.bits;
}

static float of_bits(uint32_t bits) {
    const union {
        uint32_t bits;
        float number;
    } from = { bits };
    return from.number;
}

static bool is_nan(uint32_t bits) {
    return (bits & ~SIGN) > INFINITE;
}

static int leading_zeros(uint32_t a) {
    return __builtin_clz(a);
}

// Without what falls off, but with a lowest bit that says whether anything did.
static uint32_t shifted_right(uint32_t mantissa, int32_t shift) {
    if (shift > 31) {
        return mantissa != 0;
    }
    return shift == 0 ? mantissa : mantissa >> shift | (mantissa << (32 - shift) != 0);
}

// mantissa * 2^exponent, rounded; its lowest bit may stand for more behind it.
static float rounded(uint32_t sign, int32_t exponent, uint32_t mantissa) {
    if (mantissa == 0) {
        return of_bits(sign);
    }
    const int zeros = leading_zeros(mantissa);
    mantissa <<= zeros;
    int32_t biased = exponent - zeros + 31 + 127;
    if (biased >= 255) {
        return of_bits(sign | INFINITE);
    }
    if (biased < 1) {
        mantissa = shifted_right(mantissa, 1 - biased);
        biased = 1;
    }
    const uint32_t rest = mantissa & 255, kept = mantissa >> 8;
    return of_bits(sign | (((uint32_t)(biased - 1) << 23) + kept + (rest > 128 || (rest == 128 && (kept & 1) != 0))));
}

// mantissa * 2^exponent of a finite number that is not 0, the mantissa of 24 bits.
typedef struct {
    int32_t exponent;
    uint32_t mantissa;
} parts_t;

static parts_t parts_of(uint32_t bits) {
    const int32_t biased = (int32_t)(bits >> 23 & 255);
    const uint32_t fraction = bits & 0x7fffff;
    if (biased != 0) {
        const parts_t normal = { biased - 150, fraction | 0x800000 };
        return normal;
    }
    const int zeros = leading_zeros(fraction) - 8;
    const parts_t parts = { -149 - zeros, fraction << zeros };
    return parts;
}

float __addsf3(float number_a, float number_b) {
    uint32_t a = bits_of(number_a), b = bits_of(number_b);
    if ((a & ~SIGN) < (b & ~SIGN)) {
        const uint32_t smaller = a;
        a = b;
        b = smaller;
    }
    if ((a & ~SIGN) >= INFINITE) {
        return of_bits(is_nan(a) || (b & ~SIGN) < INFINITE || a == b ? a : NOT_A_NUMBER);
    }
    if ((b & ~SIGN) == 0) {
        return of_bits((a & ~SIGN) == 0 ? a & b : a);
    }
    const parts_t x = parts_of(a), y = parts_of(b);
    const uint32_t upper = x.mantissa << 6, lower = shifted_right(y.mantissa << 6, x.exponent - y.exponent);
    const uint32_t sum = (a ^ b) & SIGN ? upper - lower : upper + lower;
    return rounded(sum == 0 ? 0 : a & SIGN, x.exponent - 6, sum);
}

float __subsf3(float a, float b) {
    return __addsf3(a, of_bits(bits_of(b) ^ SIGN));
}

float __mulsf3(float number_a, float number_b) {
    const uint32_t a = bits_of(number_a), b = bits_of(number_b), sign = (a ^ b) & SIGN;
    const uint32_t absolute_a = a & ~SIGN, absolute_b = b & ~SIGN;
    if (absolute_a >= INFINITE || absolute_b >= INFINITE) {
        return of_bits(is_nan(a) || is_nan(b) || absolute_a == 0 || absolute_b == 0 ? NOT_A_NUMBER : sign | INFINITE);
    }
    if (absolute_a == 0 || absolute_b == 0) {
        return of_bits(sign);
    }
    const parts_t x = parts_of(a), y = parts_of(b);
    const uint64_t product = (uint64_t)x.mantissa * y.mantissa;
    return rounded(sign, x.exponent + y.exponent + 16, (uint32_t)(product >> 16) | ((uint32_t)product << 16 != 0));
}

float __divsf3(float number_a, float number_b) {
    const uint32_t a = bits_of(number_a), b = bits_of(number_b), sign = (a ^ b) & SIGN;
    const uint32_t absolute_a = a & ~SIGN, absolute_b = b & ~SIGN;
    if (is_nan(a) || is_nan(b) || (absolute_a == absolute_b && (absolute_a == 0 || absolute_a == INFINITE))) {
        return of_bits(NOT_A_NUMBER);
    }
    if (absolute_a == INFINITE || absolute_b == 0) {
        return of_bits(sign | INFINITE);
    }
    if (absolute_a == 0 || absolute_b == INFINITE) {
        return of_bits(sign);
    }
    const parts_t x = parts_of(a), y = parts_of(b);
    uint32_t quotient = 0, rest = x.mantissa;
    for (int bit = 0; bit < 31; bit++) {
        quotient <<= 1;
        if (rest >= y.mantissa) {
            rest -= y.mantissa;
            quotient |= 1;
        }
        rest <<= 1;
    }
    return rounded(sign, x.exponent - y.exponent - 30, quotient | (rest != 0));
}

// -1, 0, 1; `unordered` where one is not a number.
static int compared(float number_a, float number_b, int unordered) {
    const uint32_t a = bits_of(number_a), b = bits_of(number_b);
    if (is_nan(a) || is_nan(b)) {
        return unordered;
    }
    if (a == b || ((a | b) & ~SIGN) == 0) {
        return 0;
    }
    if ((a ^ b) & SIGN) {
        return a & SIGN ? -1 : 1;
    }
    return (a < b) == ((a & SIGN) == 0) ? -1 : 1;
}

int __unordsf2(float a, float b) {
    return is_nan(bits_of(a)) || is_nan(bits_of(b));
}

int __eqsf2(float a, float b) {
    return compared(a, b, 1);
}

int __nesf2(float a, float b) {
    return compared(a, b, 1);
}

int __ltsf2(float a, float b) {
    return compared(a, b, 1);
}

int __lesf2(float a, float b) {
    return compared(a, b, 1);
}

int __gtsf2(float a, float b) {
    return compared(a, b, -1);
}

int __gesf2(float a, float b) {
    return compared(a, b, -1);
}

// Toward zero; what does not fit is undefined.
uint64_t __fixunssfdi(float a) {
    const uint32_t bits = bits_of(a);
    const int32_t exponent = (int32_t)(bits >> 23 & 255) - 150;
    const uint64_t mantissa = (bits & 0x7fffff) | 0x800000;
    return exponent > 0 ? mantissa << (exponent & 63) : exponent > -24 ? mantissa >> -exponent : 0;
}

int64_t __fixsfdi(float a) {
    const int64_t magnitude = (int64_t)__fixunssfdi(a);
    return bits_of(a) & SIGN ? -magnitude : magnitude;
}

uint32_t __fixunssfsi(float a) {
    return (uint32_t)__fixunssfdi(a);
}

int32_t __fixsfsi(float a) {
    return (int32_t)__fixsfdi(a);
}

float __floatundisf(uint64_t a) {
    const uint32_t upper = (uint32_t)(a >> 32);
    if (upper == 0) {
        return rounded(0, 0, (uint32_t)a);
    }
    const int zeros = leading_zeros(upper);
    const uint64_t normal = a << zeros;
    return rounded(0, 32 - zeros, (uint32_t)(normal >> 32) | ((uint32_t)normal != 0));
}

float __floatdisf(int64_t a) {
    const float magnitude = __floatundisf(a < 0 ? 0 - (uint64_t)a : (uint64_t)a);
    return a < 0 ? of_bits(bits_of(magnitude) | SIGN) : magnitude;
}

float __floatunsisf(uint32_t a) {
    return rounded(0, 0, a);
}

float __floatsisf(int32_t a) {
    return rounded(a < 0 ? SIGN : 0, 0, a < 0 ? 0 - (uint32_t)a : (uint32_t)a);
}

typedef union {
    double number;
    uint64_t bits;
} double_t;

double __extendsfdf2(float a) {
    const uint32_t bits = bits_of(a), absolute = bits & ~SIGN;
    double_t to = { .bits = (uint64_t)(bits & SIGN) << 32 };
    if (absolute >= INFINITE) {
        to.bits |= (uint64_t)0x7ff << 52 | (uint64_t)(absolute & 0x7fffff) << 29;
    } else if (absolute != 0) {
        const parts_t parts = parts_of(bits);
        to.bits |= (uint64_t)(uint32_t)(parts.exponent + 23 + 1023) << 52 | (uint64_t)(parts.mantissa & 0x7fffff) << 29;
    }
    return to.number;
}

float __truncdfsf2(double a) {
    const double_t from = { a };
    const uint32_t sign = (uint32_t)(from.bits >> 32) & SIGN;
    const int32_t biased = (int32_t)(from.bits >> 52 & 0x7ff);
    const uint64_t fraction = from.bits & (((uint64_t)1 << 52) - 1);
    if (biased == 0x7ff) {
        return of_bits(fraction != 0 ? NOT_A_NUMBER : sign | INFINITE);
    }
    if (biased == 0) {
        return of_bits(sign);
    }
    const uint64_t mantissa = fraction | (uint64_t)1 << 52;
    return rounded(sign, biased - 1075 + 22, (uint32_t)(mantissa >> 22) | ((uint32_t)mantissa << 10 != 0));
}

double __floatsidf(int32_t a) {
    const uint32_t sign = a < 0 ? SIGN : 0, magnitude = a < 0 ? 0 - (uint32_t)a : (uint32_t)a;
    double_t to = { .bits = 0 };
    if (magnitude != 0) {
        const int zeros = leading_zeros(magnitude);
        // The highest bit adds 1 to the exponent.
        to.bits = ((uint64_t)(1023 + 30 - zeros) << 52) + ((uint64_t)(magnitude << zeros) << 21);
    }
    to.bits |= (uint64_t)sign << 32;
    return to.number;
}
