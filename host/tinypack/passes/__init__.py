"""From a graph of source operators to a legal one (ir/graph.py says what that is).

A pass is a function that changes a model's graph in place and leaves it valid: ir.verify() runs
after each. A pass is one file and one line of PIPELINE.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..ir import GraphError, Model, verify
from .bind_states import bind_states
from .center_scores import center_scores
from .check_legal import check_legal, check_nodes
from .convert_affine import convert_affine
from .convert_layout import convert_layout
from .convert_quantized import convert_quantized
from .convert_reductions import convert_reductions
from .eliminate_dead import eliminate_dead
from .eliminate_identity import eliminate_identity
from .eliminate_reshape import eliminate_reshape
from .fold_affine import fold_affine
from .fuse_activation import fuse_activation
from .fuse_pad import fuse_pad
from .fuse_table import fuse_table
from .legalize import legalize
from .scale_inputs import scale_inputs
from .separate_outputs import separate_outputs
from .separate_states import separate_states
from .store_integers import store_integers

__all__ = ["PIPELINE", "Pass", "bind_states", "run"]


@dataclass(frozen=True)
class Pass:
    name: str
    change: Callable[[Model], None]


PIPELINE = tuple(
    Pass(change.__name__, change)
    for change in (
        convert_quantized,  # source operators from here
        separate_outputs,
        separate_states,
        eliminate_identity,
        legalize,  # operators of ops.def from here
        convert_layout,
        scale_inputs,
        fold_affine,
        convert_layout,  # what a sum or product kept from its layer
        fuse_pad,
        fuse_activation,
        fold_affine,  # what stood behind an activation
        fuse_table,
        center_scores,
        convert_affine,
        convert_reductions,
        eliminate_reshape,
        store_integers,
        eliminate_dead,
        check_legal,
    )
)


# Of a format that has operators of ops.def, and the layout, what is left to do.
_LEGAL = tuple(
    step
    for step in PIPELINE[[step.name for step in PIPELINE].index("legalize") + 1 :]
    if step.name != "convert_layout"
)


def run(model: Model, pipeline: Iterable[Pass] = PIPELINE) -> Model:
    """Changes and returns the model; one that came with all its integers stays as it is."""
    if not model.opset:
        if model.graph.of_integers:
            check_nodes(model)
            return model
        pipeline = _LEGAL
    done: list[str] = []
    for step in pipeline:
        step.change(model)
        try:
            verify(model.graph)
        except GraphError as error:
            raise GraphError(f"after {step.name} (behind {', '.join(done)}): {error}") from error
        done.append(step.name)
    return model
