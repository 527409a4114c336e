// Operators made of blocks (arch/) against plain loops over logical weights: random and extreme data, every tail, any split
// into rows, constants at any address, the output over the input at the least distance that SPEC.md allows.
#include <string.h>
#include "arch/arch.h"
#include "engine/ops.h"
#include "expect.h"

#define MAX_BYTES (1 << 14)
#define GUARD (64)

// Runs with many shapes; a core's own blocks are tested by compiling this for it.
static const int32_t runs = 6000;

static struct {
    int8_t weights[MAX_BYTES];      // [oc][ky][kx][c]
    int32_t params[MAX_BYTES / 12][3];
    uint8_t packed_weights[2 * MAX_BYTES];
    uint8_t packed_params[4 * MAX_BYTES];
    int16_t x[MAX_BYTES];
    int32_t y[MAX_BYTES];
    uint32_t arena[MAX_BYTES];
    uint32_t scratch[MAX_BYTES];
} memory;

static int64_t floor_shift(int64_t a, int32_t bits) {
    return a >= 0 ? a >> bits : -((-a + ((int64_t)1 << bits) - 1) >> bits);
}

// SPEC.md "multiply_by_quantized_multiplier", zero point and clamp.
static int32_t requantized(uint32_t acc, const int32_t params[3], int32_t zero_point, int32_t low, int32_t high) {
    const int32_t shift = params[2];
    const int32_t a = (int32_t)(shift > 0 ? acc << shift : acc);
    int64_t h = floor_shift((int64_t)a * params[1] + (1 << 30), 31);
    if (shift < 0) {
        h = floor_shift(h + ((int64_t)1 << (-shift - 1)) - (h < 0), -shift);
    }
    const int32_t q = (int32_t)(uint32_t)(h + zero_point);
    return q < low ? low : q > high ? high : q;
}

// Data

typedef enum { FITTING, EXTREME, FORMS } style_t;

static int8_t random_weight(bool s4, style_t style, bool wide) {
    const int32_t high = s4 ? 7 : 127, low = -high - (wide ? 1 : 0);
    if (style == EXTREME) {
        return (int8_t)(random_u32() & 1 ? low : high);
    }
    return (int8_t)random_in(low, high);
}

// One that fits x, s8 or s16.
static int16_t random_input(const tin_tensor_t *x, style_t style, uint32_t highest) {
    const int32_t limit = 1 << (x->bits - 1);
    return (int16_t)(style == EXTREME ? (random_u32() & highest ? -limit : limit - 1) : random_in(-limit, limit - 1));
}

// FITTING: outputs spread over their type. EXTREME: every number the format allows.
static void random_params(int32_t params[3], style_t style, int32_t taps, bool s4, bool s16, bool wide_output) {
    int32_t spread_bits = (s4 ? 8 : 12) + (s16 ? 8 : 0);
    for (int32_t n = taps; n > 1; n >>= 2) {
        spread_bits++;
    }
    params[1] = (int32_t)((1u << 30) + (random_u32() >> 2));
    if (style == EXTREME) {
        params[0] = random_s32();
        params[1] = random_u32() & 1 ? params[1] : random_s32() & INT32_MAX;
        params[2] = random_in(-31, 30);
        return;
    }
    params[0] = random_in(-(1 << spread_bits), 1 << spread_bits);
    // FORMS: shifts as a trained layer has them, the dead channel of a pruned one among them.
    const int32_t shift = (wide_output ? 14 : 6) - spread_bits + random_in(-2, 2);
    params[2] = style == FORMS && random_u32() % 8 == 0 ? -31 : shift < -31 ? -31 : shift;
}

static int32_t random_size(int32_t high) {
    return random_u32() % 4 == 0 ? 1 : random_in(1, high);
}

// Nodes

static void set_tensor(tin_tensor_t *tensor, tin_dtype_t dtype, int32_t n, int32_t h, int32_t w, int32_t c, int32_t zero_point) {
    memset(tensor, 0, sizeof(*tensor));
    const int32_t shape[TIN_MAX_RANK] = { 1, 1, n, h, w, c };
    memcpy(tensor->shape, shape, sizeof(shape));
    tensor->n = n;
    tensor->h = h;
    tensor->w = w;
    tensor->c = c;
    tensor->zero_point = zero_point;
    tensor->dtype = (uint8_t)dtype;
    tensor->bits = dtype == TIN_S4 ? 4 : dtype == TIN_S16 ? 16 : dtype == TIN_S32 ? 32 : 8;
    tensor->bytes = (uint32_t)(n * h * w * c * tensor->bits) / 8;
    tensor->aligned = true;
}

