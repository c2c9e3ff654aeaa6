"""The launcher and supervisors end, or do not begin: every attempt runs once and its end becomes known."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace

import psutil
import pytest

from skafd.daemon import orphans
from skafd.daemon.launching import attempt_name
from skafd.errors import DaemonUnreachable, SandboxError, StoreError
from skafd.model.decisions import CancelRequested, Kill
from skafd.model.limits import Capacity, Limits, Resources
from skafd.model.outcome import Cancelled, Lost, NotStarted
from skafd.model.project import Job, OnDeploy, Retry
from skafd.model.states import TaskState
from skafd.sandbox.adopt import Orphaned
from skafd.sandbox.evidence import Evidence, Verdict
from skafd.sandbox.kill import request_cancel
from skafd.sandbox.notify import Notification, NotificationKind, send
from skafd.store import Purpose
from tests.support.daemonized import Daemonized, job, once

IT = job("it", on_deploy=OnDeploy.WAIT)
SLEEPER = "import time\ntime.sleep(600)\n"


def launcher_of(daemon: Daemonized) -> psutil.Process:
    return psutil.Process(daemon.orchestrator._supervision._fork_server.pid)


def run_on_halted_launcher(daemon: Daemonized, it: Job = IT) -> psutil.Process:
    """Asks for a run while the launcher answers nothing."""
    daemon.deploy(it)
    launcher = launcher_of(daemon)
    launcher.suspend()
    daemon.run()
    return launcher


def test_a_launcher_that_is_killed_is_replaced(daemon: Daemonized) -> None:
    daemon.deploy(IT)
    for number in (1, 2, 3):
        launcher_of(daemon).kill()
        assert daemon.run() == number
        daemon.wait_for_end(number)
    assert daemon.executed() == once("churn/1/it", "churn/2/it", "churn/3/it")


def test_an_attempt_that_the_launcher_took_with_it_is_launched_again(daemon: Daemonized) -> None:
    launcher = run_on_halted_launcher(daemon)
    daemon.wait_for("the request to be on its way", lambda: daemon.states(1)[TaskState.STARTING])
    launcher.kill()
    detail = daemon.wait_for_end(1)
    assert detail.run.state == "succeeded"
    assert [attempt.number for attempt in detail.tasks[0].attempts] == [1]
    assert daemon.executed() == once("churn/1/it")


def test_launchers_that_die_are_not_held_against_an_attempt_that_none_of_them_began(daemon: Daemonized) -> None:
    daemon.deploy(IT)
    for number in range(5):
        launcher = launcher_of(daemon)
        launcher.suspend()
        if not number:
            daemon.run()
        daemon.wait_for("the request to be on its way", lambda: daemon.orchestrator._supervision._fork_server.waiting)
        launcher.kill()
        daemon.wait_for("another launcher", lambda gone=launcher: launcher_of(daemon).pid != gone.pid)
    assert daemon.wait_for_end(1).run.state == "succeeded"
    assert daemon.executed() == once("churn/1/it")


def test_what_waits_for_its_supervisor_is_not_given_another_whenever_memory_is_rebuilt(daemon: Daemonized) -> None:
    launcher = run_on_halted_launcher(daemon)
    for _ in range(5):
        daemon.fail("before", Purpose.OTHER)
        with pytest.raises(StoreError, match="full"):
            daemon.put(lambda _: [])
        daemon.put(lambda _: [])
    assert daemon.orchestrator._supervision._fork_server.waiting == 1
    launcher.resume()
    detail = daemon.wait_for_end(1)
    assert [attempt.number for attempt in detail.tasks[0].attempts] == [1]
    assert daemon.executed() == once("churn/1/it")


def test_a_supervisor_that_gave_up_does_not_speak_for_the_one_that_is_still_to_come(daemon: Daemonized) -> None:
    """Else the attempt would be called not started, and run all the same."""
    launcher = run_on_halted_launcher(daemon, replace(IT, retry=Retry(times=1)))
    daemon.wait_for("the request to be on its way", lambda: daemon.states(1)[TaskState.STARTING])
    with daemon.database.reader() as reader:
        (alive,) = reader.alive_attempts()
    name = attempt_name(daemon.home, alive.directory)
    gave_up = Evidence(Verdict.NOT_STARTED, reason="the attempt could not be claimed: no room", for_want_of_room=True)
    earlier = Notification(NotificationKind.ENDED, name, str(alive.directory), os.getpid(), gave_up)
    assert send(str(daemon.home.supervisors_socket), earlier, 10)
    daemon.put(lambda _: [])  # It was heard in a turn before this one, or is in this one.
    launcher.resume()
    detail = daemon.wait_for_end(1)
    assert [attempt.state for attempt in detail.tasks[0].attempts] == ["succeeded"]
    assert daemon.executed() == once("churn/1/it")


def test_an_attempt_that_was_written_and_not_launched_is_launched_by_the_next_daemon(daemon: Daemonized) -> None:
    launcher = run_on_halted_launcher(daemon)
    launcher.kill()
    daemon.stop()
    daemon.start()
    daemon.wait_for_end(1)
    assert daemon.executed() == once("churn/1/it")


def test_jobs_outlive_the_daemon_and_are_taken_over(daemon: Daemonized) -> None:
    script = "import os, time\nwhile not os.path.exists(os.environ['LEDGER'] + '.gate'):\n    time.sleep(0.02)\n"
    daemon.deploy(IT, script=script)
    daemon.run()
    daemon.wait_for("the job to run", lambda: daemon.states(1)[TaskState.RUNNING])
    daemon.stop()
    daemon.start()
    assert daemon.alive() == 1
    daemon.ledger.with_suffix(".gate").touch()
    assert daemon.wait_for_end(1).run.state == "succeeded"


def test_what_ended_while_nobody_was_there_is_known_afterwards(daemon: Daemonized) -> None:
    script = "import os, time\nwhile not os.path.exists(os.environ['LEDGER'] + '.gate'):\n    time.sleep(0.02)\n"
    daemon.deploy(IT, script=script)
    daemon.run()
    daemon.wait_for("the job to run", lambda: daemon.states(1)[TaskState.RUNNING])
    (folder,) = daemon.home.runs.glob("churn/1/*/1")
    daemon.stop()
    daemon.ledger.with_suffix(".gate").touch()
    while not (folder / "exit.json").exists():
        os.sched_yield()
    daemon.start()
    detail = daemon.wait_for_end(1)
    assert detail.run.state == "succeeded"
    assert detail.tasks[0].attempts[0].exit_code == 0


def kill_everything(daemon: Daemonized, reason: str) -> None:
    with daemon.database.reader() as reader:
        keys = tuple(task.key for run, _ in reader.open_runs() for task in run.tasks)
    daemon.put(lambda _: [CancelRequested(keys, reason)], Purpose.CANCEL_REQUEST)


def test_what_is_ended_before_it_began_never_runs(daemon: Daemonized) -> None:
    launcher = run_on_halted_launcher(daemon)
    kill_everything(daemon, "changed my mind")
    launcher.resume()
    detail = daemon.wait_for_end(1)
    assert detail.tasks[0].attempts[0].outcome == Cancelled("changed my mind")
    assert daemon.executed() == {}


def test_a_job_that_ends_in_peace_is_not_forced(daemon: Daemonized) -> None:
    """Even when memory is rebuilt in between: a second signal would be force."""
    script = (
        "import os, signal, sys, time\n"
        "def on_term(*_):\n"
        "    open(os.environ['LEDGER'], 'w').write('asked')\n"
        "    while not os.path.exists(os.environ['LEDGER'] + '.gate'): time.sleep(0.02)\n"
        "    open(os.environ['LEDGER'], 'w').write('in peace'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, on_term)\n"
        "open(os.environ['LEDGER'], 'w').write('ready')\n"
        "time.sleep(600)\n"
    )
    daemon.deploy(IT, script=script)
    daemon.run()
    daemon.wait_for("the job to be ready", lambda: daemon.executed()["ready"])
    kill_everything(daemon, "enough")
    daemon.wait_for("the job to be asked", lambda: daemon.executed()["asked"])
    daemon.fail("before", Purpose.OTHER)
    with pytest.raises(Exception, match="full"):
        daemon.put(lambda _: [])
    daemon.put(lambda _: [])
    daemon.ledger.with_suffix(".gate").touch()
    detail = daemon.wait_for_end(1)
    assert detail.tasks[0].attempts[0].outcome == Cancelled("enough")
    assert daemon.executed() == {"in peace": 1}


def test_what_cannot_be_cleared_up_does_not_hold_up_the_rest(
    daemon: Daemonized, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> int:
        raise SandboxError("1 processes could not be ended")

    daemon.deploy(IT, script=SLEEPER)
    daemon.run()
    daemon.wait_for("the job to run", lambda: daemon.states(1)[TaskState.RUNNING])
    (claim,) = daemon.home.runs.glob("churn/1/*/1/claim")
    ended: list[object] = []
    original = orphans.end_orphan
    monkeypatch.setattr(orphans, "end_orphan", lambda orphan: (ended.append(orphan), refuse(orphan)))
    with daemon.database.reader() as reader:
        (attempt,) = reader.alive_attempts()
    assert attempt.supervisor_pid
    os.kill(attempt.supervisor_pid, signal.SIGKILL)
    outcome = daemon.wait_for_end(1).tasks[0].attempts[0].outcome
    assert isinstance(outcome, Lost)
    assert "could not be ended: 1 processes" in outcome.cause
    original(ended[0])  # type: ignore[arg-type]
    assert claim.exists()


def test_what_takes_long_to_clear_up_does_not_hold_up_the_rest(
    daemon: Daemonized, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.deploy(IT, script=SLEEPER)
    daemon.run()
    daemon.wait_for("the job to run", lambda: daemon.states(1)[TaskState.RUNNING])
    with daemon.database.reader() as reader:
        (attempt,) = reader.alive_attempts()
    assert attempt.supervisor_pid
    gate, entered, original = threading.Event(), threading.Event(), orphans.end_orphan

    def take_long(orphan: Orphaned) -> int:
        entered.set()
        assert gate.wait(60)
        return original(orphan)

    monkeypatch.setattr(orphans, "end_orphan", take_long)
    os.kill(attempt.supervisor_pid, signal.SIGKILL)
    assert entered.wait(60)
    # Also when memory is rebuilt meanwhile: it counts as running, and whoever asks is answered.
    daemon.fail("before", Purpose.OTHER)
    with pytest.raises(Exception, match="full"):
        daemon.put(lambda _: [])
    daemon.put(lambda _: [])
    assert daemon.states(1)[TaskState.RUNNING]
    gate.set()
    detail = daemon.wait_for_end(1)
    assert [one.outcome for one in detail.tasks[0].attempts] == [Lost("its supervisor was killed")]


def test_the_end_of_a_lost_attempt_that_could_not_be_written_is_told_again(daemon: Daemonized) -> None:
    daemon.deploy(IT, script=SLEEPER)
    daemon.run()
    daemon.wait_for("the job to run", lambda: daemon.states(1)[TaskState.RUNNING])
    with daemon.database.reader() as reader:
        (attempt,) = reader.alive_attempts()
    assert attempt.supervisor_pid
    daemon.fail("before", Purpose.REPORTS)
    os.kill(attempt.supervisor_pid, signal.SIGKILL)
    assert daemon.wait_for_end(1).tasks[0].attempts[0].outcome == Lost("its supervisor was killed")


def test_after_a_restart_of_the_machine_what_left_no_trace_is_lost(daemon: Daemonized) -> None:
    launcher = run_on_halted_launcher(daemon)
    launcher.kill()
    daemon.stop()
    with sqlite3.connect(daemon.home.database) as database:
        assert database.execute("UPDATE attempt SET boot_id = 'the boot before' WHERE boot_id IS NOT NULL").rowcount
    database.close()
    daemon.start()
    detail = daemon.wait_for_end(1)
    assert [one.outcome for one in detail.tasks[0].attempts] == [Lost("the machine was restarted")]
    assert daemon.executed() == {}


def test_a_folder_of_another_home_is_lost_and_holds_up_nothing(daemon: Daemonized) -> None:
    daemon.deploy(IT, script=SLEEPER)
    daemon.run()
    daemon.wait_for("the job to run", lambda: daemon.states(1)[TaskState.RUNNING])
    with daemon.database.reader() as reader:
        (alive,) = reader.alive_attempts()
    (report,) = daemon.orchestrator._supervision.take_over(replace(alive, directory=daemon.root / "elsewhere"))
    assert "is not in this state folder" in str(report)


def test_a_thousand_attempts_that_cannot_be_launched_end_one_after_the_other() -> None:
    """One at a time, since each takes the whole machine: each failure lets the next begin, and fail."""
    with Daemonized(Capacity(cpu=1, memory_bytes=2**40)) as daemon:
        whole = Resources(limits=Limits(cpu=1))
        daemon.deploy(job("it", on_deploy=OnDeploy.WAIT, parallelism=1200, resources=whole))
        (daemon.home.environments / "key").rename(daemon.root / "gone")
        daemon.run()
        detail = daemon.wait_for_end(1)
        outcomes = {type(task.attempts[0].outcome) for task in detail.tasks}
        assert outcomes == {NotStarted}
        assert len(detail.tasks) == 1200


def test_many_instances_at_once_run_once_each(daemon: Daemonized) -> None:
    daemon.deploy(job("it", on_deploy=OnDeploy.WAIT, parallelism=60))
    daemon.run()
    detail = daemon.wait_for_end(1)
    assert detail.run.state == "succeeded"
    assert daemon.executed() == once(*(f"churn/1/it[{number}]" for number in range(60)))


def test_after_the_end_nobody_is_left_waiting(daemon: Daemonized) -> None:
    daemon.deploy(IT)
    orchestrator = daemon.orchestrator
    daemon.stop()
    asked: list[Callable[[], object]] = [
        lambda: orchestrator.mailbox.put(lambda _: [], Purpose.OTHER).result(60),
        lambda: orchestrator.explain([]),
    ]
    for ask in asked:
        with pytest.raises(DaemonUnreachable):
            ask()
    orchestrator.ring()
    orchestrator.stop()
    daemon.start()


@pytest.mark.parametrize("died", ["before the reason was left", "before the signal"])
def test_who_was_to_be_killed_by_a_daemon_that_died_first_is_killed_by_the_next(
    daemon: Daemonized, monkeypatch: pytest.MonkeyPatch, died: str
) -> None:
    daemon.deploy(IT, script=SLEEPER)
    daemon.run()
    daemon.wait_for("the job to run", lambda: daemon.states(1)[TaskState.RUNNING])
    killed: list[Kill] = []
    monkeypatch.setattr(daemon.orchestrator._supervision, "kill", killed.append)
    daemon.cancel_all("the version is old")
    (kill,) = killed
    (folder,) = daemon.home.runs.glob("churn/1/*/1")
    if died == "before the signal":
        request_cancel(str(folder), kill.reason)
    daemon.stop()
    daemon.start()
    assert daemon.wait_for_end(1).tasks[0].attempts[0].outcome == Cancelled("the version is old")
