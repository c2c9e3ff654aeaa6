"""What became of a folder that was handed to the daemon."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from skafd.looks.columns import joined, wrapped

_LOOKS = {"deployed": ("✓", "green"), "unchanged": ("✓", "green"), "refused": ("✗", "bold red")}


def render_result(result: dict[str, Any]) -> Text:
    """A line for the outcome, then why, then the warnings."""
    glyph, style = _LOOKS.get(result["outcome"], ("✗", "bold red"))
    head = Text(f"{glyph} ", style).append(_head(result))
    lines = [head, *wrapped(result["text"], None, "    ")]
    for warning in result["warnings"]:
        lines += wrapped(f"! {warning}", None, "    ", "yellow")
    return joined(lines)


def _head(result: dict[str, Any]) -> str:
    number = f" #{result['deployment']}" if result["deployment"] else ""
    match result["outcome"]:
        case "deployed":
            return f"{result['project']}{number} is live"
        case "unchanged":
            return f"{result['project']}{number} is live, unchanged"
        case "refused":
            return f"{result['project'] or result['folder']} was refused; {_stays(number)}"
        case _:
            return f"no project in {result['folder']}: it needs a metis.config.yml; `skafd init` makes one"


def _stays(number: str) -> str:
    return f"{number.strip()} stays live" if number else "nothing of it is live"
