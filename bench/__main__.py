"""python -m bench: writes build/bench.json, prints a table, fails above tests/budgets.toml."""

import argparse
import json
import sys
from math import prod
from pathlib import Path
from zlib import crc32

from tinypack.model_file import read_model
from tinypack.report import cost

from bench import models, report, share
from bench.build import build, code_bytes
from bench.cores import Core, load_cores
from bench.run import golden_bytes, run
from toolchain import CHECKOUT, ToolchainError

RESULTS = CHECKOUT / "build" / "bench.json"


def measure(core: Core, path: Path, profile: int | None) -> tuple[dict[str, int], str]:
    """Figures of one model file on one core, and its table of nodes.

    The core must give the golden output of every vector in the file; the last sample is counted.
    """
    data = path.read_bytes()
    model = read_model(data)
    for golden in model.golden:
        done = run(core, data, golden_bytes(model, golden), model.arena_bytes, profile)
        expected = golden.node_crc or (*done.crcs[:-1], crc32(golden.output))
        if (*done.crcs, done.invoke_crc) != (*expected, expected[-1]):
            wrong = [
                i
                for i, pair in enumerate(zip(done.crcs, expected, strict=True))
                if pair[0] != pair[1]
            ]
            raise ToolchainError(f"{core.name}: {path.name}: wrong output of nodes {wrong}")
    costs = cost(model, len(data))
    figures = {
        "instructions": done.invoke,
        "macs": costs.macs,
        "outputs": sum(prod(model.tensors[index].shape) for index in model.outputs),
        "arena_bytes": done.arena_bytes,
        "code_bytes": code_bytes(core, build(core)),
    }
    return figures, report.nodes(costs.nodes, done)


def print_share(cores: list[Core], names: list[str], nodes: bool) -> int:
    complaints = []
    for core in cores:
        lines, below = share.table(core, names, nodes)
        print("\n".join(lines))
        complaints += below
    for complaint in complaints:
        print(f"below the goal: {complaint}")
    return 1 if complaints else 0


def main() -> int:
    cores = load_cores()
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--core", nargs="+", choices=cores, default=list(cores))
    parser.add_argument("--model", nargs="+", help="names, or paths of .tinf files")
    parser.add_argument(
        "--precision",
        nargs="+",
        choices=(*models.PRECISIONS, models.WIDE),
        default=(*models.PRECISIONS, models.WIDE),
    )
    parser.add_argument("--nodes", action="store_true", help="instructions per operator")
    parser.add_argument(
        "--profile", type=int, metavar="NODE", help="instructions per function in this node"
    )
    parser.add_argument(
        "--share", action="store_true", help="part of the MACs in blocks of the core's own, int8"
    )
    given = parser.parse_args()
    chosen = [cores[name] for name in given.core]
    if given.share:
        return print_share(chosen, given.model or models.shared_and_random(), given.nodes)

    results: report.Results = {}
    try:
        for name in given.model or models.available():
            is_file = name.endswith(".tinf")
            offered = [p for p in models.precisions(name) if p in given.precision]
            for precision in [""] if is_file else offered:
                path = Path(name) if is_file else models.packed(name, precision)
                for core in chosen:
                    figures, nodes = measure(core, path, given.profile)
                    results.setdefault(core.name, {}).setdefault(path.stem, {})[precision] = (
                        figures
                    )
                    if given.nodes or given.profile is not None:
                        print(f"\n{core.name} {name} {precision}\n{nodes}\n")
    except ToolchainError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1

    print(report.table(results))
    if given.model and any(name.endswith(".tinf") for name in given.model):
        return 0
    # A part stands beside what was counted before; without options all is counted afresh.
    part = len(sys.argv) > 1
    old = json.loads(RESULTS.read_text()) if part and RESULTS.is_file() else {}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report.merged(old, results), indent=2) + "\n")
    complaints = report.over_budget(results)
    for complaint in complaints:
        print(f"over budget: {complaint}")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
