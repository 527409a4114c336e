"""ONNX operators on integers, written as float ones between QuantizeLinear and DequantizeLinear.

ONNX's QLinearConv and QLinearMatMul, and those that onnxruntime adds in its domain com.microsoft.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """A node of ONNX; `like_source` gives it the attributes of the operator it stands for."""

    op: str
    inputs: tuple[str, ...]
    output: str
    attrs: Mapping[str, int] = field(default_factory=dict)
    like_source: bool = False


def expanded(
    op: str, inputs: Sequence[str], output: str, attrs: Mapping[str, int]
) -> list[Step] | None:
    """The steps of an operator on integers; None of any other. `attrs` are its integer ones."""
    if op not in _EXPANSIONS or attrs.get("channels_last"):
        return None
    return _EXPANSIONS[op](list(inputs), output, attrs)


def _real(of: str, inputs: Sequence[str], at: int, axis: int = 1) -> Step:
    """Inputs at, at + 1, at + 2 are integers, their scale and zero point."""
    name = f"{of}/real{at}"
    return Step("DequantizeLinear", tuple(inputs[at : at + 3]), name, {"axis": axis})


def _integers(inputs: Sequence[str], at: int, output: str) -> Step:
    return Step("QuantizeLinear", (f"{output}/float", *inputs[at : at + 2]), output)


def _bias(inputs: Sequence[str], at: int, output: str, x: str, weights: str) -> list[Step]:
    """A bias counts in steps of the product of both scales."""
    step = Step("Mul", (x, weights), f"{output}/step")
    real = Step("DequantizeLinear", (inputs[at], step.output), f"{output}/bias", {"axis": 0})
    return [step, real]


def _convolution(i: list[str], y: str, attrs: Mapping[str, int]) -> list[Step]:
    steps = [_real(y, i, 0), _real(y, i, 3, axis=0)]
    if len(i) > 8 and i[8]:
        steps += _bias(i, 8, y, i[1], i[4])
    operands = tuple(step.output for step in steps if step.op == "DequantizeLinear")
    return [*steps, Step("Conv", operands, f"{y}/float", like_source=True), _integers(i, 6, y)]


def _gemm(i: list[str], y: str, attrs: Mapping[str, int]) -> list[Step]:
    steps = [_real(y, i, 0), _real(y, i, 3, axis=0 if attrs.get("transB") else 1)]
    if len(i) > 6 and i[6]:
        steps += _bias(i, 6, y, i[1], i[4])
    operands = tuple(step.output for step in steps if step.op == "DequantizeLinear")
    if len(i) <= 7 or not i[7]:
        return [*steps, Step("Gemm", operands, y, like_source=True)]
    return [*steps, Step("Gemm", operands, f"{y}/float", like_source=True), _integers(i, 7, y)]


def _binary(op: str) -> Callable[[list[str], str, Mapping[str, int]], list[Step]]:
    def expand(i: list[str], y: str, attrs: Mapping[str, int]) -> list[Step]:
        left, right = _real(y, i, 0), _real(y, i, 3)
        product = Step(op, (left.output, right.output), f"{y}/float")
        return [left, right, product, _integers(i, 6, y)]

    return expand


def _unary(op: str) -> Callable[[list[str], str, Mapping[str, int]], list[Step]]:
    def expand(i: list[str], y: str, attrs: Mapping[str, int]) -> list[Step]:
        x = _real(y, i, 0)
        return [x, Step(op, (x.output,), f"{y}/float", like_source=True), _integers(i, 3, y)]

    return expand


def _concat(i: list[str], y: str, attrs: Mapping[str, int]) -> list[Step]:
    parts = [_real(y, i, at) for at in range(2, len(i), 3)]
    joined = tuple(part.output for part in parts)
    return [*parts, Step("Concat", joined, f"{y}/float", like_source=True), _integers(i, 0, y)]


_EXPANSIONS: dict[str, Callable[[list[str], str, Mapping[str, int]], list[Step]]] = {
    "QLinearConv": _convolution,
    "QLinearMatMul": _binary("MatMul"),
    "QGemm": _gemm,
    "QLinearAdd": _binary("Add"),
    "QLinearMul": _binary("Mul"),
    "QLinearAveragePool": _unary("AveragePool"),
    "QLinearGlobalAveragePool": _unary("GlobalAveragePool"),
    "QLinearLeakyRelu": _unary("LeakyRelu"),
    "QLinearSigmoid": _unary("Sigmoid"),
    "QLinearSoftmax": _unary("Softmax"),
    "QLinearConcat": _concat,
}
