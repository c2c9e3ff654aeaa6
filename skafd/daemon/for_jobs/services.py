"""Long-lived processes that jobs may ask for."""

from __future__ import annotations

from typing import Any

from skafd.addons.data.place import SERVICE as DATA_ENGINE
from skafd.addons.queue.place import SERVICE as QUEUE
from skafd.daemon.finding import live_deployment
from skafd.daemon.for_jobs.access import install_pika
from skafd.daemon.serving import Serving
from skafd.errors import NotFound, QueueError
from skafd.home import Home
from skafd.job_token import JobToken
from skafd.model.ids import ProjectId, RunKey
from skafd.model.project import Project
from skafd.store import Database

_FOR_ALL = (DATA_ENGINE,)
"""What every project has; others come with an add-on."""


class ServicesOfJobs:
    """A part of `skafd.jobs.backend.JobsBackend`. Not for the orchestrator's own thread."""

    def __init__(self, home: Home, serving: Serving, database: Database) -> None:
        self._home = home
        self._serving = serving
        self._database = database

    def start(self, token: JobToken, name: str) -> dict[str, Any]:
        """Returns when it answers. Raises NotFound for what jobs may not start, QueueError without the add-on."""
        if name == QUEUE:
            config = self._config(token)
            _check_queue(config)
            if config.queue_url is not None:
                return {"name": name, "url": config.queue_url, "pika": install_pika(self._home)}
        elif name not in _FOR_ALL:
            raise NotFound(f"no job of {token.project} may use a service {name}", "it may come with an add-on")
        info = self._serving.start(name)
        return {"name": info.name, "state": info.state}

    def _config(self, token: JobToken) -> Project:
        """Of the deployment that the run belongs to, or of the live one where no run asks."""
        with self._database.reader() as reader:
            project = reader.project(ProjectId(token.project))
            if not token.run:
                return live_deployment(reader, project).config
            run = reader.run(RunKey(project.id, token.run))
            return reader.deployment(project.id, run.run.deployment).config


def _check_queue(config: Project) -> None:
    if QUEUE not in config.add_ons:
        raise QueueError(f"{config.name} does not ask for the queue", "add `add-ons: [{name: queue}]` to its config")