static void set_constant(tin_tensor_t *tensor, uint8_t *data, uint32_t bytes, uint32_t misaligned) {
    // As far from the alignment as all constants of a file.
    memmove(data + misaligned, data, bytes);
    tensor->data = data + misaligned;
    tensor->bytes = bytes;
    tensor->constant = true;
    tensor->aligned = misaligned % 4 == 0;
}

static void put_params(int32_t row, const int32_t params[3]) {
    for (int32_t i = 0; i < 12; i++) {
        memory.packed_params[12 * row + i] = (uint8_t)((uint32_t)params[i / 4] >> 8 * (i % 4));
    }
}

static void put_nibble(uint8_t *byte, bool high, int32_t value) {
    *byte = (uint8_t)(high ? (*byte & 15) | (value & 15) << 4 : (*byte & 240) | (value & 15));
}

static int32_t up(int32_t value, int32_t to) {
    return (value + to - 1) / to * to;
}

// Least lead that the rules allow, at most so much that nothing overlaps.
static uint32_t least_lead(const tin_node_t *node) {
    uint32_t lead = 0;
    while (lead < node->outputs[0].bytes && !tin_overlap_allowed(node, 0, lead)) {
        lead += 4;
    }
    return lead;
}

// Runs the node in pieces and compares with memory.y; guards stand behind the arena's tensors and the scratch.
static void check_node(tin_node_t *node, const char *name, int32_t run) {
    tin_tensor_t *const x = &node->inputs[0], *const y = &node->outputs[0];
    const uint32_t lead = random_u32() & 1 ? (uint32_t)up((int32_t)least_lead(node), 4) : (uint32_t)up((int32_t)y->bytes, 4);
    uint8_t *const arena = (uint8_t *)memory.arena, *const scratch = (uint8_t *)memory.scratch;
    const uint32_t end = lead + x->bytes > y->bytes ? lead + x->bytes : y->bytes;
    const int64_t scratch_bytes = tin_op_scratch(node);
    EXPECT(tin_op_check(node), 1, "%s, run %d: the node is valid", name, (int)run);
    EXPECT(end + GUARD <= sizeof(memory.arena) && scratch_bytes + GUARD <= (int64_t)sizeof(memory.scratch), 1, "%s, run %d", name, (int)run);
    memset(arena, 0xa5, end + GUARD);
    memset(scratch, 0x5a, (size_t)scratch_bytes + GUARD);
    x->data = arena + lead;
    y->data = arena;
    for (int32_t i = 0; i < x->n * x->h * x->w * x->c; i++) {
        if (x->bits == 16) {
            ((int16_t *)x->data)[i] = memory.x[i];
        } else {
            ((int8_t *)x->data)[i] = (int8_t)memory.x[i];
        }
    }
    node->scratch = scratch;

    const int32_t rows = tin_op_rows(node);
    for (int32_t row = 0; row < rows;) {
        const int32_t next = random_u32() % 3 == 0 ? rows : random_in(row + 1, rows);
        tin_op_run(node, row, next);
        row = next;
    }
    const int32_t count = y->n * y->h * y->w * y->c;
    for (int32_t i = 0; i < count; i++) {
        const int32_t got = y->bits == 16 ? ((const int16_t *)y->data)[i] : ((const int8_t *)y->data)[i];
        EXPECT(got, memory.y[i], "%s, run %d, element %d of %d x %d x %d x %d, lead %d", name, (int)run, (int)i, (int)y->n,
            (int)y->h, (int)y->w, (int)y->c, (int)lead);
    }
    for (int32_t i = 0; i < GUARD; i++) {
        EXPECT(arena[end + (uint32_t)i], 0xa5, "%s, run %d: written behind the tensors", name, (int)run);
        EXPECT(scratch[scratch_bytes + i], 0x5a, "%s, run %d: written behind the scratch", name, (int)run);
    }
}

// Convolutions: taps [oc][ky][kx][c] on `per_group` input channels, x.c / per_group groups.

typedef struct {
    int32_t kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, low, high, per_group;
} window_t;

