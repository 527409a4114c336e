"""The part of the multiply-accumulates that kernels of a core's own did, rather than plain C.

The kernels tell where they run (arch/trace.h); what they do not tell of counts as plain. It must
be what `tinypack info` and profile() say: rows of arch/choice.h.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from tinyinfer.kernels import PLAIN as PLAIN_C
from tinypack.kernels import fast, kernels_by_family, main_kernel
from tinypack.model_file import read_model
from tinypack.report import cost

from bench import models
from bench.cores import Core
from bench.run import golden_bytes, run_kernels

PLAIN = "_plain"
# Of each network that is not tiny.
GOAL = 0.95
TINY = 1000


@dataclass(frozen=True)
class Node:
    """An operator's multiply-accumulates, those of each kernel that ran, and the part of each
    kernel that the rows promise.
    """

    op: str
    macs: int
    ran: Counter[str]
    promised: dict[str, float]

    @property
    def own(self) -> int:
        """What kernels that are not plain did; those of operators without MACs count outputs."""
        told = sum(n for kernel, n in self.ran.items() if not kernel.endswith(PLAIN))
        return told if self.macs else 0

    @property
    def as_promised(self) -> bool:
        """Whether the kernel that the rows name did most, and plain C as much as they say.

        The rows name one kernel for the last channels too, which another one may do.
        """
        most = max(self.ran, key=self.ran.__getitem__, default=PLAIN)
        kernel = PLAIN_C if most.endswith(PLAIN) else most
        told = max(self.macs, self.ran.total())
        return kernel == main_kernel(self.promised) and (
            not self.macs or abs(self.own - fast(self.promised) * told) < 1
        )


def counted(core: Core, path: Path) -> list[Node]:
    data = path.read_bytes()
    model = read_model(data)
    inputs = golden_bytes(model, model.golden[0])
    family, ran = run_kernels(core, data, inputs, model.arena_bytes)
    costs = cost(model, len(data)).nodes
    return [
        Node(node.op, known.macs, kernels, kernels_by_family(model, node)[family])
        for node, known, kernels in zip(model.nodes, costs, ran, strict=True)
    ]


def share(nodes: Iterable[Node]) -> float:
    own, macs = map(sum, zip(*((node.own, node.macs) for node in nodes), strict=True))
    return own / macs if macs else 1.0


def table(core: Core, names: Iterable[str], nodes: bool) -> tuple[list[str], list[str]]:
    """Lines to print, and one sentence per figure below the goal."""
    lines, complaints = [], []
    large: dict[str, list[Node]] = {}
    for name in names:
        found = counted(core, models.packed(name, "int8"))
        complaints += misnamed(f"{core.name} {name}", found)
        lines.append(_line(core, name, found))
        if nodes:
            lines += [
                f"{index:10} {node.op:20}{node.macs:12,}  "
                + ", ".join(f"{kernel} {count:,}" for kernel, count in node.ran.items())
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


def misnamed(name: str, nodes: Iterable[Node]) -> list[str]:
    """A sentence for each node that did not run what `tinypack info` and profile() say."""
    return [
        f"{name} {index} {node.op}: {dict(node.ran)} ran, the rows promise {node.promised}"
        for index, node in enumerate(nodes)
        if not node.as_promised
    ]


def _line(core: Core, name: str, nodes: Iterable[Node]) -> str:
    nodes = list(nodes)
    macs = sum(node.macs for node in nodes)
    return f"{core.name:7}{name:14}{macs:12,} MACs{share(nodes):8.1%} in blocks of the core"
