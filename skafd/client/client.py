"""Projects and their runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from skafd.api import client as api
from skafd.client.namespaces import current_namespace
from skafd.client.runs import Run, find_run
from skafd.errors import NotFound
from skafd.home import Home

_RUNS_AT_ONCE = 200


class Client:
    """Talks to the daemon of a state folder: that of `home`, else of `$SKAFD_HOME`, else the usual one.

    What is read of a run is read when it is first asked for, and stays as it was then: ask the project again for news.
    Every call raises DaemonUnreachable where no daemon runs.
    """

    def __init__(self, home: str | os.PathLike[str] | None = None) -> None:
        self._home = Home.default() if home is None else Home(Path(home).absolute())
        self._api = api.Client(self._home.api_socket)

    @property
    def projects(self) -> list[Project]:
        """All, by name."""
        return [Project(self._api, one) for one in self._api.status()["projects"]]

    def project(self, name: str) -> Project:
        """By its short name, token, name or folder. Raises NotFound, naming those that there are."""
        try:
            return Project(self._api, self._api.project(name))
        except NotFound as error:
            known = ", ".join(project.name for project in self.projects)
            raise NotFound(error.message, f"there are: {known}" if known else "deploy one with `skafd up`") from None

    def run(self, name: str) -> Run:
        """`churn/42`. Raises NotFound."""
        return find_run(self._api, name)

    def __repr__(self) -> str:
        return f"Client({str(self._home.path)!r})"


class Project:
    """A project as it is now."""

    def __init__(self, caller: api.Client, status: api.Json) -> None:
        self._api = caller
        self._status = status

    @property
    def name(self) -> str:
        """The short name that every command takes."""
        return str(self._status["project"])

    @property
    def path(self) -> Path:
        """Its folder."""
        return Path(self._status["path"])

    @property
    def jobs(self) -> list[str]:
        """The names of the jobs of the live deployment."""
        return [job["name"] for job in self._status["jobs"]]

    @property
    def metrics(self) -> list[str]:
        """The names of what its jobs report."""
        return [one["name"] for one in self._api.metrics(self.name)]

    def runs(self, tag: str | None = None, state: str | None = None, limit: int | None = None) -> list[Run]:
        """Runs, newest first: with a tag, in a state (`running`, `succeeded`, `failed`, `cancelled`), at most `limit`.

        Raises Refused for a state that runs do not have.
        """
        found: list[Run] = []
        for run in self._each_run(state, tag=tag):
            if limit is not None and len(found) >= limit:
                break
            found.append(run)
        return found

    @property
    def latest_run(self) -> Run:
        """The newest run, of the namespace that was chosen. Raises NotFound where there is none."""
        return self._newest(None)

    @property
    def latest_successful_run(self) -> Run:
        """The newest run that succeeded. Raises NotFound where there is none."""
        return self._newest("succeeded")

    def __getitem__(self, number: int) -> Run:
        """The run of that number. Raises NotFound."""
        return find_run(self._api, f"{self.name}/{number}")

    def __iter__(self) -> Iterator[Run]:
        """All runs, newest first."""
        return self._each_run(None)

    def _newest(self, state: str | None) -> Run:
        for run in self._each_run(state, 1):
            return run
        others = self._api.runs(self.name, 1)
        where = f" in the namespace {current_namespace()}" if current_namespace() else ""
        what = f"{self.name} has no run" + (" that succeeded" if state else "") + where
        newest = f"its newest run is {others[0]['run']}: {others[0]['state']}" if others else None
        raise NotFound(what, newest or f"`skafd run {self.name}` starts one")

    def _each_run(self, state: str | None, at_once: int = _RUNS_AT_ONCE, tag: str | None = None) -> Iterator[Run]:
        before: int | None = None
        chosen = {"state": state, "tag": tag, "namespace": current_namespace()}
        while page := self._api.runs(self.name, at_once, before, **chosen):
            yield from (Run(self._api, one) for one in page)
            before = page[-1]["number"]

    def __repr__(self) -> str:
        return f"Project({self.name!r})"
