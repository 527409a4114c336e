"""tinypack boards: what tinypack knows about boards."""

import click

from ._output import json_option, print_json, print_table


@click.command("boards", short_help="List the boards tinypack knows.")
@json_option
def command(as_json: bool) -> None:
    """Lists the boards, real and emulated, with the memory that is free for a model."""
    from dataclasses import asdict

    from ..boards import load_boards

    boards = load_boards()
    if as_json:
        print_json({"boards": [asdict(board) for board in boards]})
        return
    rows = [
        (
            board.id,
            ", ".join(board.aliases),
            board.name,
            board.core,
            board.ram_bytes,
            board.romfs_bytes or 0,
            "emulated" if board.emulator else "real",
        )
        for board in boards
    ]
    columns = ("id", "short", "board", "core", "RAM free", "ROMFS", "")
    print_table("boards", columns, rows, left=4)
    for board in boards:
        for figure, source in board.sources.items():
            click.echo(f"{board.id} {figure}: {source}")
