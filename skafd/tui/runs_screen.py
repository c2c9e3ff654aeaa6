"""The runs of a project: what set each off, how it ended, its tags; and what changed from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from skafd import clock
from skafd.looks.words import ago, cause_words, clock_time, count, state_text, took
from skafd.tui.deeds import Deeds
from skafd.tui.listing import Listing
from skafd.tui.tagging import ask_for_tags

_MOST_RUNS = 200
_STATE, _NAME, _AGO, _TOOK = 14, 18, 11, 10


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run."""

    info: dict[str, Any]

    @property
    def key(self) -> str:
        """`churn/42`."""
        return str(self.info["run"])


class RunsScreen(Deeds, Listing[RunLine]):
    """Newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *Listing.LEAVE,
        *Deeds.KEYS,
        Binding("t", "tag", "Tag"),
    ]

    def __init__(self, project: str) -> None:
        super().__init__(f"{project}: runs, newest first", "none yet; r runs it")
        self._project = project

    def find(self) -> Sequence[RunLine]:
        """The newest."""
        return [RunLine(info) for info in self.app.client.runs(self._project, _MOST_RUNS)]

    def draw(self, item: RunLine, width: int) -> Text:
        """State, name, when, how long, why, tags."""
        return draw_run(item, width)

    def describe(self, item: RunLine) -> Text:
        """All that its line had no room for."""
        return draw_run_detail(item)

    def on_line_list_chosen(self) -> None:
        """Opens the run."""
        self.action_open_run()

    @property
    def target(self) -> str | None:
        """The run under the cursor."""
        return self.list.current.key if self.list.current else self._project

    @property
    def target_run(self) -> str | None:
        """The run under the cursor."""
        return self.list.current.key if self.list.current else None

    def action_tag(self) -> None:
        """Gives the run tags, or takes them."""
        if self.target_run:
            ask_for_tags(self.app, self.target_run)


def draw_run(line: RunLine, width: int) -> Text:
    """One line."""
    info, now = line.info, clock.now()
    state, name = Text(" ").append_text(state_text(info["state"])), Text(info["run"], "bold")
    state.truncate(_STATE, overflow="ellipsis", pad=True)
    name.truncate(_NAME, overflow="ellipsis", pad=True)
    text = state.append_text(name).append(f"{ago(info['created_at'], now):>{_AGO}}")
    text.append(f"{took(info['created_at'], info['ended_at'], now):>{_TOOK}}  ")
    text.append("".join(f"[{tag}] " for tag in info["tags"]), "cyan").append(cause_words(info), "dim")
    text.truncate(width, overflow="ellipsis")
    return text


def draw_run_detail(line: RunLine) -> Text:
    """What is known of it."""
    info = line.info
    text = Text(f"{info['run']}\n", "bold").append_text(state_text(info["state"]))
    text.append(f", {count(info['tasks'], 'task')}, deployment #{info['deployment']}", "not bold")
    text.append(f"\nstarted {clock_time(info['created_at'])}\n{cause_words(info)}", "not bold")
    if info["failed"]:
        text.append(f"\nfailed: {', '.join(info['failed'])}", "not bold red")
    if info["tags"]:
        text.append(f"\ntags: {', '.join(info['tags'])}", "not bold cyan")
    return text
