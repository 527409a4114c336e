"""Model: a model file, ready to run."""

from array import array
from collections import namedtuple

from .backend import engine_needs, new_engine
from .busy import check_idle
from .model_file import DTYPE_NAMES, ModelFile, element_count
from .source import allocate, open_source

TensorInfo = namedtuple("TensorInfo", ("name", "shape", "dtype", "scale", "zero_point"))


class Model:
    """A model from `source`, a path or any buffer that holds a model file.

    `arena` is a writable buffer of `needs(source)[0]` bytes, at an address that is a multiple
    of 4 (else up to 3 bytes more); without it one is made. The file is used where it lies if
    it can be addressed (ROMFS, frozen, any buffer), else it is read into RAM; `copy=True`
    copies it there in any case.
    """

    def __init__(self, source, *, arena=None, copy=False):
        buffer, self.zero_copy = open_source(source, copy)
        self.arena_size, self.state_size, self.aligned = engine_needs(buffer)
        if arena is None:
            arena = allocate(self.arena_size, "the model")
        self._engine = engine = new_engine(buffer, arena)
        self._file = file = ModelFile(buffer, check_crc=False)
        self._buffer = buffer
        self._stepping = False
        self._labels = self._metadata = None
        self.file_size = file.file_size
        self.inputs = tuple(_info(file.tensor(index)) for index in file.inputs)
        self.outputs = tuple(_info(file.tensor(index)) for index in file.outputs)
        self._inputs = tuple(engine.input(index) for index in range(len(self.inputs)))
        self._outputs = tuple(engine.output(index) for index in range(len(self.outputs)))

    # What is in the file

    @property
    def labels(self):
        """Names of the classes, a tuple."""
        if self._labels is None:
            self._labels = self._file.labels()
        return self._labels

    @property
    def metadata(self):
        """Dictionary of all else that the file tells: SPEC.md, "Metadata"."""
        if self._metadata is None:
            import json

            self._metadata = json.loads(self._file.metadata() or "{}")
        return self._metadata

    # One inference, without allocation

    def input(self, i=0):
        """Integers of input i, to write. A run may write over them: fill them before every run."""
        return self._inputs[i]

    def output(self, i=0):
        """Integers of output i, to read until the next run."""
        return self._outputs[i]

    def run(self, inp=None, out=None):
        """One inference. `inp` fills the input first, `out` receives the output.

        Each is a buffer of the model's integers or of float32, or a tuple of such buffers for
        a model with several inputs or outputs.
        """
        check_idle(self._stepping)
        if type(inp) is tuple:
            self._load(inp)
            inp = None
        if type(out) is tuple:
            self._engine.run(inp)
            self._store(out)
        else:
            self._engine.run(inp, out)

    def argmax(self, i=0):
        """Index of the largest element of output i, the first of equals."""
        return self._engine.argmax(i)

    # One inference in pieces

    def step(self, max_macs):
        """Runs some rows, for about max_macs multiply-accumulates; True while there is more.

        Fill the inputs before the first step. Until the last one run() raises OSError(EBUSY);
        reset() gives the inference up.
        """
        engine = self._engine
        if not self._stepping:
            engine.start()
        self._stepping = more = engine.step(max_macs)
        return more

    async def run_async(self, inp=None, out=None, *, max_macs=20000):
        """run() that lets other tasks run after every max_macs multiply-accumulates."""
        from asyncio import sleep

        check_idle(self._stepping)
        if inp is not None:
            self._load(inp if type(inp) is tuple else (inp,))
        try:
            while self.step(max_macs):
                await sleep(0)
        finally:
            self._stepping = False
        if out is not None:
            self._store(out if type(out) is tuple else (out,))

    def reset(self):
        """Forgets what the model keeps between runs, and an inference in pieces."""
        self._stepping = False
        self._engine.reset()

    # Easy forms, which allocate

    def predict(self, x):
        """Real numbers of the output, a list, for real numbers `x`; indices are ints. Allocates.

        `x` is a list, nested or not, or an array; buffers of the model's own integers are taken
        too. A model with several inputs takes a tuple of them, one with several outputs gives a
        tuple of lists.
        """
        check_idle(self._stepping)
        several = len(self.inputs) > 1
        if several and len(x) != len(self.inputs):
            raise ValueError("the model has %d inputs, got %d" % (len(self.inputs), len(x)))
        for i in range(len(self.inputs)):
            self._load_numbers(i, x[i] if several else x)
        self._engine.run()
        results = tuple(self._numbers(i) for i in range(len(self.outputs)))
        return results if len(results) > 1 else results[0]

    def classify(self, x, threshold=0):
        """(label, score) of the likeliest class for `x`, as predict() takes it. Allocates.

        The label is None when the score is below `threshold`. Scores are probabilities: of a
        model that ends without softmax they are computed here. A model with a single output has
        two classes, the second one when the output is above 0.5; one that ends with arg_max has
        chosen, and its score is 1.
        """
        if self.metadata.get("task") == "regress":
            raise ValueError("this model gives numbers, not classes: use predict()")
        scores = self.predict(x)
        if len(self.outputs) > 1:
            scores = scores[0]
        if len(scores) == 1 and self.outputs[0].dtype == "s32":
            best, score = scores[0], 1
        elif len(scores) == 1:
            best = 1 if scores[0] > 0.5 else 0
            score = scores[0] if best else 1 - scores[0]
        else:
            best = self.argmax()
            score = scores[best]
            if not _is_probability(self.outputs[0]):
                from math import exp

                score = 1 / sum(exp(other - score) for other in scores)
        if score < threshold:
            return None, score
        return (self.labels[best] if best < len(self.labels) else best), score

    # Looking after it

    def test(self):
        """Runs the golden vectors of the file and gives how many there are. Allocates.

        RuntimeError names the first operator whose numbers are wrong. The state is zero
        afterwards.
        """
        from .self_test import test

        check_idle(self._stepping)
        return test(self)

    def profile(self):
        """One inference: [(operator, name, microseconds, kernel)] in order. Allocates.

        The kernel is one of this engine's kernel family ("gemm dsp"), "plain c" or "python".
        """
        from .self_test import profile

        check_idle(self._stepping)
        return profile(self)

    def check(self, x):
        """What is wrong with an input, a list of sentences: count, range, spread. Allocates."""
        from .describe import check

        return check(self, x)

    def deinit(self):
        """Lets go of file and arena."""
        self._engine = self._file = self._inputs = self._outputs = _Closed()
        self._buffer = None

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.deinit()

    def __repr__(self):
        return "<Model %d bytes, arena %d bytes>" % (self.file_size, self.arena_size)

    def __str__(self):
        from .describe import describe

        return describe(self)

    def _load(self, buffers):
        for i in range(len(buffers)):
            self._engine.load(i, buffers[i])

    def _load_numbers(self, i, x):
        # An array object of unsigned bytes holds numbers; plain bytes are the model's integers.
        if not (hasattr(x, "dtype") and getattr(memoryview(x), "format", "") == "B"):
            try:
                self._engine.load(i, x)
                return
            except TypeError:  # a list, or a buffer of other numbers
                pass
        self._engine.load(i, array("f", flatten(x)))

    def _store(self, buffers):
        for i in range(len(buffers)):
            self._engine.store(i, buffers[i])

    def _numbers(self, i):
        if self.outputs[i].dtype == "s32":  # indices
            return list(self._outputs[i])
        values = array("f", bytes(4 * element_count(self.outputs[i].shape)))
        self._engine.store(i, values)
        return list(values)


def flatten(x):
    """The numbers of a nested list or array, in order."""
    if isinstance(x, str):
        raise TypeError("numbers wanted, not text")
    numbers = []
    for item in x:
        try:
            iter(item)
        except TypeError:
            numbers.append(item)
        else:
            numbers.extend(flatten(item))
    return numbers


class _Closed:
    def __getattr__(self, name):
        raise ValueError("the model is closed")

    def __getitem__(self, index):
        raise ValueError("the model is closed")


def _info(tensor):
    return TensorInfo(
        tensor.name, tensor.shape, DTYPE_NAMES[tensor.dtype], tensor.scale, tensor.zero_point
    )


def _is_probability(info):
    """Whether an output stops at 0 and about 1, as softmax and sigmoid do."""
    return info.dtype == "s8" and info.zero_point == -128 and info.scale < 1 / 250
