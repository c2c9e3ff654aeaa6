"""The types of parameters: texts in a run, values in a condition."""

from __future__ import annotations

import json
from typing import Any

_TYPES: dict[str, type | tuple[type, ...]] = {"int": int, "float": float, "bool": bool}


def has_type(kind: str, text: str) -> bool:
    """Whether a text stands for a value of the type."""
    if kind == "json":
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return False
        return True
    return isinstance(typed_value(kind, text), _TYPES.get(kind, str))


def typed_value(kind: str, text: str) -> Any:
    """The value that a text stands for; the text itself where it is none of that type."""
    try:
        match kind:
            case "int":
                return int(text)
            case "float":
                return float(text)
            case "bool":
                return {"true": True, "false": False}.get(text.lower(), text)
            case "json":
                return json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text
