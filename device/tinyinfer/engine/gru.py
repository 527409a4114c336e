"""gru (SPEC.md): h = n + z * (h - n), z the update gate, n the candidate."""

from . import recurrent
from .recurrent import first, q15, run  # noqa: F401  (what an operator's module has)


def check(node):
    node.within("linear_before_reset", 0, 1)
    recurrent.check(node, 3, 1)


def step(cell):
    (h,) = cell.states
    z = cell.sigmoid(cell.gate(0))
    reset = cell.sigmoid(cell.gate(1))
    if cell.attributes.linear_before_reset:
        state = cell.map(lambda r, u: q15(r * u), reset, cell.recurrent(2, h))
    else:
        state = cell.recurrent(2, cell.map(lambda r, h: q15(r * h), reset, h))
    n = cell.tanh(cell.map(lambda a, b: 3 * cell.s16(a + b), cell.input(2), state))
    return (cell.map(lambda z, h, n: cell.s16(n + q15(z * (h - n))), z, h, n),)


def constants(node):
    from . import recurrent_vector

    return recurrent_vector.constants(node)


def vectorized(node, x, *others):
    from . import recurrent_vector

    return recurrent_vector.run(node, x, *others)
