"""Aligned columns that fit a width and never wrap."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

GAP = "  "
NARROWEST = 6

Cell = Text | str


def table(headers: Sequence[str], rows: Sequence[Sequence[Cell]], width: int | None, indent: str = "") -> list[Text]:
    """Lines of a table, the header first; cells are cut with an ellipsis where they must be."""
    cells = [[Text(header, "dim") for header in headers], *([_text(cell) for cell in row] for row in rows)]
    widths = natural_widths(cells)
    if width is not None:
        _shrink(widths, width - len(indent) - len(GAP) * (len(widths) - 1))
    return [_line(row, widths, indent) for row in cells]


def natural_widths(rows: Sequence[Sequence[Cell]]) -> list[int]:
    """What each column would take."""
    return [max(cell_len(_text(cell).plain) for cell in column) for column in zip(*rows, strict=True)]


def total_width(widths: Sequence[int], indent: str = "") -> int:
    """What a table of these columns takes."""
    return len(indent) + sum(widths) + len(GAP) * (len(widths) - 1)


def wrapped(text: str, width: int | None, indent: str, style: str = "") -> list[Text]:
    """A paragraph, each line indented; one line when there is no width."""
    lines: list[Text] = []
    for paragraph in text.splitlines():
        if width is None:
            lines.append(Text(indent + paragraph, style))
        else:
            lines += [Text(indent + part, style) for part in _words(paragraph, max(20, width - len(indent)))]
    return lines


def joined(lines: Sequence[Text]) -> Text:
    """Lines as one text."""
    return Text("\n").join(lines)


def _text(cell: Cell) -> Text:
    return cell if isinstance(cell, Text) else Text(cell)


def _shrink(widths: list[int], room: int) -> None:
    """Takes from the widest column until all fit."""
    while sum(widths) > room and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1


def _line(row: Sequence[Text], widths: Sequence[int], indent: str) -> Text:
    line = Text(indent)
    for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
        fitted = cell.copy()
        fitted.truncate(width, overflow="ellipsis", pad=place < len(widths) - 1)
        line.append(GAP if place else "").append_text(fitted)
    line.rstrip()
    return line


def _words(paragraph: str, width: int) -> list[str]:
    """Breaks between words, and inside one only if it is longer than a line; leading blanks stay."""
    if cell_len(paragraph) <= width:
        return [paragraph]
    place = paragraph.rfind(" ", 1, width + 1)
    place = place if paragraph[:place].strip() else width
    return [paragraph[:place].rstrip(), *_words(paragraph[place:].lstrip(), width)]
