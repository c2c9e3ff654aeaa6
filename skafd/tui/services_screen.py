"""The long-lived processes that skafd keeps running."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer, Static

from skafd import clock
from skafd.api.tail import LogReader
from skafd.errors import NotFound
from skafd.looks.words import ago, count
from skafd.tui.line_list import LineList
from skafd.tui.mirror import Mirror
from skafd.tui.text_screen import TextScreen
from skafd.units import format_memory

if TYPE_CHECKING:
    from skafd.tui.app import SkafdApp

_LAST_LINES = 500
_STYLES = {"running": "cyan", "waiting": "bold red", "stopped": "dim"}


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """One of them."""

    info: dict[str, Any]

    @property
    def key(self) -> str:
        """Its name."""
        return str(self.info["name"])


class ServicesScreen(Screen[None]):
    """As the application hears of them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Back"),
        Binding("l", "log", "Log"),
    ]
    DEFAULT_CSS = """
    ServicesScreen #top { height: 1; padding: 0 1; background: $panel; }
    ServicesScreen LineList { height: 1fr; }
    """
    app: SkafdApp

    def compose(self) -> ComposeResult:
        """What they are, each, the keys."""
        yield Static(id="top", markup=False)
        yield LineList[ServiceLine](draw_service)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Follows."""
        self.watch(self.app, "mirror", self._show)
        self.set_focus(self.query_one(LineList))

    def _show(self, mirror: Mirror) -> None:
        none = "no service runs: they are started when a job first needs them"
        said = count(len(mirror.services), "service") if mirror.services else none
        self.query_one("#top", Static).update(said)
        self.query_one(LineList).show([ServiceLine(service) for service in mirror.services])

    def on_line_list_chosen(self) -> None:
        """The same as its key."""
        self.action_log()

    def action_log(self) -> None:
        """Shows the end of what the service under the cursor has printed."""
        line = cast("ServiceLine | None", self.query_one(LineList).current)
        if line is not None:
            log = Path(line.info["log"])
            self.app.push_screen(TextScreen(f"{line.key}: {log}", lambda: last_lines(log)))

    def action_leave(self) -> None:
        """Goes back."""
        self.app.pop_screen()


def last_lines(log: Path) -> list[Text]:
    """The end of a log. Raises NotFound where there is none."""
    reader = LogReader(log)
    reader.skip_to_last(_LAST_LINES)
    text = reader.read()
    if not text and not log.exists():
        raise NotFound(f"there is no log at {log}")
    return [Text(line) for line in text.decode(errors="replace").splitlines()] or [Text("nothing yet", "dim")]


def draw_service(line: ServiceLine, _width: int) -> Text:
    """State, name, and what is known of it."""
    info = line.info
    text = (
        Text(" ").append(f"{info['state']:<10}", _STYLES.get(info["state"], "")).append(f"{info['name']:<24}", "bold")
    )
    text.append(f"{ago(info['since'], clock.now()):<12}")
    if info["memory_bytes"] is not None:
        text.append(f"{format_memory(info['memory_bytes']):>8}  pid {info['pid']}")
    if info.get("url"):
        text.append(f"  {info['url']}", "cyan")
    if info["restarts"]:
        text.append(f"  started again {info['restarts']} times", "yellow")
    if info["url"]:
        text.append(f"  {info['url']}", "underline")
    return text.append(f"  {info['reason']}", "dim") if info["reason"] else text
