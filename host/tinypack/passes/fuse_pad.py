"""A border of zeros goes into the windows that slide over it."""

from dataclasses import replace

from ..ir import Graph, Model, Node
from ..ops._window import Window, window_of


def fuse_pad(model: Model) -> None:
    for node in model.graph.nodes.copy():
        if node.op == "pad" and not model.graph.is_output(node.output):
            _fuse(model.graph, node)


def _fuse(graph: Graph, node: Node) -> None:
    before, after = node.attrs["before"], node.attrs["after"]
    rank = len(before)
    if rank < 3 or node.attrs["value"] != 0:
        return
    # h and w only; a shape of three axes has no h of its own
    if any(before[i] or after[i] for i in range(rank) if i not in (rank - 3, rank - 2)):
        return
    if rank == 3 and (before[0] or after[0]):
        return
    source = node.input(0)
    windows = []
    for reader in node.output.users:
        if not _takes_zeros(reader, node):
            return
        window = window_of(reader)
        window = Window(
            replace(
                window.h,
                before=window.h.before + before[-3],
                after=window.h.after + after[-3],
            ),
            replace(
                window.w,
                before=window.w.before + before[-2],
                after=window.w.after + after[-2],
            ),
        )
        if not window.touches(source.shape):
            return
        windows.append((reader, window))
    for reader, window in windows:
        reader.attrs |= window.attrs(kernel=False, dilation="dilation_h" in reader.attrs)
        if reader.op == "average_pool_2d":
            reader.attrs["count_include_pad"] = 1
        reader.set_input(0, source)
    if not node.output.uses:
        graph.remove(node)


def _takes_zeros(reader: Node, pad: Node) -> bool:
    if reader.op in ("conv_2d", "depthwise_conv_2d"):
        return True
    if reader.op == "average_pool_2d":
        return bool(reader.attrs.get("count_include_pad")) or not window_of(reader).is_padded
    if reader.op == "max_pool_2d":
        # Zeros never win over values that are not negative.
        producer = pad.input(0).producer
        return producer is not None and producer.attrs.get("activation_min", -1.0) >= 0
    return False
