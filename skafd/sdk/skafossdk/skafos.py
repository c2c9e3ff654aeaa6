"""`Skafos`: the object by which a program talks to skafd."""

import logging
import os
from typing import Any, Mapping, Optional, Sequence, Union

from . import events, messages, outputs
from .artifacts import Artifacts
from .asset_manager import AssetManager
from .background import Request
from .data_engine import DataEngine
from .parameters import Parameters
from .queues import Queue
from .reporting import Reporter
from .surroundings import Surroundings
from .this_run import Run


class Skafos:
    """Everything that a job can say and keep. Making it asks nothing of the daemon."""

    def __init__(self, project_token: "Optional[str]" = None, **_: Any) -> None:
        """`project_token` says which project is meant, for programs that skafd does not run."""
        messages.prepare_loggers()
        self._surroundings = Surroundings(project_token, os.environ)
        self._reporter = Reporter(self._surroundings)
        self.engine = DataEngine(self._surroundings)
        self.queue = Queue(self._surroundings)
        self.asset_manager = AssetManager(self.engine)
        self.artifacts = Artifacts(self._surroundings)
        self.params = Parameters(os.environ)
        self.run = Run(os.environ)

    def log(
        self, msg: Any, labels: "Union[None, str, Sequence[Any]]" = None, level: "Union[int, str]" = logging.INFO
    ) -> None:
        """Writes a line into the log: `[label] - msg`."""
        messages.log(msg, labels, level)

    def report(
        self, name: str, y: Any, y_label: "Optional[str]" = None, x: Any = None, x_label: "Optional[str]" = None
    ) -> Request:
        """Adds a value to the series of a metric, or a list of values; without `x` they are counted."""
        return self._reporter.report(name, y, y_label, x, x_label)

    def progress(self, done: Any, total: Any = None, text: str = "") -> None:
        """Says how far the job is; `skafd status` shows it."""
        self._reporter.progress(done, total, text)

    def output(self, value: Any) -> None:
        """Publishes a small value: what `foreach` and conditions of dependents, and `output_of`, read."""
        outputs.publish(self._surroundings, value)

    def output_of(self, job: str, instance: "Optional[int]" = None) -> Any:
        """What a job of this run has published; of several instances a list. Raises NotFound."""
        return outputs.read(self._surroundings, job, instance)

    def publish_event(
        self, name: str, parameters: "Optional[Mapping[str, Any]]" = None, key: "Optional[str]" = None
    ) -> int:
        """Sets off the jobs of all projects that wait for this event; with the same `key` it is the same event."""
        return events.publish(self._surroundings, name, parameters, key)

    def __repr__(self) -> str:
        return f"<Skafos {self.run.task or 'outside of a run'}>"
