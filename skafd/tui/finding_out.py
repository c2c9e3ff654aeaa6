"""Asking the daemon about the line under the cursor when the cursor rests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.timer import Timer

from skafd.errors import SkafdError
from skafd.tui.detail import More
from skafd.tui.rows import Row
from skafd.tui.sizes import SETTLE_SECONDS

if TYPE_CHECKING:
    from textual.screen import Screen

    from skafd.tui.app import SkafdApp

    _Base = Screen[Any]
else:
    _Base = object


class FindsOut(_Base):
    """Mixed into screens that have a line under the cursor, and show what is known of it."""

    more = More()
    """What the daemon said of the line; empty until it does."""
    _settling: Timer | None = None
    app: SkafdApp

    @property
    def row(self) -> Row | None:
        """The line under the cursor."""
        raise NotImplementedError

    def show_detail(self) -> None:
        """Shows the line, with `more`."""
        raise NotImplementedError

    def moved(self) -> None:
        """Shows what is known at once, and asks for more when the cursor rests."""
        self.more = More()
        self.show_detail()
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(SETTLE_SECONDS, self.ask)

    def ask(self) -> None:
        """Asks now, in a thread."""
        row = self.row
        if row is not None:
            self.run_worker(
                lambda: self._find_out(row), thread=True, exclusive=True, group="detail", exit_on_error=False
            )

    def _find_out(self, row: Row) -> None:
        client = self.app.client
        try:
            why = client.why(row.key)["sentence"]
            history = client.history(row.project["project"], row.job["id"]) if row.job else []
            usage = client.usage(row.key) if row.job and row.job["state"] == "running" else []
        except SkafdError:
            # The line at the top says so if the daemon is away; whatever else it is, the next change asks again.
            return
        self.app.call_from_thread(self._learn, row.key, More(why, history, usage[0] if usage else None))

    def _learn(self, key: str, more: More) -> None:
        row = self.row
        if row is not None and row.key == key:
            self.more = more
            self.show_detail()
