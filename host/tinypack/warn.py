"""What a user should know about her calibration samples before she trusts the packed model."""

from collections.abc import Sequence

from .ir import FloatArray
from .metrics import classes, target_classes
from .samples import Samples

# Below this, ranges depend on which samples they were.
_ENOUGH_SAMPLES = 100


def warnings(
    calibration: Samples | None,
    reference: FloatArray | None,
    labels: Sequence[str],
) -> tuple[str, ...]:
    """`reference` are the float model's outputs for the samples, `labels` its classes, if any."""
    if calibration is None or reference is None:
        return (
            "NO CALIBRATION DATA: ranges were guessed from noise, accuracy may be anything;"
            " give real samples with --calib",
        )
    found = []
    if len(calibration) < _ENOUGH_SAMPLES:
        found.append(
            f"only {len(calibration)} calibration samples: {_ENOUGH_SAMPLES} or more give better"
            " ranges"
        )
    if labels:
        # Without targets, what the float model takes the samples for.
        answers = calibration.y
        if answers is None:
            # More classes than two from a single number: it is the class.
            chosen = reference[0].size == 1 and len(labels) > 2
            answers = reference if chosen else classes(reference)
        seen = set(target_classes(answers).tolist())
        missing = [label for i, label in enumerate(labels) if i not in seen]
        if missing:
            found.append(
                f"no calibration sample is of class {', '.join(missing)}: accuracy there is"
                " unknown; add samples of every class"
            )
    return tuple(found)
