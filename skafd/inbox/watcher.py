"""Looks where something happened, and tells which files have arrived."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from skafd.errors import DaemonUnreachable, Refused
from skafd.inbox.arrivals import Arrivals
from skafd.inbox.pattern import Pattern
from skafd.inbox.scope import InboxScope
from skafd.inbox.sources import Sources
from skafd.threads import Threads

log = logging.getLogger("skafd.inbox")

_LARGEST_SHARE = 0.1
"""Of the time, at most so much is spent looking into one folder."""
_PAUSE_SECONDS = 0.1
_AGAIN_SECONDS = 5.0

Tell = Callable[[Hashable, Mapping[str, str]], None]
"""Called with the key of an inbox and the files that have arrived; they are told again when it raises."""


@dataclass(slots=True, eq=False)
class Inbox:
    """A pattern with what is known of its files."""

    key: Hashable
    pattern: Pattern
    arrivals: Arrivals
    rights: Callable[[], AbstractContextManager[None]] = nullcontext
    """With which it is looked for files, in the thread that does it; may raise Refused."""
    look_at: float | None = 0.0
    """When to look; None while nothing happens."""
    not_before: float = field(default=0.0)


class InboxWatcher:
    """One thread for all inboxes, which sleeps while nothing happens. Methods may be called from any thread."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._condition = threading.Condition()
        self._inboxes: dict[Hashable, Inbox] = {}
        self._sources = Sources(self._happened)
        self._watching = threading.Lock()
        self._threads = Threads("skafd-inbox")
        self._is_running = False
        self._is_closed = False

    def put(self, inbox: Inbox) -> None:
        """Waits for the files of an inbox, in place of one with its key; what is there already is looked at."""
        with self._condition:
            old = self._inboxes.get(inbox.key)
            self._inboxes[inbox.key] = inbox
        for folder in {inbox.pattern.folder, *([old.pattern.folder] if old else [])}:
            self._watch(folder)
        with self._condition:
            if not self._is_running:
                self._is_running = True
                self._threads.begin(self._run)
            self._condition.notify()

    def remove(self, key: Hashable) -> None:
        """Waits no more; one that is not there is no error."""
        with self._condition:
            old = self._inboxes.pop(key, None)
        if old is not None:
            self._watch(old.pattern.folder)

    def close(self) -> None:
        """Ends all threads. Not to be called from `tell`."""
        with self._condition:
            self._is_closed = True
            self._condition.notify()
        self._threads.close()
        self._sources.close()

    def _watch(self, folder: Path) -> None:
        with self._watching:
            with self._condition:
                patterns = [one.pattern for one in self._inboxes.values() if one.pattern.folder == folder]
            if patterns:
                self._sources.add(InboxScope(folder, patterns))
            else:
                self._sources.remove(folder)

    def _happened(self, folder: Path) -> None:
        now = time.monotonic()
        with self._condition:
            for inbox in self._inboxes.values():
                if inbox.pattern.folder == folder:
                    inbox.look_at = now
            self._condition.notify()

    def _run(self) -> None:
        while (inbox := self._next_due()) is not None:
            self._look(inbox)

    def _next_due(self) -> Inbox | None:
        """Waits until an inbox is to be looked at. None when the watcher is closed."""
        with self._condition:
            while not self._is_closed:
                inbox = min(self._inboxes.values(), key=_due_at, default=None)
                seconds = _due_at(inbox) - time.monotonic() if inbox else math.inf
                if inbox is not None and seconds <= 0:
                    inbox.look_at = None
                    return inbox
                self._condition.wait(None if seconds == math.inf else seconds)
        return None

    def _look(self, inbox: Inbox) -> None:
        began = time.monotonic()
        arrived = inbox.arrivals.look(_find(inbox), began)
        took = time.monotonic() - began
        due_at = inbox.arrivals.due_at()
        try:
            if arrived:
                self._tell(inbox.key, arrived)
                inbox.arrivals.tell(arrived)
                due_at = inbox.arrivals.due_at()
        except DaemonUnreachable:
            return  # The daemon ends: whoever comes after it finds the files again.
        except Exception:
            log.exception("%d files of %s are told again", len(arrived), inbox.pattern.glob)
            due_at = time.monotonic() + _AGAIN_SECONDS
        with self._condition:
            inbox.not_before = time.monotonic() + max(_PAUSE_SECONDS, took / _LARGEST_SHARE)
            if due_at is not None:
                inbox.look_at = min(due_at, inbox.look_at) if inbox.look_at is not None else due_at


def _find(inbox: Inbox) -> dict[str, str]:
    """Where it cannot be looked, nothing is there: what one has in its folder holds up no other."""
    try:
        with inbox.rights():
            return inbox.pattern.find()
    except (OSError, Refused) as error:
        log.warning("%s/%s cannot be looked at: %s", inbox.pattern.folder, inbox.pattern.glob, error)
    except Exception:
        log.exception("looking at %s/%s", inbox.pattern.folder, inbox.pattern.glob)
    return {}


def _due_at(inbox: Inbox) -> float:
    return math.inf if inbox.look_at is None else max(inbox.look_at, inbox.not_before)
