"""Reads a model file (.tinf): a small FlatBuffers reader that checks every offset.

Runs on MicroPython, CircuitPython and CPython. Nothing is kept but the file itself: tensors and
nodes are decoded when asked for. A file that breaks a rule of SPEC.md, "File", gives ValueError,
never another exception.
"""

import struct
from collections import namedtuple

try:
    from binascii import crc32
except ImportError:  # small MicroPython builds: CRC-32 by nibbles
    _NIBBLES = tuple(
        0x1DB71064 * (i & 1)
        ^ 0x3B6E20C8 * (i >> 1 & 1)
        ^ 0x76DC4190 * (i >> 2 & 1)
        ^ 0xEDB88320 * (i >> 3 & 1)
        for i in range(16)
    )

    def crc32(data, value=0):
        value ^= 0xFFFFFFFF
        for byte in bytes(data):
            value ^= byte
            value = value >> 4 ^ _NIBBLES[value & 15]
            value = value >> 4 ^ _NIBBLES[value & 15]
        return value ^ 0xFFFFFFFF


FORMAT_MAJOR = 1

# DType of model.fbs
S8 = 1
S4 = 2
S16 = 3
S32 = 4
U8 = 5
F32 = 6

# by DType: name, bits of an element, typecode of array and memoryview (s4 has none)
DTYPE_NAMES = ("none", "s8", "s4", "s16", "s32", "u8", "f32")
DTYPE_BITS = (0, 8, 4, 16, 32, 8, 32)
DTYPE_CODES = ("", "b", "", "h", "i", "B", "f")
# lowest and highest integer of an element; f32 holds none
DTYPE_RANGES = (
    (0, 0),
    (-128, 127),
    (-8, 7),
    (-32768, 32767),
    (-0x80000000, 0x7FFFFFFF),
    (0, 255),
    (0, 0),
)

Tensor = namedtuple(
    "Tensor", ("name", "shape", "dtype", "zero_point", "offset", "buffer", "scale", "quantizer")
)
Node = namedtuple("Node", ("op", "inputs", "outputs", "attrs", "scratch", "name"))
Golden = namedtuple("Golden", ("seed", "input", "output", "node_crc"))


def element_count(shape):
    count = 1
    for size in shape:
        count *= size
    return count


def byte_count(shape, dtype):
    """Bytes of a tensor: s4 has two elements per byte, rounded up."""
    return (element_count(shape) * DTYPE_BITS[dtype] + 7) // 8


