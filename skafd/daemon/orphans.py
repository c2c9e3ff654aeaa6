"""Attempts whose supervisor is gone: what is left of them is ended in threads, since that may take half a minute."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from skafd.daemon.abroad import Abroad
from skafd.daemon.reports import Report
from skafd.model.decisions import AttemptEnded
from skafd.model.ids import AttemptKey
from skafd.model.outcome import Lost
from skafd.sandbox.adopt import Orphaned, end_orphan
from skafd.threads import Threads

log = logging.getLogger("skafd.supervision")

FindOut = Callable[[], list[Report]]
HearLater = Callable[[FindOut], None]


class Orphans:
    """Owned by the orchestrator's thread. An attempt counts as alive until nothing is left of it."""

    def __init__(self, threads: Threads, hear_later: HearLater, let_go: Callable[[AttemptKey], bool]) -> None:
        """`let_go` ends the watch over an attempt, in the orchestrator's thread; false when nobody watched it."""
        self._threads = threads
        self._hear_later = hear_later
        self._let_go = let_go
        self._being_ended: set[AttemptKey] = set()

    def end(self, attempt: AttemptKey, orphan: Orphaned, abroad: Abroad | None = None) -> None:
        """Begins to end what is left of it, here and abroad, unless that has begun."""
        if attempt not in self._being_ended:
            self._being_ended.add(attempt)
            self._threads.begin(partial(self._end, attempt, orphan, abroad))

    def _end(self, attempt: AttemptKey, orphan: Orphaned, abroad: Abroad | None) -> None:
        cause = _end(orphan)
        if abroad is not None and (problem := abroad.end()):
            log.error("a lost attempt on another machine could not be ended: %s", problem)
            cause = f"{cause}; {problem}"
        # Should it not be possible to write down what follows, then it is found and ended again; that is quick by now.
        self._being_ended.discard(attempt)
        self._hear_later(lambda: [AttemptEnded(attempt, Lost(cause))] if self._let_go(attempt) else [])


def _end(orphan: Orphaned) -> str:
    """Ends what is left of an attempt; says why it is lost, and what could not be ended."""
    try:
        end_orphan(orphan)
    except Exception as error:
        # Whatever it is: nobody else would ever tell that the attempt is lost.
        log.exception("what is left of a lost attempt could not be ended")
        return f"{orphan.reason}; what is left of it could not be ended: {error}"
    return orphan.reason
