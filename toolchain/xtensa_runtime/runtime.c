// libgcc for the windowed ABI and cores that multiply, divide and count zeros: what GCC calls for the engine. Debian's own is
// for the other ABI. Compiled with -fno-builtin: these must not become calls of themselves.
#include <stdbool.h>
#include <stdint.h>

uint32_t __udivsi3(uint32_t a, uint32_t b);
uint32_t __umodsi3(uint32_t a, uint32_t b);
int32_t __divsi3(int32_t a, int32_t b);
int32_t __modsi3(int32_t a, int32_t b);
int64_t __muldi3(int64_t a, int64_t b);
uint64_t __umulsidi3(uint32_t a, uint32_t b);
int64_t __ashldi3(int64_t a, int bits);
int64_t __ashrdi3(int64_t a, int bits);
uint64_t __lshrdi3(uint64_t a, int bits);
uint64_t __udivdi3(uint64_t a, uint64_t b);
uint64_t __umoddi3(uint64_t a, uint64_t b);
int64_t __divdi3(int64_t a, int64_t b);
int64_t __moddi3(int64_t a, int64_t b);
int __clzsi2(uint32_t a);
int __popcountsi2(uint32_t a);
uint32_t __bswapsi2(uint32_t a);

#define DIVISION(name, type, instruction) \
    type name(type a, type b) { \
        type result; \
        __asm__ (instruction " %0, %1, %2" : "=r"(result) : "r"(a), "r"(b)); \
        return result; \
    }
DIVISION(__udivsi3, uint32_t, "quou")
DIVISION(__umodsi3, uint32_t, "remu")
DIVISION(__divsi3, int32_t, "quos")
DIVISION(__modsi3, int32_t, "rems")

typedef union {
    uint64_t whole;
    struct {
        uint32_t low, high;
    } half;
} words_t;

uint64_t __umulsidi3(uint32_t a, uint32_t b) {
    const uint32_t a0 = a & 0xffff, a1 = a >> 16, b0 = b & 0xffff, b1 = b >> 16;
    const uint32_t low = a0 * b0, one = a0 * b1 + (low >> 16), two = a1 * b0 + (one & 0xffff);
    words_t product;
    product.half.low = two << 16 | (low & 0xffff);
    product.half.high = a1 * b1 + (one >> 16) + (two >> 16);
    return product.whole;
}

int64_t __muldi3(int64_t a, int64_t b) {
    const words_t x = { (uint64_t)a }, y = { (uint64_t)b };
    words_t product = { __umulsidi3(x.half.low, y.half.low) };
    product.half.high += x.half.low * y.half.high + x.half.high * y.half.low;
    return (int64_t)product.whole;
}

int64_t __ashldi3(int64_t a, int bits) {
    const words_t from = { (uint64_t)a };
    words_t to = from;
    if (bits >= 32) {
        to.half.high = from.half.low << (bits - 32);
        to.half.low = 0;
    } else if (bits > 0) {
        to.half.high = from.half.high << bits | from.half.low >> (32 - bits);
        to.half.low = from.half.low << bits;
    }
    return (int64_t)to.whole;
}

// The upper word that comes in from above is `sign`.
static inline __attribute__((always_inline)) uint64_t shifted_right(words_t from, int bits, uint32_t sign) {
    words_t to = from;
    if (bits >= 32) {
        to.half.low = from.half.high;
        to.half.high = sign;
        from = to;
        bits -= 32;
    }
    if (bits > 0) {
        to.half.low = from.half.low >> bits | from.half.high << (32 - bits);
        to.half.high = from.half.high >> bits | sign << (32 - bits);
    }
    return to.whole;
}

int64_t __ashrdi3(int64_t a, int bits) {
    const words_t from = { (uint64_t)a };
    return (int64_t)shifted_right(from, bits, a < 0 ? UINT32_MAX : 0);
}

uint64_t __lshrdi3(uint64_t a, int bits) {
    const words_t from = { a };
    return shifted_right(from, bits, 0);
}

int __clzsi2(uint32_t a) {
    int zeros;
    __asm__ ("nsau %0, %1" : "=r"(zeros) : "r"(a));
    return zeros;
}

// The rest is for firmware and test programs.
int __popcountsi2(uint32_t a) {
    int ones = 0;
    for (; a != 0; a &= a - 1) {
        ones++;
    }
    return ones;
}

uint32_t __bswapsi2(uint32_t a) {
    return a >> 24 | (a >> 8 & 0xff00) | (a << 8 & 0xff0000) | a << 24;
}

static uint64_t divided(uint64_t a, uint64_t b, uint64_t *rest) {
    uint64_t quotient = 0, left = 0;
    for (int bit = 63; bit >= 0; bit--) {
        const bool carry = left >> 63;
        left = left << 1 | (a >> bit & 1);
        quotient <<= 1;
        if (carry || left >= b) {
            left -= b;
            quotient |= 1;
        }
    }
    *rest = left;
    return quotient;
}

uint64_t __udivdi3(uint64_t a, uint64_t b) {
    uint64_t rest;
    return divided(a, b, &rest);
}

uint64_t __umoddi3(uint64_t a, uint64_t b) {
    uint64_t rest;
    divided(a, b, &rest);
    return rest;
}

static uint64_t magnitude(int64_t a) {
    return a < 0 ? 0 - (uint64_t)a : (uint64_t)a;
}

int64_t __divdi3(int64_t a, int64_t b) {
    const uint64_t quotient = __udivdi3(magnitude(a), magnitude(b));
    return (int64_t)((a < 0) != (b < 0) ? 0 - quotient : quotient);
}

int64_t __moddi3(int64_t a, int64_t b) {
    const uint64_t rest = __umoddi3(magnitude(a), magnitude(b));
    return (int64_t)(a < 0 ? 0 - rest : rest);
}
