"""What pack says of widths that were chosen for the user, and of budgets that she gave."""

from typing import TYPE_CHECKING, Any

import click

from ..errors import PackError
from ..wording import count, percent
from ._output import print_table

if TYPE_CHECKING:
    from ..auto import AutoChoice
    from ..pipeline import Packed


def layer_choices(choice: "AutoChoice | None") -> list[dict[str, Any]]:
    """Per layer its width and why, in the model's order."""
    if choice is None:
        return []
    chosen = {layer.node: layer for layer in choice.layers}
    return [
        {
            "name": node.name,
            "op": node.op,
            "weights": width,
            "share_of_weights": layer.weights,
            "share_of_noise": layer.noise,
        }
        for node, width in sorted(choice.widths.items(), key=lambda item: item[0].name)
        if (layer := chosen.get(node)) is not None
    ]


def print_choice(choice: "AutoChoice") -> None:
    rows = [
        (
            layer["name"] or layer["op"],
            layer["weights"],
            percent(layer["share_of_weights"]),
            percent(layer["share_of_noise"]),
        )
        for layer in layer_choices(choice)
    ]
    headers = ("layer", "width", "of all weights", "of the noise, were all s4")
    print_table("widths, chosen per layer", headers, rows)
    if choice.unseen:
        click.echo("all s8: narrow weights are not risked while a class has no calibration sample")
    click.echo(f"predicted loss on new samples: {choice.loss:.2f} points")


def check_budgets(packed: "Packed", max_flash: int | None, max_ram: int | None) -> None:
    """Raises PackError where the file or its arena is larger than allowed."""
    file_bytes, arena = len(packed.file), packed.plan.arena_bytes
    if max_flash is not None and file_bytes > max_flash:
        remedy = "narrow the weights with --precision int4"
        if packed.precision == "int4":
            remedy = "make the model smaller"
        elif packed.precision == "auto":
            remedy = "narrower weights would lose more: raise --max-drop"
        raise PackError(
            f"the file has {count(file_bytes)} bytes but --max-flash allows"
            f" {count(max_flash)}; {remedy}, or raise --max-flash"
        )
    if max_ram is not None and arena > max_ram:
        peak = max(range(len(packed.plan.live)), key=packed.plan.live.__getitem__)
        node = packed.model.nodes[peak]
        raise PackError(
            f"the arena has {count(arena)} bytes but --max-ram allows {count(max_ram)};"
            f" node {node.name or node.op!r} needs {count(packed.plan.lower_bound)} in any plan,"
            " bands of rows included: make its input and output smaller, or raise --max-ram"
        )
