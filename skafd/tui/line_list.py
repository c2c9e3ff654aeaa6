"""A list that draws only the lines that are seen, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, Protocol, TypeVar

from rich.segment import Segment
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip


class Item(Protocol):
    """What can be in a list: it keeps its key while it changes."""

    @property
    def key(self) -> str: ...


T = TypeVar("T", bound=Item)
Draw = Callable[[T, int], Text]
"""Takes an item and the columns there are."""


class LineList(ScrollView, Generic[T], can_focus=True):
    """Items, one a line, with a cursor that stays on its item when others come and go."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
        Binding("home,g", "go(0)", "First", show=False),
        Binding("end,G", "go(-1)", "Last", show=False),
        Binding("enter", "choose", "Open"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"line-list--cursor"}
    DEFAULT_CSS = """
    LineList { scrollbar-size-vertical: 1; }
    LineList > .line-list--cursor { background: $surface-lighten-2; text-style: bold; }
    LineList:focus > .line-list--cursor { background: $primary-darken-2; color: $text; }
    """

    class Moved(Message):
        """The cursor is on another item, or its item changed."""

        def __init__(self, source: LineList[T]) -> None:
            super().__init__()
            self.source = source

    class Chosen(Message):
        """The item under the cursor was asked to be opened."""

        def __init__(self, source: LineList[T]) -> None:
            super().__init__()
            self.source = source

    def __init__(self, draw: Draw[T], id: str | None = None) -> None:
        super().__init__(id=id)
        self._draw = draw
        self._items: Sequence[T] = ()
        self._place = 0

    @property
    def items(self) -> Sequence[T]:
        """What is in the list."""
        return self._items

    @property
    def current(self) -> T | None:
        """The item under the cursor."""
        return self._items[self._place] if self._items else None

    def show(self, items: Sequence[T]) -> None:
        """Replaces the items. The cursor stays on its item, or where it was if that is gone."""
        before = self.current
        self._items = items
        self._place = self._place_of(before)
        self.virtual_size = Size(0, len(items))
        self.refresh()
        if self.current is not before:
            self.post_message(self.Moved(self))

    def go_to(self, key: str) -> None:
        """Puts the cursor on the item of that key, if there is one."""
        for place, item in enumerate(self._items):
            if item.key == key:
                self._set_place(place)
                return

    def _place_of(self, before: T | None) -> int:
        if before is not None and not self._is_at(self._place, before.key):
            for place, item in enumerate(self._items):
                if item.key == before.key:
                    return place
        return max(0, min(self._place, len(self._items) - 1))

    def _is_at(self, place: int, key: str) -> bool:
        return place < len(self._items) and self._items[place].key == key

    def _set_place(self, place: int) -> None:
        place = max(0, min(place, len(self._items) - 1))
        if place == self._place or not self._items:
            return
        self._place = place
        self.scroll_to_region(Region(0, place, 1, 1), animate=False, immediate=True)
        self.refresh()
        self.post_message(self.Moved(self))

    def action_move(self, lines: int) -> None:
        """Moves the cursor."""
        self._set_place(self._place + lines)

    def action_page(self, pages: int) -> None:
        """Moves the cursor by what is seen at once."""
        self._set_place(self._place + pages * max(1, self.size.height - 1))

    def action_go(self, place: int) -> None:
        """To the first item (0) or the last (-1)."""
        self._set_place(place if place >= 0 else len(self._items) - 1)

    def action_choose(self) -> None:
        """Opens the item under the cursor."""
        if self._items:
            self.post_message(self.Chosen(self))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; a second one opens."""
        place = event.y + round(self.scroll_offset.y)
        if place >= len(self._items):
            return
        if place == self._place and event.chain > 1:
            self.action_choose()
        self._set_place(place)

    def render_line(self, y: int) -> Strip:
        """The line at `y` of what is seen."""
        width, place = self.size.width, y + round(self.scroll_offset.y)
        style = self.rich_style
        if place >= len(self._items):
            return Strip.blank(width, style)
        text = self._draw(self._items[place], width)
        segments = list(text.render(self.app.console, end=""))
        strip = Strip(segments).adjust_cell_length(width)
        if place == self._place:
            style = self.get_component_rich_style("line-list--cursor")
            return Strip(Segment.apply_style(strip, post_style=style)).apply_style(style)
        return strip.apply_style(style)
