"""What an environment sets for the jobs that run in it, kept in a file of it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from skafd.errors import SandboxError

FILE = "skafd/activation.json"
"""In an environment; one that has none is a virtual environment."""


@dataclass(frozen=True, slots=True)
class Activation:
    """Changes to the variables of a process."""

    path: tuple[str, ...]
    """Folders that go to the front of PATH."""
    set: tuple[tuple[str, str], ...] = ()
    unset: tuple[str, ...] = ()

    def apply(self, variables: Mapping[str, str], default_path: str) -> dict[str, str]:
        """The variables with the changes made."""
        found = {name: value for name, value in variables.items() if name not in self.unset}
        path = ":".join((*self.path, found.get("PATH", default_path)))
        return {**found, **dict(self.set), "PATH": path}

    def to_json(self) -> dict[str, Any]:
        """The changes as JSON values."""
        return {"path": list(self.path), "set": dict(self.set), "unset": list(self.unset)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Reads back what `to_json` gave."""
        return cls(tuple(values["path"]), tuple(values["set"].items()), tuple(values["unset"]))


def activation_of(environment: Path) -> Activation:
    """What jobs in this environment start with. Raises SandboxError for a file that is broken."""
    # In one piece, and looked for before it is opened: asked for at each launch, and mostly it is not there.
    file = f"{environment}/{FILE}"
    if not os.path.exists(file):  # noqa: PTH110
        return Activation((f"{environment}/bin",), (("VIRTUAL_ENV", str(environment)),))
    try:
        return Activation.from_json(json.loads(Path(file).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError) as error:
        hint = f"remove {environment} and save the project again: it is made anew"
        raise SandboxError(f"{file} cannot be read: {error}", hint) from error
