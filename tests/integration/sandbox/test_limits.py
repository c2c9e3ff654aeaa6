"""Limits are kept by the kernel, and verdicts follow its counters: nothing here is faked."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import pytest

from skafd.sandbox import usage
from skafd.sandbox.cgroup.base import CgroupKind
from skafd.sandbox.evidence import Verdict
from skafd.sandbox.spec import ResourceLimits
from tests.support.sandboxed import PATIENCE_SECONDS, Sandbox, children_of, kill_by_force, python

MIB = 2**20
HOG = "block = b'x' * 200_000_000"

pytestmark = pytest.mark.needs_root


def test_a_job_over_its_memory_limit_is_oom_killed_with_limit_and_peak(enforcing: Sandbox) -> None:
    found = enforcing.run_python("hog", HOG, limits=ResourceLimits(memory_bytes=64 * MIB))
    assert (found.verdict, found.signal, found.reason) == (Verdict.OOM_KILLED, signal.SIGKILL, "")
    assert found.limits.memory_bytes == 64 * MIB
    assert found.oom_kills >= 1
    assert found.peak_memory_bytes is not None
    assert 60 * MIB < found.peak_memory_bytes <= 64 * MIB


def test_the_process_that_the_kernel_chose_is_named(enforcing: Sandbox) -> None:
    script = f"sleep 600 & exec {sys.executable} -I -S -c 'block = bytearray(200_000_000)'"
    found = enforcing.run_script("hog", script, limits=ResourceLimits(memory_bytes=64 * MIB))
    assert found.verdict is Verdict.OOM_KILLED
    assert re.fullmatch(r"python[0-9.]* \(pid [0-9]+(, [0-9]+Mi)?\)", found.biggest_process), found.biggest_process


def test_a_parent_that_reports_the_death_of_its_child_is_oom_killed(enforcing: Sandbox) -> None:
    program = f"import subprocess, sys; sys.exit(subprocess.run([sys.executable, '-c', {HOG!r}]).returncode != 0)"
    found = enforcing.run_python("parent", program, limits=ResourceLimits(memory_bytes=64 * MIB))
    assert found.verdict is Verdict.OOM_KILLED
    # Version 2 ends the whole group; version 1 leaves the parent to say so.
    assert (found.exit_code, found.signal) in {(1, None), (None, signal.SIGKILL)}


def test_a_parent_that_does_without_its_child_succeeds(enforcing: Sandbox) -> None:
    if enforcing.place.kind is CgroupKind.V2:
        pytest.skip("cgroup v2 ends the group as a whole")
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOG!r}])"
    found = enforcing.run_python("parent", program, limits=ResourceLimits(memory_bytes=64 * MIB))
    assert (found.verdict, found.exit_code) == (Verdict.EXITED, 0)
    assert found.oom_kills >= 1


def test_an_earlier_commands_lost_child_does_not_blame_the_later_one(enforcing: Sandbox) -> None:
    if enforcing.place.kind is CgroupKind.V2:
        pytest.skip("cgroup v2 ends the group as a whole")
    survivor = python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOG!r}])")
    spec = enforcing.spec("two", survivor, ("false",), limits=ResourceLimits(memory_bytes=64 * MIB))
    found = enforcing.run(spec)
    assert (found.verdict, found.exit_code, found.step) == (Verdict.EXITED, 1, 1)


def test_a_kill_from_outside_is_never_called_out_of_memory(enforcing: Sandbox) -> None:
    spec = enforcing.spec("job", ("sleep", "600"), limits=ResourceLimits(memory_bytes=64 * MIB))
    launched = enforcing.start(spec)
    [job] = children_of(launched.pid)
    kill_by_force(job)
    found = enforcing.ended(spec)
    assert (found.verdict, found.signal, found.oom_kills) == (Verdict.SIGNALLED, signal.SIGKILL, 0)


def test_a_job_gets_the_share_of_a_core_that_it_asked_for(enforcing: Sandbox) -> None:
    program = """
import time
until = time.monotonic() + 2
while time.monotonic() < until: pass
from glob import glob
for path in {line.strip().split(':')[2] for line in open('/proc/self/cgroup')} - {'/'}:
    for name in glob(f'/sys/fs/cgroup{path}/cpu.stat') + glob(f'/sys/fs/cgroup/cpu*{path}/cpu.stat'):
        print(open(name).read())
"""
    found = enforcing.run_python("spin", program, limits=ResourceLimits(cpu=0.1))
    assert found.cpu_seconds is not None
    assert found.started_at is not None
    share = found.cpu_seconds / (found.ended_at - found.started_at)
    assert share <= 0.15
    # Other work on this machine can only lower the share; being held back even once shows that it wanted more.
    throttled = [int(line.split()[1]) for line in enforcing.log("spin").splitlines() if line.startswith("nr_throttled")]
    assert max(throttled) >= 1


def test_no_more_processes_than_allowed(enforcing: Sandbox) -> None:
    program = """
import os, time
made = 0
try:
    while made < 100:
        if os.fork() == 0: time.sleep(600)
        made += 1
except BlockingIOError:
    print(made)
"""
    found = enforcing.run_python("many", program, limits=ResourceLimits(pids=10))
    assert (found.exit_code, enforcing.log("many")) == (0, "9\n")
    assert found.survivors_killed == 9


def test_what_a_job_starts_by_double_fork_counts_and_is_reaped(enforcing: Sandbox) -> None:
    # A zombie counts against the limit: without somebody who reaps them, there would be no end of trying again.
    program = """
