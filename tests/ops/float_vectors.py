"""Runs on a target: float32 into NAME.tinf gives the bytes of NAME.int and of NAME.out."""

import os
from array import array

import tinyinfer


def read(name):
    with open(name, "rb") as file:  # noqa: PTH123
        return file.read()


def first_difference(name, got, expected):
    if got != expected:
        i = 0
        while got[i] == expected[i]:
            i += 1
        raise RuntimeError(f"{name}: byte {i} of {len(expected)} is {got[i]}, not {expected[i]}")


right = 0
for name in sorted(os.listdir()):  # noqa: PTH208
    if name.endswith(".tinf"):
        stem = name[:-5]
        model = tinyinfer.Model(name)
        floats = array("f", bytes(4 * len(model.output())))
        model.run(array("f", read(stem + ".in")), floats)
        first_difference(stem + ", integers", bytes(model.output()), read(stem + ".int"))
        first_difference(stem + ", floats", bytes(floats), read(stem + ".out"))
        model.deinit()
        right += 1
print("right", right)
