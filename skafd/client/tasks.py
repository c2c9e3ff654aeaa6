"""A task of a run."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skafd.api.client import Client, Json
from skafd.client.artifacts import Artifacts
from skafd.client.metrics import Metrics
from skafd.errors import NotFound

if TYPE_CHECKING:
    from skafd.client.runs import Run


class Task:
    """One job of a run, or one instance of it."""

    def __init__(self, run: Run, caller: Client, info: Json, kept: Json) -> None:
        self.run = run
        self._api = caller
        self._info = info
        self._kept = kept

    @property
    def name(self) -> str:
        """`churn/42/train[3]`."""
        return str(self._info["task"])

    @property
    def label(self) -> str:
        """The name without the run's: `train[3]`."""
        return self.name.split("/", 2)[2]

    @property
    def job(self) -> str:
        """The job's name."""
        return str(self._info["name"]).strip()

    @property
    def instance(self) -> int:
        """Which of several; 0 for the only one."""
        return int(self._info["instance"])

    @property
    def state(self) -> str:
        """As in `skafd status`."""
        return str(self._info["state"])

    @property
    def reason(self) -> str:
        """Why it is in that state; empty where it succeeded."""
        return str(self._info["reason"])

    @property
    def successful(self) -> bool:
        """Whether it succeeded."""
        return self.state == "succeeded"

    @property
    def attempts(self) -> list[dict[str, Any]]:
        """Every execution with its outcome, times, limits and peaks, oldest first."""
        return list(self._info["attempts"])

    @property
    def started_at(self) -> datetime | None:
        """When its newest attempt began; None where it did not."""
        return instant(self.attempts[-1]["started_at"]) if self.attempts else None

    @property
    def ended_at(self) -> datetime | None:
        """When its newest attempt ended; None where it did not."""
        return instant(self.attempts[-1]["ended_at"]) if self.attempts else None

    @property
    def seconds(self) -> float | None:
        """How long its newest attempt took; None where it has not ended."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()

    @property
    def parameters(self) -> dict[str, str]:
        """What it was started with, defaults too, as texts."""
        return dict(self._record["parameters"])

    @property
    def packages(self) -> list[str]:
        """What was installed in its environment."""
        return list(self._record["packages"])

    @property
    def code(self) -> Path:
        """The folder of the code that it ran."""
        return self.origin.run.code

    @property
    def output(self) -> Any:
        """What it published with `ska.output`; None where it did not."""
        return self._kept["outputs"].get(self.name)

    @property
    def artifacts(self) -> Artifacts:
        """What it has kept, by name."""
        return Artifacts(self._api, self.name, self.known("artifacts"))

    @property
    def metrics(self) -> Metrics:
        """What it has reported, by name."""
        return Metrics(self._api, self.name, self.known("metrics"))

    def logs(self, lines: int | None = None) -> str:
        """What its newest attempt wrote, the last `lines` of it."""
        return read_log(self._api, self.origin.name, lines)

    @cached_property
    def origin(self) -> Task:
        """Where it ran: itself, or, in a run that goes on with another, the task that was kept. Raises NotFound."""
        run = self._kept["kept_from"].get(self.name)
        if run is None:
            return self
        earlier = type(self.run)(self._api, self._api.run(run)["summary"])
        return earlier[self.label].origin

    def known(self, what: str) -> list[Json]:
        """What the api says of its `artifacts`, `metrics` or `records`."""
        origin = self.origin
        return [one for one in origin._kept[what] if one["task"] == origin.name]

    @property
    def _record(self) -> Json:
        found = self.known("records")
        if found:
            return found[0]
        raise NotFound(f"{self.name} was never started", self.reason or f"it is {self.state}")

    def __repr__(self) -> str:
        return f"Task({self.name!r}, {self.state})"


def instant(text: str | None) -> datetime | None:
    """From ISO 8601."""
    return datetime.fromisoformat(text) if text else None


def read_log(caller: Client, target: str, lines: int | None) -> str:
    """The log of a target as a text. Raises NotFound."""
    return b"".join(caller.logs(target, lines)).decode(errors="replace")
