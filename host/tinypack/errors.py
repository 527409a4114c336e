"""The one exception for what the user can mend."""

from collections.abc import Iterator
from contextlib import contextmanager


class PackError(Exception):
    """The user's model, data or arguments cannot work: thing, reason and remedy in one sentence.

    Never raised for a bug that is known to be ours. The command line prints it and exits with
    code 2.
    """


@contextmanager
def contradictions(what: str) -> Iterator[None]:
    """Reading a model whose shapes, attributes and constants contradict each other fails in as
    many ways as there are operators. `what` names the part of the model that is looked at.

    Not around what comes later: there an error is ours, and the command line says so.
    """
    try:
        yield
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        MemoryError,
        TypeError,
        ValueError,
    ) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise PackError(
            f"{what} has shapes, attributes or constants that contradict each other ({lines[0]});"
            " export the model anew, or report it as a bug if other tools run it"
        ) from error
