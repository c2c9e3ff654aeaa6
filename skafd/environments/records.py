"""What was resolved, by its inputs: one small file each, so that the same wish is resolved once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from skafd import crash
from skafd.files import write_whole
from skafd.model.environment import EnvironmentKind, Lock


class Records:
    """A folder of `<inputs>.json`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, inputs: str) -> Lock | None:
        """What was resolved for these inputs; None where nothing was, or what is there cannot be read."""
        return read_lock(self._path(inputs))

    def write(self, inputs: str, lock: Lock) -> None:
        """Keeps it, in place of what was there. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        _write(self._path(inputs), lock)

    def _path(self, inputs: str) -> Path:
        return self._folder / f"{inputs}.json"


def read_lock(path: Path) -> Lock | None:
    """The lock in a file; None where there is none."""
    try:
        return lock_from(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def lock_from(values: Mapping[str, Any]) -> Lock:
    """From what `asdict` made of one and JSON of that. Raises ValueError, TypeError, KeyError."""
    packages = tuple(values["packages"])
    others = [value for name, value in values.items() if name not in ("packages", "owner")]
    if not all(isinstance(text, str) for text in (*packages, *(value for value in others if value is not None))):
        raise ValueError("a lock consists of text")
    return Lock(**{**values, "kind": EnvironmentKind(values["kind"]), "packages": packages})


def lock_text(lock: Lock) -> str:
    """The lock as the text of a file."""
    return json.dumps(asdict(lock), indent=1) + "\n"


@crash.around("environment.resolved")
def _write(path: Path, lock: Lock) -> None:
    write_whole(path, lock_text(lock).encode())
