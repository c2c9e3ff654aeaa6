"""Long-lived processes: they survive what is killed around them, come back when they are, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from skafd.addons.program import Programs, ServiceProgram
from skafd.daemon.services import start_folder
from skafd.daemon.serving import Serving
from skafd.errors import NotFound, SkafdError
from skafd.model.service import ServiceState
from skafd.sandbox import claim
from skafd.sandbox.identity import start_time
from skafd.store import Purpose
from tests.support.daemonized import Daemonized

NAME = "echo"
SERVER = "import os, time; open(os.environ['NOTE'], 'a').write(f'{os.getpid()}\\n'); time.sleep(3600)"


class Machine(Daemonized):
    """A daemon that can run one service, which notes its pid."""

    def __init__(self) -> None:
        self.command = (sys.executable, "-c", SERVER)
        self.idle_seconds: float | None = None
        super().__init__(programs=Programs([self._make]))

    def _make(self, name: str) -> ServiceProgram | None:
        note = {"NOTE": str(self.root / "note")}
        return ServiceProgram(name, self.command, note, idle_seconds=self.idle_seconds) if name == NAME else None

    @property
    def serving(self) -> Serving:
        assert self.programs is not None
        return Serving(self.home, self.database, self.orchestrator, self.programs, self.changes)

    def started(self) -> list[int]:
        """Every process of the service there ever was."""
        note = self.root / "note"
        return [int(line) for line in note.read_text().split()] if note.exists() else []

    def alive_pids(self) -> list[int]:
        return [pid for pid in self.started() if start_time(pid) is not None]

    def state(self) -> ServiceState:
        return self.orchestrator.find_service(NAME).state

    def wait_until_running(self, count: int = 1) -> int:
        """Waits until that many processes were started in all and the last one runs; returns it."""
        self.wait_for(f"start {count}", lambda: len(self.started()) == count and self.state() is ServiceState.RUNNING)
        return self.started()[-1]

    def supervisor(self) -> int:
        found = claim.read(str(start_folder(self.home, self.orchestrator.find_service(NAME))))
        assert found is not None
        return found.supervisor_pid


@pytest.fixture
def machine() -> Iterator[Machine]:
    with Machine() as machine:
        yield machine
    assert machine.alive_pids() == [], "something was left behind"


def test_it_starts_when_it_is_needed_and_only_once(machine: Machine) -> None:
    info = machine.serving.start(NAME)
    machine.serving.start(NAME)
    pid = machine.wait_until_running()
    assert machine.serving.services()[0].pid == pid
    assert info.state == "running"
    assert machine.serving.stop(NAME).state == "stopped"
    assert machine.alive_pids() == []


def test_a_killed_one_comes_back(machine: Machine) -> None:
    machine.serving.start(NAME)
    os.kill(machine.wait_until_running(), signal.SIGKILL)
    machine.wait_until_running(2)
    (info,) = machine.serving.services()
    assert (info.restarts, len(machine.alive_pids())) == (1, 1)
    assert "SIGKILL" in info.reason


def test_its_supervisor_killed_there_is_still_only_one(machine: Machine) -> None:
    machine.serving.start(NAME)
    machine.wait_until_running()
    os.kill(machine.supervisor(), signal.SIGKILL)
    machine.wait_until_running(2)
    assert len(machine.alive_pids()) == 1


def test_the_next_daemon_takes_it_over(machine: Machine) -> None:
    machine.serving.start(NAME)
    pid = machine.wait_until_running()
    machine.stop()
    machine.start()
    assert machine.serving.start(NAME).state == "running"
    assert machine.started() == [pid]


def test_what_died_while_no_daemon_was_there_is_started_again(machine: Machine) -> None:
    machine.serving.start(NAME)
    pid = machine.wait_until_running()
    supervisor = machine.supervisor()
    machine.stop()
    os.kill(supervisor, signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    machine.start()
    machine.wait_until_running(2)


def test_a_refused_write_starts_nothing_twice(machine: Machine) -> None:
    for when in ("before", "after"):
        machine.fail(when)
        try:
            machine.serving.start(NAME)
        except SkafdError:
            machine.serving.start(NAME)
    machine.wait_until_running()


@pytest.mark.parametrize("when", ["at once", "before", "after"])
def test_it_ends_although_the_wish_could_not_be_written_at_first(machine: Machine, when: str) -> None:
    machine.serving.start(NAME)
    machine.fail(when, Purpose.SERVICE)
    assert machine.serving.stop(NAME).state == "stopped"
    assert machine.database.failures == []


def test_one_that_nobody_uses_ends(machine: Machine) -> None:
    machine.idle_seconds = 0.2
    machine.serving.start(NAME)
    machine.wait_for("its end", lambda: machine.state() is ServiceState.STOPPED and not machine.alive_pids())


def test_one_that_this_version_does_not_know_is_ended(machine: Machine) -> None:
    machine.serving.start(NAME)
    machine.wait_until_running()
    machine.stop()
    known, machine.programs = machine.programs, Programs()
    machine.start()
    machine.wait_for("its end", lambda: machine.state() is ServiceState.STOPPED and not machine.alive_pids())
    machine.programs = known


def test_one_that_cannot_come_up_says_why_and_old_logs_go(machine: Machine) -> None:
    machine.command = ("/no/such/program",)
    with pytest.raises(SkafdError, match="could not start"):
        machine.serving.start(NAME)
    machine.serving.stop(NAME)
    machine.command = (sys.executable, "-c", SERVER)
    for _ in range(6):
        machine.serving.start(NAME)
        machine.serving.stop(NAME)
    assert len(list(Path(machine.home.services, NAME).iterdir())) == 5


def test_nobody_runs_what_is_not_known(machine: Machine) -> None:
    with pytest.raises(NotFound):
        machine.serving.start("spark")
