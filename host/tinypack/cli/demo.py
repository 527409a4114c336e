"""tinypack demo: the bundled digits model, packed, run and judged, without a board."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import PackError
from ..wording import percent
from ._output import (
    json_option,
    make_folder,
    print_json,
    print_table,
    progress,
    verdict,
    write_files,
)

if TYPE_CHECKING:
    from ..pipeline import Packed

_PRECISIONS = ("int8", "int4")


@click.command("demo", short_help="Pack and run the bundled model, without a board.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that keeps the model files.",
)
@json_option
def command(output: Path | None, as_json: bool) -> None:
    """Packs a small network that reads handwritten digits, as int8 and as int4, and runs it.

    Accuracy is measured on 400 test images in the engine that boards use; then says which boards
    it fits. With MicroPython on this computer the same file runs there too.
    """
    from ..calibrate import reference
    from ..demo import MODEL, SAMPLES
    from ..execute import backend
    from ..pipeline import pack
    from ..samples import load_calibration, load_test

    if output:
        make_folder(output)
    results = {}
    with progress(as_json) as show:
        calibration, test = load_calibration(SAMPLES), load_test(SAMPLES)
        expected = reference(MODEL, test.x)[0]
        for precision in _PRECISIONS:
            packed = pack(MODEL, calibration, precision=precision, progress=show)
            results[precision] = _measure(packed, test, expected, show)
            if output:
                write_files({output / f"digits_{precision}.tinf": packed.file})
            if precision == _PRECISIONS[0]:
                there = _in_micropython(packed, test)
    result = {"engine": backend(), "models": results, "micropython": there}
    if as_json:
        print_json(result)
    else:
        _print(result)


def _measure(packed: "Packed", test: Any, expected: Any, show: Any) -> dict[str, Any]:
    from ..boards import load_boards
    from ..evaluate import evaluate
    from ..fit import fit
    from ..report import cost

    measured = evaluate(
        packed.file,
        packed.model,
        test,
        metric="top1",
        reference=expected,
        progress=lambda done, total: show("testing", done, total),
    )
    total = cost(packed.model, len(packed.file))
    return {
        "accuracy": {"float": measured.float_value, "packed": measured.value},
        "agreement": measured.agreement,
        "samples": measured.samples,
        "samples_per_s": measured.samples_per_s,
        "file_bytes": total.file_bytes,
        "arena_bytes": total.arena_bytes,
        "macs": total.macs,
        "boards": [fit(board, packed.model, len(packed.file)).record() for board in load_boards()],
    }


def _in_micropython(packed: "Packed", test: Any) -> dict[str, Any] | None:
    from ..evaluate import feed
    from ..execute import output_integers
    from ..micropython import find_micropython, run_in_micropython

    binary = find_micropython()
    if binary is None:
        return None
    inputs = feed(packed.model, test)
    try:
        run = run_in_micropython(binary, packed.file, inputs[0])
    except PackError as error:
        return {"error": str(error)}
    here = output_integers(packed.file, [x[: len(run.outputs)] for x in inputs])
    return {
        "version": run.version,
        "backend": run.backend,
        "golden": run.golden,
        "samples": len(run.outputs),
        "identical": sum(a == b for a, b in zip(here, run.outputs, strict=True)),
    }


def _print(result: dict[str, Any]) -> None:
    models = result["models"]
    print_table(
        "handwritten digits, 8 x 8 pixels",
        ("weights", "float", "packed", "agrees", "file bytes", "arena bytes", "MACs"),
        [
            (
                precision,
                percent(m["accuracy"]["float"]),
                percent(m["accuracy"]["packed"]),
                percent(m["agreement"]),
                m["file_bytes"],
                m["arena_bytes"],
                m["macs"],
            )
            for precision, m in models.items()
        ],
    )
    first = models[_PRECISIONS[0]]
    engine = "C engine"
    if result["engine"] == "python":
        engine = "Python engine (no C engine is installed; same numbers, slower)"
    click.echo(
        f"accuracy on {first['samples']} test images, {first['samples_per_s']:.0f} per second"
        f" in the {engine}"
    )
    there = result["micropython"]
    if there is None:
        click.echo("MicroPython: none on this computer, so not tried there")
    elif "error" in there:
        click.echo(f"MicroPython: {there['error']}")
    else:
        click.echo(
            f"{there['version']} ({there['backend']}): {there['identical']} of"
            f" {there['samples']} images give the same bytes, golden vectors pass"
        )
    verdicts = zip(*(m["boards"] for m in models.values()), strict=True)
    print_table(
        "boards",
        ("board", *models),
        [(boards[0]["id"], *map(verdict, boards)) for boards in verdicts],
        left=1 + len(models),
    )