static window_t random_window(int32_t kernel, bool s16) {
    const int32_t limit = s16 ? 32767 : 127;
    window_t w = {
        random_size(kernel), random_size(kernel), random_size(3), random_size(3), 0, 0, random_size(2), random_size(2), -limit - 1, limit, 1,
    };
    w.pad_top = random_in(0, (w.kernel_h - 1) * w.dilation_h);
    w.pad_left = random_in(0, (w.kernel_w - 1) * w.dilation_w);
    if (random_u32() & 1) {
        w.low = random_in(-limit - 1, limit);
        w.high = random_in(w.low, limit);
    }
    return w;
}

static void convolve(const tin_tensor_t *x, const tin_tensor_t *y, const window_t *w) {
    const int32_t of_group = y->c / (x->c / w->per_group);
    for (int32_t i = 0; i < y->n * y->h * y->w * y->c; i++) {
        const int32_t oc = i % y->c, ow = i / y->c % y->w, oh = i / y->c / y->w % y->h, n = i / y->c / y->w / y->h;
        const int8_t *weight = memory.weights + oc * w->kernel_h * w->kernel_w * w->per_group;
        uint32_t acc = (uint32_t)memory.params[oc][0];
        for (int32_t ky = 0; ky < w->kernel_h; ky++) {
            for (int32_t kx = 0; kx < w->kernel_w; kx++) {
                const int32_t h = oh * w->stride_h - w->pad_top + ky * w->dilation_h;
                const int32_t column = ow * w->stride_w - w->pad_left + kx * w->dilation_w;
                const bool inside = h >= 0 && h < x->h && column >= 0 && column < x->w;
                for (int32_t c = 0; c < w->per_group; c++) {
                    const int32_t channel = oc / of_group * w->per_group + c;
                    const int32_t value = inside ? memory.x[((n * x->h + h) * x->w + column) * x->c + channel] : x->zero_point;
                    acc += (uint32_t)(value * *weight++);
                }
            }
        }
        memory.y[i] = requantized(acc, memory.params[oc], y->zero_point, w->low, w->high);
    }
}

// x and y of a window operator; false if they would be empty or large.
static bool random_tensors(tin_node_t *node, const window_t *w, int32_t in_c, int32_t out_c, style_t style, bool s16) {
    const int32_t n = random_size(2), h = random_size(9), width = random_size(9);
    const int32_t out_h = (h + 2 * w->pad_top - (w->kernel_h - 1) * w->dilation_h - 1) / w->stride_h + 1;
    const int32_t out_w = (width + 2 * w->pad_left - (w->kernel_w - 1) * w->dilation_w - 1) / w->stride_w + 1;
    const int32_t limit = s16 ? 32767 : 127, x_zero_point = s16 ? 0 : random_in(-128, 127);
    // As of a ReLU, or any.
    const int32_t y_zero_point = w->low > -limit - 1 || style == FORMS ? w->low : random_in(-limit - 1, limit);
    const tin_dtype_t dtype = s16 ? TIN_S16 : TIN_S8;
    if (h + 2 * w->pad_top < (w->kernel_h - 1) * w->dilation_h + 1 || width + 2 * w->pad_left < (w->kernel_w - 1) * w->dilation_w + 1
        || (out_h - 1) * w->stride_h - w->pad_top >= h || (out_w - 1) * w->stride_w - w->pad_left >= width
        || n * h * width * in_c > MAX_BYTES || n * out_h * out_w * out_c > MAX_BYTES) {
        return false;
    }
    set_tensor(&node->inputs[0], dtype, n, h, width, in_c, x_zero_point);
    set_tensor(&node->outputs[0], dtype, n, out_h, out_w, out_c, y_zero_point);
    for (int32_t i = 0; i < n * h * width * in_c; i++) {
        memory.x[i] = random_input(&node->inputs[0], style, 7);
    }
    return true;
}

static void random_filters(int32_t oc, int32_t taps, bool s4, style_t style, bool wide, bool s16, bool wide_output) {
    for (int32_t i = 0; i < oc; i++) {
        // Those that are all alike make the largest sums.
        const bool alike = style == EXTREME && random_u32() & 1;
        for (int32_t tap = 0; tap < taps; tap++) {
            memory.weights[i * taps + tap] = alike && tap > 0 ? memory.weights[i * taps] : random_weight(s4, style, wide);
        }
        random_params(memory.params[i], style, taps, s4, s16, wide_output);
    }
}

