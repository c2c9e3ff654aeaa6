"""The part of the file system in which files are waited for."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path

from skafd.inbox.pattern import Pattern


class InboxScope:
    """Implements `skafd.deploy.scope.Scope` for all patterns of one folder."""

    def __init__(self, folder: Path, patterns: Sequence[Pattern]) -> None:
        self._folder = folder
        self._patterns = tuple(patterns)
        depths = [pattern.depth for pattern in patterns]
        self._depth = None if None in depths else max((one for one in depths if one is not None), default=0)

    @property
    def folder(self) -> Path:
        """Where the fixed part of the patterns ends."""
        return self._folder

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """What is looked for in it."""
        return self._patterns

    def enters(self, relative: str) -> bool:
        """Visible folders, as far down as a pattern reaches."""
        is_near = self._depth is None or relative.count("/") < self._depth
        return is_near and not relative.rpartition("/")[2].startswith(".")

    def concerns(self, relative: str, is_folder: bool) -> bool:
        """Everything in these folders."""
        return self.enters(relative) if is_folder else True

    def is_redrawn_by(self, relative: str) -> bool:  # noqa: ARG002 no file says where to look
        """Never."""
        return False

    def fingerprint(self) -> Hashable:
        """What is there."""
        return tuple(tuple(sorted(pattern.find().items())) for pattern in self._patterns)
