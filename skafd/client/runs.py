"""A run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path

from skafd.api.client import Client, Json
from skafd.client.artifacts import Artifacts
from skafd.client.metrics import Metrics
from skafd.client.tasks import Task, instant, read_log
from skafd.errors import NotFound, Refused


def find_run(caller: Client, name: str) -> Run:
    """`churn/42`. Raises NotFound."""
    return Run(caller, caller.run(name)["summary"])


class Run:
    """One run, as it was when it was asked for."""

    def __init__(self, caller: Client, summary: Json) -> None:
        self._api = caller
        self._summary = summary

    @property
    def name(self) -> str:
        """`churn/42`."""
        return str(self._summary["run"])

    @property
    def number(self) -> int:
        """42."""
        return int(self._summary["number"])

    @property
    def project(self) -> str:
        """The project's short name."""
        return str(self._summary["project"])

    @property
    def state(self) -> str:
        """`running`, `succeeded`, `failed` or `cancelled`."""
        return str(self._summary["state"])

    @property
    def successful(self) -> bool:
        """Whether it succeeded."""
        return self.state == "succeeded"

    @property
    def cause(self) -> str:
        """`schedule`, `manual`, `deploy`, `backfill`, `retry` or `event`."""
        return str(self._summary["cause"])

    @property
    def user(self) -> str:
        """Who asked for it by hand; empty for what nobody asked for."""
        return str(self._summary["user"])

    @property
    def namespace(self) -> str:
        """`user:NAME`, or `production`."""
        return str(self._summary["namespace"])

    @property
    def tags(self) -> list[str]:
        """In order."""
        return list(self._summary["tags"])

    def tag(self, *tags: str) -> None:
        """Gives it tags. Raises Refused for what cannot be one."""
        self._summary = self._api.tag_run(self.name, add=tags)

    def untag(self, *tags: str) -> None:
        """Takes tags. Raises NotFound for one that it does not have."""
        self._summary = self._api.tag_run(self.name, remove=tags)

    @property
    def deployment(self) -> int:
        """The number of the deployment that it runs on."""
        return int(self._summary["deployment"])

    @property
    def created_at(self) -> datetime:
        """When it began."""
        return datetime.fromisoformat(self._summary["created_at"])

    @property
    def ended_at(self) -> datetime | None:
        """When it ended; None while it runs."""
        return instant(self._summary["ended_at"])

    @property
    def parameters(self) -> dict[str, str]:
        """What it was given, as texts; what each task took for itself: `run["train"].parameters`."""
        return dict(self._detail["parameters"])

    @property
    def code(self) -> Path:
        """The folder of the code that it ran: read-only, and there as long as its deployment is kept."""
        return Path(self._kept["code"])

    @property
    def artifacts(self) -> Artifacts:
        """What all of its tasks have kept, by name."""
        return Artifacts(self._api, self.name, self._known("artifacts"))

    @property
    def metrics(self) -> Metrics:
        """What all of its tasks have reported, by name."""
        return Metrics(self._api, self.name, self._known("metrics"))

    @property
    def tasks(self) -> list[Task]:
        """In the order of the graph. Of a job with more than 50 instances only those are here that say most."""
        return [Task(self, self._api, one, self._kept) for one in self._detail["tasks"]]

    def logs(self, lines: int | None = None) -> str:
        """What its tasks wrote; of each the last `lines`."""
        return read_log(self._api, self.name, lines)

    def diff(self, other: Run) -> Json:
        """What differs between this run and a later one: code, packages, parameters, tasks, metrics, artifacts."""
        return self._api.diff(self.name, other.name)

    def __getitem__(self, task: str) -> Task:
        """`train`; `train[3]` of several instances. Raises NotFound, and Refused where one of several is meant."""
        found = [one for one in self.tasks if task in (one.label, one.job)]
        if not found:
            raise NotFound(f"{self.name} has no task {task}", f"there are: {self._labels()}")
        if len(found) > 1:
            names = ", ".join(one.label for one in found)
            raise Refused(f"{len(found)} tasks of {self.name} are called {task}", f"say which: {names}")
        return found[0]

    def __iter__(self) -> Iterator[Task]:
        """Its tasks."""
        return iter(self.tasks)

    def _known(self, what: str) -> list[Json]:
        """Of tasks that were kept from an earlier run, what is known there."""
        kept = [one for task in self.tasks if task.name in self._kept["kept_from"] for one in task.known(what)]
        return [*kept, *self._kept[what]]

    def _labels(self) -> str:
        return ", ".join(one.label for one in self.tasks)

    @cached_property
    def _detail(self) -> Json:
        return self._api.run(self.name)

    @cached_property
    def _kept(self) -> Json:
        return self._api.kept(self.name)

    def __repr__(self) -> str:
        return f"Run({self.name!r}, {self.state})"