static void finish_node(tin_node_t *node, int32_t weight_bytes, int32_t rows, int32_t oc) {
    const uint32_t misaligned = random_u32() & 1 ? 0 : random_u32() & 3;
    node->input_count = 3;
    node->output_count = 1;
    set_tensor(&node->inputs[2], TIN_S32, 1, 1, oc, 3, 0);
    set_constant(&node->inputs[1], memory.packed_weights, (uint32_t)weight_bytes, misaligned);
    set_constant(&node->inputs[2], memory.packed_params, (uint32_t)(12 * rows), misaligned);
}

#define NAME(op) (s16 ? s4 ? op " s16, s4" : op " s16, s8" : s4 ? op " s8, s4" : op " s8, s8")

// pairs_s8, pairs_s4
static bool conv_2d(int32_t run, style_t style, bool s4, bool wide, bool s16) {
    tin_node_t node = { .op = TIN_OP_conv_2d };
    window_t w = random_window(random_u32() & 1 ? 3 : 5, s16);
    const int32_t groups = random_u32() % 4 ? 1 : random_in(2, 3);
    w.per_group = random_size(random_u32() & 1 ? 4 : 17);
    const int32_t of_group = random_size(9), oc = groups * of_group, taps = w.kernel_h * w.kernel_w * w.per_group;
    const int32_t rows_of_group = up(of_group, 2), pitch = up(taps, 4);
    if (!random_tensors(&node, &w, groups * w.per_group, oc, style, s16)) {
        return false;
    }
    random_filters(oc, taps, s4, style, wide, s16, s16);
    memset(memory.packed_weights, 0, (size_t)(groups * rows_of_group * pitch));
    memset(memory.packed_params, 0, (size_t)(12 * groups * rows_of_group));
    for (int32_t o = 0; o < oc; o++) {
        static const int32_t place[4] = { 0, 4, 2, 6 };
        const int32_t row = o / of_group * rows_of_group + o % of_group;
        put_params(row, memory.params[o]);
        for (int32_t tap = 0; tap < taps; tap++) {
            const int8_t weight = memory.weights[o * taps + tap];
            if (s4) {
                put_nibble(&memory.packed_weights[row / 2 * pitch + tap], row % 2 == 0, weight);
            } else {
                memory.packed_weights[row / 2 * 2 * pitch + tap / 4 * 8 + place[tap % 4] + row % 2] = (uint8_t)weight;
            }
        }
    }
    set_tensor(&node.inputs[1], s4 ? TIN_S4 : TIN_S8, oc, w.kernel_h, w.kernel_w, w.per_group, 0);
    finish_node(&node, groups * rows_of_group * pitch / (s4 ? 2 : 1), groups * rows_of_group, oc);
    const tin_conv_2d_attrs_t attrs = {
        w.stride_h, w.stride_w, w.pad_top, w.pad_left, w.dilation_h, w.dilation_w, w.low, w.high, wide, 0,
    };
    node.attrs.conv_2d = attrs;
    convolve(&node.inputs[0], &node.outputs[0], &w);
    check_node(&node, NAME("conv_2d"), run);
    return true;
}

// planes_s8, planes_s4
static bool depthwise_conv_2d(int32_t run, style_t style, bool s4, bool wide, bool s16) {
    tin_node_t node = { .op = TIN_OP_depthwise_conv_2d };
    window_t w = random_window(random_u32() & 1 ? 3 : 5, s16);
    if (random_u32() & 1) {
        // What cores have blocks for.
        w.kernel_h = w.kernel_w = 3;
        w.stride_h = w.stride_w = random_size(2);
        w.dilation_h = w.dilation_w = 1;
        w.pad_top = random_in(0, 2);
        w.pad_left = random_in(0, 2);
    }
    const int32_t channels = random_size(17), oc = channels * (random_u32() % 4 ? 1 : random_in(2, 3));
    const int32_t taps = w.kernel_h * w.kernel_w, plane = s4 ? up(taps, 2) / 2 : taps;
    if (!random_tensors(&node, &w, channels, oc, style, s16)) {
        return false;
    }
    random_filters(oc, taps, s4, style, wide, s16, s16);
    memset(memory.packed_weights, 0, (size_t)(oc * plane));
    for (int32_t o = 0; o < oc; o++) {
        put_params(o, memory.params[o]);
        for (int32_t tap = 0; tap < taps; tap++) {
            const int8_t weight = memory.weights[o * taps + tap];
            if (s4) {
                put_nibble(&memory.packed_weights[o * plane + tap / 2], tap % 2 == 1, weight);
            } else {
                memory.packed_weights[o * plane + tap] = (uint8_t)weight;
            }
        }
    }
    set_tensor(&node.inputs[1], s4 ? TIN_S4 : TIN_S8, oc, w.kernel_h, w.kernel_w, 1, 0);
    finish_node(&node, oc * plane, oc, oc);
    const tin_depthwise_conv_2d_attrs_t attrs = {
        w.stride_h, w.stride_w, w.pad_top, w.pad_left, w.dilation_h, w.dilation_w, w.low, w.high, wide, 0,
    };
    node.attrs.depthwise_conv_2d = attrs;
    convolve(&node.inputs[0], &node.outputs[0], &w);
    check_node(&node, NAME("depthwise_conv_2d"), run);
    return true;
}

