"""The arena over time as SVG: which tensor lies where while each node runs."""

from xml.etree.ElementTree import Element, SubElement

from .model_file import ModelSpec
from .plan.lifetime import lifetimes, scratch_by_family, tensor_bytes
from .wording import count

_LEFT, _TOP, _BOTTOM = 70, 16, 110
_HEIGHT = 320
_COLUMN = 36
_COLOURS = ("#4e79a7", "#59a14f", "#f28e2b", "#b07aa1", "#76b7b2", "#edc948", "#9c755f")
_SCRATCH = "#c9c9c9"
_LIVE = "#e15759"


def arena_picture(model: ModelSpec) -> Element:
    """An <svg>: time from left to right, one column per node, bytes of the arena upwards.

    Red marks are the bytes that no plan can do without while the node runs.
    """
    columns = len(model.nodes) + 2  # the inputs stand before, the outputs after all nodes
    width = _LEFT + columns * _COLUMN + 10
    picture = Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {_TOP + _HEIGHT + _BOTTOM}",
        width=str(width),
        height=str(_TOP + _HEIGHT + _BOTTOM),
        role="img",
        style="font: 10px sans-serif",
    )
    SubElement(picture, "title").text = f"Arena of {model.arena_bytes} bytes over time"
    scale = _HEIGHT / max(model.arena_bytes, 1)
    _axes(picture, model, width, scale)
    for index, (first, last) in _spans(model).items():
        tensor = model.tensors[index]
        shape = "x".join(map(str, tensor.shape))
        label = f"{tensor.name or f'tensor {index}'} {tensor.dtype} {shape}"
        colour = _COLOURS[index % len(_COLOURS)]
        _block(picture, label, colour, first, last, tensor.offset, tensor_bytes(tensor), scale)
    for time, node in enumerate(model.nodes):
        if node.scratch >= 0:
            size = max(scratch_by_family(model, node).values())
            label = f"scratch of {node.name or node.op}"
            _block(picture, label, _SCRATCH, time, time, node.scratch, size, scale)
    for time, live in enumerate(lifetimes(model).live):
        y = _TOP + _HEIGHT - live * scale
        path = f"M {_x(time)} {y:.1f} h {_COLUMN}"
        SubElement(picture, "path", {"d": path, "stroke": _LIVE, "stroke-width": "2"})
    return picture


def _spans(model: ModelSpec) -> dict[int, tuple[int, int]]:
    """First and last node of each arena tensor; -1 is before the first."""
    spans: dict[int, tuple[int, int]] = dict.fromkeys(model.inputs, (-1, -1))
    for time, node in enumerate(model.nodes):
        for i in node.outputs:
            spans[i] = (time, time)
        for i in node.inputs:
            if i in spans:
                spans[i] = (spans[i][0], time)
    for i in model.outputs:
        spans[i] = (spans[i][0], len(model.nodes))
    return spans


def _x(time: int) -> int:
    return _LEFT + (time + 1) * _COLUMN


def _axes(picture: Element, model: ModelSpec, width: int, scale: float) -> None:
    for share in (0, 0.25, 0.5, 0.75, 1):
        value = round(model.arena_bytes * share)
        height = f"{_TOP + _HEIGHT - value * scale:.1f}"
        SubElement(picture, "path", d=f"M {_LEFT} {height} H {width - 10}", stroke="#dddddd")
        text = SubElement(picture, "text", x=str(_LEFT - 6), y=height)
        text.set("text-anchor", "end")
        text.text = count(value)
    for time, node in enumerate(model.nodes):
        x, y = _x(time) + _COLUMN / 2, _TOP + _HEIGHT + 10
        text = SubElement(picture, "text", x=f"{x}", y=f"{y}")
        text.set("transform", f"rotate(50 {x} {y})")
        text.text = node.op


def _block(
    picture: Element,
    label: str,
    colour: str,
    first: int,
    last: int,
    offset: int,
    size: int,
    scale: float,
) -> None:
    box = SubElement(
        picture,
        "rect",
        x=str(_x(first) + 1),
        y=f"{_TOP + _HEIGHT - (offset + size) * scale:.1f}",
        width=str((last - first + 1) * _COLUMN - 2),
        height=f"{max(size * scale, 1):.1f}",
        fill=colour,
        stroke="#ffffff",
    )
    box.set("fill-opacity", "0.6")
    SubElement(box, "title").text = f"{label}: bytes {offset} to {offset + size}"
