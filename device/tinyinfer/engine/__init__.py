"""Runs a model file with Python integers: the fallback without a native engine, and its reference.

    engine = Engine(file, bytearray(needs(file)[0]))
    engine.run(inputs, outputs)

The interface is that of the native module `_tinyinfer`. On CPython with numpy whole operators are
computed on arrays; `Engine(file, arena, vectorized=False)` keeps to the plain path, which is what
MicroPython runs and what every other engine is compared with.
"""

from array import array

from ..busy import check_idle
from ..model_file import (
    DTYPE_CODES,
    DTYPE_RANGES,
    ModelFile,
    byte_count,
    crc32,
    element_count,
)
from . import overlap
from .float_bits import dequantize, quantize
from .node import Node

try:
    import numpy  # noqa: F401  (only asked whether it is there)

    _NUMPY = hasattr(memoryview, "cast")
except ImportError:
    _NUMPY = False

_PART = 64
_ELEMENTS_PER_CALL = 1024  # the plain path holds no more than about this much of an output


def _verified(buffer):
    file = ModelFile(buffer)
    file.verify()
    for index in range(file.node_count):
        node = Node(file, index)
        node.kernel.check(node)
        overlap.check(node, file.node(index).scratch, file)
    return file


def needs(buffer):
    """Arena and state bytes of a model file; True: constants are read at any address alike."""
    file = _verified(buffer)
    return file.arena_bytes, file.state_bytes, True