// quads_s8, quads_s4: a 1 x 1 convolution of rows
static bool fully_connected(int32_t run, style_t style, bool s4, bool wide, bool s16) {
    tin_node_t node = { .op = TIN_OP_fully_connected };
    const bool wide_output = (random_u32() % 4 == 0) != s16;
    const int32_t rows = random_size(3), c = random_size(random_u32() & 1 ? 12 : 150), oc = random_size(18);
    const int32_t padded_oc = up(oc, 4), padded_c = up(c, 4), limit = wide_output ? 32767 : 127;
    window_t w = { 1, 1, 1, 1, 0, 0, 1, 1, -limit - 1, limit, c };
    if (random_u32() & 1) {
        w.low = random_in(-limit - 1, limit);
        w.high = random_in(w.low, limit);
    }
    set_tensor(&node.inputs[0], s16 ? TIN_S16 : TIN_S8, 1, 1, rows, c, random_in(-128, 127));
    set_tensor(&node.outputs[0], wide_output ? TIN_S16 : TIN_S8, 1, 1, rows, oc, style == FORMS ? w.low : random_in(w.low, w.high));
    for (int32_t i = 0; i < rows * c; i++) {
        memory.x[i] = random_input(&node.inputs[0], style, 7);
    }
    random_filters(oc, c, s4, style, wide, s16, wide_output);
    memset(memory.packed_weights, s4 ? 0x88 : 0x80, (size_t)(padded_oc * padded_c));
    memset(memory.packed_params, 0, (size_t)(12 * padded_oc));
    for (int32_t o = 0; o < oc; o++) {
        put_params(o, memory.params[o]);
        for (int32_t tap = 0; tap < c; tap++) {
            const int32_t weight = memory.weights[o * c + tap], quad = o / 4 * padded_c;
            if (s4) {
                put_nibble(&memory.packed_weights[quad * 2 + tap / 4 * 8 + o % 4 / 2 * 4 + tap % 4], o % 2 == 0, weight + 8);
            } else {
                // c0k0 c1k0 c0k2 c1k2 c2k0 c3k0 c2k2 c3k2, then the odd taps
                const int32_t place = tap % 2 * 8 + o % 4 / 2 * 4 + tap % 4 / 2 * 2 + o % 2;
                memory.packed_weights[quad * 4 + tap / 4 * 16 + place] = (uint8_t)(weight + 128);
            }
        }
    }
    set_tensor(&node.inputs[1], s4 ? TIN_S4 : TIN_S8, 1, 1, oc, c, 0);
    finish_node(&node, padded_oc * padded_c / (s4 ? 2 : 1), padded_oc, oc);
    const tin_fully_connected_attrs_t attrs = { w.low, w.high, wide, 0 };
    node.attrs.fully_connected = attrs;
    convolve(&node.inputs[0], &node.outputs[0], &w);
    check_node(&node, NAME("fully_connected"), run);
    return true;
}

// (x - zero_point) << left_shift, times a multiplier of add.
static int32_t scaled(int32_t x, int32_t zero_point, int32_t left_shift, int32_t multiplier, int32_t shift) {
    const int32_t params[3] = { 0, multiplier < 0 ? -multiplier : multiplier, shift };
    const int32_t result = requantized((uint32_t)(x - zero_point) << left_shift, params, 0, INT32_MIN, INT32_MAX);
    return multiplier < 0 ? -result : result;
}

