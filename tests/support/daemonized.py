"""An orchestrator with real parts: thread, database, launcher, supervisors; and a database that fails when told to."""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from skafd import clock
from skafd.addons.program import Programs
from skafd.daemon.changes import Changes
from skafd.daemon.orchestrator import Orchestrator
from skafd.daemon.releasing import Releasing
from skafd.deploy.release import Deployable
from skafd.deploy.snapshot import Snapshot
from skafd.errors import StoreError
from skafd.home import Home
from skafd.model.decisions import CancelRequested, Decisions, RunRequested
from skafd.model.environment import PreparedEnvironments
from skafd.model.ids import JobId, ProjectId, RunKey
from skafd.model.limits import Capacity
from skafd.model.project import Generation, Job, Project
from skafd.model.run import Cause, CauseKind
from skafd.model.states import TaskState
from skafd.sandbox.cgroup.detect import clear, detect
from skafd.store import Database, Purpose, Writer
from skafd.store.views import RunDetail

PATIENCE_SECONDS = 60.0
ROOMY = Capacity(cpu=64, memory_bytes=2**40)
CHURN = ProjectId("churn-token")

LEDGER_JOB = """\
import os, sys
def note(word):
    line = f"{os.environ['SKAFD_TASK']} {os.environ['SKAFD_ATTEMPT']} {word}\\n"
    file = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line.encode())
note("start")
note("end")
"""


class FailingDatabase(Database):
    """Refuses as often as it was told to: at once, before the commit, or after it."""

    failures: list[tuple[Purpose | None, str]]

    @contextmanager
    def transaction(self, purpose: Purpose = Purpose.OTHER) -> Iterator[Writer]:
        """As the real one.

        "at once": it cannot even begin; "before": nothing was written; "after": all was, and it says that nothing was.
        """
        failure = self._take(purpose)
        if failure == "at once":
            raise StoreError("the database is locked")
        with super().transaction(purpose) as writer:
            yield writer
            if failure == "before":
                raise StoreError("the disk is full")
        if failure == "after":
            raise StoreError("the disk did not answer")

    def _take(self, purpose: Purpose) -> str | None:
        for entry in self.failures:
            if entry[0] in (None, purpose):
                self.failures.remove(entry)
                return entry[1]
        return None


