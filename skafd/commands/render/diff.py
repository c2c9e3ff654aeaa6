"""What differs between two runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from skafd.looks.columns import Cell, joined, table
from skafd.looks.differences import code_lines, package_lines
from skafd.looks.words import state_text
from skafd.units import format_duration

Json = dict[str, Any]
_SHORT = 12


def render_diff(found: Json, width: int | None) -> Text:
    """Sections for what is not the same; tasks always."""
    first, second = found["first"], found["second"]
    names = (first["run"], second["run"])
    lines = [Text.assemble((names[0], "bold"), " -> ", (names[1], "bold"))]
    lines += _section("code", _code(found), f"the same, deployment #{second['deployment']}")
    lines += _section("packages", package_lines(found["packages"], names, width), "the same")
    rows: list[Sequence[Cell]] = [
        [one["name"], _word(one["first"]), _word(one["second"])] for one in found["parameters"]
    ]
    lines += _section("parameters", _table(("NAME", *names), rows, width), "the same")
    rows = [[one["task"], *_result(one["first"]), *_result(one["second"])] for one in found["tasks"]]
    lines += _section("tasks", _table(("TASK", names[0], "TOOK", names[1], "TOOK"), rows, width), "none")
    rows = [[one["name"], one["task"], _number(one["first"]), _number(one["second"])] for one in found["metrics"]]
    lines += _section("metrics, the last values", _table(("METRIC", "TASK", *names), rows, width), "the same")
    rows = [[one["name"], one["task"], _hash(one["first"]), _hash(one["second"])] for one in found["artifacts"]]
    lines += _section("artifacts, by sha256", _table(("ARTIFACT", "TASK", *names), rows, width), "the same")
    if found["notes"]:
        lines += [Text(""), *(Text(f"Note: {note}.") for note in found["notes"])]
    return joined(lines)


def _section(title: str, lines: list[Text], otherwise: str) -> list[Text]:
    if not lines:
        return [Text(""), Text.assemble((title, "bold"), f": {otherwise}")]
    return [Text(""), Text(title, "bold"), *lines]


def _table(header: tuple[str, ...], rows: Sequence[Sequence[Cell]], width: int | None) -> list[Text]:
    return table(header, rows, width, "  ") if rows else []


def _code(found: Json) -> list[Text]:
    lines = code_lines(found["code"])
    if not lines and found["notes"] and found["first"]["deployment"] != found["second"]["deployment"]:
        return [Text(f"  deployments #{found['first']['deployment']} and #{found['second']['deployment']}")]
    return lines


def _result(result: Json | None) -> list[Cell]:
    if result is None:
        return ["-", ""]
    seconds = result["seconds"]
    return [state_text(result["state"]), "" if seconds is None else format_duration(seconds)]


def _word(value: str | None) -> str:
    return "-" if value is None else value


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _hash(value: str | None) -> str:
    return "-" if value is None else value[:_SHORT]
