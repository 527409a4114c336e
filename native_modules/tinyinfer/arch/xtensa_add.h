// add on Xtensa: the loop of arch/linear_add.h.
#ifndef TIN_XTENSA_ADD_H
#define TIN_XTENSA_ADD_H

#include "arch/xtensa_requant.h"

#define tin_linear_run tin_linear_run__xtensa
#include "arch/linear_add.h"

TIN_HOT int32_t tin_linear_run__xtensa(const tin_linear_t *add, const int8_t *x, int32_t x_step,
    const int8_t *k, int32_t k_step, int8_t *out, int32_t count) {
    const int8_t *const first = out;
    int32_t b;
    __asm__ volatile (
        "    loop   %[a], 1f\n"
        "    l8ui   %[a], %[x], 0\n"
        "    l8ui   %[b], %[k], 0\n"
        "    sext   %[a], %[a], 7\n"
        "    sext   %[b], %[b], 7\n"
        "    mull   %[a], %[a], %[x_factor]\n"
        "    mull   %[b], %[b], %[k_factor]\n"
        "    add    %[a], %[a], %[start]\n"
        "    add    %[a], %[a], %[b]\n"
        "    slli   %[b], %[a], %[whole]\n"
        "    bgeu   %[b], %[sure], 2f\n"
        "    srai   %[a], %[a], %[point]\n"
        "    max    %[a], %[a], %[low]\n"
        "    min    %[a], %[a], %[high]\n"
        "    s8i    %[a], %[out], 0\n"
        "    add    %[x], %[x], %[x_step]\n"
        "    add    %[k], %[k], %[k_step]\n"
        "    addi   %[out], %[out], 1\n"
        "1:\n"
        "2:\n"
        : [x] "+r"(x), [k] "+r"(k), [out] "+r"(out), [a] "+r"(count), [b] "=&r"(b)
        : [x_factor] "r"(add->x_factor), [k_factor] "r"(add->k_factor), [start] "r"(add->start), [sure] "r"(add->sure), [low] "r"(add->low),
        [high] "r"(add->high), [x_step] "r"(x_step), [k_step] "r"(k_step), [whole] "i"(32 - TIN_ADD_POINT), [point] "i"(TIN_ADD_POINT)
        : "memory");
    return out - first;
}

#endif
