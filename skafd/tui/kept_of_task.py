"""What the task under the cursor has kept: asked when the cursor rests, and when it may have changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.timer import Timer

from skafd.errors import SkafdError
from skafd.tui.sizes import SETTLE_SECONDS
from skafd.units import format_memory

if TYPE_CHECKING:
    from textual.screen import Screen

    from skafd.tui.app import SkafdApp

    _Base = Screen[Any]
else:
    _Base = object

Json = dict[str, Any]
_MOST_SHOWN = 30


class FindsKept(_Base):
    """Mixed into screens that have a task of a run under the cursor."""

    app: SkafdApp
    _settling: Timer | None = None
    _asked_of: tuple[str, str, int] | None = None
    _kept: Json | None = None

    @property
    def shown_task(self) -> Json | None:
        """The task under the cursor."""
        raise NotImplementedError

    def show_detail(self) -> None:
        """Shows the task, with `kept`."""
        raise NotImplementedError

    @property
    def is_settling(self) -> bool:
        """The cursor has moved just now, and the daemon is about to be asked."""
        return self._settling is not None

    @property
    def kept(self) -> Text:
        """What the task under the cursor has kept, as far as that was asked."""
        if self._kept is None or self.shown_task is None or self._asked_of != _state_of(self.shown_task):
            return Text()
        return draw_kept(self._kept)

    def look_for_kept(self) -> None:
        """Asks when the cursor rests, if there is anything new."""
        if self.shown_task is not None and self._asked_of != _state_of(self.shown_task):
            if self._settling is not None:
                self._settling.stop()
            self._settling = self.set_timer(SETTLE_SECONDS, self._ask_for_kept)

    def _ask_for_kept(self) -> None:
        task, self._settling = self.shown_task, None
        if task is not None:
            self.run_worker(lambda: self._find(task), thread=True, exclusive=True, group="kept", exit_on_error=False)

    def _find(self, task: Json) -> None:
        try:
            kept = self.app.client.kept("/".join(task["task"].split("/")[:2]), task["task"])
        except SkafdError:
            # The line at the top says so if the daemon is away; the next change asks again.
            return
        self.app.call_from_thread(self._learn, _state_of(task), kept)

    def _learn(self, asked_of: tuple[str, str, int], kept: Json) -> None:
        if self.is_attached:
            self._asked_of, self._kept = asked_of, kept
            self.show_detail()


def draw_kept(kept: Json) -> Text:
    """Names, types and sizes of artifacts, and files of cards; nothing where there is nothing."""
    text = Text()
    found = [*kept["artifacts"], *(one for step in kept["steps"] for one in step["artifacts"])]
    if found:
        text.append(f"\nkept {len(found)}", "bold")
    for one in found[:_MOST_SHOWN]:
        text.append(f"\n  {one['name']}", "not bold").append(f"  {one['type']}", "not bold dim")
        text.append(f"  {format_memory(one['size_bytes'])}", "not bold")
    if len(found) > _MOST_SHOWN:
        text.append(f"\n  and {len(found) - _MOST_SHOWN} more: skafd show {kept['run']} --artifacts", "not bold dim")
    for card in (card for step in kept["steps"] for card in step["cards"]):
        text.append("\n  card  ", "bold").append(card, "not bold")
    return text


def _state_of(task: Json) -> tuple[str, str, int]:
    """What it has kept changes only with this."""
    return task["task"], task["state"], len(task["attempts"])
