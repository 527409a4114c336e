// The functions of kernels/softmax.c against exp and division of the C library: they are what they claim to be. That they
// are so to the last bit is what the sweeps compare with the Python engine and TensorFlow Lite Micro.
#include <inttypes.h>
#include <math.h>
#include "kernels/softmax.c"
#include "expect.h"

static void expect_near(double got, double want, double tolerance, const char *what, int64_t argument) {
    checks++;
    if (!(fabs(got - want) <= tolerance)) {
        printf("%s(%" PRId64 ") is %.12g, must be %.12g\n", what, argument, got, want);
        exit(1);
    }
}

static void check_exponential(int32_t a) {
    // a Q5.26, result Q0.31. The polynomial leaves out t^5/120 and what follows, |t| <= 1/8; then come the roundings.
    expect_near(ldexp(exp_on_negative_values(a), -31), exp(ldexp(a, -26)), 2.6e-7, "exp_on_negative_values", a);
}

static void check_reciprocal(uint32_t sum) {
    int32_t bits;
    const int32_t r = reciprocal(sum, &bits);
    // r Q0.31 is (1 << 31) / (sum << zeros), so r * 2^-bits = 1 / sum in Q12.19.
    expect_near(ldexp(r, -31 - bits) * ldexp(sum, -19), 1, 2e-8, "reciprocal", sum);
}

int main(void) {
    check_exponential(0);
    for (int32_t bit = 0; bit < 31; bit++) {
        for (int32_t by = -1; by <= 1; by++) {
            check_exponential(-(int32_t)((1u << bit) + (uint32_t)by));
        }
    }
    int32_t last = INT32_MAX;
    for (int32_t i = 0; i < 1 << 20; i++) {
        const int32_t a = -(i << 11);
        const int32_t e = exp_on_negative_values(a);
        check_exponential(a);
        EXPECT(e >= 0 && e - last <= 256, 1, "exp_on_negative_values(%d) rises", a);
        last = e;
        check_exponential(-random_in(0, INT32_MAX));
    }
    // What a row of 1 to 4096 elements can sum up to.
    for (uint32_t sum = 1u << 19; sum <= 1u << 31 && sum >= 1u << 19; sum += 1 + random_u32() % 2048) {
        check_reciprocal(sum);
    }
    for (uint32_t bit = 19; bit < 32; bit++) {
        check_reciprocal(1u << bit);
        check_reciprocal((1u << bit) + 1);
        check_reciprocal(bit == 31 ? 1u << 31 : (2u << bit) - 1);
    }
    // Arguments that no quantizer makes, but a file may hold.
    for (int32_t i = 0; i < 100000; i++) {
        checks += (unsigned)exp_on_negative_values(random_s32()) & 1;
    }
    return passed("softmax");
}
