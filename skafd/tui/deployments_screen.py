"""The versions of a project, and going back to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer, Static

from skafd import clock
from skafd.api.client import Client
from skafd.errors import SkafdError
from skafd.looks.words import ago, clock_time, count
from skafd.tui.line_list import LineList

if TYPE_CHECKING:
    from skafd.tui.app import SkafdApp


@dataclass(frozen=True, slots=True)
class Version:
    """One deployment."""

    info: dict[str, Any]

    @property
    def key(self) -> str:
        """Its number."""
        return str(self.info["number"])


class DeploymentsScreen(Screen[None]):
    """Newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Back"),
        Binding("b", "roll_back", "Make live"),
    ]
    DEFAULT_CSS = """
    DeploymentsScreen #top { height: 1; padding: 0 1; background: $panel; }
    DeploymentsScreen LineList { height: 1fr; }
    """
    app: SkafdApp

    def __init__(self, client: Client, project: str) -> None:
        super().__init__()
        self._client = client
        self._project = project

    def compose(self) -> ComposeResult:
        """The project, its versions, the keys."""
        yield Static(f"{self._project}: deployments, newest first", id="top", markup=False)
        yield LineList[Version](draw_version)
        yield Footer(show_command_palette=False)

    @property
    def versions(self) -> LineList[Version]:
        """The list."""
        return cast("LineList[Version]", self.query_one(LineList))

    def on_mount(self) -> None:
        """Asks now, and whenever something changed."""
        self.watch(self.app, "mirror", lambda _: self._ask())
        self.versions.focus()

    def _ask(self) -> None:
        self.run_worker(self._find_out, thread=True, exclusive=True, exit_on_error=False)

    def _find_out(self) -> None:
        try:
            found = [Version(info) for info in self._client.deployments(self._project)]
        except SkafdError as error:
            self.app.call_from_thread(self.query_one("#top", Static).update, error.message)
            return
        self.app.call_from_thread(self.versions.show, found)

    def on_line_list_chosen(self) -> None:
        """The same as its key."""
        self.action_roll_back()

    def action_leave(self) -> None:
        """Goes back."""
        self.app.pop_screen()

    def action_roll_back(self) -> None:
        """Makes the version live."""
        version = self.versions.current
        if version is None or version.info["live"]:
            return
        question = f"Make #{version.key} of {self._project} live? The next save deploys the folder as it is then."
        work = lambda: self._client.rollback(self._project, int(version.key))  # noqa: E731
        self.app.ask_then(question, f"#{version.key} is live", work)


def draw_version(version: Version, _width: int) -> Text:
    """One line."""
    info = version.info
    text = Text(f" #{info['number']:<6}", "bold").append("● live  " if info["live"] else "        ", "green")
    text.append(f"{clock_time(info['created_at'])}  {ago(info['created_at'], clock.now()):<12}", "not bold")
    return text.append(f"{count(info['jobs'], 'job'):<9} {info['snapshot_hash'][:12]}", "dim not bold")
