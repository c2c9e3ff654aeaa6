"""Limits are kept by the kernel, and verdicts follow its counters: nothing here is faked."""

from __future__ import annotations

import signal

import pytest

from skafd.sandbox.cgroup.base import CgroupKind
from skafd.sandbox.evidence import Verdict
from skafd.sandbox.spec import ResourceLimits
from tests.support.sandboxed import Sandbox, children_of, kill_by_force, python

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
    found = enforcing.run_python("spin", program, limits=ResourceLimits(cpu=0.5))
    assert found.cpu_seconds is not None
    assert found.started_at is not None
    share = found.cpu_seconds / (found.ended_at - found.started_at)
    assert share <= 0.55
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
    # A zombie counts against the limit: without somebody who reaps them, a round would fail.
    program = """
import os
for n in range(40):
    if os.fork() == 0:
        if os.fork() == 0: os._exit(0)
        os._exit(0)
    os.wait()
print('done')
"""
    found = enforcing.run_python("daemons", program, limits=ResourceLimits(pids=30))
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
