"""What the recurrent operators share (SPEC.md, "Recurrent operators").

An operator's module has step(cell) -> its state vectors after one time step. It is written once,
for vectors of integers in lists here and in arrays of many samples in recurrent_vector.py.
"""

from array import array

from ..model_file import DTYPE_CODES, S4, S8, S16, S32
from .arithmetic import dot, multiply_by_quantized_multiplier, wrap
from .layouts import params, planes, planes_bytes

ENTRIES = 256  # of the table of half a sigmoid


def check(node, gates, states):
    """`states`: vectors of the state. An initial one may follow the table."""
    x, w, y = node.x, node.k, node.y
    r, p, table = node.inputs[2:5]
    state = node.outputs[1]
    rows = gates * y.c
    node.types((S8, S16), (S8, S16))
    node.fit(y.w == x.w and y.n * y.h in (1, x.n * x.h))
    for k, taps in ((w, x.c), (r, y.c)):
        node.fit(k.constant and k.dtype == w.dtype and k.dtype in (S8, S4))
        node.fit(k.shape[2:] == (1, 1, rows, taps) and k.n == 1)
        node.fit(len(k.data) >= planes_bytes(k.dtype, rows, taps))
    node.fit((x.c + y.c) * rows < 1 << 28)
    node.fit(p.constant and p.dtype == S32 and p.n * p.h == 1)
    node.fit(p.w == 2 * rows and p.c == 3)
    node.fit(table.constant and table.dtype == S16 and table.count == ENTRIES)
    for operand in (state,) + tuple(node.inputs[5:6]):
        node.fit(operand.dtype == S16 and operand.shape[2:] == (1, x.w, states, y.c))
        node.fit(operand.n == 1)
    node.fit(state.zero_point == 0)
    node.within("stateful", 0, 1)
    node.multiplier()


def first(node, row):
    """Rows are time steps; y may have the last one only."""
    steps = node.rows if node.y.n * node.y.h > 1 else 1
    return max(0, row - (node.rows - steps)) * node.y.w * node.y.c


def clamp(a, low, high):
    return low if a < low else high if a > high else a


def s16(a):
    return clamp(a, -32768, 32767)


def q15(product):
    return product + (1 << 14) >> 15


def curve(table, a, fraction, shift):
    """Half a sigmoid; a is three times the argument in Q3.12."""
    entry = abs(a) >> fraction
    r = 32767 - (shift > fraction) << fraction
    if entry < ENTRIES - 1:
        low, high = table[entry], table[entry + 1]
        r = (low << fraction) + (abs(a) & (1 << fraction) - 1) * (high - low)
    half = 1 << shift - 1
    return half - 1 - r >> shift if a < 0 else r + half >> shift


class Cell:
    """One time step of one batch entry: `x` are its inputs, `states` vectors of the state."""

    def __init__(self, node, x, states):
        self.node = node
        self.attributes = node.attributes
        self.table = node.inputs[4].values()
        self.x = x
        self.states = states
        self.units = node.y.c

    s16 = staticmethod(s16)
    clamp = staticmethod(clamp)
    scaled = staticmethod(multiply_by_quantized_multiplier)

    def map(self, function, *vectors):
        return [function(*numbers) for numbers in zip(*vectors)]

    def relu(self, a):
        return max(a, 0)

    def constants(self, operand, which):
        """A vector of a constant operand."""
        return self.node.inputs[operand].values()[which * self.units : (which + 1) * self.units]

    def input(self, gate):
        return self._part(1, gate, 0, self.x)

    def recurrent(self, gate, h):
        return self._part(2, gate, self.node.k.w, h)

    def gate(self, gate):
        h = self.states[0]
        return self.map(lambda a, b: s16(a + b), self.input(gate), self.recurrent(gate, h))

    def _part(self, operand, gate, offset, values):
        out = []
        for row in range(gate * self.units, (gate + 1) * self.units):
            bias, m, shift = params(self.node.inputs[3], offset + row)
            weights = planes(self.node.inputs[operand], row, len(values))
            acc = wrap(bias + dot(values, weights))
            out.append(s16(multiply_by_quantized_multiplier(acc, m, shift)))
        return out

    def sigmoid(self, gate):
        return [min(16384 + curve(self.table, 3 * a, 9, 10), 32767) for a in gate]

    def tanh(self, values):
        """Of three times the argument in Q3.12."""
        return [min(curve(self.table, a, 8, 8), 32767) for a in values]


def run(node, row0, row1):
    a, x, y = node.attributes, node.x, node.y
    state = node.outputs[1]
    values = x.values()
    size = state.bytes // x.w
    out = array(DTYPE_CODES[y.dtype])
    for row in range(row0, row1):
        if row == 0 and not a.stateful:
            initial = node.inputs[5].data if len(node.inputs) > 5 else bytes(state.bytes)
            state.data[:] = bytes(initial[: state.bytes])
        for batch in range(x.w):
            at = (row * x.w + batch) * x.c
            old = array("h", bytes(state.data[batch * size : (batch + 1) * size]))
            vectors = [old[i : i + y.c] for i in range(0, len(old), y.c)]
            new = node.kernel.step(Cell(node, values[at : at + x.c], vectors))
            state.data[batch * size : (batch + 1) * size] = b"".join(
                bytes(array("h", vector)) for vector in new
            )
            if first(node, row + 1) > first(node, row):
                out.extend(array(DTYPE_CODES[y.dtype], [output(a, y, h) for h in new[0]]))
    return out


def output(a, y, h):
    if a.multiplier:
        h = multiply_by_quantized_multiplier(h, a.multiplier, a.shift)
    return min(max(wrap(h + y.zero_point), y.low), y.high)
