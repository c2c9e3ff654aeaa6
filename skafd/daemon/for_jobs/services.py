"""Long-lived processes that jobs may ask for."""

from __future__ import annotations

from typing import Any

from skafd.addons.data.place import SERVICE as DATA_ENGINE
from skafd.daemon.serving import Serving
from skafd.errors import NotFound
from skafd.job_token import JobToken

_FOR_ALL = (DATA_ENGINE,)
"""What every project has; others come with an add-on."""


class ServicesOfJobs:
    """A part of `skafd.jobs.backend.JobsBackend`. Not for the orchestrator's own thread."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    def start(self, token: JobToken, name: str) -> dict[str, Any]:
        """Returns when it answers. Raises NotFound for what jobs may not start."""
        if name not in _FOR_ALL:
            raise NotFound(f"no job of {token.project} may use a service {name}", "it may come with an add-on")
        info = self._serving.start(name)
        return {"name": info.name, "state": info.state}
