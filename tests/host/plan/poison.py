"""Noise between operators in every byte of the arena that no later operator may read.

Which bytes those are follows from the file alone, backwards from its outputs: nothing here knows
how the plan was made.
"""

import numpy as np
import pytest
from tinypack.model_file import write_model
from tinypack.plan.lifetime import tensor_bytes


def check(model):
    """Nothing that a run of the C engine gives may depend on dead bytes."""
    live = live_bytes(model)
    assert run(model, live, seed=1) == run(model, live, seed=2) == run(model, np.ones_like(live))


def run(model, live, seed=0):
    """The CRC of every node's output and the model's outputs, for one random input."""
    engine_module = pytest.importorskip("_tinyinfer")
    arena = np.zeros(model.arena_bytes, np.uint8)
    engine = engine_module.Engine(write_model(model), memoryview(arena))
    noise = np.random.default_rng(seed)
    for position, i in enumerate(model.inputs):
        x = np.random.default_rng(i).integers(0, 256, tensor_bytes(model.tensors[i]), np.uint8)
        engine.load(position, x.tobytes())
    engine.start()
    found = []
    for time in range(len(model.nodes) + 1):
        dead = ~live[time]
        arena[dead] = noise.integers(0, 256, np.count_nonzero(dead), np.uint8)
        if time < len(model.nodes):
            engine.run_node()
            found.append(engine.crc(time))
    return found, [bytes(engine.output(i)) for i in range(len(model.outputs))]


def live_bytes(model):
    """By node that runs next, and last for the end: whether each byte of the arena is read yet."""
    live = np.zeros((len(model.nodes) + 1, model.arena_bytes), bool)
    live[-1, : model.state_bytes] = True
    for i in model.outputs:
        live[-1, _place(model, i)] = True
    for time, node in reversed(list(enumerate(model.nodes))):
        live[time] = live[time + 1]
        for i in node.outputs:
            live[time, _place(model, i)] = False
        for i in node.inputs:
            if model.tensors[i].data is None:
                live[time, _place(model, i)] = True
    return live


def _place(model, i):
    start = model.tensors[i].offset
    return slice(start, start + tensor_bytes(model.tensors[i]))
