"""What jobs have said: values that they published."""

from __future__ import annotations

from dataclasses import dataclass

from skafd.model.ids import DeploymentNumber, JobId, RunKey
from skafd.model.states import TaskState
from skafd.store.statements import PROJECT, Statements


@dataclass(frozen=True, slots=True)
class Published:
    """The output of a task, None where it has none yet."""

    instance: int
    state: TaskState
    output: str | None


class SaidReader(Statements):
    """The part of the Reader that concerns what jobs said."""

    def deployment_of_run(self, run: RunKey) -> DeploymentNumber | None:
        """On what a run runs; None for one that is gone."""
        row = self._one(
            f"SELECT deployment FROM run WHERE project = {PROJECT} AND number = :run",
            {"project": run.project, "run": run.number},
        )
        return None if row is None else DeploymentNumber(row["deployment"])

    def published(self, run: RunKey, job: JobId) -> tuple[Published, ...]:
        """What the instances of a job have published, by their numbers."""
        rows = self._all(
            f"""SELECT instance, state, output FROM task
                WHERE project = {PROJECT} AND run = :run AND job = :job ORDER BY instance""",
            {"project": run.project, "run": run.number, "job": job},
        )
        return tuple(Published(row["instance"], TaskState(row["state"]), row["output"]) for row in rows)