class Engine:
    def __init__(self, buffer, arena, *, vectorized=_NUMPY):
        self._file = file = _verified(buffer)
        view = memoryview(arena)
        if hasattr(view, "cast"):
            view = view.cast("B")
        view[:0] = b""  # TypeError if it cannot be written
        if len(view) < file.arena_bytes:
            sizes = (file.arena_bytes, len(view))
            raise MemoryError("arena too small: needs %d bytes, has %d" % sizes)
        self._arena = view
        self._vectorized = vectorized
        self._nodes = {}
        self._inputs = [file.tensor(index) for index in file.inputs]
        self._outputs = [file.tensor(index) for index in file.outputs]
        self._input_views = [self._view(tensor) for tensor in self._inputs]
        self._output_views = [self._view(tensor) for tensor in self._outputs]
        self._busy = False
        self.reset()
        self.start()

    def _bytes(self, tensor):
        return self._arena[tensor.offset : tensor.offset + byte_count(tensor.shape, tensor.dtype)]

    def _view(self, tensor):
        """Typed elements of an input or output. MicroPython cannot retype a memoryview: there it
        is an array of its own, which _enter and _leave keep equal to the arena."""
        data = self._bytes(tensor)
        code = DTYPE_CODES[tensor.dtype]
        if hasattr(data, "cast"):
            return data.cast(code)
        return memoryview(array(code, bytes(data)))

    def _enter(self):
        check_idle(self._busy)
        self._busy = True
        if self.node == 0 and self._row == 0:
            self._copy(self._inputs, self._input_views, True)

    def _leave(self):
        if self.node == self._file.node_count:
            self._copy(self._outputs, self._output_views, False)
        self._busy = False

    def _copy(self, tensors, views, into_arena):
        if not hasattr(self._arena, "cast"):
            for tensor, view in zip(tensors, views):
                place = self._bytes(tensor)
                if into_arena:
                    place[:] = bytes(view)
                else:
                    view[:] = array(DTYPE_CODES[tensor.dtype], bytes(place))

    # What the outside sees of inputs and outputs

    def input(self, index):
        return self._input_views[index]

    def output(self, index):
        return self._output_views[index]

    def argmax(self, index):
        view = self._output_views[index]
        best = 0
        for i in range(len(view)):
            if view[i] > view[best]:
                best = i
        return best

    def crc(self, index):
        """CRC-32 of the outputs of a node that has just run."""
        value = 0
        for output in Node(self._file, index, self._arena).outputs:
            value = crc32(bytes(output.data), value)
        return value & 0xFFFFFFFF

    def quantize(self, index, source, target):
        """binary32 elements of `source` to integers of input `index`."""
        tensor = self._inputs[index]
        if tensor.quantizer is None:
            raise ValueError("input %d takes no floats" % index)
        bits = array("I", bytes(source))
        if len(bits) != len(target):
            raise ValueError("input %d: %d elements, not %d" % (index, len(target), len(bits)))
        if self._vectorized:
            from .vector import np, quantize_bits

            _assign(target, quantize_bits(np.array(bits), tensor).tobytes())
            return
        low, high = DTYPE_RANGES[tensor.dtype]
        m, shift, offset = tensor.quantizer
        for i in range(len(bits)):
            j = i % len(m)
            target[i] = quantize(bits[i], m[j], shift[j], offset[j], tensor.zero_point, low, high)

    def dequantize(self, index, source, target):
        """Integers of output `index` to binary32 elements of `target`."""
        tensor = self._outputs[index]
        scale = self._file.scale_bits(self._file.outputs[index])
        view = memoryview(target)
        if hasattr(view, "cast"):
            view = view.cast("B")
        each = len(view) // max(len(source), 1)
        # In parts: a small heap has no room for all of them twice.
        for start in range(0, len(source), _PART):
            part = source[start : start + _PART]
            bits = array("I", (dequantize(scale, q - tensor.zero_point) for q in part))
            _assign(view[start * each : (start + len(part)) * each], bytes(bits))

    # Running

    def reset(self):
        """Zeroes the state."""
        for i in range(self._file.state_bytes):
            self._arena[i] = 0

    def start(self):
        """The next step begins a new inference."""
        self.node = 0
        self._row = 0
        self._current = None

    def run(self, inp=None, out=None):
        check_idle(self._busy)
        if inp is not None:
            self.load(0, inp)
        self.start()
        self._enter()
        try:
            while self.node < self._file.node_count:
                self._advance(self._load().rows)
        finally:
            self._leave()
        if out is not None:
            self.store(0, out)

    def run_node(self):
        """The rest of the current operator."""
        self._enter()
        try:
            if self.node < self._file.node_count:
                self._advance(self._load().rows)
        finally:
            self._leave()

    def step(self, max_macs):
        """Runs rows until max_macs are spent, one at least; False when all is done."""
        self._enter()
        try:
            while self.node < self._file.node_count:
                node = self._load()
                # operators without products still take time
                cost = max(1, max(node.macs, node.y.count) // node.rows)
                rows = max(1, min(max_macs // cost, node.rows - self._row))
                self._advance(self._row + rows)
                max_macs -= rows * cost
                if max_macs <= 0:
                    break
        finally:
            self._leave()
        return self.node < self._file.node_count

    def _load(self):
        """The current node, decoded; kept for the next inference where memory is plenty."""
        if self._current is None:
            node = self._nodes.get(self.node)
            if node is None:
                node = Node(self._file, self.node, self._arena)
                if self._vectorized:
                    self._nodes[self.node] = node
            node.forget()
            self._current = node
        return self._current

    def _advance(self, end):
        """Computes rows of the current node up to `end`, in pieces."""
        node = self._current
        y = node.y
        piece = end - self._row
        if not self._vectorized:
            piece = max(1, _ELEMENTS_PER_CALL * node.rows // y.count)
        while self._row < end:
            row = min(self._row + piece, end)
            at = y.offset + node.first(self._row) * y.bits // 8
            if self._vectorized and len(node.outputs) == 1:  # a state goes step by step
                from .vector import run

                data = run(node, self._row, row)
            else:
                data = bytes(node.kernel.run(node, self._row, row))
            self._arena[at : at + len(data)] = data
            self._row = row
        if self._row == node.rows:
            self.node += 1
            self._row = 0
            self._current = None

    def load(self, index, source):
        """Fills input `index` from a buffer of its integers or of float32."""
        check_idle(self._busy)
        tensor, view = self._inputs[index], self._input_views[index]
        data = bytes(memoryview(source))
        if _holds_floats(source, len(data), tensor):
            self.quantize(index, data, view)
        else:
            _assign(view, data)

    def store(self, index, target):
        """Copies output `index` to a buffer of its integers or of float32."""
        check_idle(self._busy)
        tensor, view = self._outputs[index], self._output_views[index]
        if _holds_floats(target, len(bytes(memoryview(target))), tensor):
            self.dequantize(index, view, target)
        else:
            _assign(target, bytes(view))


def _holds_floats(buffer, given, tensor):
    """Whether a buffer of `given` bytes for this tensor is one of float32.

    Plain bytes are told apart by their length.
    """
    code = _typecode(memoryview(buffer), given)
    own = DTYPE_CODES[tensor.dtype]
    if code not in ("B", "f", own):
        raise TypeError("buffer must hold float32, bytes or the model's integers")
    size = byte_count(tensor.shape, tensor.dtype)
    floats = 4 * element_count(tensor.shape)
    if code != "f" and given == size:
        return False
    if code != own and given == floats:
        return True
    raise ValueError("buffer must have %d bytes, or %d as float32, has %d" % (size, floats, given))


def _typecode(view, given):
    code = getattr(view, "format", None)
    if code is not None:
        return code[1:] if code[0] in "@=<" else code
    # MicroPython does not tell: an element shows what it is, up to its sign
    if not given:
        return "B"
    size = given // len(view)
    if isinstance(view[0], float):
        return "f" if size == 4 else "d"
    return {1: "B", 2: "h", 4: "i"}.get(size, "q")


def _assign(target, data):
    """Bytes into a buffer of whatever type."""
    view = memoryview(target)
    if hasattr(view, "cast"):
        view.cast("B")[:] = data
    else:  # MicroPython wants elements of the same size
        view[:] = array((None, "b", "h", None, "i")[len(data) // len(view)], data)
