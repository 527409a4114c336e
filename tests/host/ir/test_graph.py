import numpy as np
import pytest
from tinypack.ir import (
    Graph,
    GraphError,
    Node,
    QuantParams,
    Value,
    constant,
    format_graph,
    nhwc_view,
    parse_graph,
    verify,
)

TEXT = """\
graph net
input x f32[1,2,2,3] onnx_permutation=(0, 2, 3, 1)
a f32[1,2,2,3] = add(x, k f32[3]{1, 2, 3})
b f32[1,2,2,3], c f32[1] = Split(a, -, big f32[20]) function=('mul', 'x', ('exp', 'x')) axes=(1,)
d f32[1,2,2,3] = add(b, a) activation_min=0.0
output d
output b
"""


def test_text_there_and_back():
    graph = parse_graph(TEXT)
    verify(graph)
    assert format_graph(graph) == TEXT
    assert graph.inputs[0].onnx_permutation == (0, 2, 3, 1)
    assert graph.nodes[1].attrs == {"function": ("mul", "x", ("exp", "x")), "axes": (1,)}
    assert graph.nodes[1].inputs[1] is None
    assert graph.nodes[0].input(1).data.tolist() == [1, 2, 3]


def test_values_know_producer_and_uses():
    graph = parse_graph(TEXT)
    first, split, last = graph.nodes
    assert first.output.producer is first
    assert [(use.node, use.position) for use in first.output.uses] == [(split, 0), (last, 1)]
    last.set_input(1, graph.inputs[0])
    assert first.output.users == [split]
    verify(graph)


def test_an_output_keeps_its_name_when_replaced():
    graph = parse_graph(TEXT)
    first, _, last = graph.nodes
    graph.replace_all_uses_with(last.output, first.output)
    graph.remove(last)
    verify(graph)
    assert [value.name for value in graph.outputs] == ["d", "b"]
    assert graph.outputs[0] is first.output


def test_inputs_and_constants_do_not_become_outputs():
    graph = parse_graph(TEXT)
    last = graph.nodes[-1]
    other = graph.outputs[1]
    for value in (graph.inputs[0], other, constant("k2", np.zeros(3, np.float32))):
        assert not graph.can_replace(last.output, value)
        with pytest.raises(ValueError, match="cannot stand for the output d"):
            graph.replace_all_uses_with(last.output, value)


def test_a_node_in_use_is_not_removed():
    graph = parse_graph(TEXT)
    with pytest.raises(ValueError, match="still in use"):
        graph.remove(graph.nodes[0])


def test_fresh_names():
    graph = parse_graph(TEXT)
    assert [graph.fresh_name(base) for base in ("e", "e", "x")] == ["e", "e_2", "x_2"]


def _break_shape(graph: Graph) -> None:
    graph.nodes[0].input(1).shape = (4,)


def _break_order(graph: Graph) -> None:
    graph.nodes.reverse()


def _break_uses(graph: Graph) -> None:
    graph.inputs[0].uses.clear()


def _break_names(graph: Graph) -> None:
    graph.nodes[0].output.name = "x"


def _break_output(graph: Graph) -> None:
    graph.outputs.append(Value("free", (1,)))


def _break_producer(graph: Graph) -> None:
    graph.nodes[0].output.producer = graph.nodes[1]


def _break_type(graph: Graph) -> None:
    graph.inputs[0].dtype = "float"


def _break_permutation(graph: Graph) -> None:
    graph.inputs[0].onnx_permutation = (0, 1, 2, 2)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_break_shape, r"k is \(3,\), not \(4,\)"),
        (_break_order, "reads b before it is computed"),
        (_break_uses, "x does not know its uses"),
        (_break_names, "two values are called x"),
        (_break_output, "output free is never computed"),
        (_break_producer, "a has another producer"),
        (_break_type, "unknown type float"),
        (_break_permutation, "no permutation"),
    ],
)
def test_verify_finds(damage, message):
    graph = parse_graph(TEXT)
    damage(graph)
    with pytest.raises(GraphError, match=message):
        verify(graph)


def test_a_value_is_made_once():
    value = Value("y", (1,))
    Node("add", [], [value])
    with pytest.raises(ValueError, match="y is made twice"):
        Node("mul", [], [value])


@pytest.mark.parametrize(
    ("shape", "view"),
    [
        ((), (1, 1, 1, 1)),
        ((7,), (1, 1, 1, 7)),
        ((2, 7), (1, 1, 2, 7)),
        ((3, 2, 7), (1, 3, 2, 7)),
        ((6, 5, 4, 3, 2), (30, 4, 3, 2)),
    ],
)
def test_nhwc_view(shape, view):
    assert nhwc_view(shape) == view


def test_quant_params_per_axis_need_an_axis():
    QuantParams("s8", (0.5,), (3,))
    QuantParams("s8", (0.5, 0.25), (0, 0), axis=0)
    with pytest.raises(ValueError, match="axis"):
        QuantParams("s8", (0.5, 0.25), (0, 0))
    with pytest.raises(ValueError, match="as many"):
        QuantParams("s8", (0.5, 0.25), (0,), axis=0)
