"""The paths that a `foreach` with a pattern is about: in the snapshot, and in the live data linked beside it."""

from __future__ import annotations

from collections.abc import Iterator
from glob import iglob
from itertools import islice
from pathlib import Path

from skafd.engine.items import MOST_ITEMS


def find_paths(pattern: str, snapshot: Path, live: Path, linked: tuple[str, ...]) -> tuple[str, ...]:
    """Relative paths, sorted. Raises OSError."""
    found = set(islice(_find(pattern, snapshot), MOST_ITEMS + 1))
    if linked:
        below = tuple(f"{one}/" for one in linked)
        of_linked = (path for path in _find(pattern, live) if path in linked or path.startswith(below))
        found.update(islice(of_linked, MOST_ITEMS + 1))
    return tuple(sorted(found)[: MOST_ITEMS + 1])


def _find(pattern: str, folder: Path) -> Iterator[str]:
    return iglob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207 a path's own glob finds hidden files too
