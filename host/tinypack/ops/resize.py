"""resize: weighted sums of neighbours along two axes at a time; which ones, `rows` and `columns`
say (ops/_taps.py)."""

from math import ceil, isclose, log2, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ir import FloatArray, Node, Shape, Value, nhwc_view
from ._build import Builder, argument, channels_last, inverse, refuse
from ._layer import Layer, Quantized, rescale
from ._taps import Taps, identity
from ._taps_onnx import Sampling, onnx_taps

ONNX = ("Resize", "Upsample")

# Fraction bits of a weight, and of what is left of a column's sum: with them a row's sum of s8, or
# of s16 that is shifted by 7 more, has 31 bits while weights add up to 4 at most.
_FRACTION = 14
_COLUMN_SHIFT = {"s8": 7, "s16": 14}
# The smallest first tap that s16 cannot hold.
_LARGEST = 1 << 15


def legalize(node: Node, build: Builder) -> Value | None:
    x, target = node.input(0), node.outputs[0].shape
    sampling = Sampling.of(node, build.opset)
    scales, region = _scales(node, build.opset, x.shape), _region(node, x.rank)
    taps: dict[int, Taps] = {}
    inside: list[NDArray[np.bool_]] = []
    for axis, (size, out) in enumerate(zip(x.shape, target, strict=True)):
        whole = isclose(scales[axis], 1) and size == out and region[axis] == (0.0, 1.0)
        if size >= _LARGEST and not whole:
            raise refuse(node, f"resizes {size} elements", f"give it less than {_LARGEST}")
        found, seen = onnx_taps(sampling, size, out, scales[axis], region[axis])
        inside.append(np.ones(out, np.bool_) if whole else seen)
        if not whole:
            taps[axis] = found
    # Channels to the end: the layers around want them there.
    order = channels_last(x.rank)
    if x.rank < 3 or {0, 1} & taps.keys():
        order = tuple(range(x.rank))
    y = resized(build.transpose(x, order), {order.index(a): t for a, t in taps.items()}, build)
    y = build.transpose(y, inverse(order))
    if sampling.outside and not all(part.all() for part in inside):
        seen = inside[0]
        for part in inside[1:]:
            seen = seen[..., None] & part
        y = build.node("add", y, build.constant(np.where(seen, 0, sampling.outside), "outside"))
    return build.reshape(y, target)


def resized(x: Value, taps: dict[int, Taps], build: Builder) -> Value:
    """Along any axes, the last ones first, two neighbours at a time."""
    while taps:
        last = max(taps)
        if last > 0 and (last - 1 in taps or last == x.rank - 2):
            first = last - 1
            rows = taps.get(first, identity(x.shape[first]))
        else:
            first, rows = last, identity(1)
        before, behind = x.shape[:first], x.shape[last + 1 :]
        sizes = (len(rows.first), len(taps[last].first))
        image = x
        if (last, len(before)) != (x.rank - 2, x.rank - 3):
            h = x.shape[first] if first != last else 1
            image = build.reshape(x, (prod(before), h, x.shape[last], prod(behind)))
        y = build.node("resize", image, rows=rows, columns=taps[last])
        x = build.reshape(y, (*before, *sizes[first == last :], *behind))
        taps = {axis: of_axis for axis, of_axis in taps.items() if axis < first}
    return x


def _scales(node: Node, opset: int, shape: Shape) -> tuple[float, ...]:
    """Per axis, out over in as the node says it."""
    target = node.outputs[0].shape
    axes = [axis % len(shape) for axis in node.attrs.get("axes", range(len(shape)))]
    given = argument(node, "scales", 1 if node.op == "Upsample" or opset < 11 else 2) or []
    sizes = [] if given else argument(node, "sizes", 3) or []
    if sizes:
        given = [size / shape[axis] for size, axis in zip(sizes, axes, strict=True)]
        policy = node.attrs.get("keep_aspect_ratio_policy", "stretch")
        if policy != "stretch":
            given = [(min if policy == "not_larger" else max)(given)] * len(axes)
    scales = [out / size for out, size in zip(target, shape, strict=True)]
    for axis, scale in zip(axes, given, strict=False):
        scales[axis] = float(scale)
    return tuple(scales)


def _region(node: Node, rank: int) -> list[tuple[float, float]]:
    """What tf_crop_and_resize sees of each axis, as shares of it."""
    region = [(0.0, 1.0)] * rank
    if node.attrs.get("coordinate_transformation_mode") != "tf_crop_and_resize":
        return region
    axes = [axis % rank for axis in node.attrs.get("axes", range(rank))]
    roi = argument(node, "roi", 1) or [0.0] * len(axes) + [1.0] * len(axes)
    for i, axis in enumerate(axes):
        region[axis] = float(roi[i]), float(roi[len(axes) + i])
    return region


def infer_shape(node: Node) -> Shape:
    shape = node.input(0).shape
    rows, columns = len(node.attrs["rows"].first), len(node.attrs["columns"].first)
    return (*shape[:-3], rows, columns, shape[-1])


def float_(node: Node, x: FloatArray) -> FloatArray:
    _, h, w, _ = nhwc_view(node.input(0).shape)
    y: FloatArray = x
    for axis, taps, size in ((-3, node.attrs["rows"], h), (-2, node.attrs["columns"], w)):
        if taps.copies:
            y = y.take(taps.first, axis)
        else:
            y = np.moveaxis(np.tensordot(y, taps.matrix(size), (axis, 1)), -1, axis)
    return np.asarray(y, np.float32)


def keeps_scale(node: Node) -> bool:
    """Not where many inputs average: what comes out is much smaller than they are."""
    taps: tuple[Taps, Taps] = node.attrs["rows"], node.attrs["columns"]
    return all(axis.averages and axis.weights.shape[1] <= 2 for axis in taps)


def quantize(layer: Layer) -> Quantized:
    (x,) = layer.operands
    rows, columns = layer.node.attrs["rows"], layer.node.attrs["columns"]
    actual = layer.compute(x.actual)
    if rows.copies and columns.copies:
        return Quantized({}, x.params, actual, stored=copies(rows, columns))
    growth = rows.growth * columns.growth
    column_shift = _COLUMN_SHIFT[x.params.dtype] + max(0, ceil(log2(growth)) - 2)
    left = 2 * _FRACTION - column_shift
    stored = (rows.table(_FRACTION), columns.table(_FRACTION))
    attrs = {"column_shift": column_shift, "multiplier": 0, "shift": -left}
    if keeps_scale(layer.node):
        return Quantized(attrs, x.params, actual, stored=stored)
    output = layer.own()
    attrs |= rescale(x.scale / (output.scale[0] * (1 << left)))
    return Quantized(attrs, output, actual, stored=stored)


def copies(rows: Taps, columns: Taps) -> tuple[NDArray[Any], ...]:
    return tuple(taps.first.astype(np.int16)[:, None] for taps in (rows, columns))
