// ARMv6-M: depthwise convolution, one channel of a strip of rows at a time, in runs along its longer axis. The sums of four
// neighbours replace the first plane's words, which no later sum reads.
#ifndef TIN_M0P_DW_H
#define TIN_M0P_DW_H

#include "arch/dw_taps.h"
#include "arch/m0p_planes.h"
#include "arch/m0p_requant.h"

// The assembly knows these offsets.
typedef struct {
    tin_m0p_requant_t requant;
    int32_t *plane;                 // 40 sums replace it
    const int32_t *taps;            // 44 of each tap: bytes to add to the pointer to x, weight
    uint32_t skip;                  // 48 bytes of code of the taps that the first pass leaves out
    int32_t *plane_end;             // 52
    const int32_t *taps_end;        // 56
    int32_t bias;                   // 60
    int32_t rows;                   // 64 runs of outputs
    int32_t acc_pitch;              // 68 bytes from run to run
    int32_t out_pitch;              // 72
    int32_t acc_bytes;              // 76 of a run
} tin_m0p_dw_t;
typedef char tin_m0p_dw_places_t[offsetof(tin_m0p_dw_t, plane) == 40 && offsetof(tin_m0p_dw_t, acc_bytes) == 76 ? 1 : -1];

// Taps of 3 x 3; on ARMv6-M a third of their code, which is RAM in a native .mpy, for 3 % more instructions.
#if TIN_M0P_THUMB2
#define TIN_M0P_DW_UNROLL 9
#else
#define TIN_M0P_DW_UNROLL 3
#endif
#define TIN_M0P_TEXT(number) TIN_M0P_TEXT_OF(number)
#define TIN_M0P_TEXT_OF(number) #number
#define TIN_M0P_DW_TAP_CODE (22)

// Four neighbours times one weight: as many bytes in both instruction sets.
#if TIN_M0P_THUMB2
#define TIN_M0P_DW_PRODUCTS \
    "    mla    r8, r4, r3, r8\n" \
    "    mla    r9, r5, r3, r9\n" \
    "    mla    r10, r6, r3, r10\n" \
    "    mla    r11, r7, r3, r11\n"
#else
#define TIN_M0P_DW_PRODUCTS \
    "    muls   r4, r3\n" \
    "    muls   r5, r3\n" \
    "    muls   r6, r3\n" \
    "    muls   r7, r3\n" \
    "    add    r8, r4\n" \
    "    add    r9, r5\n" \
    "    add    r10, r6\n" \
    "    add    r11, r7\n"
#endif
#define TIN_M0P_DW_TAP \
    "    ldmia  r1!, {r2, r3}\n" \
    "    adds   r0, r2\n" \
    "    ldmia  r0!, {r4-r7}\n" \
    TIN_M0P_DW_PRODUCTS

