"""What differs between two versions of a project: lines of code and of packages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.text import Text

from skafd.looks.columns import Cell, table

Json = dict[str, Any]
_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def code_lines(code: Sequence[Json]) -> list[Text]:
    """Unified diffs, coloured; what has none is named."""
    lines: list[Text] = []
    for one in code:
        if one["diff"]:
            lines += [Text(line, _STYLES.get(line[:1], "")) for line in one["diff"].splitlines()]
        else:
            lines.append(Text(f"{one['path']}: {one['change']}, {_kind(one)}"))
    return lines


def package_lines(packages: Sequence[Json], names: tuple[str, str], width: int | None) -> list[Text]:
    """A table of packages with their versions in both."""
    rows: list[Sequence[Cell]] = [
        [one["name"], one["first"] or "-", one["second"] or "-", ", ".join(one["jobs"])] for one in packages
    ]
    return table(("PACKAGE", *names, "JOBS"), rows, width, "  ") if rows else []


def version_lines(found: Json, width: int | None) -> list[Text]:
    """All that one deployment changed since another."""
    names = (f"#{found['first']}", f"#{found['second']}")
    lines = [Text.assemble((f"{found['project']} {names[0]}", "bold"), " -> ", (names[1], "bold"))]
    for title, part in (
        ("code", code_lines(found["code"])),
        ("packages", package_lines(found["packages"], names, width)),
    ):
        lines += [Text(""), Text(title, "bold"), *part] if part else [Text(""), Text(f"{title}: the same")]
    return [*lines, *(Text(f"Note: {note}.") for note in found["notes"])]


def summary_lines(found: Json) -> Iterator[Text]:
    """A line for each file and package, with how much of it changed."""
    for one in found["code"]:
        added, removed = _counts(one["diff"])
        line = Text(f"{one['path']} ")
        line.append(f"+{added} ", "green").append(f"-{removed}", "red") if one["diff"] else line.append(one["change"])
        yield line
    for one in found["packages"]:
        yield Text(f"{one['name']} {one['first'] or '-'} -> {one['second'] or '-'}")
    for note in found["notes"]:
        yield Text(f"Note: {note}.", "yellow")


def _counts(diff: str) -> tuple[int, int]:
    """Lines added and removed; the first two name the files."""
    lines = diff.splitlines()[2:]
    return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)


def _kind(one: Json) -> str:
    return "binary" if one["binary"] else "too much to be shown" if one["cut"] else "empty"
