"""transpose: output axis j is input axis perm[j]."""

from collections.abc import Sequence
from math import prod

from ..ir import FloatArray, Node, Shape, Value
from ._build import Builder
from ._layer import Layer, Quantized
from ._views import AXES, right_aligned

KEEPS_SCALE = True
ONNX = ("Transpose", "DepthToSpace", "SpaceToDepth")


def legalize(node: Node, build: Builder) -> Value | None:
    x = node.input(0)
    if node.op == "Transpose":
        return _with_axes_joined(build, x, node.attrs.get("perm", range(x.rank)[::-1]))
    # On channels last, as its neighbours will be
    images, block = build.to_nhwc(x), node.attrs["blocksize"]
    change = space_to_depth if node.op == "SpaceToDepth" else depth_to_space
    return build.to_nchw(change(build, images, block, node.attrs.get("mode", "DCR") == "CRD"))


def _with_axes_joined(build: Builder, x: Value, perm: Sequence[int]) -> Value:
    """The transpose; of more axes than one can have, with those joined that stay together."""
    if x.rank <= AXES:
        return build.transpose(x, perm)
    groups: list[list[int]] = []
    for axis in (axis for axis in perm if x.shape[axis] != 1):
        last = groups[-1][-1] if groups else x.rank
        if last < axis and all(x.shape[i] == 1 for i in range(last + 1, axis)):
            groups[-1].append(axis)
        else:
            groups.append([axis])
    order = sorted(range(len(groups)), key=lambda group: groups[group][0])
    joined = build.reshape(x, [prod(x.shape[axis] for axis in groups[i]) for i in order])
    y = build.transpose(joined, [order.index(i) for i in range(len(groups))])
    return build.reshape(y, [x.shape[axis] for axis in perm])


def depth_to_space(build: Builder, x: Value, block: int, depth_first: bool = False) -> Value:
    """Of an NHWC value of channels [block, block, c], with `depth_first` [c, block, block]."""
    n, h, w, c = x.shape
    c //= block * block
    inner, perm = (block, block, c), (0, 1, 3, 2, 4, 5)
    if depth_first:
        inner, perm = (c, block, block), (0, 1, 4, 2, 5, 3)
    y = build.transpose(build.reshape(x, (n, h, w, *inner)), perm)
    return build.reshape(y, (n, h * block, w * block, c))


def space_to_depth(build: Builder, x: Value, block: int, depth_first: bool = False) -> Value:
    """The inverse."""
    n, h, w, c = x.shape
    y = build.reshape(x, (n, h // block, block, w // block, block, c))
    y = build.transpose(y, (0, 1, 3, 5, 2, 4) if depth_first else (0, 1, 3, 2, 4, 5))
    return build.reshape(y, (n, h // block, w // block, block * block * c))


def infer_shape(node: Node) -> Shape:
    return tuple(node.input(0).shape[axis] for axis in node.attrs["perm"])


def float_(node: Node, x: FloatArray) -> FloatArray:
    y: FloatArray = x.transpose(0, *(axis + 1 for axis in node.attrs["perm"]))
    return y


def attributes(node: Node) -> dict[str, int]:
    """Right-aligned to six axes."""
    perm = (*range(AXES - node.output.rank), *(right_aligned(node, i) for i in node.attrs["perm"]))
    return {f"perm_{i}": axis for i, axis in enumerate(perm)}


def quantize(layer: Layer) -> Quantized:
    (x,) = layer.operands
    return Quantized({}, x.params, layer.compute(x.actual))
