"""Lines that are drawn over each other in cells of text, and join where they meet. Pure."""

from __future__ import annotations

from enum import IntFlag
from itertools import groupby

from rich.text import Text


class Side(IntFlag):
    """Where a line leaves a cell."""

    UP = 1
    DOWN = 2
    LEFT = 4
    RIGHT = 8


_LEVEL, _UPRIGHT = Side.LEFT | Side.RIGHT, Side.UP | Side.DOWN
_SIGNS = {
    _LEVEL: "─",
    _UPRIGHT: "│",
    Side.DOWN | Side.RIGHT: "╭",
    Side.DOWN | Side.LEFT: "╮",
    Side.UP | Side.RIGHT: "╰",
    Side.UP | Side.LEFT: "╯",
    _UPRIGHT | Side.RIGHT: "├",
    _UPRIGHT | Side.LEFT: "┤",
    _LEVEL | Side.DOWN: "┬",
    _LEVEL | Side.UP: "┴",
    _LEVEL | _UPRIGHT: "┼",
    Side.LEFT: "─",
    Side.RIGHT: "─",
    Side.UP: "│",
    Side.DOWN: "│",
}
LINE_STYLE = "dim"


class Canvas:
    """Cells by line and column; as large as what is drawn."""

    def __init__(self) -> None:
        self._signs: dict[int, dict[int, tuple[str, str]]] = {}
        self._sides: dict[tuple[int, int], dict[str, Side]] = {}

    @property
    def lines(self) -> int:
        """How many there are."""
        return max([*self._signs, *(line for line, _ in self._sides)], default=-1) + 1

    def write(self, line: int, column: int, text: str, style: str) -> None:
        """Text, one column a character, over whatever is there."""
        cells = self._signs.setdefault(line, {})
        for place, sign in enumerate(text):
            cells[column + place] = (sign, style)

    def level(self, line: int, first: int, last: int, way: str) -> None:
        """A line of a way from the middle of one column to the middle of another to its right."""
        for column in range(first, last + 1):
            sides = (Side.LEFT if column > first else Side(0)) | (Side.RIGHT if column < last else Side(0))
            self._add(line, column, way, sides)

    def upright(self, column: int, first: int, last: int, way: str) -> None:
        """A line of a way from the middle of one line to the middle of another, in either direction."""
        top, bottom = min(first, last), max(first, last)
        for line in range(top, bottom + 1):
            sides = (Side.UP if line > top else Side(0)) | (Side.DOWN if line < bottom else Side(0))
            self._add(line, column, way, sides)

    def drawn(self) -> list[Text]:
        """All lines."""
        for (line, column), ways in self._sides.items():
            self._signs.setdefault(line, {}).setdefault(column, (_sign(list(ways.values())), LINE_STYLE))
        self._sides.clear()
        return [_text(self._signs.get(line, {})) for line in range(self.lines)]

    def _add(self, line: int, column: int, way: str, sides: Side) -> None:
        ways = self._sides.setdefault((line, column), {})
        ways[way] = ways.get(way, Side(0)) | sides


def _sign(ways: list[Side]) -> str:
    """Where two ways only cross, the upright one goes over the other; otherwise they join."""
    if _UPRIGHT in ways and all(sides in (_UPRIGHT, _LEVEL) for sides in ways):
        return _SIGNS[_UPRIGHT]
    together = Side(0)
    for sides in ways:
        together |= sides
    return _SIGNS.get(together, " ")


def _text(cells: dict[int, tuple[str, str]]) -> Text:
    """Neighbours of one style are one piece."""
    full = (cells.get(column, (" ", "")) for column in range(max(cells, default=-1) + 1))
    pieces = groupby(full, key=lambda cell: cell[1])
    return Text.assemble(*(("".join(sign for sign, _ in piece), style) for style, piece in pieces))
