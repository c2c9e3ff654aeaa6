"""What tasks have reported, as series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from skafd.api.client import Client, Json
from skafd.errors import NotFound, Refused

_ALL_POINTS = 10_000_000


@dataclass(frozen=True, slots=True)
class Series:
    """What one attempt reported of a metric."""

    name: str
    task: str
    x_label: str
    y_label: str
    x: list[float | str]
    y: list[float | None]
    """None where it was not a number."""


class Metrics(Mapping[str, Series]):
    """Series by name. Of a task that was tried again, those of the newest attempt."""

    def __init__(self, caller: Client, owner: str, known: list[Json]) -> None:
        self._api = caller
        self._owner = owner
        newest: dict[tuple[str, str], Json] = {}
        for one in sorted(known, key=lambda one: one["attempt"]):
            newest[one["name"], one["task"]] = one
        self._newest = newest

    @property
    def last(self) -> dict[str, float | None]:
        """How each series ends; of a metric that several tasks reported, the last of them."""
        return {name: one["last"] for (name, _), one in self._newest.items()}

    def __getitem__(self, name: str) -> Series:
        """Raises NotFound, and Refused where several tasks have reported it."""
        found = [one for (called, _), one in self._newest.items() if called == name]
        if not found:
            known = f"there are: {', '.join(self)}" if self else "a job reports one with ska.report(name, y)"
            raise NotFound(f"{self._owner} has reported no metric {name!r}", known)
        if len(found) > 1:
            tasks = ", ".join(one["task"].split("/", 2)[-1] for one in found)
            raise Refused(f"{len(found)} tasks of {self._owner} have reported {name!r}", f"ask one of them: {tasks}")
        return self._read(found[0])

    def get(self, name: str, default: Any = None) -> Any:
        """The series, or `default` where nobody reported it."""
        if name not in self:
            return default
        return self[name]

    def __contains__(self, name: object) -> bool:
        return any(called == name for called, _ in self._newest)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for name, _ in self._newest))

    def __len__(self) -> int:
        return len({name for name, _ in self._newest})

    def _read(self, known: Json) -> Series:
        project, number = known["task"].split("/", 2)[:2]
        for one in self._api.series(project, known["name"], int(number), points=_ALL_POINTS):
            if (one["task"], one["attempt"]) == (known["task"], known["attempt"]):
                xs, ys = [point["x"] for point in one["points"]], [point["y"] for point in one["points"]]
                return Series(one["name"], one["task"], one["x_label"], one["y_label"], xs, ys)
        raise NotFound(f"what {known['task']} reported of {known['name']!r} is no longer kept")

    def __repr__(self) -> str:
        return f"Metrics({self._owner!r}, {', '.join(self) or 'none'})"
