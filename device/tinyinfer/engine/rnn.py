"""rnn (SPEC.md): h = tanh or relu of the sum."""

from . import recurrent
from .recurrent import first, run  # noqa: F401  (what an operator's module has)


def check(node):
    node.within("relu", 0, 1)
    recurrent.check(node, 1, 1)


def step(cell):
    if cell.attributes.relu:
        return (cell.map(cell.relu, cell.gate(0)),)
    return (cell.tanh(cell.map(lambda a: 3 * a, cell.gate(0))),)


def constants(node):
    from . import recurrent_vector

    return recurrent_vector.constants(node)


def vectorized(node, x, *others):
    from . import recurrent_vector

    return recurrent_vector.run(node, x, *others)
