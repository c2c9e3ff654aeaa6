"""The paths that a `foreach` with a pattern is about: in the snapshot, and in the live data linked beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from glob import iglob
from itertools import islice
from pathlib import Path, PurePosixPath

from skafd.engine.items import MOST_ITEMS
from skafd.sandbox.acting_as import acting_as
from skafd.sandbox.user import User


def find_paths(
    pattern: str, snapshot: Path, live: Path, linked: tuple[str, ...], user: User | None = None
) -> tuple[str, ...]:
    """Relative paths, sorted. What is no part of the snapshot is found where the user may look. Raises OSError."""
    try:
        found, ways_out = _in_snapshot(pattern, snapshot, leave=user is None)
        outside = (*linked, *ways_out)
        with acting_as(user):
            found |= _in_live(pattern, live, outside) if outside else set()
    except RecursionError:
        raise OSError("there are folders in each other without end") from None
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

    for path in islice(_find(pattern, snapshot), MOST_ITEMS + 1):
        parents = () if leave else reversed(PurePosixPath(path).parents)
        way_out = next((str(folder) for folder in parents if leads_out(folder)), None)
        found.add(path) if way_out is None else ways_out.add(way_out)
    return found, ways_out


def _in_live(pattern: str, live: Path, outside: tuple[str, ...]) -> set[str]:
    below = tuple(f"{one.rstrip('/')}/" for one in outside)
    found = (path for path in _find(pattern, live) if path in outside or path.startswith(below))
    return set(islice(found, MOST_ITEMS + 1))


def _find(pattern: str, folder: Path) -> Iterator[str]:
    return iglob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207 a path's own glob finds hidden files too
