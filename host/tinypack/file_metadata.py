"""What a model file says of itself: its task and classes, what it was made from, its accuracy."""

import hashlib
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from math import prod
from pathlib import Path
from typing import Any

from .errors import PackError
from .evaluate import Evaluation
from .ir import Graph, Model, Node
from .samples import Samples


def task_of(model: Model, calibration: Samples | None) -> str | None:
    """classify or regress, if it shows."""
    if calibration is not None and calibration.y is not None:
        return "classify" if calibration.y.dtype.kind in "iub" else "regress"
    last = model.graph.outputs[0].producer
    softmax = last is not None and last.op == "softmax"
    return "classify" if model.labels or softmax or _choice(model.graph) else None


def _choice(graph: Graph) -> Node | None:
    """What gives the index of a class, if the model ends so."""
    last = graph.outputs[0].producer
    single = prod(graph.outputs[0].shape) == 1
    return last if last is not None and last.op == "arg_max" and single else None


def class_labels(graph: Graph, labels: Sequence[str]) -> tuple[str, ...]:
    """As many as the output has classes; class0, class1, … without any."""
    choice = _choice(graph)
    shape = choice.input(0).shape if choice else graph.outputs[0].shape
    count = max(shape[-1] if shape else 1, 2)
    if labels and len(labels) != count:
        raise PackError(
            f"{len(labels)} labels were given but the model has {count} classes; give {count}"
        )
    return tuple(labels) or tuple(f"class{i}" for i in range(count))


def source_metadata(path: Path, model: Model, task: str | None) -> dict[str, Any]:
    """SPEC.md, "Metadata": what does not depend on precision or samples."""
    metadata: dict[str, Any] = {
        # A file's name may hold bytes that are no text.
        "name": path.stem.encode("utf-8", "replace").decode(),
        "tool": f"tinypack {_version()}",
        "source_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    if task:
        metadata["task"] = task
    for key in ("licence", "license"):
        if key in model.metadata:
            metadata["licence"] = model.metadata[key]
    return metadata


def _version() -> str:
    try:
        return version("tinyinfer")
    except PackageNotFoundError:  # a checkout that is not installed
        import tinyinfer

        return str(tinyinfer.__version__)


def accuracy_metadata(accuracy: Evaluation) -> dict[str, Any]:
    """On calibration samples: those of a test are not seen by what is packed."""
    record: dict[str, Any] = {"set": "calibration", "samples": accuracy.samples}
    if accuracy.metric:
        record |= {
            "metric": accuracy.metric,
            "float": _rounded(accuracy.float_value),
            "packed": _rounded(accuracy.value),
        }
    if accuracy.agreement is not None:
        record["agreement"] = _rounded(accuracy.agreement)
    if accuracy.error is not None:
        record["error"] = _rounded(accuracy.error)
    return record


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)
