"""A graph of jobs with a cursor, which goes from box to box."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from skafd.looks.graph.drawing import BOX_LINES, Box, Drawing, Place, draw


class GraphView(ScrollView, can_focus=True):
    """Draws only what is seen; as large as the graph is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "step(-1)", "Up", show=False),
        Binding("down,j", "step(1)", "Down", show=False),
        Binding("left", "go(-1)", "Before", show=False),
        Binding("right", "go(1)", "After", show=False),
        Binding("enter", "choose", "Open"),
    ]
    DEFAULT_CSS = "GraphView { scrollbar-size: 1 1; padding: 0 1; }"

    class Moved(Message):
        """The cursor is on another box, or what is drawn changed."""

    class Chosen(Message):
        """The box under the cursor was asked to be opened."""

    def __init__(self) -> None:
        super().__init__()
        self._boxes: Mapping[str, Box] = {}
        self._drawing = Drawing([])
        self._current: str | None = None

    @property
    def current(self) -> str | None:
        """The name of the box under the cursor."""
        return self._current

    def show(self, boxes: Mapping[str, Box]) -> None:
        """Draws these; the cursor stays on its box, or goes to the first one."""
        self._boxes = boxes
        if self._current not in boxes:
            self._current = next(iter(boxes), None)
        self._redraw()

    def _redraw(self) -> None:
        self._drawing = draw(self._boxes, self._current)
        self.virtual_size = Size(self._drawing.columns, len(self._drawing.lines))
        self.refresh()
        self.post_message(self.Moved())

    def _go_to(self, name: str | None) -> None:
        if name is not None and name != self._current:
            self._current = name
            self._redraw()
            place = self._drawing.places[name]
            region = Region(place.column, place.line, place.columns, BOX_LINES)
            self.scroll_to_region(region, animate=False, immediate=True)

    def action_step(self, boxes: int) -> None:
        """Up or down in the column."""
        here = self._here
        if here is not None:
            column = sorted((one.line, name) for name, one in self._places.items() if one.layer == here.layer)
            place = [name for _, name in column].index(str(self._current)) + boxes
            self._go_to(column[max(0, min(place, len(column) - 1))][1])

    def action_go(self, columns: int) -> None:
        """To the nearest box of the column before (-1) or after (1) that has one."""
        here = self._here
        if here is not None:
            others = [
                (abs(one.layer - here.layer), abs(one.line - here.line), name)
                for name, one in self._places.items()
                if (one.layer - here.layer) * columns > 0
            ]
            self._go_to(min(others)[2] if others else None)

    def action_choose(self) -> None:
        """Opens the box under the cursor."""
        if self._current is not None:
            self.post_message(self.Chosen())

    @property
    def _places(self) -> Mapping[str, Place]:
        return self._drawing.places

    @property
    def _here(self) -> Place | None:
        return self._places.get(self._current) if self._current is not None else None

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; a second one opens."""
        line = event.y + round(self.scroll_offset.y)
        column = event.x - self.gutter.left + round(self.scroll_offset.x)
        for name, place in self._places.items():
            is_beside = not 0 <= column - place.column < place.columns
            if is_beside or not 0 <= line - place.line < BOX_LINES:
                continue
            if name == self._current and event.chain > 1:
                self.action_choose()
            self._go_to(name)

    def render_line(self, y: int) -> Strip:
        """The line at `y` of what is seen."""
        left, line = round(self.scroll_offset.x), round(self.scroll_offset.y) + y
        width = self.size.width
        if line >= len(self._drawing.lines):
            return Strip.blank(width, self.rich_style)
        segments = list(self._drawing.lines[line].render(self.app.console, end=""))
        return Strip(segments).crop_extend(left, left + width, None).apply_style(self.rich_style)
