"""The part of the multiply-accumulates that blocks of a core's own did, rather than plain C.

The kernels tell where they choose (arch/trace.h); what they do not tell of counts as plain.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from tinypack.model_file import read_model
from tinypack.report import cost

from bench import models
from bench.cores import Core
from bench.run import golden_bytes, run_blocks

PLAIN = "_plain"
# Of each network that is not tiny.
GOAL = 0.95
TINY = 1000


@dataclass(frozen=True)
class Node:
    """An operator's multiply-accumulates, and those of each block that it ran."""

    op: str
    macs: int
    blocks: Counter[str]

    @property
    def own(self) -> int:
        """What blocks that are not plain did; blocks of operators without MACs count outputs."""
        told = sum(n for block, n in self.blocks.items() if not block.endswith(PLAIN))
        return told if self.macs else 0


def counted(core: Core, path: Path) -> list[Node]:
    data = path.read_bytes()
    model = read_model(data)
    ran = run_blocks(core, data, golden_bytes(model, model.golden[0]), model.arena_bytes)
    costs = cost(model, len(data)).nodes
    return [Node(node.op, node.macs, blocks) for node, blocks in zip(costs, ran, strict=True)]


def share(nodes: Iterable[Node]) -> float:
    own, macs = map(sum, zip(*((node.own, node.macs) for node in nodes), strict=True))
    return own / macs if macs else 1.0


def table(core: Core, names: Iterable[str], nodes: bool) -> tuple[list[str], list[str]]:
    """Lines to print, and one sentence per figure below the goal."""
    lines, complaints = [], []
    large: dict[str, list[Node]] = {}
    for name in names:
        found = counted(core, models.packed(name, "int8"))
        lines.append(_line(core, name, found))
        if nodes:
            lines += [
                f"{index:10} {node.op:20}{node.macs:12,}  "
                + ", ".join(f"{block} {count:,}" for block, count in node.blocks.items())
                for index, node in enumerate(found)
            ]
        if sum(node.macs for node in found) >= TINY:
            large[name] = found
    for name, found in large.items():
        if share(found) < GOAL:
            complaints.append(
                f"{core.name} {name}: {share(found):.1%} of the MACs, not {GOAL:.0%}"
            )
    random = {name: found for name, found in large.items() if name in models.RANDOM}
    if random:
        lines.append(_line(core, "all random", chain.from_iterable(random.values())))
        lowest = min(random, key=lambda name: share(random[name]))
        lines.append(f"{_line(core, 'lowest random', random[lowest])}: {lowest}")
    return lines, complaints


def _line(core: Core, name: str, nodes: Iterable[Node]) -> str:
    nodes = list(nodes)
    macs = sum(node.macs for node in nodes)
    return f"{core.name:7}{name:14}{macs:12,} MACs{share(nodes):8.1%} in blocks of the core"
