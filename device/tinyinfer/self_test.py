"""Model.test and Model.profile: one operator at a time."""

import time

from .backend import kernel_family
from .model_file import DTYPE_BITS, byte_count

if hasattr(time, "ticks_us"):
    from time import ticks_diff, ticks_us
elif hasattr(time, "monotonic_ns"):  # CPython, CircuitPython

    def ticks_us():
        return time.monotonic_ns() // 1000

    def ticks_diff(end, start):
        return end - start


def test(model):
    file = model._file
    count = file.golden_count()
    if count == 0:
        raise ValueError("the model file holds no golden vectors")
    model.reset()
    for index in range(count):
        golden = file.golden(index)
        _fill_inputs(model, golden)
        _run_nodes(model, golden.node_crc)
        _check_outputs(model, golden.output)
        model.reset()
    return count


def profile(model):
    engine = model._engine
    model.reset()
    engine.start()
    rows = []
    for index in range(model._file.node_count):
        start = ticks_us()
        engine.run_node()
        spent = ticks_diff(ticks_us(), start)
        rows.append(operator(model._file, index) + (spent, _kernel(model, index)))
    model.reset()
    return rows


def _kernel(model, index):
    """What node `index` runs: a kernel and its family, or 'plain c', or 'python'."""
    family = kernel_family()
    if family is None:
        return "python"
    try:
        from .engine.optable import OPS
    except ImportError:  # a board without the Python engine
        return family
    from .kernels import PLAIN, Facts, Operand, kernel

    file = model._file
    node = file.node(index)
    op = OPS[node.op]
    tensors = [file.tensor(i) for i in node.inputs + node.outputs]
    operands = [
        Operand(
            tensor.shape,
            DTYPE_BITS[tensor.dtype],
            tensor.zero_point,
            file.buffer(tensor.buffer) if tensor.offset < 0 else None,
        )
        for tensor in tensors
    ]
    names, defaults = op[4:6]
    values = node.attrs + defaults[len(node.attrs) :]
    attributes = Facts(**dict(zip(names, values)))
    count = len(node.inputs)
    name = kernel(family, op[0], operands[:count], operands[count], attributes, model.aligned)
    return name if name == PLAIN else name + " " + family


def operator(file, index):
    """(what operator node `index` is, its name in the model)."""
    node = file.node(index)
    try:
        from .engine.optable import OPS

        return OPS[node.op][0], node.name
    except ImportError:  # a board without the Python engine
        return "operator %d" % node.op, node.name


def _fill_inputs(model, golden):
    state = golden.seed
    place = 0
    for index in range(len(model.inputs)):
        tensor = model._file.tensor(model._file.inputs[index])
        size = byte_count(tensor.shape, tensor.dtype)
        if len(golden.input):
            data = bytes(golden.input[place : place + size])
        else:
            data = bytearray(size)
            for i in range(size):
                state = (1664525 * state + 1013904223) & 0xFFFFFFFF
                data[i] = state >> 24
        model._engine.load(index, data)
        place += size


def _run_nodes(model, node_crc):
    engine = model._engine
    engine.start()
    for index in range(model._file.node_count):
        engine.run_node()
        if index < len(node_crc) and engine.crc(index) != node_crc[index]:
            kind, name = operator(model._file, index)
            raise RuntimeError("wrong numbers from node %d, %s %s" % (index, kind, name))


def _check_outputs(model, expected):
    place = 0
    for index in range(len(model.outputs)):
        data = bytes(model.output(index))
        if len(expected) and data != bytes(expected[place : place + len(data)]):
            raise RuntimeError("wrong numbers in output %d" % index)
        place += len(data)
