"""Generated from native_modules/tinyinfer/arch by `python -m tinypack.ops_doc`: do not edit."""

# fmt: off
# ruff: noqa: E501, RUF021
# by number
FAMILIES = ("plain", "m0p", "dsp", "rv32", "xtensa", "mve", "x86")


def dsp():
    return (
        ("form", "narrow",
         lambda taps, to: taps <= 1 << 15),
        ("form_params", "narrow_params",
         lambda params: params.bias >= -(1 << 29) and params.bias < 1 << 29 and (params.shift >= -31) and (params.shift < 0)),
        ("dot", "dot",
         lambda taps, s4: taps >= 4 and (not s4 or taps >= 8)),
        ("gemm_block", "gemm_sums",
         lambda gemm: True),
        ("gemm_block", "gemm",
         lambda gemm: gemm.form != 0),
        ("gemm_block_s16", "gemm_s16",
         lambda gemm: True),
        ("dw_rows", "dw_taps",
         lambda window, dw, multiplier: True),
        ("dw_rows", "dw3x3",
         lambda window, dw, multiplier: window.kernel_h == 3 and window.kernel_w == 3 and (window.stride_w <= 2) and (window.stride_h == window.stride_w) and (window.dilation_h == 1) and (window.dilation_w == 1) and (multiplier == 1) and (dw.form != 0)),
        ("fc_row", "fc_sums",
         lambda fc, out_bits: True),
        ("fc_row", "fc",
         lambda fc, out_bits: fc.form != 0 and fc.aligned and (out_bits == 8) and (fc.channels >= 4)),
        ("fc_row_s16", "fc_s16",
         lambda fc: True),
        ("add_row", "add_halves",
         lambda add, x_step, k_step: x_step == 1 and k_step == 1 and (not add.subtract) and (add.left_shift == 20) and (add.x_multiplier == 1 << 30 and add.x_shift == 0 and (add.k_shift >= -23) and (add.k_shift <= -1) or (add.k_multiplier == 1 << 30 and add.k_shift == 0 and (add.x_shift >= -23) and (add.x_shift <= -1))) and (add.params.shift >= -23) and (add.params.shift <= -1)),
    )


def m0p():
    return (
        ("dot", "dot_unrolled",
         lambda taps, s4: taps >= 4),
        ("form", "narrow",
         lambda taps, to: True),
        ("form_params", "narrow_params",
         lambda params: params.shift < 0 or params.multiplier == 0),
        ("gemm_block", "gemm_copied",
         lambda gemm: True),
        ("gemm_block", "gemm",
         lambda gemm: gemm.aligned),
        ("dw_rows", "dw_taps",
         lambda window, dw, multiplier: True),
        ("dw_rows", "dw_planes",
         lambda window, dw, multiplier: not dw.s16 and window.stride_h <= 2 and (window.stride_w <= 2) and (dw.taps <= 49)),
        ("fc_row", "fc",
         lambda fc, out_bits: (not fc.s4 or fc.aligned) and out_bits == 8 and (fc.form != 0) and (fc.taps >= 4)),
        ("fc_row_s16", "fc_s16",
         lambda fc: True),
        ("gemm_block_s16", "gemm_s16",
         lambda gemm: True),
        ("add_row", "add_scaled",
         lambda add, x_step, k_step: add.left_shift <= 21 and add.x_shift <= 0 and (add.k_shift <= 0) and (add.params.shift <= -13) and (add.left_shift + add.x_shift + add.params.shift <= 31 - 20) and (add.left_shift + add.k_shift + add.params.shift <= 31 - 20) and (add.left_shift + add.x_shift + add.params.shift >= -20) and (add.left_shift + add.k_shift + add.params.shift >= -20)),
    )


