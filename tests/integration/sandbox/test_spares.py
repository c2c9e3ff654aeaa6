"""Supervisors that are forked before there is an attempt for them."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from skafd.sandbox import identity
from skafd.sandbox.client import Launched
from tests.support.sandboxed import PATIENCE_SECONDS, Sandbox, children_of, is_alive, kill_by_force

LONG = f"{10 * PATIENCE_SECONDS:.0f}"


def test_an_attempt_gets_the_supervisor_and_the_child_that_wait_for_it(sandbox: Sandbox) -> None:
    spare = sandbox.wait_for_spare()
    [child] = children_of(spare)
    spec = sandbox.spec("job", ("sh", "-c", "echo $$"))
    assert sandbox.run(spec).exit_code == 0
    assert [event.pid for event in sandbox.events if isinstance(event, Launched)] == [spare]
    assert sandbox.log("job") == f"{child}\n"
    assert sandbox.wait_for_spare() != spare


def test_a_spare_supervisor_that_is_killed_is_not_missed(sandbox: Sandbox) -> None:
    spare = sandbox.wait_for_spare()
    [child] = children_of(spare)
    kill_by_force(spare)
    sandbox.wait(lambda: not is_alive(spare) and not is_alive(child), "both are gone")
    assert sandbox.run_script("job", "exit 3").exit_code == 3


def test_a_spare_supervisor_that_is_told_to_end_ends_no_attempt(sandbox: Sandbox) -> None:
    spare = sandbox.wait_for_spare()
    [child] = children_of(spare)
    os.kill(spare, signal.SIGTERM)
    sandbox.wait(lambda: not is_alive(spare) and not is_alive(child), "both have ended")
    assert sandbox.run_script("job", "exit 3").exit_code == 3


def test_a_waiting_child_that_is_killed_is_not_missed(sandbox: Sandbox) -> None:
    spare = sandbox.wait_for_spare()
    [child] = children_of(spare)
    kill_by_force(child)
    sandbox.wait(lambda: not is_alive(child), "it has ended")
    evidence = sandbox.run_script("job", "exit 3")
    assert (evidence.exit_code, evidence.survivors_killed) == (3, 0)


def test_a_spare_supervisor_ends_with_its_launcher(sandbox: Sandbox) -> None:
    waiting = children_of(sandbox.launcher.pid) if sandbox.wait_for_spare() else []
    kill_by_force(sandbox.launcher.pid)
    sandbox.wait(lambda: not any(map(is_alive, waiting)), "nothing is left of it")
    sandbox.launcher.restart()
    assert sandbox.run_script("job", "exit 3").exit_code == 3


def test_nothing_waits_any_more_when_the_launcher_is_closed(sandbox: Sandbox) -> None:
    spare = sandbox.wait_for_spare()
    sandbox.launcher.close()
    assert not is_alive(spare)
    sandbox.launcher.restart()


def test_a_supervisor_that_waited_outlives_the_launcher(sandbox: Sandbox) -> None:
    spare = sandbox.wait_for_spare()
    spec = sandbox.spec("job", ("sh", "-c", "while [ ! -e go ]; do sleep 0.01; done; exit 3"))
    assert sandbox.start(spec).pid == spare
    sandbox.launcher.restart()
    (sandbox.work("job") / "go").touch()
    assert sandbox.ended(spec).exit_code == 3


def test_a_child_that_waited_ends_with_its_supervisor(sandbox: Sandbox) -> None:
    sandbox.wait_for_spare()
    launched = sandbox.start(sandbox.spec("job", ("sleep", LONG)))
    [job] = children_of(launched.pid)
    kill_by_force(launched.pid)
    sandbox.wait(lambda: not is_alive(job), "the job has ended too")
    for folder in set(sandbox.place.leaf(sandbox.cgroup_name("job")).folders.values()):
        Path(folder).rmdir()


def _kinds_of_descriptors(pid: int) -> set[str]:
    kinds = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            kinds.add(str(path.readlink()).split(":")[0])
    return kinds


def test_a_job_is_born_in_a_session_of_its_own_with_no_signal_blocked(sandbox: Sandbox) -> None:
    sandbox.wait_for_spare()
    launched = sandbox.start(sandbox.spec("job", ("sleep", LONG)))
    [job] = children_of(launched.pid)
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{job}/status").read_text().splitlines())
    # 32 and 33 are the C library's own: nobody can change what was inherited of them.
    ignored = int(status["SigIgn"], 16) & ~(0b11 << 31)
    assert (int(status["SigBlk"], 16), ignored) == (0, 0)
    assert os.getsid(job) == job
    assert os.getsid(launched.pid) == launched.pid
    # After exec the dynamic loader has libraries open for a moment.
    sandbox.wait(lambda: _kinds_of_descriptors(job) == {"/dev/null", "pipe"}, "it has no descriptors but its own")
    sandbox.cancel(sandbox.spec("job", ("sleep", LONG)), launched)


def test_many_at_once_have_a_supervisor_each(sandbox: Sandbox) -> None:
    sandbox.wait_for_spare()
    scripts = [f"while [ ! -e go ]; do sleep 0.01; done; exit {number}" for number in range(8)]
    specs = [sandbox.spec(f"job{number}", ("sh", "-c", script)) for number, script in enumerate(scripts)]
    for spec in specs:
        sandbox.launcher.launch(spec)
    sandbox.wait(lambda: len([one for one in sandbox.heard if one.kind == "started"]) == 8, "all of them run")
    for spec in specs:
        (sandbox.work(spec.name) / "go").touch()
    assert [sandbox.ended(spec).exit_code for spec in specs] == list(range(8))
    pids = {event.pid for event in sandbox.events if isinstance(event, Launched)}
    assert len(pids) == 8
    assert all(identity.parent(pid) in (None, sandbox.launcher.pid) for pid in pids)
