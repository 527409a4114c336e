"""Tables of what was measured, beside the peers' figures and the budgets."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tinypack.report import NodeCost

from bench.run import Run
from toolchain import CHECKOUT
from toolchain.versions import tomllib

BUDGETS = CHECKOUT / "tests" / "budgets.toml"
PEERS = Path(__file__).with_name("peers.toml")
TOLERANCE = 0.01

# core -> model -> precision -> figures
Results = dict[str, dict[str, dict[str, dict[str, int]]]]


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text()) if path.is_file() else {}


def peer(core: str, model: str) -> int | None:
    """Instructions of the best engine we know of for the same network."""
    count: int | None = _toml(PEERS).get(core, {}).get(model.removesuffix("_seeded"))
    return count


def _rows(results: Results) -> list[dict[str, int]]:
    precisions = (found for models in results.values() for found in models.values())
    return [figures for found in precisions for figures in found.values()]


def table(results: Results) -> str:
    peers = _toml(PEERS)
    lines = [
        f"{'core':7}{'model':12}{'':6}{'instructions':>14}{'/MAC':>7} "
        f"{'arena':>9}{'code':>8}{'peer':>14}{'faster':>8}"
    ]
    for core, models in results.items():
        for model, precisions in models.items():
            peer = peers.get(core, {}).get(model.removesuffix("_seeded"))
            for precision, figures in precisions.items():
                count = figures["instructions"]
                # Of a network without multiply-accumulates: per number that it puts out.
                per = count / (figures["macs"] or figures["outputs"])
                mark = " " if figures["macs"] else "*"
                line = f"{core:7}{model:12}{precision:6}{count:14,}{per:7.2f}{mark}"
                line += f"{figures['arena_bytes']:9,}{figures['code_bytes']:8,}"
                # The peers' figures are of s8 activations.
                beside = peer and precision != "int16"
                lines.append(line + (f"{peer:14,}{peer / count:7.2f}x" if beside else ""))
    if not all(figures["macs"] for figures in _rows(results)):
        lines.append("* per output, for want of multiply-accumulates")
    lines += [
        f"peer on {core}: {facts['engine']}" for core, facts in peers.items() if core in results
    ]
    return "\n".join(lines)


def over_budget(results: Results) -> list[str]:
    """One sentence per figure that is more than 1% above its budget, or has none."""
    budgets = _toml(BUDGETS)
    complaints = []
    for core, models in results.items():
        for model, precisions in models.items():
            for precision, figures in precisions.items():
                budget = budgets.get(core, {}).get(model, {}).get(precision)
                count = figures["instructions"]
                where = f"{core} {model} {precision}: {count:,} instructions"
                if budget is None:
                    complaints.append(f"{where}, no budget in {BUDGETS.name}")
                elif count > budget * (1 + TOLERANCE):
                    complaints.append(f"{where}, budget {budget:,} ({count / budget - 1:+.1%})")
    return complaints


def nodes(costs: tuple[NodeCost, ...], run: Run) -> str:
    lines = [
        f"{'node':>4} {'operator':18}{'output':20}{'MACs':>11}"
        f"{'instructions':>14}{'/MAC':>7}{'/output':>9}"
    ]
    for index, (cost, count) in enumerate(zip(costs, run.nodes, strict=True)):
        outputs = 1
        for size in cost.shape:
            outputs *= size
        shape = "x".join(map(str, cost.shape))
        per_mac = f"{count / cost.macs:7.2f}" if cost.macs else " " * 7
        lines.append(
            f"{index:4} {cost.op:18}{shape:20}{cost.macs:11,}{count:14,}"
            f"{per_mac}{count / outputs:9.1f}"
        )
    rest = run.invoke - sum(run.nodes)
    lines.append(
        f"     between the nodes {rest:,}; in all {run.invoke:,};"
        f" open {run.open:,}, bind {run.bind:,}"
    )
    if run.profile:
        total = sum(run.profile.values())
        lines += [
            f"{count:12,} {count / total:6.1%} {name}"
            for name, count in run.profile.most_common(20)
        ]
    return "\n".join(lines)


def merged(old: Results, new: Mapping[str, Any]) -> Results:
    """`old` with what `new` measured again."""
    for core, models in new.items():
        for model, precisions in models.items():
            old.setdefault(core, {}).setdefault(model, {}).update(precisions)
    return old