def rv32():
    return (
        ("dot", "dot_unrolled",
         lambda taps, s4: taps >= 4),
        ("form", "narrow",
         lambda taps, to: taps <= 1 << 15 and to.zero_point >= to.low and (to.zero_point <= to.high)),
        ("form_params", "narrow_params",
         lambda params: params.bias >= -(1 << 29) and params.bias < 1 << 29 and (params.multiplier == 0 or (params.shift < 0 and params.shift >= -23))),
        ("add_row", "add_scaled",
         lambda add, x_step, k_step: add.left_shift <= 21 and add.x_shift <= 0 and (add.k_shift <= 0) and (add.params.shift <= -13) and (add.left_shift + add.x_shift + add.params.shift <= 31 - 20) and (add.left_shift + add.k_shift + add.params.shift <= 31 - 20) and (add.left_shift + add.x_shift + add.params.shift >= -20) and (add.left_shift + add.k_shift + add.params.shift >= -20)),
        ("dw_rows", "dw_taps",
         lambda window, dw, multiplier: True),
        ("dw_rows", "dw3x3",
         lambda window, dw, multiplier: not dw.s16 and window.kernel_h == 3 and (window.kernel_w == 3) and (window.stride_w <= 2) and (window.stride_h == window.stride_w) and (window.dilation_h == 1) and (window.dilation_w == 1) and (multiplier == 1) and (window.pad_left <= 1) and ((window.out_w - 1) * window.stride_w + 2 - window.pad_left <= window.in_w) and (window.out_w > 1 or window.pad_left + window.in_w >= 3) and (dw.form != 0)),
        ("fc_row", "fc",
         lambda fc, out_bits: (not fc.s4 or fc.aligned) and out_bits == 8),
        ("gemm_block", "gemm",
         lambda gemm: not gemm.wide and (not gemm.s4 or gemm.aligned)),
        ("fc_row_s16", "fc_s16",
         lambda fc: True),
        ("gemm_block_s16", "gemm_s16",
         lambda gemm: True),
    )


def xtensa():
    return (
        ("dot", "dot_unrolled",
         lambda taps, s4: taps >= 4),
        ("form", "narrow",
         lambda taps, to: taps <= 1 << 15 and to.zero_point >= -128 and (to.zero_point <= 127) and (to.zero_point >= to.low) and (to.zero_point <= to.high)),
        ("form_params", "narrow_params",
         lambda params: params.bias >= -(1 << 29) and params.bias < 1 << 29 and (params.multiplier == 0 or (params.shift < 0 and params.shift >= -23))),
        ("gemm_block", "gemm_bytes",
         lambda gemm: True),
        ("gemm_block", "gemm",
         lambda gemm: gemm.aligned),
        ("gemm_block_s16", "gemm_s16_bytes",
         lambda gemm: True),
        ("gemm_block_s16", "gemm_s16",
         lambda gemm: gemm.aligned),
        ("add_row", "add_scaled",
         lambda add, x_step, k_step: add.left_shift <= 21 and add.x_shift <= 0 and (add.k_shift <= 0) and (add.params.shift <= -13) and (add.left_shift + add.x_shift + add.params.shift <= 31 - 20) and (add.left_shift + add.k_shift + add.params.shift <= 31 - 20) and (add.left_shift + add.x_shift + add.params.shift >= -20) and (add.left_shift + add.k_shift + add.params.shift >= -20)),
        ("dw_rows", "dw_taps",
         lambda window, dw, multiplier: True),
        ("dw_rows", "dw3x3",
         lambda window, dw, multiplier: window.kernel_h == 3 and window.kernel_w == 3 and (window.stride_w <= 2) and (window.stride_h == window.stride_w) and (window.dilation_h == 1) and (window.dilation_w == 1) and (multiplier == 1) and (window.pad_left <= 1) and ((window.out_w - 1) * window.stride_w + 2 - window.pad_left <= window.in_w) and (window.out_w > 1 or window.pad_left + window.in_w >= 3) and (dw.s16 or dw.form != 0) and (window.out_w <= 128) and (window.pad_top <= window.stride_h) and ((window.out_h - 2) * window.stride_h + 2 - window.pad_top < window.in_h)),
        ("fc_row", "fc",
         lambda fc, out_bits: fc.aligned),
        ("fc_row_s16", "fc_s16",
         lambda fc: fc.aligned and fc.taps < 1 << 16 and (not fc.s4 or fc.taps <= 256)),
    )


def x86():
    return (
        ("dot", "dot_unrolled",
         lambda taps, s4: taps >= 4),
        ("gemm_block", "gemm",
         lambda gemm: True),
        ("dw_rows", "dw_groups",
         lambda window, dw, multiplier: not dw.s16 and multiplier == 1 and (dw.taps <= 64)),
        ("fc_row", "fc",
         lambda fc, out_bits: True),
    )


# by family: block, kernel, which layers it takes
ROWS = {
    "dsp": dsp,
    "m0p": m0p,
    "rv32": rv32,
    "xtensa": xtensa,
    "x86": x86,
}
