"""Lines of a log: coloured by level, wrapped or not, searched, and followed while nobody scrolls up."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from rich.cells import cell_len, chop_cells
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

MOST_LINES = 50_000
"""More are forgotten from the beginning; `s` saves all."""
_LEVELS = (
    (re.compile(r"\b(?:CRITICAL|FATAL|ERROR|Traceback|[A-Za-z.]*(?:Error|Exception):)"), "red"),
    (re.compile(r"\bWARN(?:ING)?\b"), "yellow"),
    (re.compile(r"\bDEBUG\b"), "dim"),
)
_UNPRINTABLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


class LogView(ScrollView, can_focus=True):
    """Draws only the lines that are seen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll_down", "Down", show=False),
        Binding("k,up", "scroll_up", "Up", show=False),
        Binding("g,home", "scroll_home", "First", show=False),
        Binding("G,end", "scroll_end", "Last", show=False),
    ]
    wrap: reactive[bool] = reactive(False)

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []
        self._drawn: list[str] = []
        """The lines as they are broken now; the same list while they are not wrapped."""
        self._open = ""
        self._has_open_line = False
        self._needle = ""
        self._match = -1

    @property
    def lines(self) -> list[str]:
        """What has been read."""
        return self._lines

    def add(self, text: str) -> None:
        """Adds what was read, which may end within a line, and shows it if the end was seen."""
        at_end = self.is_vertical_scroll_end
        *whole, self._open = (self._open + text).split("\n")
        self._forget_open_line()
        self._append([_readable(line) for line in whole])
        if self._open:
            self._append([_readable(self._open)])
            self._has_open_line = True
        if len(self._lines) > MOST_LINES:
            del self._lines[: len(self._lines) - MOST_LINES]
            self._break_again()
        self._measure()
        if at_end:
            self.follow()

    def _append(self, lines: list[str]) -> None:
        self._lines += lines
        if self.wrap:
            self._drawn += self._broken(lines)

    def _forget_open_line(self) -> None:
        """The line that had not ended is drawn anew, longer."""
        if self._has_open_line:
            broken = self._broken([self._lines.pop()])
            if self.wrap:
                del self._drawn[-len(broken) :]
            self._has_open_line = False

    def follow(self) -> None:
        """To the end."""
        self.scroll_end(animate=False, immediate=True, x_axis=False)

    def search(self, needle: str) -> None:
        """Marks where the words stand; none: nothing."""
        self._needle, self._match = needle.lower(), -1
        self.refresh()

    def go_to_match(self, step: int) -> bool:
        """To the next match (1) or the one before (-1), round the end; false if there is none."""
        found = [place for place, line in enumerate(self._drawn) if self._needle and self._needle in line.lower()]
        if not found:
            return False
        here = self._match if self._match >= 0 else round(self.scroll_offset.y) - 1
        later = [place for place in found if place > here]
        earlier = [place for place in found if place < here]
        self._match = (later or found)[0] if step > 0 else (earlier or found)[-1]
        self.scroll_to(y=max(0, self._match - self.size.height // 2), animate=False, immediate=True)
        self.refresh()
        return True

    def watch_wrap(self) -> None:
        """Breaks all lines anew."""
        self._break_again()
        self._measure()

    def on_resize(self) -> None:
        """Other columns, other breaks."""
        if self.wrap:
            self.watch_wrap()

    def _break_again(self) -> None:
        self._drawn = self._broken(self._lines) if self.wrap else self._lines
        self._match = -1

    def _broken(self, lines: Iterable[str]) -> list[str]:
        width = max(1, self.size.width)
        return [part for line in lines for part in (chop_cells(line, width) or [""])]

    def _measure(self) -> None:
        widest = 0 if self.wrap else max((cell_len(line) for line in self._lines[-1000:]), default=0)
        self.virtual_size = Size(max(widest, 0 if self.wrap else self.virtual_size.width), len(self._drawn))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line at `y` of what is seen."""
        left, top = round(self.scroll_offset.x), round(self.scroll_offset.y)
        place, width, style = top + y, self.size.width, self.rich_style
        if place >= len(self._drawn):
            return Strip.blank(width, style)
        text = self._coloured(place)
        return (
            Strip(list(text.render(self.app.console, end=""))).crop_extend(left, left + width, None).apply_style(style)
        )

    def _coloured(self, place: int) -> Text:
        line = self._drawn[place]
        colour = next((style for pattern, style in _LEVELS if pattern.search(line)), "")
        text = Text(line, colour)
        if self._needle:
            mark = "black on bright_yellow" if place == self._match else "black on yellow"
            text.highlight_regex(re.compile(re.escape(self._needle), re.IGNORECASE), mark)
        return text


def _readable(line: str) -> str:
    """Without what would move the cursor; of what was written over, as by a progress bar, the last."""
    return _UNPRINTABLE.sub("", line.rstrip("\r").rpartition("\r")[2].expandtabs())
