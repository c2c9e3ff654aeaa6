"""The paths that a `foreach` with a pattern is about: in the snapshot, and in the live data linked beside it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from functools import cache, partial
from itertools import islice
from pathlib import Path, PurePosixPath

from skafd.engine.items import MOST_ITEMS
from skafd.errors import Refused
from skafd.model.decisions import ItemsFound, ItemsWanted
from skafd.sandbox.acting_as import acting_as
from skafd.sandbox.user import User
from skafd.threads import Threads
from skafd.wildcards import find

log = logging.getLogger("skafd.lookups")

LookUp = Callable[[], tuple[str, ...]]
"""Finds items. Callable from any thread. Raises OSError, Refused."""


class Lookups:
    """Owned by the orchestrator's thread. Each has a thread of its own, since a tree may be huge, or not answer.

    Whoever kills the daemon meanwhile loses nothing: the next one is asked again.
    """

    def __init__(self, threads: Threads, tell: Callable[[ItemsFound], object]) -> None:
        self._threads = threads
        self._tell = tell
        self._begun: set[ItemsWanted] = set()

    def begin(self, wanted: ItemsWanted, look_up: LookUp) -> None:
        """Begins to look, unless that has begun; in the end `tell` is called, in another thread."""
        if wanted not in self._begun:
            self._begun.add(wanted)
            self._threads.begin(partial(self._look, wanted, look_up))

    def _look(self, wanted: ItemsWanted, look_up: LookUp) -> None:
        try:
            found = ItemsFound(wanted.run, wanted.job, look_up())
        except Exception as error:
            if not isinstance(error, (OSError, Refused)):
                log.exception("looking up %s", wanted.pattern)
            problem = f"{wanted.pattern} cannot be looked up: {error}"
            found = ItemsFound(wanted.run, wanted.job, problem=problem)
        # First: whoever is asked again before the answer is written has to look again.
        self._begun.discard(wanted)
        self._tell(found)


def find_paths(
    pattern: str, snapshot: Path, live: Path, linked: tuple[str, ...], user: User | None = None
) -> tuple[str, ...]:
    """Relative paths, sorted. What is no part of the snapshot is found where the user may look. Raises OSError."""
    found, ways_out = _in_snapshot(pattern, snapshot, leave=user is None)
    outside = (*linked, *ways_out)
    with acting_as(user):
        found |= _in_live(pattern, live, outside) if outside else set()
    return tuple(sorted(found)[: MOST_ITEMS + 1])


def _in_snapshot(pattern: str, snapshot: Path, leave: bool) -> tuple[set[str], set[str]]:
    """What is found, and the links that lead out of the snapshot, unless they are followed like all others."""
    found: set[str] = set()
    ways_out: set[str] = set()
    root = os.path.realpath(snapshot)

    @cache
    def leads_out(folder: PurePosixPath) -> bool:
        real = os.path.realpath(snapshot / folder)
        return real != root and not real.startswith(f"{root}/")

    for path in islice(find(pattern, snapshot), MOST_ITEMS + 1):
        parents = () if leave else reversed(PurePosixPath(path).parents)
        way_out = next((str(folder) for folder in parents if leads_out(folder)), None)
        found.add(path) if way_out is None else ways_out.add(way_out)
    return found, ways_out


def _in_live(pattern: str, live: Path, outside: tuple[str, ...]) -> set[str]:
    below = tuple(f"{one.rstrip('/')}/" for one in outside)
    found = (path for path in find(pattern, live) if path in outside or path.startswith(below))
    return set(islice(found, MOST_ITEMS + 1))
