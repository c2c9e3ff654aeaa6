"""The environments on disk, those that are being built, and making room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from skafd import clock
from skafd.looks.words import ago, clock_time, count
from skafd.tui.building import draw_activity
from skafd.tui.listing import Listing
from skafd.units import format_memory

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EnvironmentLine:
    """One on disk, or a project for which one is being built."""

    key: str
    info: Json
    is_building: bool


class EnvironmentsScreen(Listing[EnvironmentLine]):
    """What is being built first, then those that nobody used for longest."""

    BINDINGS: ClassVar[list[BindingType]] = [*Listing.LEAVE, Binding("c", "collect", "Remove unused")]

    def __init__(self) -> None:
        super().__init__("environments", "none yet")

    def find(self) -> Sequence[EnvironmentLine]:
        """Of all projects."""
        busy = [project for project in self.app.mirror.projects.values() if project["activity"]]
        made = self.app.client.environments()
        return [
            *(EnvironmentLine(project["project"], project, True) for project in busy),
            *(EnvironmentLine(one["key"], one, False) for one in made),
        ]

    def draw(self, item: EnvironmentLine, width: int) -> Text:
        """What it is, how large, for whom."""
        return _draw_building(item.info) if item.is_building else _draw_made(item.info, width)

    def describe(self, item: EnvironmentLine) -> Text:
        """All that is known."""
        return draw_activity(item.info, "\n", clock.now()) if item.is_building else _describe(item.info)

    def action_collect(self) -> None:
        """Removes those that no kept deployment needs."""
        question = "Remove the environments that no kept deployment needs? They are made again when they are needed."
        self.app.ask_then(question, "they are removed", self._collect)

    def _collect(self) -> None:
        self.app.client.collect_environments()
        self.app.call_from_thread(self.ask)


def _draw_building(project: Json) -> Text:
    return Text(" ").append(f"{project['project']:<14}", "bold").append_text(draw_activity(project, "  ", clock.now()))


def _draw_made(info: Json, width: int) -> Text:
    text = Text(f" {info['key'][:12]}  ", "bold").append(f"{info['kind']:<6}{info['python']:<9}", "not bold")
    text.append(f"{info['packages']:>4} packages{format_memory(info['size_bytes']):>9}", "not bold")
    text.append(f"  used {ago(info['used_at'], clock.now()):<12}", "not bold")
    text.append(", ".join(info["users"]) or "unused", "not bold" if info["users"] else "not bold yellow")
    text.truncate(width, overflow="ellipsis")
    return text


def _describe(info: Json) -> Text:
    text = Text(f"{info['key']}\n", "bold")
    text.append(f"{info['kind']}, Python {info['python']}, {count(info['packages'], 'package')}\n", "not bold")
    own = format_memory(info["own_bytes"])
    text.append(f"{format_memory(info['size_bytes'])}, of which {own} are its own\n", "not bold")
    text.append(f"made {clock_time(info['made_at'])}\nused {clock_time(info['used_at'])}\n", "not bold")
    return text.append("by " + (", ".join(info["users"]) or "nobody"), "not bold")
