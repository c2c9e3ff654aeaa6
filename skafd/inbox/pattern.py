"""The paths that a job waits for: where to look for them, and what is there."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from glob import has_magic
from pathlib import Path

from skafd.wildcards import find

_UNFINISHED = ("*~", "*.tmp", "*.temp", "*.part", "*.partial", "*.filepart", "*.crdownload", "*.swp", "*.swx")
"""What programs call a file that they have not finished; it gets its own name when they have."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Paths below a folder, as the shell matches them; `**` is any number of folders."""

    folder: Path
    glob: str

    @classmethod
    def of(cls, text: str, project_folder: Path) -> Pattern:
        """From a config: relative to the project's folder, or absolute."""
        parts = (project_folder / text).parts
        fixed = next((index for index, part in enumerate(parts) if has_magic(part)), len(parts) - 1)
        return cls(Path(*parts[:fixed]), "/".join(parts[fixed:]))

    @property
    def depth(self) -> int | None:
        """How many folders below its own it looks into; None where there is no end."""
        return None if "**" in self.glob else self.glob.count("/")

    def find(self) -> dict[str, str]:
        """The files that are there, by absolute path, each with what changes when it is written."""
        found = {}
        for path in self._paths():
            try:
                status = Path(path).stat()
            except OSError:
                continue  # Gone already, or not for us.
            if stat.S_ISREG(status.st_mode):
                found[path] = f"{status.st_size}:{status.st_mtime_ns}"
        return found

    def _paths(self) -> Iterator[str]:
        meant = self.glob.rpartition("/")[2]
        for relative in find(self.glob, self.folder):
            name = relative.rpartition("/")[2]
            if _is_unfinished(name) and not _is_unfinished(meant):
                continue
            path = f"{self.folder}/{relative}"
            if _is_text(path):
                yield path


def _is_unfinished(name: str) -> bool:
    return any(fnmatch(name, one) for one in _UNFINISHED)


def _is_text(path: str) -> bool:
    """A name in an unknown encoding could be told to nobody."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
