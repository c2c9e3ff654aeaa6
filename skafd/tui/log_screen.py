"""A log, followed: searched, wrapped, saved."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer, Input, Static

from skafd.api.client import Client, LogStream
from skafd.errors import SkafdError
from skafd.tui.field import Field
from skafd.tui.log_view import LogView

if TYPE_CHECKING:
    from skafd.tui.app import SkafdApp

_FIRST_LINES = 5000
"""So many from the end are shown at once; all are saved."""


class LogScreen(Screen[None]):
    """The log of a run, a task or a job; ends when it is left."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Back"),
        Binding("slash", "search", "Search", priority=True),
        Binding("n", "next(1)", "Next"),
        Binding("N", "next(-1)", "Previous", show=False),
        Binding("w", "wrap", "Wrap"),
        Binding("f", "follow", "Follow"),
        Binding("s", "save", "Save"),
    ]
    DEFAULT_CSS = """
    LogScreen #top { height: 1; padding: 0 1; background: $panel; }
    LogScreen #search { display: none; height: 1; border: none; padding: 0 1; background: $boost; }
    LogScreen LogView { height: 1fr; }
    """
    app: SkafdApp

    def __init__(self, client: Client, target: str) -> None:
        super().__init__()
        self._client = client
        self._target = target
        self._stream: LogStream | None = None
        self._state = "following"

    def compose(self) -> ComposeResult:
        """What it is, the lines, the keys."""
        yield Static(id="top", markup=False)
        yield Field("search", "search")
        yield LogView()
        yield Footer(show_command_palette=False)

    @property
    def view(self) -> LogView:
        """The lines."""
        return self.query_one(LogView)

    def on_mount(self) -> None:
        """Begins to read."""
        self._show_top()
        if self.focused is None:
            self.set_focus(self.view)
        self.run_worker(self._read, thread=True, exit_on_error=False)

    def on_unmount(self) -> None:
        """Ends the reading."""
        if self._stream is not None:
            self._stream.close()

    def _read(self) -> None:
        self._stream = self._client.logs(self._target, _FIRST_LINES, follow=True)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        try:
            for block in self._stream:
                self.app.call_from_thread(self.view.add, decoder.decode(block))
            self.app.call_from_thread(self._end, "ended")
        except SkafdError as error:
            self.app.call_from_thread(self._end, error.message)
        except RuntimeError:
            # The application has ended meanwhile.
            return

    def _end(self, state: str) -> None:
        if self.is_attached:
            self._state = state
            self._show_top()

    def _show_top(self) -> None:
        self.query_one("#top", Static).update(f"{self._target}: log, {self._state}")

    def action_leave(self) -> None:
        """Out of the search, or back."""
        field = self.query_one("#search", Input)
        if field.display:
            field.display = False
            self.view.search("")
            self.set_focus(self.view)
        else:
            self.app.pop_screen()

    def check_action(self, action: str, _parameters: tuple[object, ...]) -> bool | None:
        """A slash that is typed into the field is a slash."""
        return action != "search" or not isinstance(self.focused, Input)

    def action_search(self) -> None:
        """Asks for words."""
        field = self.query_one("#search", Input)
        # Set at once: what is typed next must not go to the list.
        field.display = True
        self.set_focus(field)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Marks while it is typed."""
        self.view.search(event.value)

    def on_input_submitted(self) -> None:
        """To the first match, and back to the lines."""
        self.set_focus(self.view)
        self.action_next(1)

    def action_next(self, step: int) -> None:
        """To the next match, or the one before."""
        if not self.view.go_to_match(step):
            self.notify("not found", markup=False)

    def action_wrap(self) -> None:
        """Breaks long lines, or lets them go on to the right."""
        self.view.wrap = not self.view.wrap

    def action_follow(self) -> None:
        """To the end, and on with it."""
        self.view.follow()

    def action_save(self) -> None:
        """Writes all of the log into the current folder."""
        path = Path(f"{self._target.replace('/', '-')}.log").absolute()
        self.app.ask_then(f"Save the whole log to {path}?", f"saved {path}", lambda: self._save(path))

    def _save(self, path: Path) -> None:
        try:
            with path.open("wb") as stream:
                stream.writelines(self._client.logs(self._target))
        except OSError as error:
            raise SkafdError(f"{path} cannot be written: {error.strerror}") from error
