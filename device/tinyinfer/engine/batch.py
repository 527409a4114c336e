"""Many samples at once, on numpy arrays: for an evaluation on a PC without the C engine."""

from ..model_file import DTYPE_CODES, ModelFile, byte_count
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
        samples = len(inputs[0])
        # An arena for each: tensors may lie inside of others.
        arena = np.zeros((samples, self._file.arena_bytes), np.uint8)

        def place(tensor):
            """Its bytes in every arena."""
            size = byte_count(tensor.shape, tensor.dtype)
            return arena[:, tensor.offset : tensor.offset + size]

        def write(tensor, values):
            values = np.ascontiguousarray(values.astype(DTYPE_CODES[tensor.dtype]))
            place(tensor)[:] = values.reshape(samples, -1).view(np.uint8)

        def read(tensor):
            return np.ascontiguousarray(place(tensor)).view(DTYPE_CODES[tensor.dtype])

        for index, x in zip(self._file.inputs, inputs):
            tensor = self._file.tensor(index)
            x = np.ascontiguousarray(x).reshape(samples, -1)
            if x.dtype == np.float32 and tensor.quantizer is not None:
                x = quantize_bits(x.view(np.uint32), tensor)
            write(tensor, x)
        for node in self._nodes:
            operands = [
                elements(operand)
                if operand.constant
                else read(operand).reshape(samples, operand.n, operand.h, operand.w, operand.c)
                for operand in node.inputs
            ]
            write(node.y, node.kernel.vectorized(node, *operands))
        outputs = [self._file.tensor(index) for index in self._file.outputs]
        return [read(tensor).reshape(samples, *tensor.shape) for tensor in outputs]