TIN_ASM void tin_m0p_dw(tin_m0p_dw_t *job) {
    __asm__ (
        ".syntax unified\n"
        TIN_M0P_SAVE
        "    push   {r0, r4-r7}\n"
        "    ldr    r1, [r0, #56]\n"
        "    mov    lr, r1\n"
        "    ldr    r1, [r0, #60]\n"
        "    mov    r12, r1\n"
        "    adds   r0, #40\n"
        "    ldmia  r0!, {r1, r2, r3, r4}\n"
        "    push   {r0, r1, r2, r3, r4, r5}\n"  // [sp] free, +4 plane, +8 taps, +12 skip, +16 plane_end, +20 free

        "10: mov    r8, r12\n"
        "    mov    r9, r12\n"
        "    mov    r10, r12\n"
        "    mov    r11, r12\n"
        "    add    r3, sp, #4\n"
        "    ldmia  r3!, {r0, r1, r2}\n"
        "    add    pc, r2\n"
        "    nop\n"
        "11: .rept  " TIN_M0P_TEXT(TIN_M0P_DW_UNROLL) "\n"
        TIN_M0P_DW_TAP
        "    .endr\n"
        "    cmp    r1, lr\n"
        "    bne    11b\n"
        "    mov    r4, r8\n"
        "    mov    r5, r9\n"
        "    mov    r6, r10\n"
        "    mov    r7, r11\n"
        "    ldr    r0, [sp, #4]\n"
        "    stmia  r0!, {r4-r7}\n"
        "    str    r0, [sp, #4]\n"
        "    ldr    r3, [sp, #16]\n"
        "    cmp    r0, r3\n"
        "    bne    10b\n"

        "    ldr    r2, [sp, #24]\n"           // +4 acc, +8 acc_pitch, +12 out, +16 out_pitch, +20 acc_bytes; [sp, 24] becomes rows
        "    movs   r0, r2\n"
        "    adds   r0, #64\n"
        "    ldmia  r0!, {r3, r4, r5, r6}\n"
        "    str    r3, [sp, #24]\n"
        "    str    r4, [sp, #8]\n"
        "    str    r5, [sp, #16]\n"
        "    str    r6, [sp, #20]\n"
        "    ldr    r3, [r2]\n"
        "    str    r3, [sp, #4]\n"
        "    ldr    r3, [r2, #4]\n"
        "    str    r3, [sp, #12]\n"
        "    bl     tin_m0p_requant\n"         // and back with two words more on the stack
        "    ldr    r3, [sp, #32]\n"
        "    subs   r3, #1\n"
        "    beq    12f\n"
        "    str    r3, [sp, #32]\n"
        "    mov    r3, lr\n"
        "    ldr    r0, [sp, #12]\n"
        "    ldr    r6, [sp, #16]\n"
        "    adds   r0, r6\n"
        "    str    r0, [sp, #12]\n"
        "    ldr    r1, [sp, #20]\n"
        "    ldr    r6, [sp, #24]\n"
        "    adds   r1, r6\n"
        "    str    r1, [sp, #20]\n"
        "    ldr    r6, [sp, #28]\n"
        "    adds   r6, r0\n"
        "    mov    lr, r6\n"
        "    bx     r3\n"
        "12: add    sp, #36\n"
        "    pop    {r4-r7}\n"
        TIN_M0P_RESTORE
    );
}


// Larger kernels, and strides above TIN_M0P_STRIDES, go to tin_dw_rows__taps.
#define TIN_M0P_DW_TAPS (49)
// Words of scratch beyond which a strip does not grow.
#define TIN_M0P_DW_WORDS (384)

// The pointer's way over the taps.
static inline void tin_m0p_dw_taps(const tin_m0p_axis_t *outer, const tin_m0p_axis_t *inner, const tin_m0p_planes_t *planes,
    int32_t *tap) {
    int32_t before = -4;            // as if four words before the plane had been read
    for (int32_t i = 0; i < outer->kernel; i++) {
        const int32_t row = i * outer->dilation / outer->stride;
        const int32_t *const of_row = planes->remainders[i * outer->dilation - row * outer->stride];
        for (int32_t j = 0; j < inner->kernel; j++, tap += 2) {
            const int32_t column = j * inner->dilation / inner->stride;
            const int32_t at = planes->begin[of_row[j * inner->dilation - column * inner->stride]]
                + row * (inner->outputs + inner->most) + column;
            *tap = 4 * (at - before - 4);
            before = at;
        }
    }
}

static inline void tin_m0p_dw_weights(const tin_m0p_axis_t *outer, const tin_m0p_axis_t *inner, const uint8_t *weights, bool s4,
    int32_t *to) {
    for (int32_t i = 0; i < outer->kernel; i++) {
        int32_t tap = i * outer->tap_step;
        for (int32_t j = inner->kernel; j > 0; j--, tap += inner->tap_step, to += 2) {
            *to = tin_plane_weight(weights, s4, tap);
        }
    }
}

