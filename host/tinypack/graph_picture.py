"""The nodes of a model file from top to bottom as SVG, with what flows between them."""

from xml.etree.ElementTree import Element, SubElement

from .model_file import ModelSpec

_ROW, _BOX, _WIDTH, _LEFT = 40, 24, 330, 10


def graph_picture(model: ModelSpec) -> Element:
    """An <svg>: a box per node in execution order; what skips nodes runs along the right side."""
    rows = len(model.nodes) + 2  # inputs above, outputs below
    made = dict.fromkeys(model.inputs, 0)
    edges: list[tuple[int, int]] = []
    for row, node in enumerate(model.nodes, 1):
        edges += [(made[i], row) for i in node.inputs if i in made]
        made |= dict.fromkeys(node.outputs, row)
    edges += [(made[i], rows - 1) for i in model.outputs]
    widest = max((to - start for start, to in edges), default=1)
    width = _LEFT + _WIDTH + 16 + min(widest, 12) * 8
    picture = Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {rows * _ROW}",
        width=str(width),
        height=str(rows * _ROW),
        role="img",
        style="font: 11px sans-serif",
    )
    SubElement(picture, "title").text = f"{len(model.nodes)} nodes"
    for start, to in edges:
        _edge(picture, start, to)
    _box(picture, 0, ", ".join(_described(model, i) for i in model.inputs), "#f2efe6")
    for row, node in enumerate(model.nodes, 1):
        _box(picture, row, f"{node.op}  {_shape(model, node.outputs[0])}", "#dce8f4")
    _box(picture, rows - 1, ", ".join(_described(model, i) for i in model.outputs), "#f2efe6")
    return picture


def _described(model: ModelSpec, index: int) -> str:
    return f"{model.tensors[index].name} {_shape(model, index)}"


def _shape(model: ModelSpec, index: int) -> str:
    tensor = model.tensors[index]
    return f"{tensor.dtype} [{', '.join(map(str, tensor.shape))}]"


def _box(picture: Element, row: int, label: str, colour: str) -> None:
    y = row * _ROW + (_ROW - _BOX) / 2
    SubElement(
        picture,
        "rect",
        x=str(_LEFT),
        y=f"{y}",
        width=str(_WIDTH),
        height=str(_BOX),
        rx="4",
        fill=colour,
        stroke="#8a8a8a",
    )
    SubElement(picture, "text", x=str(_LEFT + 10), y=f"{y + 16}").text = label


def _edge(picture: Element, start: int, to: int) -> None:
    top = start * _ROW + (_ROW + _BOX) / 2
    bottom = to * _ROW + (_ROW - _BOX) / 2
    if to == start + 1:
        x = _LEFT + _WIDTH / 2
        path = f"M {x} {top} L {x} {bottom}"
    else:
        right, bend = _LEFT + _WIDTH, 16 + 8 * min(to - start, 12)
        middle = _ROW / 2
        path = (
            f"M {right} {start * _ROW + middle} C {right + bend} {start * _ROW + middle}"
            f" {right + bend} {to * _ROW + middle} {right} {to * _ROW + middle}"
        )
    SubElement(picture, "path", d=path, fill="none", stroke="#8a8a8a")
