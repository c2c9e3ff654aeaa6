"""What a step has left in a local datastore: the names of its artifacts, and its cards. Nothing of theirs is loaded."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LONGEST_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class StepArtifact:
    """One that the flow's own code has named."""

    name: str
    type: str
    size_bytes: int
    """Pickled."""


@dataclass(frozen=True, slots=True)
class StepLeft:
    """Of one attempt of a task."""

    artifacts: tuple[StepArtifact, ...] = ()
    cards: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Pathspec:
    """What Metaflow calls a task."""

    flow: str
    run: str
    step: str
    task: str


def read_left(root: Path, task: Pathspec, attempt: int) -> StepLeft:
    """Nothing where there is nothing of use: the files are the user's. `attempt` counts from 1."""
    folder = root / task.flow / task.run / task.step / task.task
    cards = root / "mf.cards" / task.flow / "runs" / task.run / "steps" / task.step / "tasks" / task.task / "cards"
    return StepLeft(_artifacts(_read(folder / f"{attempt - 1}.data.json")), tuple(sorted(cards.glob("*.html"))))


def _artifacts(values: Mapping[str, Any]) -> tuple[StepArtifact, ...]:
    known = values.get("info", {})
    names = sorted(name for name in values.get("objects", {}) if not name.startswith("_"))
    return tuple(_artifact(name, known.get(name, {})) for name in names)


def _artifact(name: str, info: Mapping[str, Any]) -> StepArtifact:
    kind = str(info.get("type", "")).removeprefix("<class '").removesuffix("'>")
    return StepArtifact(name, kind, int(info.get("size", 0)))


def _read(path: Path) -> Mapping[str, Any]:
    """No link is followed to what its owner may not read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            content = file.read(_LONGEST_BYTES) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
        values = json.loads(content)
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
