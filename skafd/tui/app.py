"""The application: keeps what it hears from the daemon, and shows a stack of screens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.reactive import var
from textual.screen import Screen

from skafd.api.client import Client
from skafd.errors import SkafdError
from skafd.tui.ask import Ask
from skafd.tui.feed import Away, Changed, Feed
from skafd.tui.help import HelpScreen
from skafd.tui.machine_screen import MachineScreen
from skafd.tui.mirror import Mirror
from skafd.tui.sizes import WIDE_COLUMNS
from skafd.tui.undo import Undo


class SkafdApp(App[None]):
    """Ends with the exit code 0; the daemon goes on."""

    TITLE = "skafd"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help"),
        Binding("q", "quit", "Quit"),
        Binding("ctrl+c", "quit", "Quit", show=False, priority=True),
        Binding("colon", "command_palette", "Commands", show=False),
        Binding("u", "undo", "Take back", show=False),
        Binding("T", "change_theme", "Theme", show=False),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE_COLUMNS, "-wide")]
    mirror: var[Mirror] = var(Mirror(), always_update=True)
    """What is known of the machine; screens watch it."""
    trouble: var[str] = var("")
    """Why the daemon does not answer; empty while it does."""

    def __init__(self, client: Client, known: Mirror | None = None) -> None:
        """`known` is what was heard of the daemon already, and is on the screen from the first moment."""
        super().__init__()
        self.client = client
        known = known or Mirror()
        self.set_reactive(SkafdApp.mirror, known)
        self._undo: Undo | None = None
        self._feed = Feed(client, self.post_message, known)

    def get_default_screen(self) -> Screen[None]:
        """The list of projects and jobs."""
        return MachineScreen()

    def on_mount(self) -> None:
        """Begins to listen."""
        self._feed.start()

    def on_unmount(self) -> None:
        """Stops listening."""
        self._feed.end()

    def on_changed(self, message: Changed) -> None:
        """The daemon said something new."""
        self.trouble = ""
        self.mirror = message.mirror

    def on_away(self, message: Away) -> None:
        """The daemon is gone; what was known stays on the screen."""
        self.trouble = f"{message.error.message}; trying again"

    def action_help(self) -> None:
        """All keys of the screen."""
        self.push_screen(HelpScreen(self.screen))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the command palette offers: every key of the screen, by its name, and the themes."""
        for binding in screen.active_bindings.values():
            if binding.binding.description:
                run = _running(self, binding.binding.action)
                yield SystemCommand(binding.binding.description, f"key {binding.binding.key}", run)
        yield SystemCommand("Theme", "Change the colours", self.action_change_theme)

    def ask_then(self, question: str, said: str, work: Callable[[], object], undo: Undo | None = None) -> None:
        """Asks once; if the answer is yes, does the work in a thread and says what became of it.

        `undo` is what takes it back, where something can.
        """

        def answered(yes: bool | None) -> None:
            if yes:
                self.do(said, work, undo)

        self.push_screen(Ask(question), answered)

    def do(self, said: str, work: Callable[[], object], undo: Undo | None = None) -> None:
        """Does the work in a thread, and says what became of it."""
        self.run_worker(lambda: self._do(said, work, undo), thread=True, exit_on_error=False)

    def action_undo(self) -> None:
        """Takes back what was done last, once."""
        undo, self._undo = self._undo, None
        if undo is None:
            self.notify("there is nothing to take back", markup=False)
        else:
            self.do(undo.said, undo.work)

    def _do(self, said: str, work: Callable[[], object], undo: Undo | None) -> None:
        try:
            work()
        except SkafdError as error:
            text = f"{error.message}\n{error.hint}" if error.hint else error.message
            self.call_from_thread(self.notify, text, severity="error", markup=False)
        else:
            self._undo = undo
            self.call_from_thread(self.notify, f"{said}; u takes it back" if undo else said, markup=False)


def _running(app: App[None], action: str) -> Callable[[], object]:
    async def run() -> None:
        await app.run_action(action, app.screen.focused or app.screen)

    return run
