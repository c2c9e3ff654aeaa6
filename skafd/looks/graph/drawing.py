"""A graph of jobs as text: a box for each job, lines for what follows what. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from skafd.looks.graph.canvas import LINE_STYLE, Canvas
from skafd.looks.graph.channel import Channel, Way, route
from skafd.looks.graph.layers import Arrangement, Spot, arrange

BOX_LINES = 3
_MOST_COLUMNS = 30
"""Of a name; longer ones are cut."""
_ARROW = "▶"
_PLAIN, _CHOSEN = "╭─╮│╰╯", "┏━┓┃┗┛"


@dataclass(frozen=True, slots=True)
class Box:
    """What stands in a box, and how it looks."""

    label: str
    style: str
    before: Sequence[str]
    """The boxes from which lines lead here; others are passed over."""


@dataclass(frozen=True, slots=True)
class Place:
    """The upper left corner of a box, and how large it is."""

    line: int
    column: int
    columns: int
    layer: int

    @property
    def middle(self) -> int:
        """The line that has the label."""
        return self.line + 1


@dataclass(slots=True)
class Drawing:
    """The lines of a picture, and where each box is."""

    lines: list[Text]
    places: dict[str, Place] = field(default_factory=dict)

    @property
    def columns(self) -> int:
        """Of the longest line."""
        return max((line.cell_len for line in self.lines), default=0)


def draw(boxes: Mapping[str, Box], chosen: str | None = None) -> Drawing:
    """The picture; the box that is `chosen` stands out, also without colours."""
    canvas = Canvas()
    arrangement = arrange({name: box.before for name, box in boxes.items()})
    places: dict[str, Place] = {}
    left, shift = 0, 0
    for layer, column in enumerate(arrangement.columns):
        width = _width(boxes, column, arrangement)
        for spot in column:
            line = _line(arrangement, spot, shift)
            if _is_box(arrangement, spot):
                places[spot.node] = Place(line - 1, left, width, layer)
                _draw_box(canvas, boxes[spot.node], places[spot.node], spot.node == chosen)
            else:
                canvas.level(line, left, left + width - 1, spot.node)
        left += width
        if layer < len(arrangement.lines):
            channel = route(_ways(arrangement, layer))
            following = shift ^ channel.is_shifted
            _draw_ways(canvas, arrangement, layer, channel, left, (shift, following))
            left, shift = left + _room(channel), following
    return Drawing(canvas.drawn(), places)


def _width(boxes: Mapping[str, Box], column: Sequence[Spot], arrangement: Arrangement) -> int:
    labels = [boxes[spot.node].label for spot in column if _is_box(arrangement, spot)]
    return min(_MOST_COLUMNS, max((cell_len(label) for label in labels), default=1)) + 4


def _is_box(arrangement: Arrangement, spot: Spot) -> bool:
    """Not only a line that passes: where it begins is farther left."""
    return spot.layer == 0 or Spot(spot.node, spot.layer - 1) not in arrangement.row_of


def _line(arrangement: Arrangement, spot: Spot, shift: int) -> int:
    return arrangement.row_of[spot] * BOX_LINES + 1 + shift


def _draw_box(canvas: Canvas, box: Box, place: Place, is_chosen: bool) -> None:
    upper_left, level, upper_right, upright, lower_left, lower_right = tuple(_CHOSEN if is_chosen else _PLAIN)
    style = box.style if not is_chosen else f"bold {box.style}".strip()
    across = level * (place.columns - 2)
    canvas.write(place.line, place.column, f"{upper_left}{across}{upper_right}", style)
    room = place.columns - 4
    label = box.label if cell_len(box.label) <= room else f"{set_cell_size(box.label, room - 1)}…"
    canvas.write(place.middle, place.column, f"{upright} {set_cell_size(label, room)} {upright}", style)
    canvas.write(place.line + 2, place.column, f"{lower_left}{across}{lower_right}", style)


def _ways(arrangement: Arrangement, layer: int) -> list[Way]:
    rows = arrangement.row_of
    return [Way(rows[spot], sorted(rows[one] for one in there)) for spot, there in arrangement.lines[layer].items()]


def _room(channel: Channel) -> int:
    """A column before the first upright line, one between two, and an arrow."""
    return max(1, 2 * channel.uprights) + 3


def _draw_ways(
    canvas: Canvas, arrangement: Arrangement, layer: int, channel: Channel, left: int, shifts: tuple[int, int]
) -> None:
    last = left + _room(channel) - 1
    for spot, there in arrangement.lines[layer].items():
        start = _line(arrangement, spot, shifts[0])
        upright = channel.upright_of.get(arrangement.row_of[spot])
        column = last if upright is None else left + 1 + 2 * upright
        # From within the box or the line before, so that what goes straight on has no gap.
        canvas.level(start, left - 1, column, spot.node)
        for one in there:
            end = _line(arrangement, one, shifts[1])
            canvas.upright(column, start, end, spot.node)
            canvas.level(end, column, last + 1, spot.node)
            if _is_box(arrangement, one):
                canvas.write(end, last, _ARROW, LINE_STYLE)
