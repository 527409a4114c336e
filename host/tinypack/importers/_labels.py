"""Class names from a model's metadata."""

import ast
import json
from collections.abc import Mapping

_KEYS = ("labels", "names", "classes", "class_names")


def labels_of(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """A JSON list, a dictionary from number to name as some trainers write it, or a,b,c."""
    text = next((metadata[key] for key in _KEYS if metadata.get(key, "").strip()), "")
    for parse in (json.loads, ast.literal_eval):
        try:
            value = parse(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(value, dict):
            try:
                return tuple(str(value[key]) for key in sorted(value, key=int))
            except (TypeError, ValueError):
                return tuple(map(str, value))
        if isinstance(value, list | tuple | set):
            return tuple(map(str, value))
    separator = "\n" if "\n" in text.strip() else ","
    return tuple(label.strip() for label in text.split(separator) if label.strip())