import os
def fork_twice():
    if os.fork() == 0:
        try:
            os.fork()
            os._exit(0)
        except BlockingIOError:
            os._exit(1)
    return os.wait()[1] == 0
for n in range(40):
    while True:
        try:
            if fork_twice(): break
        except BlockingIOError: pass
print('done')
"""
    found = enforcing.run_python("daemons", program, limits=ResourceLimits(pids=30), timeout_seconds=PATIENCE_SECONDS)
    assert (found.exit_code, enforcing.log("daemons")) == (0, "done\n")


def test_figures_are_read_before_the_cgroup_is_removed(enforcing: Sandbox) -> None:
    found = enforcing.run_python("job", "block = bytearray(b'x') * 30_000_000; sum(range(1_000_000))")
    assert found.peak_memory_bytes is not None
    assert found.peak_memory_bytes > 28 * MIB
    assert found.cpu_seconds is not None
    assert found.cpu_seconds > 0.005
    assert found.unenforced == ()


def test_limits_that_cannot_be_kept_are_said(bare: Sandbox) -> None:
    found = bare.run_script("job", "true", limits=ResourceLimits(cpu=1, pids=5))
    assert found.exit_code == 0
    assert [sentence.split(" limit ")[0] for sentence in found.unenforced] == ["the cpu", "the pids"]


def test_required_limits_that_cannot_be_kept_refuse_the_start(bare: Sandbox) -> None:
    found = bare.run_script("job", "true", limits=ResourceLimits(memory_bytes=64 * MIB, required=True))
    assert found.verdict is Verdict.NOT_STARTED
    assert "required" in found.reason
    assert "memory" in found.reason


def test_without_cgroups_memory_is_watched_and_no_kernel_is_blamed(bare: Sandbox) -> None:
    program = f"{HOG}\nimport time; time.sleep(600)"
    found = bare.run_python("hog", program, limits=ResourceLimits(memory_bytes=64 * MIB))
    assert (found.verdict, found.oom_kills) == (Verdict.SIGNALLED, 0)
    assert "memory watch" in found.reason
    assert found.peak_memory_bytes is not None
    assert found.peak_memory_bytes > 64 * MIB


def test_without_cgroups_figures_come_from_the_processes(bare: Sandbox) -> None:
    found = bare.run_python("job", "block = bytearray(b'x') * 30_000_000; sum(range(1_000_000))")
    assert found.peak_memory_bytes is not None
    assert found.peak_memory_bytes > 28 * MIB
    assert found.cpu_seconds is not None
    assert found.cpu_seconds > 0.005


def test_no_more_open_files_than_allowed(sandbox: Sandbox) -> None:
    program = """
import os
try:
    while True: last = os.open('/dev/null', os.O_RDONLY)
except OSError as error:
    print(last, error.strerror)
"""
    found = sandbox.run_python("many", program, limits=ResourceLimits(open_files=64))
    assert (found.exit_code, sandbox.log("many")) == (0, "63 Too many open files\n")


def test_a_job_that_fills_its_folder_is_ended_and_told_why(sandbox: Sandbox) -> None:
    script = "mkdir deep && dd if=/dev/zero of=deep/big bs=1M count=20 2>/dev/null; ln deep/big again; sleep 600"
    found = sandbox.run_script("hoarder", script, limits=ResourceLimits(disk_bytes=10 * MIB))
    assert found.verdict is Verdict.SIGNALLED
    assert found.reason.startswith("ended by skafd: its working folder holds ")
    assert "the limit of disk is 10Mi" in found.reason


def test_what_a_link_leads_to_is_not_the_jobs_own(sandbox: Sandbox) -> None:
    (sandbox.home / "data").mkdir()
    (sandbox.home / "data" / "big").write_bytes(b"x" * 4 * MIB)
    spec = sandbox.spec(
        "reader", ("sleep", "3"), limits=ResourceLimits(disk_bytes=MIB), links={"data": str(sandbox.home / "data")}
    )
    assert sandbox.run(spec).exit_code == 0


@pytest.mark.parametrize("kind", ["sandbox", "bare"])
def test_what_a_job_uses_is_sampled_while_it_runs(request: pytest.FixtureRequest, kind: str) -> None:
    sandbox: Sandbox = request.getfixturevalue(kind)
    spec = sandbox.spec("job", python("block = b'x' * 30_000_000\nwhile True: pass"))
    launched = sandbox.start(spec)
    sandbox.wait(lambda: len(usage.read(spec.directory)) >= 2, "two samples were taken")
    sandbox.cancel(spec, launched)
    first, second, *_ = usage.read(spec.directory)
    assert 0 < first.seconds < second.seconds
    assert 0 < first.cpu_seconds <= second.cpu_seconds
    assert second.memory_bytes > 28 * MIB


def test_all_jobs_together_weigh_as_much_as_a_process_for_each_cpu(enforcing: Sandbox) -> None:
    if enforcing.place.kind is not CgroupKind.V1:
        pytest.skip("THE WEIGHT OF ALL JOBS IS NOT TESTED HERE: it is systemd's, or has another scale")
    of_all = Path(enforcing.place.folders["cpu"]).parent
    assert int((of_all / "cpu.shares").read_text()) == 1024 * len(os.sched_getaffinity(0))
