"""Hears from the daemon what changed, in a thread of its own, and outlives the daemon."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from textual.message import Message

from skafd.api.client import Client
from skafd.errors import SkafdError
from skafd.tui.mirror import Mirror

_PATIENCE_SECONDS = 30.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 3.0


class Changed(Message):
    """The machine is like this now."""

    def __init__(self, mirror: Mirror) -> None:
        super().__init__()
        self.mirror = mirror


class Away(Message):
    """The daemon does not answer; it is tried again."""

    def __init__(self, error: SkafdError) -> None:
        super().__init__()
        self.error = error


class Feed(threading.Thread):
    """Asks once, then only when the daemon says that something changed. The process may end while it waits."""

    def __init__(self, client: Client, post: Callable[[Message], object], known: Mirror) -> None:
        """`known` is what was heard before; empty when nothing was."""
        super().__init__(name="skafd-feed", daemon=True)
        self._known = known
        self._client = client
        self._post = post
        self._ended = threading.Event()

    def run(self) -> None:
        """Until `end`; after an error from the beginning, with pauses that grow."""
        pause = _FIRST_PAUSE_SECONDS
        while not self._ended.is_set():
            known, self._known = self._known, Mirror()
            try:
                for mirror in self._mirrors(known):
                    pause = _FIRST_PAUSE_SECONDS
                    self._post(Changed(mirror))
            except SkafdError as error:
                self._post(Away(error))
                self._ended.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def end(self) -> None:
        """Says nothing more."""
        self._ended.set()

    def _mirrors(self, mirror: Mirror) -> Iterator[Mirror]:
        """Ends when another daemon answers: it counts its changes anew."""
        while not self._ended.is_set():
            answer = self._client.status(mirror.number)
            if mirror.daemon is not None and answer["daemon"]["started_at"] != mirror.daemon["started_at"]:
                return
            mirror = mirror.merged(answer)
            yield mirror
            while not self._ended.is_set() and self._client.changes(mirror.number, _PATIENCE_SECONDS) <= mirror.number:
                pass
