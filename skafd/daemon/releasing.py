"""What is written when a deployment goes live, is refused, or is taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from skafd import clock
from skafd.api.shapes import Problem
from skafd.daemon.agenda import Agenda
from skafd.daemon.facts import Facts
from skafd.deploy.release import Deployable, RefusedDeploy
from skafd.errors import DeployError
from skafd.home import Home
from skafd.model.decisions import Deployed, Event, ProjectForgotten
from skafd.model.deployment import Deployment
from skafd.model.ids import JobId
from skafd.model.owner import Owner
from skafd.store import Database, Reader, Writer
from skafd.store.views import ProjectRow


@dataclass(frozen=True, slots=True)
class _Added:
    row: ProjectRow
    variables: Mapping[str, str]
    replaced: tuple[ProjectRow, ...]
    """Projects that were in the folder before, with another identity."""
    was_there: bool
    """It was in the folder before, with this identity."""


class Releasing:
    """Each method is the `prepare` of a request: in the orchestrator's thread, in one transaction, memory last."""

    def __init__(self, home: Home, database: Database, facts: Facts, agenda: Agenda) -> None:
        self._home = home
        self._database = database
        self._facts = facts
        self._agenda = agenda

    def release(self, writer: Writer, deployable: Deployable, owner: Owner | None = None) -> list[Event]:
        """Records the deployment and whose its folder is, and makes it live.

        Raises DeployError when its files are gone.
        """
        now = clock.now()
        config, snapshot = deployable.config, deployable.snapshot
        added = self._add(writer, deployable.folder, config.name, config.token, now, owner)
        if added.was_there and self._is_live(added.row, deployable):
            # It was written the last time too, although whoever wrote it was told that it was not.
            writer.set_problem(added.row.id, None)
            return self._keep(added)
        environments = deployable.environments
        for key, lock in environments.locks:
            writer.record_environment(key, lock, now)
        deployment = writer.record_deployment(
            added.row.id,
            snapshot.hash,
            config,
            environments.key,
            now,
            snapshot.linked,
            environments.others,
            environments.layers,
        )
        self._check_files(added.row, deployment)
        writer.set_problem(added.row.id, None)
        self._switch(writer, added.row, deployment, now)
        return [*self._keep(added), Deployed(deployment)]

    def take_back(self, writer: Writer, row: ProjectRow, deployment: Deployment) -> list[Event]:
        """Makes an earlier deployment live again. Raises DeployError when its files are gone."""
        self._check_files(row, deployment)
        self._switch(writer, row, deployment, clock.now())
        return [Deployed(deployment, first_time=False)]

    def note_project(
        self, writer: Writer, folder: Path, name: str, token: str | None, tell_slug: Callable[[str], object]
    ) -> list[Event]:
        """Makes the project known, and its short name final, before anything of it is deployed.

        A folder that was another project until now stays that one until the release: who knows whether it builds.
        """
        now = clock.now()
        reserved = writer.reserve_project(folder, name, token, now)
        with self._database.reader() as reader:
            present = [row.id for row in reader.projects() if row.path == folder.resolve()]
        if present and reserved.id not in present:
            tell_slug(writer.rename(reserved.id, name).slug)
            return []
        added = self._add(writer, folder, name, token, now)
        tell_slug(added.row.slug)
        return self._keep(added)

    def forget(self, writer: Writer, row: ProjectRow) -> list[Event]:
        """Takes a project off the list; it is found again, with its history, when it is handed over again."""
        writer.forget_project(row.id)
        self._agenda.remove(row.id)
        return [ProjectForgotten(row.id)]

    def note_unchanged(self, writer: Writer, row: ProjectRow, owner: Owner | None = None) -> list[Event]:
        """The folder holds again what was last deployed: an earlier refusal is moot. It may have another owner."""
        writer.set_problem(row.id, None)
        if owner is not None and owner != row.owner:
            self._facts.put(writer.set_owner(row.id, owner), self._facts.of(row.id).variables)
        return []

    def note_refusal(self, writer: Writer, refused: RefusedDeploy) -> list[Event]:
        """Keeps why the save is not live, for `skafd status`; a folder that was never deployed becomes known by it."""
        now = clock.now()
        added = self._add(writer, refused.folder, None, None, now)
        text = f"{refused.message}\n{refused.hint}" if refused.hint else refused.message
        details = [asdict(problem) for problem in refused.problems]
        writer.set_problem(added.row.id, asdict(Problem(refused.stage.value, now.isoformat(), text, details)))
        return self._keep(added)

    def _add(
        self,
        writer: Writer,
        folder: Path,
        name: str | None,
        token: str | None,
        now: datetime,
        owner: Owner | None = None,
    ) -> _Added:
        """Finds the project of a folder or adds it; one without a name has that of its folder until it gets one."""
        with self._database.reader() as reader:
            before = [row for row in reader.projects() if row.path == folder.resolve()]
            row = writer.add_project(folder, name or folder.name, token, now)
            variables = reader.variables(row.id)
        if name is not None:
            row = writer.rename(row.id, name)
        if owner is not None:
            row = writer.set_owner(row.id, owner)
        return _Added(
            row,
            variables,
            tuple(other for other in before if other.id != row.id),
            any(one.id == row.id for one in before),
        )

    def _is_live(self, row: ProjectRow, deployable: Deployable) -> bool:
        if row.live_deployment is None:
            return False
        with self._database.reader() as reader:
            live = reader.deployment(row.id, row.live_deployment)
        environments = deployable.environments
        wanted = (environments.key, environments.others, environments.layers, deployable.config)
        are_same = (live.environment_key, live.job_environments, live.layers, live.config) == wanted
        return live.snapshot_hash == deployable.snapshot.hash and are_same

    def _keep(self, added: _Added) -> list[Event]:
        """Takes into memory what was added; what was in its place runs no more."""
        self._facts.put(added.row, added.variables)
        for row in added.replaced:
            self._agenda.remove(row.id)
        return [ProjectForgotten(row.id) for row in added.replaced]

    def _check_files(self, row: ProjectRow, deployment: Deployment) -> None:
        """Housekeeping takes files out in this thread too: what is there now stays as long as the deployment counts."""
        snapshot = self._home.deployments / row.slug / deployment.snapshot_hash
        environments = (self._home.environments / key for key in deployment.environment_keys)
        for needed in (snapshot, *environments):
            if not needed.is_dir():
                raise DeployError(f"{needed} was removed meanwhile", "save the project again")

    def _switch(self, writer: Writer, row: ProjectRow, deployment: Deployment, now: datetime) -> None:
        with self._database.reader() as reader:
            # Read here, in the writer's thread: nobody has planned anything since.
            since = _since(reader, row, deployment, now)
        for job, instant in since.items():
            writer.set_planned_until(row.id, job, instant)
        writer.switch_live(row.id, deployment.number, now)
        self._agenda.replace(deployment, since)


def _since(reader: Reader, row: ProjectRow, deployment: Deployment, now: datetime) -> dict[JobId, datetime]:
    """From when on each job is due: one whose schedule is new or has changed from now, others from where they were."""
    live = reader.deployment(row.id, row.live_deployment) if row.live_deployment is not None else None
    before = {job.id: job.schedules for job in live.config.jobs} if live else {}
    planned = reader.planned()
    since = {}
    for job in deployment.config.jobs:
        known = planned.get((row.id, job.id))
        if job.schedules and known is not None and before.get(job.id) == job.schedules:
            since[job.id] = known
        elif job.schedules:
            # Never before what was decided already: the clock may have been set back.
            since[job.id] = max(now, known or now)
    return since
