"""Numbers as people read them."""


def count(number: int) -> str:
    """12 501 632"""
    return f"{number:,}".replace(",", " ")


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"
