"""tinypack pack: a trained model to a model file."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..wording import count, percent, score
from ._choice import check_budgets, layer_choices, print_choice
from ._output import (
    board_figures,
    check_writable,
    input_shape,
    input_shape_option,
    json_option,
    print_json,
    print_table,
    progress,
    verdict,
    write_files,
)

if TYPE_CHECKING:
    from ..evaluate import Evaluation
    from ..pipeline import Packed

_PRECISIONS = ("int8", "int4", "int16", "mixed", "auto")


@click.command("pack", short_help="Pack a trained model (also without the word pack).")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Default: MODEL's name.tinf."
)
@click.option(
    "--calib",
    type=click.Path(path_type=Path),
    help="Real samples: .npz (x_calib, else x), .npy, or a folder of CSV, WAV or image files.",
)
@click.option(
    "--precision",
    type=click.Choice(_PRECISIONS),
    help="Width of the weights: int8 if not given, and of models of scikit-learn int16 where int8"
    " answers otherwise. int16 has s8 weights and s16 activations; mixed keeps the first,"
    " last and depthwise layers int8; auto chooses per layer and says why.",
)
@click.option(
    "--max-drop",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="For auto: points of accuracy that may be lost.",
)
@click.option("--max-flash", type=click.IntRange(1), help="Refuse a file of more bytes.")
@click.option(
    "--max-ram",
    type=click.IntRange(1),
    help="Refuse an arena of more bytes, after trying to run the largest layers in bands of rows.",
)
@click.option("--board", "boards", multiple=True, help="Say whether the model fits; repeatable.")
@click.option("--labels", help="Names of the classes: a,b,c")
@click.option(
    "--input",
    "input_spec",
    type=click.Path(path_type=Path),
    help="TOML file that says how to prepare the input: rate, window, axes, units, mean, std,"
    " resize, channels.",
)
@input_shape_option
@click.option(
    "--stateful",
    is_flag=True,
    help="Of a recurrent model: take one time step a run and keep the state until reset().",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="Also write a page with layers, noise, memory over time, wrong answers: report.html",
)
@json_option
def command(
    model: Path,
    output: Path | None,
    calib: Path | None,
    precision: str | None,
    max_drop: float,
    max_flash: int | None,
    max_ram: int | None,
    boards: Sequence[str],
    labels: str | None,
    input_spec: Path | None,
    input_shapes: Sequence[str],
    stateful: bool,
    report: Path | None,
    as_json: bool,
) -> None:
    """Packs MODEL (.onnx, .tflite) into one file for microcontrollers.

    Reports what it costs, per board with --board. x_test and y_test of the samples are used for
    the report only.
    """
    from ..boards import find
    from ..input_spec import InputSpec, load_input_spec
    from ..pipeline import pack
    from ..samples import load_calibration

    target = output or model.with_suffix(".tinf").name
    target = Path(target)
    check_writable(target, report)
    chosen = [find(board) for board in boards]
    spec = load_input_spec(input_spec) if input_spec else InputSpec()
    with progress(as_json) as show:
        packed = pack(
            model,
            load_calibration(calib, spec.pictures) if calib else None,
            precision=precision,
            max_drop=max_drop,
            labels=[name.strip() for name in labels.split(",")] if labels else (),
            input_spec=spec,
            input_shapes=dict(map(input_shape, input_shapes)),
            stateful=stateful,
            max_ram=max_ram,
            progress=show,
        )
        tested = _test(packed, model, calib, show) if calib else None
    check_budgets(packed, max_flash, max_ram)
    result = _result(target, packed, tested)
    if chosen:
        from ..fit import fit

        result["boards"] = [
            fit(board, packed.model, len(packed.file)).record() for board in chosen
        ]
    files = {target: packed.file}
    if report:
        files[report] = _report(result, packed, tested)
    write_files(files)
    if as_json:
        print_json(result)
    else:
        _print(result, packed)


def _test(packed: "Packed", model: Path, calib: Path, show: Any) -> "Evaluation | None":
    """On x_test and y_test, if the samples have them: for the report, after the file is made."""
    from ..calibrate import reference
    from ..evaluate import evaluate, source_inputs
    from ..samples import has_test, load_test

    if not has_test(calib):
        return None
    test = load_test(calib)
    return evaluate(
        packed.file,
        packed.model,
        test,
        reference=reference(model, source_inputs(packed.model, test))[0],
        progress=lambda done, total: show("testing", done, total),
    )


def _result(target: Path, packed: "Packed", tested: "Evaluation | None") -> dict[str, Any]:
    from ..report import cost, what_is_large

    total = cost(packed.model, len(packed.file))
    measured = tested or packed.accuracy
    accuracy = None
    if measured is not None:
        accuracy = {
            "metric": measured.metric,
            "float": measured.float_value,
            "packed": measured.value,
            "agreement": measured.agreement,
            "error": measured.error,
            "samples": measured.samples,
            "set": "test" if tested else "calibration",
        }
    return {
        "output": str(target),
        "precision": packed.precision,
        "reason": packed.reason,
        "file_bytes": total.file_bytes,
        "weight_bytes": total.weight_bytes,
        "constant_bytes": total.constant_bytes,
        "arena_bytes": total.arena_bytes,
        "arena_lower_bound": packed.plan.lower_bound,
        "arena_given_order": packed.plan.given_order_bytes,
        "arena_by_family": dict(total.arena_by_family),
        "params": total.params,
        "macs": total.macs,
        "macs_twice": packed.extra_macs,
        "accuracy": accuracy,
        "warnings": list(packed.warnings),
        "layers": layer_choices(packed.choice),
        "smaller": what_is_large(packed.model),
    }


def _report(result: dict[str, Any], packed: "Packed", tested: "Evaluation | None") -> bytes:
    from ..html_report import html_report
    from ..report import cost

    total = cost(packed.model, len(packed.file))
    measured = tested or packed.accuracy
    wrong = measured.confusion if measured is not None else None
    counts = None if wrong is None else wrong.tolist()
    return html_report(result, packed.model, total, packed.noise, counts)


def _print(result: dict[str, Any], packed: "Packed") -> None:
    for warning in packed.warnings:
        click.secho(f"warning: {warning}", fg="yellow", bold=True, err=True)
    rows: list[tuple[str, object]] = [
        ("weights", result["precision"]),
        ("file, bytes of flash", result["file_bytes"]),
        ("  of them weights", result["weight_bytes"]),
        ("arena, bytes of RAM", result["arena_bytes"]),
        ("  no order of layers needs less than", result["arena_lower_bound"]),
        ("parameters", result["params"]),
        ("multiply-accumulates", result["macs"]),
    ]
    if twice := result["macs_twice"]:
        rows.append(("  of them computed twice, for less RAM", twice))
    if before := result["arena_given_order"]:
        rows.insert(4, ("  in the order of the source", before))
    if accuracy := result["accuracy"]:
        rows += _accuracy_rows(accuracy)
    print_table(result["output"], ("", ""), rows)
    if packed.choice is not None:
        print_choice(packed.choice)
    if packed.reason is not None:
        click.echo(packed.reason)
    for board in result.get("boards", []):
        click.echo(f"{board['id']}: {verdict(board)}{board_figures(board)}")
    for sentence in result["smaller"]:
        click.echo(sentence)


def _accuracy_rows(accuracy: dict[str, Any]) -> list[tuple[str, object]]:
    """Beside the targets, if there are any, and the float model."""
    rows: list[tuple[str, object]] = []
    if metric := accuracy["metric"]:
        where = f"{metric} on {count(accuracy['samples'])} {accuracy['set']} samples"
        if accuracy["float"] is not None:
            rows.append((f"{where}, float", score(metric, accuracy["float"])))
        rows.append((f"{where}, packed", score(metric, accuracy["packed"])))
    if accuracy["agreement"] is not None:
        rows.append(("same answer as the float model", percent(accuracy["agreement"])))
    if accuracy["error"] is not None:
        rows.append(("error, of the float model's variance", percent(accuracy["error"])))
    return rows
