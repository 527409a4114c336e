"""recurrent.py on numpy arrays [samples, batch, units], for engine/batch.py."""

from .layouts import planes
from .recurrent import ENTRIES
from .vector import multiply_by_quantized_multiplier, np, wrap


def constants(node):
    """Weights of the inputs and of the state, each [taps, rows], and all params."""
    w, r, p = node.inputs[1:4]
    weights = (np.array([planes(k, row, k.c) for row in range(k.w)]).T for k in (w, r))
    params = np.frombuffer(p.data[: p.bytes], "<i4").reshape(-1, 3).astype(np.int64)
    return tuple(k.astype(np.int64) for k in weights), params


class Cell:
    """recurrent.Cell of all samples."""

    def __init__(self, node, x, states):
        self.node = node
        self.attributes = node.attributes
        self.table = np.array(node.inputs[4].values(), np.int64)
        self.x = x
        self.states = states
        self.units = node.y.c

    scaled = staticmethod(multiply_by_quantized_multiplier)

    clamp = staticmethod(np.clip)

    def s16(self, a):
        return np.clip(a, -32768, 32767)

    def relu(self, a):
        return np.maximum(a, 0)

    def constants(self, operand, which):
        values = np.array(self.node.inputs[operand].values(), np.int64)
        return values.reshape(-1, self.units)[which]

    def map(self, function, *vectors):
        return function(*vectors)

    def input(self, gate):
        return self._part(0, gate, 0, self.x)

    def recurrent(self, gate, h):
        return self._part(1, gate, self.node.k.w, h)

    def gate(self, gate):
        return self.s16(self.input(gate) + self.recurrent(gate, self.states[0]))

    def _part(self, which, gate, offset, values):
        weights, params = self.node.constants()
        rows = slice(gate * self.units, (gate + 1) * self.units)
        bias, m, shift = params[offset:][rows].T
        acc = wrap(bias + values @ weights[which][:, rows])
        return self.s16(multiply_by_quantized_multiplier(acc, m, shift))

    def sigmoid(self, gate):
        return np.minimum(16384 + self._curve(3 * gate, 9, 10), 32767)

    def tanh(self, values):
        return np.minimum(self._curve(values, 8, 8), 32767)

    def _curve(self, a, fraction, shift):
        size = abs(a)
        entry = np.minimum(size >> fraction, ENTRIES - 2)
        low, high = self.table[entry], self.table[entry + 1]
        r = (low << fraction) + (size & (1 << fraction) - 1) * (high - low)
        r = np.where(size >> fraction > ENTRIES - 2, 32767 - (shift > fraction) << fraction, r)
        half = 1 << shift - 1
        return np.where(a < 0, half - 1 - r, r + half) >> shift


def run(node, x, *others):
    """y of samples whose states begin anew."""
    a, y, state = node.attributes, node.y, node.outputs[1]
    samples = len(x)
    x = x.reshape(samples, node.rows, node.x.w, node.x.c).astype(np.int64)
    states = np.zeros((samples,) + state.shape[3:], np.int64)
    if len(others) > 4 and not a.stateful:
        states += others[4].reshape((-1,) + state.shape[3:])
    states = list(states.transpose(2, 0, 1, 3))
    steps = []
    for row in range(node.rows):
        states = node.kernel.step(Cell(node, x[:, row], states))
        steps.append(states[0])
    if y.n * y.h == 1:
        del steps[:-1]
    h = np.stack(steps, 1)
    if a.multiplier:
        h = multiply_by_quantized_multiplier(h, a.multiplier, a.shift)
    return np.clip(wrap(h + y.zero_point), y.low, y.high)
