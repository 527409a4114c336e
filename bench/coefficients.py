"""python -m bench.coefficients: writes what host/tinypack/estimate.py estimates with."""

import json
import sys

import numpy as np
from tinypack.estimate import SPEED, workload
from tinypack.model_file import read_model

from bench import models
from bench.cores import load_cores
from bench.run import golden_bytes, run
from toolchain import CHECKOUT
from toolchain.firmware import all_boards
from toolchain.versions import tomllib


def instructions() -> dict[str, dict[str, list[float]]]:
    """By instruction set and kind of node: instructions per multiply-accumulate and element."""
    result = {}
    cores = load_cores()
    for board in all_boards().values():
        if "bench" not in board:
            continue
        core = cores[board["bench"]["name"]]
        seen: dict[str, list[tuple[int, int, int]]] = {}
        for name in models.SEEDED:
            for precision in models.PRECISIONS:
                data = models.packed(name, precision).read_bytes()
                model = read_model(data)
                done = run(
                    core, data, golden_bytes(model, model.golden[0]), model.arena_bytes, None
                )
                for node, count in zip(model.nodes, done.nodes, strict=True):
                    kind, macs, elements = workload(model, node)
                    seen.setdefault(kind, []).append((macs, elements, count))
        result[board["natmods"][0]] = {kind: fitted(rows) for kind, rows in sorted(seen.items())}
    return result


def fitted(rows: list[tuple[int, int, int]]) -> list[float]:
    """Least squares of the relative error; a negative cost is left out."""
    table = np.array(rows, np.float64)
    scaled = table[:, :2] / table[:, 2:]
    used = [i for i in range(2) if scaled[:, i].any()]
    costs = np.zeros(2)
    costs[used] = np.linalg.lstsq(scaled[:, used], np.ones(len(rows)), rcond=None)[0]
    if (costs < 0).any():
        best = int(np.argmax(costs))
        costs[:] = 0
        column = scaled[:, best]
        costs[best] = column.sum() / (column @ column)
    return [round(float(cost), 3) for cost in costs]


def main() -> int:
    sizes = tomllib.loads((CHECKOUT / "tests/sizes.toml").read_text(encoding="utf-8"))
    figures = {"native_modules": sizes["natmod"], "instructions": instructions()}
    SPEED.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
