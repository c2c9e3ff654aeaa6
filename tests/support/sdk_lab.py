"""A daemon in this process with a jobs socket, and programs that run as attempts of it, on any Python."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from skafd.addons.program import Programs
from skafd.daemon.for_jobs.access import JobsAccess
from skafd.daemon.for_jobs.backend import ForJobs
from skafd.daemon.serving import Serving
from skafd.job_token import JobToken
from skafd.jobs.server import JobsServer
from skafd.model.ids import AttemptKey
from tests.support.daemonized import CHURN, Daemonized, job

WAITING_JOB = "import time\nwhile True: time.sleep(1)\n"
"""The attempt whose token the programs carry goes on while they run."""


class Lab:
    """One attempt of `train` is alive; programs say what it says."""

    def __init__(self, daemon: Daemonized) -> None:
        self.daemon = daemon
        self.access = JobsAccess.prepare(daemon.home)
        self.server: JobsServer
        daemon.deploy(job("train"), script=WAITING_JOB)
        self.attempt: AttemptKey = daemon.wait_for("the attempt", self._alive)
        self.run_number = self.attempt.task.run.number
        self.start()

    @property
    def token(self) -> JobToken:
        """Of the attempt."""
        task = self.attempt.task
        return JobToken(task.run.project, task.run.number, task.job, task.instance, self.attempt.number)

    def start(self) -> None:
        """Answers jobs, as a daemon that comes back does."""
        daemon = self.daemon
        serving = Serving(daemon.home, daemon.database, daemon.orchestrator, Programs(), daemon.changes)
        self.backend = ForJobs(daemon.home, daemon.database, daemon.orchestrator.mailbox, daemon.changes, serving)
        self.server = JobsServer(daemon.home.jobs_socket, self.backend, self.access.key)

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """What a program of the attempt sees."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SKAFD_", "PYTHON"))}
        known = {
            "SKAFD_RUN": f"churn/{self.run_number}",
            "SKAFD_TASK": f"churn/{self.run_number}/train",
            "SKAFD_JOB": "train",
            "SKAFD_ATTEMPT": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "SKAFOS_DEPLOYMENT_ID": "1",
        }
        return {**kept, **known, **self.access.variables(self.attempt, {}), **more}

    def start_program(self, text: str, python: Path | str = sys.executable, **more: str) -> subprocess.Popen[str]:
        """Begins a program as the attempt."""
        return subprocess.Popen(
            [str(python), "-W", "error", "-c", text],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.daemon.root,
            env=self.environment(more),
        )

    def say(self, text: str, python: Path | str = sys.executable, **more: str) -> str:
        """Runs a program to its end, which has to be good; returns what it printed."""
        program = self.start_program(text, python, **more)
        printed, _ = program.communicate(timeout=120)
        assert program.returncode == 0, printed
        return printed

    def _alive(self) -> AttemptKey | None:
        with self.daemon.database.reader() as reader:
            found = reader.alive_attempts()
        return found[0].key if found else None


@contextmanager
def lab() -> Iterator[Lab]:
    """A lab whose attempt is ended at the end."""
    with Daemonized() as daemon:
        made = Lab(daemon)
        try:
            yield made
        finally:
            made.server.close()


__all__ = ["CHURN", "Lab", "lab"]
