"""svdf (SPEC.md): sums over what each filter gave in the last steps."""

from array import array

from ..model_file import DTYPE_CODES, S4, S8, S16, S32
from .arithmetic import dot, multiply_by_quantized_multiplier, requantize, wrap
from .layouts import params, planes, planes_bytes


def check(node):
    a, x, w, y = node.attributes, node.x, node.k, node.y
    time, p = node.inputs[2:]
    state = node.outputs[1]
    node.types((S8, S16), (S8, S16))
    node.fit(not x.constant and (x.n, x.h, x.w) == (y.n, y.h, y.w))
    node.fit(w.constant and w.dtype in (S8, S4) and w.shape[2:] == (1, 1, w.w, x.c) and w.n == 1)
    node.fit(len(w.data) >= planes_bytes(w.dtype, w.w, x.c) and w.w % y.c == 0)
    node.fit(time.constant and time.dtype in (S8, S16) and len(time.data) >= time.bytes)
    node.fit(time.n == 1 and time.shape[3:] == (1, w.w, a.memory))
    node.fit(p.constant and p.dtype == S32 and len(p.data) >= p.bytes)
    node.fit(p.n == 1 and p.shape[3:] == (1, w.w + y.c, 3))
    node.fit(state.dtype == time.dtype and (state.dtype == S8 or state.zero_point == 0))
    node.fit(state.n == 1 and state.shape[3:] == (x.w, w.w, a.memory))
    node.activation()


def run(node, row0, row1):
    a, x, y = node.attributes, node.x, node.y
    time, state = node.inputs[2], node.outputs[1]
    weights, values = time.values(), x.values()
    filters, memory = node.k.w, a.memory
    rank, size = filters // y.c, memory * (time.bits // 8)
    zero = state.zero_point
    out = array(DTYPE_CODES[y.dtype])
    for row in range(row0, row1):
        at, unit = row // y.c, row % y.c
        seen = values[at * x.c : (at + 1) * x.c]
        acc, m, shift = params(node.inputs[3], filters + unit)
        for j in range(unit * rank, (unit + 1) * rank):
            first = (at % x.w * filters + j) * size
            kept = array(DTYPE_CODES[state.dtype], bytes(state.data[first : first + size]))
            newest = min(max(_filter(node, j, seen), state.low), state.high) + zero
            newest = (newest - state.low) % (1 << state.bits) + state.low
            kept = kept[1:] + array(DTYPE_CODES[state.dtype], [newest ^ zero])
            state.data[first : first + size] = bytes(kept)
            kept = [number ^ zero for number in kept]
            acc += dot(kept, weights[j * memory : (j + 1) * memory])
        out.append(requantize(acc, m, shift, y.zero_point, a.activation_min, a.activation_max))
    return out


def _filter(node, j, seen):
    bias, m, shift = params(node.inputs[3], j)
    acc = wrap(bias + dot(seen, planes(node.k, j, len(seen))))
    return multiply_by_quantized_multiplier(acc, m, shift)


def constants(node):
    """Weights [filters, taps], of time [filters, memory], and all params."""
    from .vector import np

    w, time, p = node.inputs[1:]
    weights = np.array([planes(w, row, w.c) for row in range(w.w)], np.int64)
    of_time = np.array(time.values(), np.int64).reshape(w.w, -1)
    return (
        weights,
        of_time,
        np.frombuffer(p.data[: p.bytes], "<i4").reshape(-1, 3).astype(np.int64),
    )


def vectorized(node, x, *_constants):
    """y of samples whose states begin anew."""
    from .vector import multiply_by_quantized_multiplier, np, requantize, wrap

    a, y, state = node.attributes, node.y, node.outputs[1]
    weights, of_time, p = node.constants()
    filters = len(weights)
    x = x.reshape(len(x), -1, node.x.w, node.x.c).astype(np.int64)
    bias, m, shift = p[:filters].T
    found = multiply_by_quantized_multiplier(wrap(bias + x @ weights.T), m, shift)
    zero = state.zero_point
    found = np.clip(found, state.low, state.high) + zero
    found = (found - state.low) % (1 << state.bits) + state.low - zero
    steps = found.shape[1]
    sums = np.zeros_like(found)
    for back in range(min(a.memory, steps)):
        sums[:, back:] += found[:, : steps - back] * of_time[:, a.memory - 1 - back]
    sums = sums.reshape(sums.shape[:-1] + (y.c, -1)).sum(-1)
    bias, m, shift = p[filters:].T
    bias = bias + zero * of_time.reshape(y.c, -1).sum(-1)
    return requantize(sums + bias, m, shift, y.zero_point, a.activation_min, a.activation_max)
