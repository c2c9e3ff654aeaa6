"""The versions of a project, what each changed, and going back to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from skafd import clock
from skafd.errors import SkafdError
from skafd.looks.differences import summary_lines, version_lines
from skafd.looks.words import ago, clock_time, count
from skafd.tui.listing import Listing
from skafd.tui.text_screen import TextScreen
from skafd.tui.undo import Undo


@dataclass(frozen=True, slots=True)
class Version:
    """One deployment."""

    info: dict[str, Any]

    @property
    def key(self) -> str:
        """Its number."""
        return str(self.info["number"])


class DeploymentsScreen(Listing[Version]):
    """Newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *Listing.LEAVE,
        Binding("b", "roll_back", "Make live"),
        Binding("D", "diff", "Diff"),
    ]

    def __init__(self, project: str) -> None:
        super().__init__(f"{project}: deployments, newest first", "none yet")
        self._project = project
        self._changes: dict[str, Text] = {}
        """What deployments changed, by their numbers: they never change again."""

    def find(self) -> Sequence[Version]:
        """All that are kept."""
        return [Version(info) for info in self.app.client.deployments(self._project)]

    def draw(self, item: Version, width: int) -> Text:
        """Number, whether it is live, when."""
        return draw_version(item, width)

    def describe(self, item: Version) -> Text:
        """What it changed, once the daemon has said so."""
        return self._changes.get(item.key, Text(f"#{item.key}", "bold"))

    def on_line_list_moved(self) -> None:
        """Shows what it changed, or asks."""
        self.show_detail()
        version = self.list.current
        if version is not None and version.key not in self._changes:
            number = int(version.key)
            self.run_worker(
                lambda: self._find_changes(number), thread=True, exclusive=True, group="diff", exit_on_error=False
            )

    def _find_changes(self, number: int) -> None:
        try:
            lines = list(summary_lines(self.app.client.diff_deployments(self._project, number)))
            said = Text("\n").join(lines) if lines else Text("the same code and packages")
        except SkafdError as error:
            said = Text(error.message, "dim")
        self.app.call_from_thread(self._learn, str(number), said)

    def _learn(self, number: str, said: Text) -> None:
        self._changes[number] = Text.assemble((f"#{number} changed\n", "bold"), said)
        if self.is_attached:
            self.show_detail()

    def on_line_list_chosen(self) -> None:
        """Shows all that it changed."""
        self.action_diff()

    def action_diff(self) -> None:
        """Shows all that it changed."""
        version = self.list.current
        if version is not None:
            ask, project, number = self.app.client.diff_deployments, self._project, int(version.key)
            self.app.push_screen(
                TextScreen(f"{project}: what #{number} changed", lambda: version_lines(ask(project, number), None))
            )

    def action_roll_back(self) -> None:
        """Makes the version live; the one that was live can be made live again."""
        version = self.list.current
        live = next((one for one in self.list.items if one.info["live"]), None)
        if version is None or version is live:
            return
        project, roll_back = self._project, self.app.client.rollback
        back = partial(roll_back, project, int(live.key)) if live else None
        undo = Undo(f"#{live.key} of {project} is live again", back) if live and back else None
        question = f"Make #{version.key} of {project} live? The next save deploys the folder as it is then."
        self.app.ask_then(question, f"#{version.key} is live", partial(roll_back, project, int(version.key)), undo)


def draw_version(version: Version, _width: int) -> Text:
    """One line."""
    info = version.info
    text = Text(f" #{info['number']:<6}", "bold").append("● live  " if info["live"] else "        ", "green")
    text.append(f"{clock_time(info['created_at'])}  {ago(info['created_at'], clock.now()):<12}", "not bold")
    return text.append(f"{count(info['jobs'], 'job'):<9} {info['snapshot_hash'][:12]}", "dim not bold")