static bool add(int32_t run, style_t style, bool s4, bool wide, bool s16) {
    tin_node_t node = { .op = TIN_OP_add, .input_count = 2, .output_count = 1 };
    const int32_t h = random_size(4), w = random_size(4), c = random_size(20);
    // The larger scale counts half: its multiplier is 2^30. `wide`: anything.
    const int32_t any = random_in(1 << 30, INT32_MAX), shift = wide ? random_in(-31, 4) : random_in(-8, -1);
    const bool x_is_half = random_u32() & 1;
    tin_add_attrs_t a = {
        x_is_half ? 1 << 30 : any, x_is_half ? 0 : shift, x_is_half ? any : 1 << 30, x_is_half ? shift : 0,
        random_in(1 << 30, INT32_MAX), wide ? random_in(-31, 4) : random_in(-22, -17), wide ? random_in(0, 30) : 20, -128, 127, 0,
    };
    if (random_u32() % 4 == 0) {
        a.k_multiplier = -a.k_multiplier;
    }
    if (random_u32() & 1) {
        a.activation_min = random_in(-128, 127);
        a.activation_max = random_in(a.activation_min, 127);
    }
    (void)s4;
    (void)s16;
    set_tensor(&node.inputs[0], TIN_S8, 1, h, w, c, random_in(-128, 127));
    set_tensor(&node.inputs[1], TIN_S8, 1, h, w, c, random_in(-128, 127));
    set_tensor(&node.outputs[0], TIN_S8, 1, h, w, c, style == FORMS ? a.activation_min : random_in(-128, 127));
    node.inputs[1].data = memory.weights;
    node.attrs.add = a;
    for (int32_t i = 0; i < h * w * c; i++) {
        const int32_t sum_params[3] = { 0, a.multiplier, a.shift };
        memory.x[i] = random_input(&node.inputs[0], style, 1);
        memory.weights[i] = (int8_t)(style == EXTREME ? (random_u32() & 1 ? -128 : 127) : random_in(-128, 127));
        const int32_t x = scaled(memory.x[i], node.inputs[0].zero_point, a.left_shift, a.x_multiplier, a.x_shift);
        const int32_t k = scaled(memory.weights[i], node.inputs[1].zero_point, a.left_shift, a.k_multiplier, a.k_shift);
        memory.y[i] = requantized((uint32_t)x + (uint32_t)k, sum_params, node.outputs[0].zero_point, a.activation_min, a.activation_max);
    }
    check_node(&node, "add", run);
    return true;
}

// Not reached by an operator of this program: the recurrent ones are swept from Python.
static void dot(int32_t run) {
    static int16_t x16[64];
    const int32_t taps = random_in(0, 40), skip = random_in(0, 3), bits = random_u32() & 1 ? 8 : 16;
    const bool s4 = random_u32() & 1, extreme = random_u32() & 1;
    for (size_t i = 0; i < COUNT_OF(x16); i++) {
        x16[i] = (int16_t)(extreme ? (random_u32() & 1 ? INT16_MIN : INT16_MAX) : (int32_t)random_u32());
    }
    for (int32_t i = 0; i < 64; i++) {
        memory.packed_weights[i] = (uint8_t)(extreme ? (random_u32() & 1 ? 0x80 : 0x7f) : random_u32());
    }
    const void *const x = bits == 8 ? (const void *)((const int8_t *)x16 + skip) : (const void *)(x16 + skip);
    const uint8_t *const plane = memory.packed_weights + random_in(0, 3);
    EXPECT(tin_dot(x, bits, plane, s4, taps), tin_dot__generic(x, bits, plane, s4, taps), "dot, run %d: %d taps of %d bits, s4 %d",
        (int)run, (int)taps, (int)bits, (int)s4);
}

int main(void) {
    static bool (*const operators[])(int32_t, style_t, bool, bool, bool) = { conv_2d, depthwise_conv_2d, fully_connected, add };
    static const style_t styles[] = { FITTING, EXTREME, FORMS };
    for (size_t op = 0; op < COUNT_OF(operators); op++) {
        for (int32_t run = 0; run < runs;) {
            const bool s4 = random_u32() & 1, wide = random_u32() % 4 == 0, s16 = random_u32() & 1;
            run += operators[op](run, styles[random_u32() % COUNT_OF(styles)], s4, wide, s16);
        }
    }
    for (int32_t run = 0; run < runs; run++) {
        dot(run);
    }
    return passed("blocks");
}
