"""One node of a model file, decoded for a kernel, and the rules that operators share."""

import sys
from array import array

from ..model_file import (
    DTYPE_BITS,
    DTYPE_CODES,
    DTYPE_RANGES,
    S4,
    S8,
    S16,
    S32,
    byte_count,
    element_count,
)
from .optable import OPS

_MOST = 1 << 15  # of strides, dilations, kernel sizes, pads


class Operand:
    """A tensor of a node: its NHWC view, and its bytes in the arena or in the file."""

    def __init__(self, file, index, arena):
        tensor = file.tensor(index)
        self.index = index
        self.shape = shape = (1,) * (6 - len(tensor.shape)) + tensor.shape
        self.n = shape[0] * shape[1] * shape[2]
        self.h, self.w, self.c = shape[3:]
        self.dtype = tensor.dtype
        self.bits = DTYPE_BITS[tensor.dtype]
        self.low, self.high = DTYPE_RANGES[tensor.dtype]
        self.zero_point = tensor.zero_point
        self.count = element_count(shape)
        self.bytes = byte_count(shape, tensor.dtype)
        self.constant = tensor.offset < 0
        self.offset = tensor.offset
        self._values = None
        if self.constant:
            self.data = file.buffer(tensor.buffer)
        elif arena is not None:
            self.data = arena[tensor.offset : tensor.offset + self.bytes]

    def values(self):
        """The elements, copied when first asked for: what the node writes cannot change them."""
        if self._values is None:
            self._values = array(DTYPE_CODES[self.dtype], bytes(self.data[: self.bytes]))
        return self._values

    def forget(self):
        self._values = None


class Attributes:
    """Attributes by the names of ops.def."""


class Node:
    def __init__(self, file, index, arena=None):
        record = file.node(index)
        self.index = index
        if record.op not in OPS:
            raise ValueError("node %d: unknown operator %d" % (index, record.op))
        self.op, inputs_min, inputs_max, outputs, names, defaults, *rest = OPS[record.op]
        rows, macs, self.overlap, self._scratch = rest
        if not inputs_min <= len(record.inputs) <= inputs_max or len(record.outputs) != outputs:
            raise ValueError("node %d: shapes or types do not fit" % index)
        self.inputs = [Operand(file, i, arena) for i in record.inputs]
        self.outputs = [Operand(file, i, arena) for i in record.outputs]
        self.attributes = Attributes()
        values = record.attrs + defaults[len(record.attrs) :]
        for i in range(len(values)):
            if i < len(defaults):
                setattr(self.attributes, names[i], values[i])
            elif values[i]:
                raise ValueError("node %d: bad attribute %d" % (index, i))
        for operand in self.outputs:
            self.fit(not operand.constant)
        self.kernel = _kernel(self.op)
        self.rows = self._value(rows)
        self.macs = self._value(macs)
        self._constants = None

    def _value(self, formula):
        return formula(self.x, self.k, self.y, self.attributes)

    def scratch_bytes(self):
        return self._value(self._scratch) if self._scratch else 0

    def forget(self):
        """Before the node runs again: the arena has changed."""
        for operand in self.inputs:
            if not operand.constant:
                operand.forget()

    def constants(self):
        """What the kernel's vectorized form derives from constants, computed once."""
        if self._constants is None:
            self._constants = self.kernel.constants(self)
        return self._constants

    @property
    def x(self):
        return self.inputs[0]

    @property
    def k(self):
        return self.inputs[1] if len(self.inputs) > 1 else None

    @property
    def y(self):
        return self.outputs[0]

    def first(self, row):
        """Index of the first element of an output row."""
        if hasattr(self.kernel, "first"):
            return self.kernel.first(self, row)
        return row * (self.y.count // self.rows)

    # What a kernel's check() says its node must be

    def fit(self, condition):
        if not condition:
            raise ValueError("node %d: shapes or types do not fit" % self.index)

    def types(self, x, y):
        """x and y have one of these dtypes."""
        self.fit(self.x.dtype in x and self.y.dtype in y)

    def filtered(self):
        """x and y are s8, or both s16 with what windows see outside of x being 0."""
        x = self.x
        self.fit(x.dtype in (S8, S16) and self.y.dtype == x.dtype)
        self.fit(x.dtype == S8 or (x.zero_point == 0 and not x.constant))

    def within(self, name, low, high):
        if not low <= getattr(self.attributes, name) <= high:
            raise ValueError("node %d: bad attribute %s" % (self.index, name))

    def multiplier(self, name="multiplier", shift="shift"):
        self.within(name, 0, 0x7FFFFFFF)
        self.within(shift, -31, 30)

    def activation(self):
        """The clamp lies in the range of y's type."""
        a = self.attributes
        self.within("activation_min", self.y.low, a.activation_max)
        self.within("activation_max", a.activation_min, self.y.high)

    def window(self, kernel_h, kernel_w):
        """Strides and pads: every window touches the input."""
        a, x, y = self.attributes, self.x, self.y
        for size, o, kernel, stride, pad, dilation in (
            (x.h, y.h, kernel_h, "stride_h", "pad_top", "dilation_h"),
            (x.w, y.w, kernel_w, "stride_w", "pad_left", "dilation_w"),
        ):
            self.within(stride, 1, _MOST)
            dilated = kernel
            if hasattr(a, dilation):
                self.within(dilation, 1, _MOST)
                dilated = (kernel - 1) * getattr(a, dilation) + 1
            self.fit(1 <= kernel <= _MOST)
            self.within(pad, 0, min(_MOST, dilated - 1))
            self.fit((o - 1) * getattr(a, stride) - getattr(a, pad) < size)
        self.fit(x.n == y.n)

    def weights(self, rows, stored):
        """Constant weights of `stored` bytes and params of `rows` padded channels."""
        k, p = self.k, self.inputs[2]
        self.fit(k.constant and k.dtype in (S8, S4) and len(k.data) >= stored)
        self.fit(p.constant and p.dtype == S32 and p.c == 3 and len(p.data) >= 12 * rows)
        self.fit(p.count == 3 * self.y.c)

    def reduction(self):
        """y has size 1 along `axes`, the others are x's."""
        self.within("axes", 0, 15)
        sizes = zip(_nhwc(self.x), _nhwc(self.y))
        for bit, (size, kept) in enumerate(sizes):
            self.fit(kept == (1 if self.attributes.axes >> bit & 1 else size))

    def broadcast(self):
        """x and k broadcast to y on the NHWC view."""
        for i, j, o in zip(_nhwc(self.x), _nhwc(self.k), _nhwc(self.y)):
            self.fit(o == max(i, j) and i in (1, o) and j in (1, o))


def span(shape, axis):
    """How many elements one index of all axes before `axis` has."""
    count = 1
    for size in shape[axis:]:
        count *= size
    return count


def _nhwc(operand):
    return operand.n, operand.h, operand.w, operand.c


def _kernel(op):
    """The module of an operator, imported when a model uses it."""
    name = __name__.rsplit(".", 1)[0] + "." + op
    if name not in sys.modules:
        try:
            __import__(name)
        except ImportError as error:
            raise NotImplementedError("operator %s is left out of this build" % op) from error
    return sys.modules[name]
