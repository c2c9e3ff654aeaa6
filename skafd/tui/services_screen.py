"""The long-lived processes that skafd keeps running."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer, Static

from skafd import clock
from skafd.looks.words import ago, count
from skafd.tui.line_list import LineList
from skafd.tui.mirror import Mirror
from skafd.units import format_memory

if TYPE_CHECKING:
    from skafd.tui.app import SkafdApp

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

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "leave", "Back")]
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

    def action_leave(self) -> None:
        """Goes back."""
        self.app.pop_screen()


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
    return text.append(f"  {info['reason']}", "dim") if info["reason"] else text
