"""Numbers as people read them."""


def count(number: int) -> str:
    """12 501 632"""
    return f"{number:,}".replace(",", " ")


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def score(metric: str, value: float) -> str:
    """Of a metric of metrics.py: shares in percent."""
    return percent(value) if metric == "top1" else f"{value:.4f}"
