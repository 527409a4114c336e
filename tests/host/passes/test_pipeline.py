import numpy as np
import pytest
from tinypack import passes
from tinypack.errors import PackError
from tinypack.ir import GraphError, Model, format_graph, parse_graph

from .golden import check


def test_dead_nodes_go():
    check(
        passes.eliminate_dead,
        """
        input x f32[1,4]
        a f32[1,4] = add(x, x)
        b f32[1,4] = mul(a, a)
        y f32[1,4] = softmax(x)
        output y
        """,
        """
        input x f32[1,4]
        y f32[1,4] = softmax(x)
        output y
        """,
    )


def test_a_pass_that_breaks_the_graph_is_named():
    graph = parse_graph("input x f32[1,4]\ny f32[1,4] = softmax(x)\noutput y")

    def lose_input(model: Model) -> None:
        model.graph.inputs.clear()

    broken = passes.Pass("lose_input", lose_input)
    fine = passes.Pass("eliminate_dead", passes.eliminate_dead)
    with pytest.raises(GraphError, match=r"after lose_input \(behind eliminate_dead\): y reads x"):
        passes.run(Model(graph, opset=17), (fine, broken))


def test_diverged_weights_are_refused():
    graph = parse_graph(
        "input x f32[1,2]\n"
        "y f32[1,1] = fully_connected(x, w f32[1,2]{1, nan}, b f32[1]{0})\n"
        "output y"
    )
    with pytest.raises(PackError, match=r"node 'y': 'w' holds NaN or infinite numbers; train"):
        passes.check_legal(Model(graph))


def test_every_operator_must_be_legal():
    graph = parse_graph("input x f32[1,2]\ny f32[1,2] = Relu(x)\noutput y")
    with pytest.raises(GraphError, match=r"Relu is no row of ops\.def"):
        passes.check_legal(Model(graph))


def test_a_shape_must_be_what_the_operator_gives():
    graph = parse_graph("input x f32[1,2]\ny f32[1,3] = softmax(x)\noutput y")
    with pytest.raises(GraphError, match="softmax does not give"):
        passes.check_legal(Model(graph))


def test_the_pipeline_changes_nothing_the_second_time():
    """A legal graph stays as it is."""
    text = """
        graph
        input x f32[1,5,5,2]
        a f32[1,5,5,4] = conv_2d(x, w f32[4,3,3,2], b f32[4]{1, 2, 3, 4}) \
stride_h=1 stride_w=1 pad_top=1 pad_left=1 pad_bottom=1 pad_right=1 activation_min=0.0
        p f32[1,4] = average_pool_2d(a) kernel_h=5 kernel_w=5
        c f32[1,3] = fully_connected(p, m f32[3,4], k f32[3]{1, 2, 3})
        y f32[1,3] = softmax(c)
        output y
    """
    graph = parse_graph(text)
    before = format_graph(graph)
    stages = [stage for stage in passes.PIPELINE if stage.name != "legalize"]
    passes.run(Model(graph, opset=17), stages)
    assert format_graph(graph) == before
    assert np.all(graph.nodes[0].input(2).data == [1, 2, 3, 4])
