"""Sums and products with a constant, as numbers per channel."""

import numpy as np
from numpy.typing import NDArray

from ..ir import Node, Value, constant

Floats = NDArray[np.float64]

LINEAR = ("conv_2d", "depthwise_conv_2d", "fully_connected", "transpose_conv_2d")


def is_affine(node: Node) -> bool:
    """add or mul with a constant as input 1 that does not enlarge input 0."""
    return (
        node.op in ("add", "mul")
        and node.input(1).is_constant
        and not node.input(0).is_constant
        and node.input(0).shape == node.output.shape
    )


def per_channel(node: Node) -> Floats | None:
    """The constant of an affine node as one number per channel, if it is that."""
    if not is_affine(node):
        return None
    k = node.input(1).data
    if k.size not in (1, k.shape[-1] if k.ndim else 1):
        return None
    channels = node.output.shape[-1] if node.output.rank else 1
    result: Floats = np.broadcast_to(k.reshape(-1).astype(np.float64), (channels,))
    return result


def is_one_number(node: Node) -> bool:
    k = per_channel(node)
    return k is not None and bool(np.all(k == k[0]))


def has_bounds(node: Node) -> bool:
    return "activation_min" in node.attrs or "activation_max" in node.attrs


def set_constant(node: Node, position: int, array: NDArray[np.floating]) -> None:
    """A new constant in place of an old one, which others may still read."""
    old = node.input(position)
    new = constant(old.name, np.asarray(array, np.float32))
    if len(old.uses) > 1:
        new.name = f"{old.name}/{node.output.name}"
    node.set_input(position, new)


def bias_of(node: Node) -> Floats:
    result: Floats = node.input(2).data.astype(np.float64)
    return result


def sole_reader(value: Value) -> Node | None:
    """The only node that reads a value, if it does so once."""
    return value.uses[0].node if len(value.uses) == 1 else None
