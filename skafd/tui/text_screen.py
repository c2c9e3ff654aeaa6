"""Lines to be read, as long as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer, Static

from skafd.errors import SkafdError
from skafd.tui.line_list import LineList
from skafd.tui.text_line import TextLine

if TYPE_CHECKING:
    from skafd.tui.app import SkafdApp


class TextScreen(Screen[None]):
    """Asks for its lines in a thread."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "leave", "Back")]
    DEFAULT_CSS = """
    TextScreen #top { height: 1; padding: 0 1; background: $panel; }
    TextScreen LineList { height: 1fr; }
    """
    app: SkafdApp

    def __init__(self, title: str, find: Callable[[], Sequence[Text]]) -> None:
        super().__init__()
        self._title = title
        self._find = find

    def compose(self) -> ComposeResult:
        """What it is, the lines, the keys."""
        yield Static(self._title, id="top", markup=False)
        yield LineList[TextLine](lambda line, _: line.text)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Asks."""
        self.set_focus(self.query_one(LineList))
        self.run_worker(self._find_out, thread=True, exit_on_error=False)

    def _find_out(self) -> None:
        try:
            lines = [TextLine(number, text) for number, text in enumerate(self._find())]
        except SkafdError as error:
            lines = [TextLine(0, Text(error.message, "red"))]
        self.app.call_from_thread(self.query_one(LineList).show, lines)

    def action_leave(self) -> None:
        """Goes back."""
        self.app.pop_screen()
