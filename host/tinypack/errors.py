"""The one exception for what the user can mend."""


class PackError(Exception):
    """The user's model, data or arguments cannot work: thing, reason and remedy in one sentence.

    Never raised for a bug of ours. The command line prints it and exits with code 2.
    """
