// arch/linear_add.h against plain C: all pairs of s8, for parameters of every kind.
#include "kernels/kernel.h"
#include "arch/linear_add.h"
#include "expect.h"

enum { PAIRS = 1 << 16, SETS = 300 };

static int32_t random_multiplier(void) {
    return random_in(1 << 30, INT32_MAX);
}

static int32_t random_zero_point(void) {
    static const int32_t ends[] = { -128, 127 };
    return random_in(0, 3) == 0 ? ends[random_in(0, 1)] : random_in(-128, 127);
}

int main(void) {
    static int8_t x[PAIRS], k[PAIRS], plain[PAIRS], linear[PAIRS];
    int32_t usable = 0;
    for (int32_t i = 0; i < PAIRS; i++) {
        x[i] = (int8_t)(i - 128);
        k[i] = (int8_t)((i >> 8) - 128);
    }
    for (int32_t set = 0; set < SETS; set++) {
        tin_add_t add = {
            random_zero_point(), random_multiplier(), random_in(-9, 0), random_zero_point(), random_multiplier(), random_in(-9, 0),
            set % 5 == 0 ? random_in(0, 21) : 20, random_in(0, 1) != 0,
            { 0, random_multiplier(), set % 6 == 0 ? random_in(-31, 0) : random_in(-20, -13) }, { random_zero_point(), -128, 127 },
        };
        // As a packager has it: the larger scale counts a half.
        if (set % 3 != 0) {
            add.x_multiplier = 1 << 30;
            add.x_shift = 0;
        }
        // Sums that lie at halves.
        if (set % 7 == 0) {
            add.k_multiplier = add.params.multiplier = 1 << 30;
        }
        if (set % 11 == 0) {
            add.k_multiplier = add.params.multiplier = INT32_MAX;
        }
        usable += tin_takes_add_scaled(&add, 1, 1) && tin_add_factor(&add, add.x_multiplier, add.x_shift)
            <= TIN_ADD_LARGEST - tin_add_factor(&add, add.k_multiplier, add.k_shift);
        tin_add_row__generic(&add, x, 1, k, 1, plain, PAIRS);
        tin_add_row__linear(&add, x, 1, k, 1, linear, PAIRS);
        for (int32_t i = 0; i < PAIRS; i++) {
            EXPECT(linear[i], plain[i], "set %d, x %d, k %d", (int)set, x[i], k[i]);
        }
    }
    EXPECT(usable > SETS / 2, true, "sets that took the block: %d", (int)usable);
    return passed("linear_add");
}