class Daemonized:
    """One project in a state folder of its own. On leaving, every job is ended."""

    def __init__(self, capacity: Capacity = ROOMY, programs: Programs | None = None) -> None:
        self.programs = programs
        self.root = Path(tempfile.mkdtemp(prefix="skafd-", dir="/tmp"))
        self.home = Home(self.root / "state")
        self.home.create()
        self.ledger = self.root / "ledger"
        self.project = self.root / "churn"
        self.project.mkdir()
        self.capacity = capacity
        self.place = detect(self.home.path)
        self.timers: list[threading.Timer] = []
        bin_folder = self.home.environments / "key" / "bin"
        bin_folder.mkdir(parents=True)
        (bin_folder / "python").symlink_to(sys.executable)
        self.start()

    def __enter__(self) -> Daemonized:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.failures.clear()
        if not self.orchestrator.is_alive():
            self.start()
        self.cancel_all()
        self.wait_for("all jobs to end", lambda: not self.alive())
        self.wait_for("all services to end", lambda: not self.orchestrator.stop_services("the test is over"))
        self.stop()
        clear(self.place)
        shutil.rmtree(self.root)

    def start(self) -> None:
        """Begins, or begins again, as a new daemon."""
        self.database = FailingDatabase.open(self.home.database)  # type: ignore[assignment]
        self.database.failures = []
        self.changes = Changes()
        self.orchestrator = Orchestrator(
            self.home, self.database, self.place, self.capacity, self.changes, self._set_alarm, self.programs
        )
        agenda, facts = self.orchestrator.memory.agenda, self.orchestrator.memory.facts
        self.releasing = Releasing(self.home, self.database, facts, agenda)
        self.orchestrator.start()

    def stop(self) -> None:
        """Ends the daemon; jobs go on."""
        self.orchestrator.stop()
        self.orchestrator.join()
        for timer in self.timers:
            timer.cancel()
        self.database.close()

    def fail(self, when: str, purpose: Purpose | None = None, times: int = 1) -> None:
        """Lets the next transactions fail, or those of a purpose."""
        self.database.failures += [(purpose, when)] * times

    def deploy(self, *jobs: Job, version: str = "one", script: str = LEDGER_JOB) -> None:
        """Makes a version live."""
        path = self.home.deployments / "churn" / version
        path.mkdir(parents=True)
        (path / "job.py").write_text(script)
        config = Project("churn", Generation.JOBS, jobs, CHURN, environment=(("LEDGER", str(self.ledger)),))
        deployable = Deployable(
            self.project, "churn", config, Snapshot(version, path, 1, 1, ()), PreparedEnvironments("key")
        )
        self.put(lambda writer: self.releasing.release(writer, deployable), Purpose.DEPLOY)

    def put(self, prepare: Callable[[Writer], Any], purpose: Purpose = Purpose.OTHER) -> Decisions:
        """Asks the orchestrator; raises what it answers."""
        return self.orchestrator.mailbox.put(prepare, purpose).result(PATIENCE_SECONDS)

    def run(self, *jobs: str) -> int:
        """Asks for a run by hand; returns its number."""
        request = RunRequested(CHURN, Cause(CauseKind.MANUAL), tuple(JobId(job) for job in jobs))
        return self.put(lambda _: [request], Purpose.RUN_REQUEST).new_runs[0].key.number

    def cancel_all(self, reason: str = "the test is over") -> None:
        """Ends everything that has not ended."""
        with self.database.reader() as reader:
            open_tasks = [task.key for run, _ in reader.open_runs() for task in run.tasks if not task.state.is_terminal]
        self.put(lambda _: [CancelRequested(tuple(open_tasks), reason)], Purpose.CANCEL_REQUEST)

    def wait_for(self, what: str, condition: Callable[[], Any]) -> Any:
        """Returns the first true value of the condition; fails when that takes too long."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            before = self.changes.number
            if value := condition():
                return value
            self.changes.wait(before, 0.05)
        raise AssertionError(f"waited in vain for {what}")

    def wait_for_end(self, number: int) -> RunDetail:
        """Waits until a run has ended."""
        return self.wait_for(f"the end of run {number}", lambda: self._ended(number))  # type: ignore[no-any-return]

    def states(self, number: int) -> Counter[TaskState]:
        """How many tasks of a run are in which state."""
        with self.database.reader() as reader:
            return Counter(task.state for task in reader.run(RunKey(CHURN, number)).tasks)

    def run_numbers(self) -> list[int]:
        """Every run there is."""
        with self.database.reader() as reader:
            return [run.key.number for run in reversed(reader.runs(limit=1000))]

    def alive(self) -> int:
        """How many attempts have not ended."""
        with self.database.reader() as reader:
            return len(reader.alive_attempts())

    def executed(self) -> Counter[str]:
        """What jobs have said of themselves: each line once, when each ran once."""
        return Counter(self.ledger.read_text().splitlines()) if self.ledger.exists() else Counter()

    def _ended(self, number: int) -> RunDetail | None:
        with self.database.reader() as reader:
            detail = reader.run(RunKey(CHURN, number))
        return detail if detail.run.ended_at else None

    def _set_alarm(self, instant: datetime | None) -> None:
        for timer in self.timers:
            timer.cancel()
        self.timers.clear()
        if instant is not None:
            delay_seconds = max(0.0, (instant - clock.now()).total_seconds())
            timer = threading.Timer(delay_seconds, self.orchestrator.ring)
            timer.daemon = True
            timer.start()
            self.timers.append(timer)


def job(name: str, *dependencies: str, **more: Any) -> Job:
    """A job that writes into the ledger when it begins and ends."""
    return Job(JobId(name), name, "job.py", dependencies=tuple(JobId(one) for one in dependencies), **more)


def once(*tasks: str) -> Counter[str]:
    """The ledger when each of these tasks ran once."""
    return Counter(f"{task} 1 {word}" for task in tasks for word in ("start", "end"))
