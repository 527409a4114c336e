"""tinypack ops: the operators a model file may hold."""

import click

from ._output import json_option, print_json, print_table


@click.command("ops", short_help="List the operators a model file may hold.")
@click.option("--markdown", is_flag=True, help="Print OPERATORS.md.")
@json_option
def command(markdown: bool, as_json: bool) -> None:
    """Lists the operators a model file may hold, from the table that engine and packager share."""
    from ..ops_doc import operators_markdown
    from ..optable import OPS

    if markdown:
        click.echo(operators_markdown(), nl=False)
    elif as_json:
        print_json(
            {
                "operators": [
                    {
                        "name": op.name,
                        "code": op.code,
                        "inputs": [op.inputs_min, op.inputs_max],
                        "outputs": op.outputs,
                        "summary": op.summary,
                        "attributes": {attr.name: attr.default for attr in op.attrs},
                    }
                    for op in OPS.values()
                ]
            }
        )
    else:
        rows = [(op.name, op.summary, op.code) for op in OPS.values()]
        print_table("operators", ("name", "what it is", "code"), rows, left=2)
