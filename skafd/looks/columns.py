"""Aligned columns that fit a width and never wrap."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.text import Span, Text

GAP = "  "
NARROWEST = 6

Cell = Text | str


def table(headers: Sequence[str], rows: Sequence[Sequence[Cell]], width: int | None, indent: str = "") -> list[Text]:
    """Lines of a table, the header first; cells are cut with an ellipsis where they must be.

    Without a width nobody looks at colours, and thousands of lines are to be quick.
    """
    if width is None:
        return [Text(line) for line in plain_lines(headers, rows, indent)]
    cells = [[Text(header, "dim") for header in headers], *rows]
    widths = natural_widths(cells)
    _shrink(widths, width - len(indent) - len(GAP) * (len(widths) - 1))
    return [_line(row, widths, indent) for row in cells]


def plain_lines(headers: Sequence[str], rows: Sequence[Sequence[Cell]], indent: str) -> list[str]:
    """The same without colours, where nothing is cut."""
    plain = ([_plain(cell) for cell in row] for row in (headers, *rows))
    columns = [_filled(column) for column in zip(*plain, strict=True)]
    return [f"{indent}{GAP.join(row)}".rstrip() for row in zip(*columns, strict=True)]


def _filled(column: Sequence[str]) -> list[str]:
    """All as wide as the widest."""
    lengths = [len(cell) if cell.isascii() else cell_len(cell) for cell in column]
    width = max(lengths)
    return [cell + " " * (width - length) for cell, length in zip(column, lengths, strict=True)]


def _length(plain: str) -> int:
    return len(plain) if plain.isascii() else cell_len(plain)


def natural_widths(rows: Sequence[Sequence[Cell]]) -> list[int]:
    """What each column would take."""
    return [max(_length(_plain(cell)) for cell in column) for column in zip(*rows, strict=True)]


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


def _plain(cell: Cell) -> str:
    return cell if isinstance(cell, str) else cell.plain


def _shrink(widths: list[int], room: int) -> None:
    """Takes from the widest column until all fit."""
    while sum(widths) > room and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1


def _line(row: Sequence[Cell], widths: Sequence[int], indent: str) -> Text:
    """Put together as one string with spans: joining Text objects takes ten times as long."""
    written, spans = indent, []
    for cell, width in zip(row, widths, strict=True):
        start = len(written)
        written += _fitted(_plain(cell), width)
        if isinstance(cell, Text):
            spans += [Span(start, len(written), cell.style)] if cell.style else []
            spans += [Span(start + each.start, min(start + each.end, len(written)), each.style) for each in cell.spans]
        written += GAP
    written = written.rstrip()
    return Text(written, spans=[Span(start, min(end, len(written)), style) for start, end, style in spans])


def _fitted(plain: str, width: int) -> str:
    """Filled up, or cut with an ellipsis."""
    length = _length(plain)
    return plain + " " * (width - length) if length <= width else f"{set_cell_size(plain, width - 1)}…"


def _words(paragraph: str, width: int) -> list[str]:
    """Breaks between words, and inside one only if it is longer than a line; leading blanks stay."""
    if cell_len(paragraph) <= width:
        return [paragraph]
    place = paragraph.rfind(" ", 1, width + 1)
    place = place if paragraph[:place].strip() else width
    return [paragraph[:place].rstrip(), *_words(paragraph[place:].lstrip(), width)]
