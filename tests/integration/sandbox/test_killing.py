"""Whatever a job does to stay, when it is killed it is gone with all its descendants."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from skafd.sandbox.evidence import Verdict
from skafd.sandbox.kill import ask_to_stop, request_cancel
from skafd.sandbox.spec import AttemptSpec, ResourceLimits
from tests.support.sandboxed import PATIENCE_SECONDS, Sandbox, children_of, is_alive, python

LONG = f"{10 * PATIENCE_SECONDS:.0f}"
# Each leaves a process that writes its pid to `escaped`, and then says `ready`.
ESCAPERS = {
    "a plain child": f"sleep {LONG} & echo $! > escaped",
    "a new session": f"setsid sh -c 'echo $$ > escaped; exec sleep {LONG}' &",
    "a double fork": f"(setsid sh -c 'echo $$ > escaped; exec sleep {LONG}' &) &",
    "no environment": f"nohup env -i sh -c 'echo $$ > escaped; exec sleep {LONG}' > /dev/null 2>&1 &",
    "SIGTERM ignored": f"sh -c 'trap \"\" TERM; echo $$ > escaped; while :; do sleep {LONG}; done' &",
    "stopped": f"sh -c 'echo $$ > escaped; kill -STOP $$; exec sleep {LONG}' &",
    "daemonised with the pipe closed": f"setsid sh -c 'echo $$ > escaped; exec sleep {LONG}' <&- >&- 2>&- &",
}


def escaping(sandbox: Sandbox, how: str, then: str, **more: float) -> AttemptSpec:
    script = f"{ESCAPERS[how]}\nwhile [ ! -s escaped ]; do sleep 0.01; done\necho ready\n{then}"
    return sandbox.spec("escaper", ("sh", "-c", script), **more)


def escaped(sandbox: Sandbox) -> int:
    return int((sandbox.work("escaper") / "escaped").read_text())


@pytest.mark.parametrize("how", ESCAPERS)
def test_killed_by_force_nothing_survives(sandbox: Sandbox, how: str) -> None:
    _killed_by_force(sandbox, how)


@pytest.mark.parametrize("how", ESCAPERS)
def test_killed_by_force_without_cgroups_nothing_survives(bare: Sandbox, how: str) -> None:
    _killed_by_force(bare, how)


def _killed_by_force(sandbox: Sandbox, how: str) -> None:
    spec = escaping(sandbox, how, f"trap '' TERM; while :; do sleep {LONG}; done", grace_seconds=0.05)
    launched = sandbox.start(spec)
    sandbox.wait(lambda: "ready" in sandbox.log("escaper"), "the escaper is ready")
    found = sandbox.cancel(spec, launched, reason="by a test")
    assert (found.verdict, found.reason) == (Verdict.CANCELLED, "by a test")
    assert not is_alive(escaped(sandbox))


@pytest.mark.parametrize("how", ESCAPERS)
def test_nothing_survives_the_end_of_the_main_process(sandbox: Sandbox, how: str) -> None:
    found = sandbox.run(escaping(sandbox, how, "exit 5"))
    assert (found.verdict, found.exit_code) == (Verdict.EXITED, 5)
    assert found.survivors_killed >= 1
    assert not is_alive(escaped(sandbox))


@pytest.mark.needs_root
def test_a_fork_bomb_is_held_and_killed(enforcing: Sandbox) -> None:
    bomb = """
import os, time
print('ready')
while True:
    try: os.fork()
    except OSError: time.sleep(0.001)
"""
    limits = ResourceLimits(pids=40, cpu=0.5, memory_bytes=256 * 2**20)
    spec = enforcing.spec("bomb", python(bomb), limits=limits, grace_seconds=0.05)
    launched = enforcing.start(spec)
    enforcing.wait(lambda: "ready" in enforcing.log("bomb"), "the bomb goes off")
    found = enforcing.cancel(spec, launched)
    assert found.verdict is Verdict.CANCELLED


@pytest.mark.needs_root
def test_a_bomb_that_outlives_its_main_process_is_killed(enforcing: Sandbox) -> None:
    bomb = """
import os, time
main = os.getpid()
while True:
    try: os.fork()
    except OSError:
        if os.getpid() == main: os._exit(0)
