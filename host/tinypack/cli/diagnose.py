"""tinypack diagnose: where a packed model loses accuracy."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..wording import count, percent
from ._output import (
    input_shape,
    input_shape_option,
    json_option,
    print_json,
    print_table,
    progress,
)

if TYPE_CHECKING:
    from ..diagnose import Diagnosis


@click.command("diagnose", short_help="Show where a packed model loses accuracy.")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--calib",
    type=click.Path(path_type=Path),
    required=True,
    help="Real samples, as pack takes them.",
)
@click.option(
    "--precision",
    type=click.Choice(("int8", "int4", "mixed")),
    default="int8",
    show_default=True,
    help="What to look into.",
)
@click.option(
    "--input",
    "input_spec",
    type=click.Path(path_type=Path),
    help="TOML file that says how to prepare the input.",
)
@input_shape_option
@json_option
def command(
    model: Path,
    calib: Path,
    precision: str,
    input_spec: Path | None,
    input_shapes: Sequence[str],
    as_json: bool,
) -> None:
    """Shows for every layer of MODEL (.onnx, .tflite) how much noise rounding makes of it.

    Then names the layers that hurt, and tries what may help: fitted to one half of the samples,
    measured on the other.
    """
    from ..input_spec import InputSpec, load_input_spec
    from ..pipeline import diagnose
    from ..samples import load_calibration

    spec = load_input_spec(input_spec) if input_spec else InputSpec()
    with progress(as_json) as show:
        found = diagnose(
            model,
            load_calibration(calib, spec.pictures),
            precision=precision,
            input_spec=spec,
            input_shapes=dict(map(input_shape, input_shapes)),
            progress=show,
        )
    if as_json:
        print_json(
            {
                "precision": precision,
                "layers": [asdict(layer) for layer in found.layers],
                "hurting": [layer.name for layer in found.hurting],
                "trials": [asdict(trial) for trial in found.trials],
            }
        )
    else:
        _print(model, precision, found)


def _print(model: Path, precision: str, found: "Diagnosis") -> None:
    headers = (
        "layer",
        "operator",
        "weights",
        "signal to noise, dB",
        "noise of weights",
        "of output",
        "share of weights",
    )
    rows = [
        (
            layer.name or "-",
            layer.op,
            layer.dtype or "-",
            f"{layer.decibels:.1f}",
            percent(layer.weight_noise),
            percent(layer.output_noise),
            percent(layer.weights),
        )
        for layer in found.layers
    ]
    print_table(f"{model}, {precision}", headers, rows, left=3)
    for layer in found.hurting:
        weights = layer.weight_noise >= layer.output_noise
        what = "the rounding of its weights" if weights else "the rounding of its output"
        click.echo(
            f"hurts: {layer.name or layer.op}, {percent(layer.weight_noise + layer.output_noise)}"
            f" of the noise, mostly {what}"
        )
    trials = [
        (
            trial.what,
            f"{trial.decibels:.1f}",
            "-" if trial.agreement is None else percent(trial.agreement),
            count(trial.file_bytes),
        )
        for trial in found.trials
    ]
    print_table(
        "on samples that were not fitted to",
        ("tried", "signal to noise, dB", "same answer as float", "bytes"),
        trials,
    )
