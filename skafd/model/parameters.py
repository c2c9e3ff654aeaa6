"""The types of parameters: texts in a run, values in a condition."""

from __future__ import annotations

import json
from typing import Any


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
