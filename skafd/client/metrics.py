"""What tasks have reported, as series."""

from __future__ import annotations

from dataclasses import dataclass

from skafd.api.client import Client, Json
from skafd.client.by_name import ByName
from skafd.errors import NotFound

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


class Metrics(ByName[Series]):
    """Series by name. Of a task that was tried again, those of the newest attempt."""

    def __init__(self, caller: Client, owner: str, known: list[Json]) -> None:
        self._api = caller
        super().__init__(owner, sorted(known, key=lambda one: one["attempt"]))

    @property
    def last(self) -> dict[str, float | None]:
        """How each series ends; of a metric that several tasks reported, the last of them."""
        return {name: one["last"] for (name, _), one in self._newest.items()}

    def __getitem__(self, name: str) -> Series:
        """Raises NotFound, and Refused where several tasks have reported it."""
        known = f"there are: {', '.join(self)}" if self else "a job reports one with ska.report(name, y)"
        missing = NotFound(f"{self._owner} has reported no metric {name!r}", known)
        return self._read(self._one(name, missing, "reported"))

    def _read(self, known: Json) -> Series:
        project, number = known["task"].split("/", 2)[:2]
        for one in self._api.series(project, known["name"], int(number), points=_ALL_POINTS):
            if (one["task"], one["attempt"]) == (known["task"], known["attempt"]):
                xs, ys = [point["x"] for point in one["points"]], [point["y"] for point in one["points"]]
                return Series(one["name"], one["task"], one["x_label"], one["y_label"], xs, ys)
        raise NotFound(f"what {known['task']} reported of {known['name']!r} is no longer kept")
