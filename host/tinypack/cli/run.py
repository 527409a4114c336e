"""tinypack run: a model file on this computer, as on a board."""

from pathlib import Path

import click

from ._output import json_option, print_json, print_table, progress, read_file


@click.command("run", short_help="Run a model file on samples.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--input",
    "samples",
    type=click.Path(path_type=Path),
    required=True,
    help="Samples: .npy, .npz, a folder, or one CSV, WAV or image file.",
)
@click.option("--limit", type=click.IntRange(1), help="Run only the first samples.")
@json_option
def command(file: Path, samples: Path, limit: int | None, as_json: bool) -> None:
    """Runs FILE (.tinf) on samples in the engine that boards use."""
    from ..evaluate import feed, pictures_of
    from ..execute import backend, run_samples
    from ..metrics import classes
    from ..model_file import read_model
    from ..samples import has_test, load_calibration, load_test

    data = read_file(file)
    model = read_model(data)
    load = load_test if has_test(samples) else load_calibration
    source = load(samples, pictures_of(model))
    inputs = [x[:limit] for x in feed(model, source)]
    with progress(as_json) as show:
        outputs = run_samples(data, inputs, lambda done, total: show("running", done, total))
    flat = [output.reshape(len(output), -1) for output in outputs]
    if as_json:
        names = [model.tensors[i].name for i in model.outputs]
        print_json(
            {
                "backend": backend(),
                "samples": len(flat[0]),
                "outputs": {n: y.tolist() for n, y in zip(names, flat, strict=True)},
            }
        )
        return
    labels = model.labels
    rows = [
        (
            i,
            labels[c] if labels and c < len(labels) else c,
            " ".join(f"{value:.4g}" for value in y[:12]) + (" …" if len(y) > 12 else ""),
        )
        for i, (c, y) in enumerate(zip(classes(flat[0]).tolist(), flat[0], strict=True))
    ]
    print_table(f"{file} in the {backend()} engine", ("sample", "class", "outputs"), rows, left=3)
