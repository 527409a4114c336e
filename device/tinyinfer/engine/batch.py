"""Many samples at once, on numpy arrays: for an evaluation on a PC without the C engine."""

from ..model_file import DTYPE_CODES, ModelFile
from .node import Node
from .vector import dequantize, elements, np, quantize_bits

_SAMPLES = 32  # computed together: enough for BLAS, few enough for the cache


class Batch:
    """run(x) gives the outputs of every sample; x has one sample per row, integers or float32."""

    def __init__(self, buffer):
        self._file = file = ModelFile(buffer)
        file.verify()
        self._nodes = [Node(file, index) for index in range(file.node_count)]
        for node in self._nodes:
            node.kernel.check(node)
        last = {}
        for node in self._nodes:
            for operand in node.inputs:
                last[operand.index] = node.index
        self._done = {}
        for tensor, index in last.items():
            if tensor not in file.outputs:
                self._done.setdefault(index, []).append(tensor)

    def run(self, *inputs, floats=False):
        """Arrays [samples, …], one per output: its integers, or float32 with `floats`."""
        chunks = [
            self._run([x[start : start + _SAMPLES] for x in inputs])
            for start in range(0, len(inputs[0]), _SAMPLES)
        ]
        outputs = [np.concatenate(parts) for parts in zip(*chunks)]
        if floats:
            tensors = [self._file.tensor(index) for index in self._file.outputs]
            outputs = [dequantize(y, tensor) for y, tensor in zip(outputs, tensors)]
        return outputs

    def _run(self, inputs):
        values = {}
        for index, x in zip(self._file.inputs, inputs):
            tensor = self._file.tensor(index)
            x = np.ascontiguousarray(x).reshape(len(x), -1)
            if x.dtype == np.float32 and tensor.quantizer is not None:
                x = quantize_bits(x.view(np.uint32), tensor)
            values[index] = x.astype(DTYPE_CODES[tensor.dtype])
        for node in self._nodes:
            operands = [
                elements(operand)
                if operand.constant
                else values[operand.index].reshape(-1, operand.n, operand.h, operand.w, operand.c)
                for operand in node.inputs
            ]
            y = node.kernel.vectorized(node, *operands)
            y = y.reshape(len(inputs[0]), -1).astype(DTYPE_CODES[node.y.dtype])
            values[node.y.index] = y
            for index in self._done.get(node.index, ()):
                values.pop(index, None)
        shapes = [self._file.tensor(index).shape for index in self._file.outputs]
        return [
            values[index].reshape(len(inputs[0]), *shape)
            for index, shape in zip(self._file.outputs, shapes)
        ]
