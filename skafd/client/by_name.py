"""What several tasks may have left under one name, as a mapping of names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from skafd.api.client import Json
from skafd.errors import NotFound, Refused

T = TypeVar("T")


class ByName(Mapping[str, T]):
    """Of what has the same name and task, the last in `left`. Subclasses say what a name stands for."""

    def __init__(self, owner: str, left: list[Json]) -> None:
        self._owner = owner
        self._newest = {(one["name"], one["task"]): one for one in left}

    def _one(self, name: str, missing: NotFound, did: str) -> Json:
        """The only one of that name. Raises `missing`, and Refused where several tasks `did` it."""
        found = [one for (called, _), one in self._newest.items() if called == name]
        if not found:
            raise missing
        if len(found) > 1:
            tasks = ", ".join(one["task"].split("/", 2)[-1] for one in found)
            raise Refused(f"{len(found)} tasks of {self._owner} have {did} {name!r}", f"ask one of them: {tasks}")
        return found[0]

    def get(self, name: str, default: Any = None) -> Any:
        """What the name stands for, or `default` where nobody left it."""
        if name not in self:
            return default
        return self[name]

    def __contains__(self, name: object) -> bool:
        return any(called == name for called, _ in self._newest)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for name, _ in self._newest))

    def __len__(self) -> int:
        return len({name for name, _ in self._newest})

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._owner!r}, {', '.join(self) or 'none'})"
