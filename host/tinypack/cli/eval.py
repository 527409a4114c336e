"""tinypack eval: how well a model file does on samples."""

from pathlib import Path

import click

from ..wording import percent, score
from ._output import json_option, print_json, progress, read_file

_METRICS = ("top1", "mae", "r2", "mse", "auc")


@click.command("eval", short_help="Measure a model file on samples.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--data",
    "samples",
    type=click.Path(path_type=Path),
    required=True,
    help="Samples with targets: x_test, y_test of an .npz, else x, y; or a folder.",
)
@click.option("--metric", type=click.Choice(_METRICS), help="Default: chosen from the targets.")
@click.option(
    "--float",
    "float_model",
    type=click.Path(path_type=Path),
    help="The .onnx model it came from, to compare with.",
)
@json_option
def command(
    file: Path, samples: Path, metric: str | None, float_model: Path | None, as_json: bool
) -> None:
    """Measures FILE (.tinf) on samples, and how often it agrees with the float model."""
    from ..calibrate import reference
    from ..evaluate import evaluate, pictures_of, source_inputs
    from ..model_file import read_model
    from ..samples import load_test

    data = read_file(file)
    model = read_model(data)
    test = load_test(samples, pictures_of(model))
    expected = reference(float_model, source_inputs(model, test)) if float_model else None
    with progress(as_json) as show:
        result = evaluate(
            data,
            model,
            test,
            metric=metric,
            reference=expected[0] if expected else None,
            progress=lambda done, total: show("running", done, total),
        )
    if as_json:
        print_json(
            {
                "metric": result.metric,
                "value": result.value,
                "float_value": result.float_value,
                "samples": result.samples,
                "agreement": result.agreement,
                "error": result.error,
                "samples_per_s": result.samples_per_s,
            }
        )
        return
    if result.metric and result.value is not None:
        line = f"{result.metric} {score(result.metric, result.value)}"
        if result.float_value is not None:
            line += f", float {score(result.metric, result.float_value)}"
        click.echo(f"{line} on {result.samples} samples")
    if result.agreement is not None:
        click.echo(f"agrees with the float model on {percent(result.agreement)}")
    if result.error is not None:
        click.echo(f"off the float model by {percent(result.error)} of its variance")
    click.echo(f"{result.samples_per_s:.0f} samples per second")
