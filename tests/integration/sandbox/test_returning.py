"""Many attempts at once: few begin at a time, and a supervisor whose attempt has ended takes the next one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter

import pytest

from skafd.sandbox import evidence
from skafd.sandbox.adopt import Finished, inspect
from skafd.sandbox.client import Launched
from skafd.sandbox.crew import BEGIN_AT_ONCE
from skafd.sandbox.evidence import Verdict
from skafd.sandbox.identity import boot_id
from skafd.sandbox.kill import request_cancel
from skafd.sandbox.spec import AttemptSpec
from tests.support.sandboxed import Sandbox, kill_by_force, python

MOST_ROUNDS = 20
"""It depends on the moment whether one is free when the next is due."""
WAITING = "while [ ! -e go ]; do sleep 0.01; done; exit 3"

_ONE_AFTER_ANOTHER = """
import json, sys
from skafd.sandbox.ahead import Ahead
from skafd.sandbox.cgroup.base import CgroupKind, CgroupPlace
from skafd.sandbox.returning import Desk
from skafd.sandbox.signals import catch_all
from skafd.sandbox.spec import AttemptSpec
from skafd.sandbox.supervisor import supervise

catch_all()
ahead = Ahead(Desk().way_back())
for text in sys.argv[1:]:
    spec = AttemptSpec.from_json(json.loads(text))
    assert supervise(spec, CgroupPlace(CgroupKind.NONE), ahead)
    ahead.begin_anew(spec.directory)
"""
"""A supervisor that has one attempt after another for certain."""


def test_a_supervisor_that_is_free_takes_the_next_attempt(sandbox: Sandbox) -> None:
    for number in range(MOST_ROUNDS):
        specs = _no_ops(sandbox, number)
        assert [sandbox.ended(spec).exit_code for spec in specs] == [0] * len(specs)
        assert [sandbox.log(spec.name) for spec in specs] == [f"{spec.name}\n" for spec in specs]
        if max(Counter(_pids(sandbox).values()).values()) > 1:
            return
    pytest.fail("each attempt had a supervisor of its own")


def test_jobs_that_last_keep_nobody_waiting(sandbox: Sandbox) -> None:
    specs = [sandbox.spec(f"job{number}", ("sh", "-c", WAITING)) for number in range(2 * BEGIN_AT_ONCE)]
    for spec in specs:
        sandbox.launcher.launch(spec)
    sandbox.wait(lambda: len([one for one in sandbox.heard if one.kind == "started"]) == len(specs), "all run")
    for spec in specs:
        (sandbox.work(spec.name) / "go").touch()
    assert [sandbox.ended(spec).exit_code for spec in specs] == [3] * len(specs)


def test_a_request_to_end_that_comes_late_ends_no_other_attempt(sandbox: Sandbox) -> None:
    earlier, spec, pid = _on_a_used_supervisor(sandbox)
    request_cancel(str(sandbox.home / "runs" / earlier), "too late")
    os.kill(pid, signal.SIGTERM)
    (sandbox.work(spec.name) / "go").touch()
    found = sandbox.ended(spec)
    assert (found.verdict, found.exit_code) == (Verdict.EXITED, 3)


def test_a_used_supervisor_that_is_told_to_end_ends_its_attempt(sandbox: Sandbox) -> None:
    _, spec, pid = _on_a_used_supervisor(sandbox)
    os.kill(pid, signal.SIGTERM)
    assert sandbox.ended(spec).verdict is Verdict.LOST


def test_a_used_supervisor_outlives_the_launcher_and_ends_with_its_attempt(sandbox: Sandbox) -> None:
    _, spec, _ = _on_a_used_supervisor(sandbox)
    kill_by_force(sandbox.launcher.pid)
    sandbox.launcher.restart()
    (sandbox.work(spec.name) / "go").touch()
    assert sandbox.ended(spec).exit_code == 3
    sandbox.wait(sandbox.supervisors_are_gone, "none of them waits for anything")


def test_an_attempt_whose_end_was_wished_for_is_the_last_of_its_supervisor(sandbox: Sandbox) -> None:
    spec = sandbox.spec("cancelled", ("sh", "-c", WAITING))
    launched = sandbox.start(spec)
    rest = _no_ops(sandbox, 0)
    sandbox.cancel(spec, launched)
    for one in rest:
        sandbox.ended(one)
    assert Counter(_pids(sandbox).values())[launched.pid] == 1


def test_a_supervisor_whose_attempts_end_nobody_heard_of_ends_with_it(sandbox: Sandbox) -> None:
    """Its own end is then what tells the daemon."""
    specs = _no_ops(sandbox, 0, notify_socket=str(sandbox.home / "nobody.sock"))
    sandbox.wait(lambda: len(_pids(sandbox)) == len(specs), "all are launched")
    sandbox.wait(sandbox.supervisors_are_gone, "every supervisor has ended")
    assert max(Counter(_pids(sandbox).values()).values()) == 1
    assert all(isinstance(inspect(spec.directory, boot_id()), Finished) for spec in specs)


def test_without_control_groups_an_attempt_is_charged_for_itself_alone(bare: Sandbox) -> None:
    busy = bare.spec("busy", python("import time\nwhile time.process_time() < 1: pass"))
    idle = bare.spec("idle", ("true",))
    command = [sys.executable, "-c", _ONE_AFTER_ANOTHER, *(json.dumps(spec.to_json()) for spec in (busy, idle))]
    subprocess.run(command, check=True)
    first, second = evidence.read(busy.directory), evidence.read(idle.directory)
    assert (first.cpu_seconds or 0) >= 0.5
    assert (second.cpu_seconds or 0) < 0.5


def _no_ops(sandbox: Sandbox, number: int, **more: str) -> list[AttemptSpec]:
    """More than begin at once; launched, and not waited for."""
    specs = []
    for count in range(3 * BEGIN_AT_ONCE):
        name = f"job{number}-{count}"
        specs.append(sandbox.spec(name, ("echo", name), **more))
        sandbox.launcher.launch(specs[-1])
    return specs


def _pids(sandbox: Sandbox) -> dict[str, int]:
    """Who runs what."""
    return {event.name: event.pid for event in sandbox.events if isinstance(event, Launched)}


def _on_a_used_supervisor(sandbox: Sandbox) -> tuple[str, AttemptSpec, int]:
    """An attempt that its supervisor had before, one that it runs now and that waits for `go`, and its pid."""
    for number in range(MOST_ROUNDS):
        others = _no_ops(sandbox, number)
        spec = sandbox.spec(f"last{number}", ("sh", "-c", WAITING))
        pid = sandbox.start(spec).pid
        earlier = [other.name for other in others if _pids(sandbox)[other.name] == pid]
        if earlier:
            return earlier[0], spec, pid
        (sandbox.work(spec.name) / "go").touch()
        sandbox.ended(spec)
    pytest.fail("each attempt had a supervisor of its own")
