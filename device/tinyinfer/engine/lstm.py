"""lstm (SPEC.md): c = f * c + i * g, h = o * tanh(c)."""

from ..model_file import S16
from . import recurrent
from .recurrent import first, run  # noqa: F401  (what an operator's module has)

# the order of the gates' rows; peepholes have those of the first three
INPUT, OUTPUT, FORGET, CELL = range(4)
_HALF = 1 << 30


def check(node):
    recurrent.check(node, 4, 2)
    a = node.attributes
    node.within("cell_shift", -15, 14)
    node.within("cell_clip", 0, 32768)
    node.multiplier("hidden_multiplier", "hidden_shift")
    node.within("hidden_min", -32768, a.hidden_max)
    node.within("hidden_max", a.hidden_min, 32767)
    node.multiplier("peephole_multiplier", "peephole_shift")
    for peepholes in node.inputs[6:]:
        node.fit(peepholes.constant and peepholes.dtype == S16)
        node.fit(peepholes.shape == (1, 1, 1, 1, 3, node.y.c))


def step(cell):
    a, s16, scaled = cell.attributes, cell.s16, cell.scaled
    _, c = cell.states

    def gate(which, c):
        total = cell.gate(which)
        if len(cell.node.inputs) > 6:
            m, shift = a.peephole_multiplier, a.peephole_shift
            weights = cell.constants(6, which)
            total = cell.map(
                lambda t, p, c: s16(t + s16(scaled(p * c, m, shift))), total, weights, c
            )
        return cell.sigmoid(total)

    kept = cell.map(lambda f, c: s16(scaled(f * c, _HALF, -14)), gate(FORGET, c), c)
    candidate = cell.tanh(cell.map(lambda t: 3 * t, cell.gate(CELL)))
    added = cell.map(
        lambda i, g: s16(scaled(i * g, _HALF, -17 - a.cell_shift)), gate(INPUT, c), candidate
    )
    clip = a.cell_clip
    c = cell.map(lambda k, n: s16(cell.clamp(s16(k + n), -clip, clip)), kept, added)
    right = max(0, -a.cell_shift)
    left = max(0, a.cell_shift)
    active = cell.tanh(cell.map(lambda c: (3 * c << left) + (1 << right >> 1) >> right, c))
    m, shift = a.hidden_multiplier, a.hidden_shift
    low, high = a.hidden_min, a.hidden_max
    h = cell.map(
        lambda o, t: cell.clamp(scaled(o * t, m, shift), low, high), gate(OUTPUT, c), active
    )
    return h, c


def constants(node):
    from . import recurrent_vector

    return recurrent_vector.constants(node)


def vectorized(node, x, *others):
    from . import recurrent_vector

    return recurrent_vector.run(node, x, *others)