static inline void tin_m0p_dw_strip(const tin_gemm_t *dw, const tin_m0p_axis_t *outer, const tin_m0p_axis_t *inner, const int8_t *x,
    int8_t *out, int32_t multiplier, int32_t zero_point, int32_t *plane) {
    const int32_t pitch = inner->outputs + inner->most;
    int32_t taps[2 * TIN_M0P_DW_TAPS];
    tin_m0p_planes_t planes;
    tin_m0p_dw_planes(outer, inner, &planes);
    tin_m0p_dw_taps(outer, inner, &planes, taps);
    tin_m0p_dw_t job = {
        .plane = plane, .plane_end = plane + (((outer->outputs - 1) * pitch + inner->outputs + 3) & ~3),
        .taps = taps, .taps_end = taps + 2 * dw->taps,
        .skip = (uint32_t)((TIN_M0P_DW_UNROLL - dw->taps % TIN_M0P_DW_UNROLL) % TIN_M0P_DW_UNROLL * TIN_M0P_DW_TAP_CODE),
        .rows = outer->outputs, .acc_pitch = 4 * pitch, .acc_bytes = 4 * inner->outputs, .out_pitch = outer->out_step,
        .requant = { .acc = plane, .acc_end = plane + inner->outputs, .out_step = inner->out_step },
    };
    tin_m0p_set_output(&job.requant, &dw->to);
    const int32_t weight_bytes = dw->s4 ? (dw->taps + 1) / 2 : dw->taps;
    const uint8_t *weights = dw->weights;
    for (int32_t oc = 0, of_channel = 0; oc < dw->channels; oc++, weights += weight_bytes) {
        for (int32_t i = 0; i < planes.count; i++) {
            tin_m0p_widen(&planes.of[i], plane + planes.begin[i], x, zero_point);
        }
        tin_m0p_dw_weights(outer, inner, weights, dw->s4, taps + 1);
        const tin_params_t params = tin_params(dw->params, oc);
        job.bias = params.bias;
        job.requant.params = &params;
        job.requant.out = out + oc;
        tin_m0p_dw(&job);
        if (++of_channel == multiplier) {
            of_channel = 0;
            x++;
        }
    }
}

TIN_KERNEL(dw_rows, dw_planes, !dw->s16 && window->stride_h <= TIN_M0P_STRIDES && window->stride_w <= TIN_M0P_STRIDES
    && dw->taps <= TIN_M0P_DW_TAPS)

static inline void tin_dw_rows__m0p(const tin_window_t *window, const tin_gemm_t *dw, tin_pixel_t pixel, int32_t rows,
    int32_t multiplier, void *scratch) {
    if (!tin_takes_dw_planes(window, dw, multiplier)) {
        tin_dw_rows__taps(window, dw, pixel, rows, multiplier, scratch);
        return;
    }
    TIN_RAN(dw_planes, rows * window->out_w * dw->channels * dw->taps);
    const int32_t row_step = window->in_w * window->in_c, out_row_step = window->out_w * dw->out_pitch;
    tin_m0p_axis_t h = {
        .outputs = 1, .kernel = window->kernel_h, .stride = window->stride_h, .dilation = window->dilation_h, .inputs = window->in_h,
        .x_step = row_step, .out_step = out_row_step, .tap_step = window->kernel_w,
        .start = pixel.oh * window->stride_h - window->pad_top,
    };
    tin_m0p_axis_t w = {
        .outputs = window->out_w, .kernel = window->kernel_w, .stride = window->stride_w, .dilation = window->dilation_w,
        .inputs = window->in_w, .x_step = window->in_c, .out_step = dw->out_pitch, .tap_step = 1, .start = -window->pad_left,
    };
    tin_m0p_find_extra(&h);
    tin_m0p_find_extra(&w);
    // As many rows at a time as the scratch holds.
    tin_m0p_planes_t planes;
    tin_m0p_dw_planes(&h, &w, &planes);
    const int32_t words_of_one = planes.words;
    h.outputs = 2;
    tin_m0p_dw_planes(&h, &w, &planes);
    const int32_t most_rows = words_of_one < TIN_M0P_DW_WORDS ? 1 + (TIN_M0P_DW_WORDS - words_of_one) / (planes.words - words_of_one) : 1;
    for (int8_t *out = dw->out; rows > 0; rows -= h.outputs) {
        h.outputs = rows < most_rows ? rows : most_rows;
        // Runs along the longer axis.
        const bool upright = h.outputs > w.outputs;
        tin_m0p_dw_strip(dw, upright ? &w : &h, upright ? &h : &w, pixel.x, out, multiplier, window->zero_point, scratch);
        out += h.outputs * out_row_step;
        h.start += h.outputs * h.stride;
    }
}
#define tin_dw_rows tin_dw_rows__m0p

#endif
