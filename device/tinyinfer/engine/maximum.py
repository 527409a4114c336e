"""maximum (SPEC.md): the greater of two elements."""

from .extreme import check, chosen

__all__ = ["check", "run", "vectorized"]


def run(node, row0, row1):
    return chosen(node, row0, row1, max)


def vectorized(node, x, k):
    from .vector import np

    return np.maximum(x, k)