class _Table:
    """One FlatBuffers table: `start` is its place, `_field` the place of a field or 0."""

    def __init__(self, data, start):
        self.data = data
        self.start = start
        vtable = start - _load(data, "<i", start, 4)
        size = _load(data, "<H", vtable, 2)
        self.bytes = _load(data, "<H", vtable + 2, 2)
        if size < 4 or size % 2 or vtable + size > len(data) or start + self.bytes > len(data):
            raise ValueError("model file is damaged: table at %d" % start)
        self.vtable = vtable
        self.fields = (size - 4) // 2

    def _field(self, index, size):
        if index >= self.fields:
            return 0
        offset = _load(self.data, "<H", self.vtable + 4 + 2 * index, 2)
        if offset == 0:
            return 0
        if offset < 4 or offset + size > self.bytes:
            raise ValueError("model file is damaged: field %d at %d" % (index, self.start))
        return self.start + offset

    def scalar(self, index, code, size, default):
        place = self._field(index, size)
        return _load(self.data, code, place, size) if place else default

    def _target(self, index):
        place = self._field(index, 4)
        return _follow(self.data, place) if place else 0

    def raw(self, index, size=1):
        """The bytes of a vector whose elements have `size` bytes; empty when absent."""
        place = self._target(index)
        if not place:
            return self.data[:0]
        count = _load(self.data, "<I", place, 4)
        if count > (len(self.data) - place - 4) // size:
            raise ValueError("model file is damaged: vector at %d" % place)
        return self.data[place + 4 : place + 4 + count * size]

    def numbers(self, index, code, size):
        """A vector of scalars as a tuple."""
        data = self.raw(index, size)
        return struct.unpack("<%d%s" % (len(data) // size, code), data)

    def string(self, index):
        place = self._target(index)
        return _string(self.data, place) if place else ""

    def count(self, index):
        """How many elements a vector of offsets has."""
        return len(self.raw(index, 4)) // 4

    def place(self, index, position):
        """Where element `position` of a vector of offsets points to."""
        if not 0 <= position < self.count(index):
            raise ValueError("model file is damaged: no element %d" % position)
        return _follow(self.data, self._target(index) + 4 + 4 * position)

    def table(self, index, position):
        return _Table(self.data, self.place(index, position))


def _load(data, code, place, size):
    if place < 0 or place + size > len(data):
        raise ValueError("model file is damaged: offset %d" % place)
    return struct.unpack_from(code, data, place)[0]


def _follow(data, place):
    """Where the offset at `place` leads to."""
    offset = _load(data, "<I", place, 4)
    if offset == 0:
        raise ValueError("model file is damaged: offset at %d" % place)
    return place + offset


def _string(data, place):
    count = _load(data, "<I", place, 4)
    if count >= len(data) - place - 4 or data[place + 4 + count] != 0:
        raise ValueError("model file is damaged: string at %d" % place)
    return str(bytes(data[place + 4 : place + 4 + count]), "utf-8")


class ModelFile:
    """The model in `buffer` (bytes, bytearray, memoryview); its CRC is checked at once.

    `check_crc=False`: an engine has done so; where binascii lacks crc32 it takes seconds.
    """

    def __init__(self, buffer, *, check_crc=True):
        data = memoryview(buffer)
        if hasattr(data, "cast"):  # CPython; MicroPython indexes bytes as they come
            data = data.cast("B")
        size = len(data)
        if size < 8 or bytes(data[4:8]) != b"TINF":
            raise ValueError("not a tinyinfer model file")
        if size < 20 or size % 16 != 4:
            raise ValueError("model file is truncated or damaged: %d bytes" % size)
        if check_crc and crc32(data[: size - 4]) & 0xFFFFFFFF != _load(data, "<I", size - 4, 4):
            raise ValueError("model file is damaged: wrong CRC")
        data = data[: size - 4]
        self.file_size = size
        self._model = model = _Table(data, _follow(data, 0))
        self.version = (model.scalar(0, "<H", 2, 0), model.scalar(1, "<H", 2, 0))
        if self.version[0] > FORMAT_MAJOR:
            raise ValueError("model file needs a newer tinyinfer: format %d" % self.version[0])
        self.tensor_count = model.count(2)
        self.node_count = model.count(4)
        self.inputs = model.numbers(5, "H", 2)
        self.outputs = model.numbers(6, "H", 2)
        self.arena_bytes = model.scalar(7, "<I", 4, 0)
        self.state_bytes = model.scalar(8, "<I", 4, 0)

    def tensor(self, index):
        table = self._model.table(2, index)
        shape = table.numbers(0, "i", 4)
        dtype = table.scalar(1, "<B", 1, 0)
        tensor = Tensor(
            table.string(6),
            shape,
            dtype,
            table.scalar(2, "<i", 4, 0),
            table.scalar(3, "<i", 4, -1),
            table.scalar(4, "<I", 4, 0),
            table.scalar(5, "<f", 4, 0.0),
            self._quantizer(table, index),
        )
        if len(shape) > 6 or not S8 <= dtype <= F32:
            raise ValueError("tensor %d: bad shape or type" % index)
        for size in shape:
            if not 1 <= size <= 1 << 24:
                raise ValueError("tensor %d: bad shape" % index)
        if element_count(shape) > 1 << 28:
            raise ValueError("tensor %d: bad shape" % index)
        low, high = DTYPE_RANGES[dtype]
        # a pattern from 0x7F800000 on is negative, infinite or no number
        if not low <= tensor.zero_point <= high or table.scalar(5, "<I", 4, 0) >= 0x7F800000:
            raise ValueError("tensor %d: bad zero point or scale" % index)
        entries = len(tensor.quantizer[0]) if tensor.quantizer else 1
        if entries not in (1, (shape or (1,))[-1]):
            raise ValueError("tensor %d: bad quantizer" % index)
        if tensor.offset == -1:
            space = len(self.buffer(tensor.buffer))
        elif tensor.offset < 0 or tensor.offset % 4 or dtype == S4:
            raise ValueError("tensor %d: bad place" % index)
        else:
            # a tensor is state as a whole or not at all
            state = tensor.offset < self.state_bytes
            space = (self.state_bytes if state else self.arena_bytes) - tensor.offset
        if byte_count(shape, dtype) > space:
            raise ValueError("tensor %d: bad place" % index)
        return tensor

    def scale_bits(self, index):
        """The binary32 pattern of a tensor's scale, for arithmetic without floats."""
        return self._model.table(2, index).scalar(5, "<I", 4, 0)

    def _quantizer(self, table, index):
        """(multipliers, shifts, offsets) of the tensor's float input, or None."""
        place = table._target(7)
        if not place:
            return None
        table = _Table(table.data, place)
        lists = tuple(table.numbers(i, "i", 4) for i in range(3))
        if not len(lists[0]) == len(lists[1]) == len(lists[2]) > 0:
            raise ValueError("tensor %d: bad quantizer" % index)
        for multiplier, shift, offset in zip(*lists):
            if multiplier < 0 or abs(shift) > 160 or abs(offset) > 1 << 29:
                raise ValueError("tensor %d: bad quantizer" % index)
        return lists

    def buffer(self, index):
        """The bytes of a constant, in place."""
        table = self._model.table(3, index)
        if table._target(0) % 16 != 12 and table._field(0, 4):
            raise ValueError("model file is damaged: buffer %d" % index)
        return table.raw(0)

    def node(self, index):
        table = self._model.table(4, index)
        return Node(
            table.scalar(0, "<H", 2, 0),
            table.numbers(1, "H", 2),
            table.numbers(2, "H", 2),
            table.numbers(3, "i", 4),
            table.scalar(4, "<i", 4, -1),
            table.string(5),
        )

    def families(self):
        """Arena bytes of each kernel family."""
        model = self._model
        tables = [model.table(9, i) for i in range(model.count(9))]
        return {table.string(0): table.scalar(1, "<I", 4, 0) for table in tables}

    def labels(self):
        model = self._model
        # a vector of strings reads like a table's string field
        return tuple(_string(model.data, model.place(10, i)) for i in range(model.count(10)))

    def metadata(self):
        """Text of a JSON object, or an empty string."""
        return self._model.string(11)

    def golden_count(self):
        return self._model.count(12)

    def golden(self, index):
        table = self._model.table(12, index)
        return Golden(
            table.scalar(0, "<I", 4, 0), table.raw(1), table.raw(2), table.numbers(3, "I", 4)
        )

    def verify(self):
        """Follows every offset once, so that what is asked for later cannot fail."""
        state_end = 0
        for index in range(self.tensor_count):
            tensor = self.tensor(index)
            # state stands in the order of its places: then no two of its tensors share bytes
            if 0 <= tensor.offset < state_end:
                raise ValueError("tensor %d: lies in the state of another" % index)
            if 0 <= tensor.offset < self.state_bytes:
                state_end = tensor.offset + byte_count(tensor.shape, tensor.dtype)
        for index in range(self.node_count):
            self.node(index)
        for index in range(self._model.count(3)):
            self.buffer(index)
        for index in self.inputs + self.outputs:
            if self.tensor(index).offset < 0:
                raise ValueError("tensor %d: a constant cannot be an input or output" % index)
        if not self.outputs or not self.state_bytes <= self.arena_bytes <= 0x7FFFFFFF:
            raise ValueError("model file is damaged: outputs or state")
        self.families()
        self.labels()
        self.metadata()
        for index in range(self.golden_count()):
            self.golden(index)
