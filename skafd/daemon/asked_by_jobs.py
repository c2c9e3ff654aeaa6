"""What jobs ask and say, carried out."""

from __future__ import annotations

import json
from typing import Any

from skafd.daemon.finding import find_job
from skafd.errors import NotFound
from skafd.job_token import JobToken
from skafd.model.ids import ProjectId, RunKey
from skafd.store import Database


class AskedByJobs:
    """Implements `skafd.jobs.backend.JobsBackend`. Not for the orchestrator's own thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def who(self, token: JobToken) -> dict[str, Any]:
        """The attempt that the token was made for. Raises NotFound when its project is gone."""
        with self._database.reader() as reader:
            project = reader.project(ProjectId(token.project))
        return {
            "project": project.slug,
            "run": f"{project.slug}/{token.run}" if token.run else "",
            "job": token.job,
            "instance": token.instance,
            "attempt": token.attempt,
        }

    def output(self, token: JobToken, job: str, instance: int | None) -> Any:
        """The value, parsed. Raises NotFound where there is none."""
        run = RunKey(ProjectId(token.project), token.run)
        with self._database.reader() as reader:
            detail = reader.run(run)
            config = reader.deployment(run.project, detail.run.deployment).config
            wanted = find_job(config, job)
            tasks = [one for one in reader.published(run, wanted) if instance in (None, one.instance)]
        if not tasks:
            raise NotFound(f"this run has no task {job}" + (f"[{instance}]" if instance is not None else ""))
        if instance is None and config.job(wanted).has_instances:
            return [None if task.output is None else _value(task.output) for task in tasks]
        if tasks[0].output is None:
            raise NotFound(
                f"{job} has published nothing; it is {tasks[0].state.value.replace('_', ' ')}",
                "it does so with ska.output(value), or by writing JSON to $SKAFD_OUTPUT",
            )
        return _value(tasks[0].output)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        # A program without the SDK may have written any text.
        return text
