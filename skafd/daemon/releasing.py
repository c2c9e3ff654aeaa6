"""What is written when a deployment goes live, is refused, or is taken back. Each function runs in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from skafd import clock
from skafd.api.shapes import Problem
from skafd.daemon.launching import ProjectFacts
from skafd.daemon.orchestrator import Orchestrator
from skafd.deploy.release import Deployable, RefusedDeploy
from skafd.model.decisions import Deployed, Event
from skafd.model.deployment import Deployment
from skafd.model.project import Project, Schedule
from skafd.store import Database, Reader, Writer
from skafd.store.views import ProjectRow


def release(writer: Writer, database: Database, orchestrator: Orchestrator, deployable: Deployable) -> list[Event]:
    """Records the deployment and makes it live."""
    now = clock.now()
    config, snapshot = deployable.config, deployable.snapshot
    row = writer.add_project(deployable.folder, config.name, config.token, now)
    row = writer.rename(row.id, config.name)
    deployment = writer.record_deployment(
        row.id, snapshot.hash, config, deployable.environment_key, now, linked=snapshot.linked
    )
    writer.set_problem(row.id, None)
    with database.reader() as reader:
        orchestrator.facts.put(row.id, ProjectFacts(row.slug, row.path, reader.variables(row.id)))
    _switch(writer, database, orchestrator, deployment, row)
    return [Deployed(deployment)]


def take_back(
    writer: Writer, database: Database, orchestrator: Orchestrator, row: ProjectRow, deployment: Deployment
) -> list[Event]:
    """Makes an earlier deployment live again."""
    _switch(writer, database, orchestrator, deployment, row)
    return [Deployed(deployment, first_time=False)]


def note_project(writer: Writer, folder: Path, name: str, token: str | None) -> list[Event]:
    """Makes the project known before anything of it is deployed."""
    writer.add_project(folder, name, token, clock.now())
    return []


def note_unchanged(writer: Writer, row: ProjectRow) -> list[Event]:
    """The folder holds again what was last deployed: an earlier refusal is moot."""
    writer.set_problem(row.id, None)
    return []


def note_refusal(writer: Writer, refused: RefusedDeploy) -> list[Event]:
    """Keeps why the save is not live, for `skafd status`; a folder that was never deployed becomes known by it."""
    now = clock.now()
    row = writer.add_project(refused.folder, refused.folder.name, None, now)
    text = f"{refused.message}\n{refused.hint}" if refused.hint else refused.message
    details = [asdict(problem) for problem in refused.problems]
    writer.set_problem(row.id, asdict(Problem(refused.stage.value, now.isoformat(), text, details)))
    return []


def _switch(
    writer: Writer, database: Database, orchestrator: Orchestrator, deployment: Deployment, row: ProjectRow
) -> None:
    """A schedule that is new or has changed counts from now; the others go on from where they were."""
    now = clock.now()
    with database.reader() as reader:
        # Read here, in the writer's thread: nobody has planned anything since.
        before = _schedules(_live_config(reader, row))
        planned = reader.planned()
    since = {}
    for job in deployment.config.jobs:
        known = planned.get((row.id, job.id))
        kept = known is not None and before.get(job.id) == job.schedules
        since[job.id] = known if kept and known is not None else now
        writer.set_planned_until(row.id, job.id, since[job.id])
    writer.switch_live(row.id, deployment.number, now)
    orchestrator.put_schedules(deployment, since)


def _live_config(reader: Reader, row: ProjectRow) -> Project | None:
    if row.live_deployment is None:
        return None
    return reader.deployment(row.id, row.live_deployment).config


def _schedules(config: Project | None) -> dict[str, Sequence[Schedule]]:
    return {job.id: job.schedules for job in config.jobs} if config else {}