"""
    found = enforcing.run_python("bomb", bomb, limits=ResourceLimits(pids=40, cpu=0.5, memory_bytes=256 * 2**20))
    assert (found.verdict, found.exit_code) == (Verdict.EXITED, 0)
    assert found.survivors_killed >= 30


def test_a_job_may_use_its_grace_to_put_things_in_order(sandbox: Sandbox) -> None:
    script = "trap 'sleep 0.2; echo in order; exit 0' TERM; echo ready; while :; do sleep 0.01; done"
    spec = sandbox.spec("tidy", ("sh", "-c", script))
    launched = sandbox.start(spec)
    sandbox.wait(lambda: "ready" in sandbox.log("tidy"), "the job is ready")
    found = sandbox.cancel(spec, launched)
    # It ended with 0 because it was asked to end, which is no success.
    assert (found.verdict, found.exit_code, found.survivors_killed) == (Verdict.CANCELLED, 0, 0)
    assert sandbox.log("tidy").endswith("in order\n")


def test_a_second_request_is_force_at_once(sandbox: Sandbox) -> None:
    # The grace is as long as the test is patient: only the second request can be what ends it.
    spec = sandbox.spec("stubborn", ("sh", "-c", "trap 'echo asked' TERM; echo ready; while :; do sleep 0.01; done"))
    launched = sandbox.start(spec)
    sandbox.wait(lambda: "ready" in sandbox.log("stubborn"), "the job is ready")
    request_cancel(spec.directory, "twice")
    assert ask_to_stop(launched.pid, launched.start_time)
    # Two requests that its supervisor finds together are one, however many signals came with them.
    sandbox.wait(lambda: "asked" in sandbox.log("stubborn"), "the first request is taken")
    request_cancel(spec.directory, "twice")
    assert ask_to_stop(launched.pid, launched.start_time)
    found = sandbox.ended(spec)
    assert (found.verdict, found.reason) == (Verdict.CANCELLED, "twice")


def test_the_same_request_again_is_not_force(sandbox: Sandbox) -> None:
    """A daemon that comes back cannot know whether the one before it had said it."""
    script = "trap 'echo asked' TERM; echo ready; until [ -e done ]; do sleep 0.01; done"
    spec = sandbox.spec("polite", ("sh", "-c", script))
    launched = sandbox.start(spec)
    sandbox.wait(lambda: "ready" in sandbox.log("polite"), "the job is ready")
    request_cancel(spec.directory, "once")
    for _ in range(2):
        assert ask_to_stop(launched.pid, launched.start_time)
        sandbox.wait(lambda: not _is_pending(launched.pid), "the request is taken")
    sandbox.wait(lambda: "asked" in sandbox.log("polite"), "the job is asked")
    Path(spec.directory, "work", "done").touch()
    found = sandbox.ended(spec)
    assert (found.verdict, found.reason) == (Verdict.CANCELLED, "once")
    assert found.survivors_killed == 0
    assert sandbox.log("polite").count("asked") == 1


def test_a_job_that_takes_too_long_is_ended_as_timed_out(sandbox: Sandbox) -> None:
    found = sandbox.run_script("slow", f"sleep {LONG}", timeout_seconds=0.3)
    assert found.verdict is Verdict.TIMED_OUT
    assert "0.3 s" in found.reason
    assert found.started_at is not None
    assert found.ended_at - found.started_at >= 0.3


def test_the_timeout_is_for_all_commands_together(sandbox: Sandbox) -> None:
    spec = sandbox.spec("slow", ("sleep", "0.3"), ("sleep", LONG), ("true",), timeout_seconds=0.6)
    found = sandbox.run(spec)
    assert (found.verdict, found.step) == (Verdict.TIMED_OUT, 1)


def test_cancelled_before_it_began_it_never_runs(sandbox: Sandbox) -> None:
    spec = sandbox.spec("never", ("sh", "-c", "touch ../ran"))
    Path(spec.directory).mkdir(parents=True)
    request_cancel(spec.directory, "changed my mind")
    found = sandbox.run(spec)
    assert (found.verdict, found.reason) == (Verdict.CANCELLED, "changed my mind")
    assert found.started_at is None
    assert not (Path(spec.directory) / "ran").exists()


def test_a_supervisor_told_to_end_by_others_calls_its_job_lost(sandbox: Sandbox) -> None:
    spec = sandbox.spec("job", ("sleep", LONG))
    launched = sandbox.start(spec)
    assert ask_to_stop(launched.pid, launched.start_time)
    found = sandbox.ended(spec)
    assert found.verdict is Verdict.LOST
    assert "shutdown" in found.reason


@pytest.mark.parametrize("around", ["", "; exit $?"])
def test_a_shutdown_that_comes_to_the_job_first_is_a_loss_too(sandbox: Sandbox, around: str) -> None:
    """Where everything is ended at once, the job may be gone a moment before its supervisor is told."""
    spec = sandbox.spec("job", ("sh", "-c", f"sleep {LONG}{around}") if around else ("sleep", LONG))
    launched = sandbox.start(spec)
    sandbox.wait(lambda: len(children_of(launched.pid)) == (2 if around else 1), "the job runs")
    job = children_of(launched.pid)[-1]
    os.kill(job, signal.SIGTERM)
    while is_alive(job):
        pass
    assert ask_to_stop(launched.pid, launched.start_time)
    found = sandbox.ended(spec)
    assert found.verdict is Verdict.LOST
    assert "shutdown" in found.reason


def test_somebody_elses_process_is_never_signalled(sandbox: Sandbox) -> None:
    spec = sandbox.spec("job", ("sleep", LONG))
    launched = sandbox.start(spec)
    assert not ask_to_stop(launched.pid, launched.start_time + 1)
    sandbox.cancel(spec, launched)
    sandbox.wait(sandbox.supervisors_are_gone, "the supervisor has ended")
    assert not ask_to_stop(launched.pid, launched.start_time)


def _is_pending(pid: int) -> bool:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    masks = [int(line.split()[1], 16) for line in lines if line.startswith(("SigPnd", "ShdPnd"))]
    return any(mask & (1 << 14) for mask in masks)
