"""Some nodes in bands of rows: each band from its input rows to its output rows, one by one.

Only a band of what lies between is ever in memory. The bands' inputs are slices and their outputs
parts of a concat, which the plan lays in place; rows that two bands need are computed twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..model_file import ModelSpec, NodeSpec, TensorSpec
from ..optable import OPS

WINDOW = ("conv_2d", "depthwise_conv_2d", "average_pool_2d", "max_pool_2d")
POINTWISE = ("add", "mul", "minimum", "maximum", "quantize", "table")
_ROWS, _ROW_AXIS = 1, 3  # of NHWC, and of the six axes that slice and concat count from the right

_Rows = tuple[int, int]  # from, to


@dataclass(frozen=True)
class Region:
    """Nodes `first` to `last` of a model, whose only result is tensor `output`."""

    first: int
    last: int
    output: int


@dataclass(frozen=True)
class Banded:
    """`origin`: by a node's outputs, those of the node of the given model that it is (part of);
    slices and concats have none."""

    model: ModelSpec
    origin: Mapping[tuple[int, ...], tuple[int, ...]]


def region(model: ModelSpec, first: int, last: int) -> Region | None:
    """These nodes, if they can run in bands: row by row, and one result leaves them."""
    nodes = model.nodes[first : last + 1]
    if not all(_is_row_by_row(model, node) for node in nodes):
        return None
    made = {i for node in nodes for i in node.outputs}
    later = {i for node in model.nodes[last + 1 :] for i in node.inputs} | set(model.outputs)
    kept = sorted(made & later)
    return Region(first, last, kept[0]) if kept == [nodes[-1].outputs[0]] else None


def banded(model: ModelSpec, where: Region, count: int) -> Banded | None:
    """The model with a region in `count` bands; None if a band would see padding only."""
    work = _Bands(model, model.nodes[where.first : where.last + 1])
    height = model.tensors[where.output].shape[_ROWS]
    for band in range(count):
        rows = (height * band // count, height * (band + 1) // count)
        if not work.add(where.output, rows):
            return None
    work.join(where.output)
    nodes = (*model.nodes[: where.first], *work.nodes, *model.nodes[where.last + 1 :])
    others = (*model.nodes[: where.first], *model.nodes[where.last + 1 :])
    origin = {node.outputs: node.outputs for node in others} | work.origin
    model = replace(model, tensors=tuple(work.tensors), nodes=nodes)
    return _used(Banded(model, origin))


def _used(split: Banded) -> Banded:
    """Without tensors that no node knows any more; the others get new numbers."""
    model = split.model
    used = {i for node in model.nodes for i in (*node.inputs, *node.outputs)}
    kept = sorted(used | {*model.inputs, *model.outputs})
    number = {old: new for new, old in enumerate(kept)}

    def renumbered(tensors: Sequence[int]) -> tuple[int, ...]:
        return tuple(number[i] for i in tensors)

    nodes = tuple(
        replace(node, inputs=renumbered(node.inputs), outputs=renumbered(node.outputs))
        for node in model.nodes
    )
    short = replace(
        model,
        tensors=tuple(model.tensors[i] for i in kept),
        nodes=nodes,
        inputs=renumbered(model.inputs),
        outputs=renumbered(model.outputs),
    )
    return Banded(short, {renumbered(new): old for new, old in split.origin.items()})


def _is_row_by_row(model: ModelSpec, node: NodeSpec) -> bool:
    y = model.tensors[node.outputs[0]].shape
    inputs = [model.tensors[i] for i in node.inputs]
    moving = [x.shape for x in inputs if x.data is None]
    if any(len(shape) != 4 or shape[0] != 1 for shape in (y, *moving)):
        return False
    if node.op in WINDOW:
        return len(moving) == 1
    # A constant of one row is the same for every band, that of a table has no rows.
    fixed = [x.shape for x in inputs if x.data is not None and len(x.shape) > 2]
    return (
        node.op in POINTWISE
        and all(shape[-3] == 1 for shape in fixed)
        and all(shape == y for shape in moving)
    )


class _Bands:
    """The nodes of a region, band after band."""

    def __init__(self, model: ModelSpec, region: Sequence[NodeSpec]) -> None:
        self.region = region
        self.tensors = list(model.tensors)
        self.nodes: list[NodeSpec] = []
        self.origin: dict[tuple[int, ...], tuple[int, ...]] = {}
        self.parts: list[int] = []
        self.slices: dict[tuple[int, _Rows], int] = {}

    def add(self, output: int, rows: _Rows) -> bool:
        """The nodes that compute these rows of the result; False if one has no input rows."""
        need = self._needed(output, rows)
        if need is None:
            return False
        band: dict[int, int] = {}  # tensor of the band by tensor of the model
        for node in self.region:
            y = node.outputs[0]
            if y not in need:
                continue
            inputs = []
            for i in node.inputs:
                if self.tensors[i].data is None:
                    wanted = self._read(node, i, need[y])
                    source, start = (band[i], need[i][0]) if i in band else (i, 0)
                    inputs.append(self._rows(source, (wanted[0] - start, wanted[1] - start)))
                else:
                    inputs.append(i)
            attrs = dict(node.attrs)
            if node.op in WINDOW:
                attrs["pad_top"] = max(_attr(node, "pad_top") - need[y][0] * _stride(node), 0)
            band[y] = self._tensor(y, need[y])
            made = replace(node, inputs=tuple(inputs), outputs=(band[y],), attrs=attrs)
            self.nodes.append(made)
            self.origin[made.outputs] = node.outputs
        self.parts.append(band[output])
        return True

    def join(self, output: int) -> None:
        """The parts to the whole; more than a concat takes in several steps."""
        parts, most = self.parts, OPS["concat"].inputs_max
        while len(parts) > most:
            parts = [self._concat(parts[i : i + most], None) for i in range(0, len(parts), most)]
        self._concat(parts, output)

    def _needed(self, output: int, rows: _Rows) -> dict[int, _Rows] | None:
        """By tensor of the region, all rows of it that these rows of the result depend on."""
        need = {output: rows}
        for node in reversed(self.region):
            if (wanted := need.get(node.outputs[0])) is None:
                continue
            for i in node.inputs:
                if self.tensors[i].data is None:
                    low, high = self._read(node, i, wanted)
                    if low >= high:
                        return None
                    before = need.get(i, (low, high))
                    need[i] = min(low, before[0]), max(high, before[1])
        return need

    def _read(self, node: NodeSpec, x: int, rows: _Rows) -> _Rows:
        """Rows of an input that these rows of the output depend on."""
        if node.op not in WINDOW:
            return rows
        if "kernel_h" in {attr.name for attr in OPS[node.op].attrs}:
            kernel = _attr(node, "kernel_h")
        else:
            kernel = self.tensors[node.inputs[1]].shape[1]
        low = rows[0] * _stride(node) - _attr(node, "pad_top")
        last = (rows[1] - 1) * _stride(node) - _attr(node, "pad_top")
        high = last + (kernel - 1) * _attr(node, "dilation_h") + 1
        return max(low, 0), min(high, self.tensors[x].shape[_ROWS])

    def _rows(self, x: int, rows: _Rows) -> int:
        """Rows of a tensor, itself if it has no others."""
        if rows == (0, self.tensors[x].shape[_ROWS]):
            return x
        if (x, rows) not in self.slices:
            y = self.slices[x, rows] = self._tensor(x, rows)
            attrs = {f"begin_{axis}": 0 for axis in range(6)} | {f"step_{a}": 1 for a in range(6)}
            attrs[f"begin_{_ROW_AXIS}"] = rows[0]
            self.nodes.append(NodeSpec("slice", (x,), (y,), attrs))
        return self.slices[x, rows]

    def _concat(self, parts: Sequence[int], output: int | None) -> int:
        if output is None:
            rows = sum(self.tensors[i].shape[_ROWS] for i in parts)
            output = self._tensor(parts[0], (0, rows))
        self.nodes.append(NodeSpec("concat", tuple(parts), (output,), {"axis": _ROW_AXIS}))
        return output

    def _tensor(self, like: int, rows: _Rows) -> int:
        """A new one: these rows of another."""
        source = self.tensors[like]
        shape = (source.shape[0], rows[1] - rows[0], *source.shape[2:])
        self.tensors.append(TensorSpec(shape, source.dtype, source.zero_point, source.scale))
        return len(self.tensors) - 1


def _attr(node: NodeSpec, name: str) -> int:
    default = next(attr.default for attr in OPS[node.op].attrs if attr.name == name)
    return node.attrs.get(name, default)


def _stride(node: NodeSpec) -> int:
    return _attr(node, "stride_h")
