"""Neural networks from one file, with the same bits on every machine.

import tinyinfer

model = tinyinfer.Model("model.tinf")
print(model.classify(sensor.read()))
"""

from .backend import BACKEND, needs
from .model import Model, TensorInfo

__version__ = "0.1.0"
__all__ = ["BACKEND", "Model", "TensorInfo", "needs"]


def _force_python():
    """For tests: Models made from now on run in the Python engine, though a native one is here."""
    global BACKEND
    from . import backend

    backend.use_python()
    BACKEND = backend.BACKEND
