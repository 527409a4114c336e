"""Which kernel an operator runs in an engine of a kernel family: the rows of arch/choice.h, asked
in the place of the blocks. bench/share.py compares the answers with what ran."""

import struct

from .kernel_table import ROWS

PLAIN = "plain c"


class Facts:
    """What rows ask of, named as the records of arch/generic.h."""

    def __init__(self, **fields):
        for name in fields:
            setattr(self, name, fields[name])


class Operand:
    """The NHWC view of a tensor, as formulas of ops.def see it."""

    def __init__(self, shape, bits, zero_point, data=None):
        shape = (1,) * (6 - len(shape)) + tuple(shape)
        self.n = shape[0] * shape[1] * shape[2]
        self.h, self.w, self.c = shape[3:]
        self.bits = bits
        self.zero_point = zero_point
        self.data = data


def kernel(family, op, inputs, y, attributes, aligned):
    """The kernel that does most of an operator.

    `attributes` has the names of ops.def, `aligned` is whether constants can be read as words.
    """
    parts = kernel_parts(family, op, inputs, y, attributes, aligned)
    return max(parts, key=lambda name: parts[name])


def kernel_parts(family, op, inputs, y, attributes, aligned):
    """By kernel, its part of the operator's multiply-accumulates. PLAIN does what no row takes."""
    if family not in ROWS:
        return {PLAIN: 1}
    rows = ROWS[family]()
    calls = _calls(rows, op, inputs, y, attributes, aligned)
    total = sum(terms for block, asked, terms in calls)
    parts = {}
    for block, asked, terms in calls:
        name = _chosen(rows, block, asked)
        parts[name] = parts.get(name, 0) + terms / total
    return parts


def _chosen(rows, block, asked):
    found = PLAIN
    for of, name, takes in rows:
        if of == block and takes(*asked):
            found = PLAIN if name.endswith("_plain") else name
    return found


def _calls(rows, op, inputs, y, a, aligned):
    """[(block or None, what it decides by, terms of each sum)] as kernels/<op>.c calls them."""
    x = inputs[0]
    k = inputs[1] if len(inputs) > 1 else None
    plain = [(None, (), 1)]
    if op in ("lstm", "gru", "rnn"):
        return _dots(x.c, k) + _dots(y.c, k)
    if op == "svdf":
        return _dots(x.c, k) + [(None, (), a.memory)]
    if op == "depthwise_conv_2d":
        dw = _filters(rows, inputs, y, a, aligned, y.c, k.h * k.w)
        return [("dw_rows", (_window(x, k, y, a), dw, y.c // x.c), 1)]
    if op == "add":
        return [("add_row", _sums(x, k, y, a), 1)] if x.bits == 8 == y.bits else plain
    if op == "fully_connected":
        fc = _filters(rows, inputs, y, a, aligned, y.c, x.c)
        return [("fc_row_s16", (fc,), 1) if fc.s16 else ("fc_row", (fc, y.bits), 1)]
    if op in ("conv_2d", "transpose_conv_2d"):
        groups = x.c // k.c
        taps = k.h * k.w * k.c
        # Params of padding count where there may be some.
        channels = groups * ((y.c // groups + 1) & ~1)
        if op == "transpose_conv_2d":
            # Of the phase that sees most taps.
            channels *= a.stride_h * a.stride_w
            taps = -(-k.h // a.stride_h) * -(-k.w // a.stride_w) * k.c
        elif groups == 1:
            channels = y.c
        gemm = _filters(rows, inputs, y, a, aligned, channels, taps)
        gemm.channels = y.c // groups
        return [("gemm_block_s16" if gemm.s16 else "gemm_block", (gemm,), 1)]
    return plain


def _dots(taps, k):
    """Sums are taken by eights and fours; the kernel of what remains is asked for it."""
    parts = (taps & ~7, taps & 4, taps & 3)
    return [("dot", (part, k.bits == 4), part) for part in parts if part]


def _filters(rows, inputs, y, a, aligned, params, taps):
    """tin_gemm_t, its form of requantization that of the first so many params."""
    to = Facts(zero_point=y.zero_point, low=a.activation_min, high=a.activation_max)
    return Facts(
        channels=y.c,
        taps=taps,
        s4=inputs[1].bits == 4,
        s16=inputs[0].bits == 16,
        aligned=aligned,
        wide=bool(a.wide),
        form=int(_is_narrow(rows, inputs[2].data, params, taps, to)),
        to=to,
    )


def _is_narrow(rows, data, params, taps, to):
    tests = {block: takes for block, name, takes in rows}
    if "form" not in tests or not tests["form"](taps, to):
        return False
    test = tests["form_params"]
    for place in range(0, 12 * params, 12):
        bias, multiplier, shift = struct.unpack_from("<iii", data, place)
        if not test(Facts(bias=bias, multiplier=multiplier, shift=shift)):
            return False
    return True


def _window(x, k, y, a):
    return Facts(
        in_h=x.h,
        in_w=x.w,
        in_c=x.c,
        out_h=y.h,
        out_w=y.w,
        kernel_h=k.h,
        kernel_w=k.w,
        stride_h=a.stride_h,
        stride_w=a.stride_w,
        pad_top=a.pad_top,
        pad_left=a.pad_left,
        dilation_h=a.dilation_h,
        dilation_w=a.dilation_w,
        zero_point=x.zero_point,
    )


def _sums(x, k, y, a):
    add = Facts(
        x_zero_point=x.zero_point,
        x_multiplier=a.x_multiplier,
        x_shift=a.x_shift,
        k_zero_point=k.zero_point,
        k_multiplier=abs(a.k_multiplier),
        k_shift=a.k_shift,
        left_shift=a.left_shift,
        subtract=a.k_multiplier < 0,
        params=Facts(bias=0, multiplier=a.multiplier, shift=a.shift),
        to=Facts(zero_point=y.zero_point, low=a.activation_min, high=a.activation_max),
    )
    return add, _step(x, y), _step(k, y)


def _step(x, y):
    """From one input element to the next of a run of outputs; 0 where one is repeated."""
    if y.c == 1:
        return x.c if x.w > 1 else 0
    return 1 if x.c > 1 else 0
