"""Runs on a target: every .tinf of the current folder gives the CRCs it holds, whole and in steps.

For each operator it prints how many models were right; the first wrong one raises.
"""

import gc
import os

import tinyinfer


def lcg(state, data):
    for i in range(len(data)):
        state = (1664525 * state + 1013904223) & 0xFFFFFFFF
        data[i] = state >> 24
    return data


def fill(model, golden):
    place = 0
    sizes = [{"s16": 2, "s32": 4}.get(info.dtype, 1) for info in model.inputs]
    total = sum(len(model.input(i)) * sizes[i] for i in range(len(sizes)))
    data = golden.input if len(golden.input) else lcg(golden.seed, bytearray(total))
    for i in range(len(sizes)):
        view = model.input(i)
        for j in range(len(view)):
            value = 0
            for byte in range(sizes[i]):
                value |= data[place + byte] << 8 * byte
            place += sizes[i]
            view[j] = value - (value >> 8 * sizes[i] - 1 << 8 * sizes[i])


def in_steps(model):
    """Once more, in steps from one row to all rows."""
    for number in range(model._file.golden_count()):
        golden = model._file.golden(number)
        fill(model, golden)
        model.reset()
        budget = 0
        while model.step(budget):
            budget = budget * 3 + 1 + number
        if model._engine.crc(0) != golden.node_crc[0]:
            raise RuntimeError(f"wrong numbers in steps, input {number}")


right = {}
for name in sorted(os.listdir()):  # noqa: PTH208
    if name.endswith(".tinf"):
        for copy in (False, True):
            gc.collect()
            try:
                model = tinyinfer.Model(name, copy=copy)
                model.test()
                in_steps(model)
                model.deinit()
            except (RuntimeError, ValueError) as error:
                raise RuntimeError(f"{name}: {error}") from error
        op = name.split("-")[0]
        right[op] = right.get(op, 0) + 1
for op in sorted(right):
    print("right", op, right[op])
