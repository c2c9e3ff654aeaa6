"""Strict isolation: what a job sees then, and that its end is told as without."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from skafd.sandbox.evidence import Verdict
from skafd.sandbox.spec import ResourceLimits
from skafd.sandbox.strict import TEMPORARY, Confinement
from tests.support.deep_folders import DEPTH
from tests.support.sandboxed import Confined, children_of, is_alive, kill_by_force
from tests.support.users import python_for_all

MIB = 2**20


@pytest.mark.parametrize("code", [0, 1, 137, 143, 255])
def test_the_exit_code_is_the_programs_own(confined: Confined, code: int) -> None:
    found = confined.run_script("job", f"exit {code}")
    assert (found.verdict, found.exit_code, found.signal) == (Verdict.EXITED, code, None), confined.sandbox.log("job")
    assert found.survivors_killed == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGPIPE])
def test_a_signal_is_one_and_no_code(confined: Confined, number: signal.Signals) -> None:
    found = confined.run_script("job", f"kill -{number.value} $$; sleep 60")
    assert (found.verdict, found.exit_code, found.signal) == (Verdict.SIGNALLED, None, number)


def test_a_job_has_its_own_processes_and_temporary_files(confined: Confined) -> None:
    mark = Path("/tmp") / f"skafd-mark-{os.getpid()}"
    mark.touch()
    try:
        script = f"! test -e {mark} && echo mine > /tmp/mine && cat /var/tmp/mine && ls -d /proc/[0-9]* | wc -l"
        found = confined.run_script("job", script)
    finally:
        mark.unlink()
    assert found.exit_code == 0, confined.sandbox.log("job")
    said, processes = confined.sandbox.log("job").split()
    assert said == "mine"
    assert int(processes) <= 5
    assert not Path("/tmp/mine").exists()
    assert not (confined.sandbox.home / "runs" / "job" / "tmp").exists()


def test_the_state_folder_is_empty_but_for_its_own(confined: Confined, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    if confined.user:
        os.chown(data, confined.user.uid, confined.user.gid)
    (tmp_path / "skafd.db").write_text("secret")
    script = f"ls -A {tmp_path} && ls {tmp_path}/runs/job && echo x > here && echo y > data/there && echo z > $OUT"
    output = tmp_path / "runs" / "job" / "output.json"
    found = confined.run_script(
        "job",
        script,
        links={"data": str(data)},
        writable=("output.json",),
        environment={"PATH": os.environ["PATH"], "OUT": str(output)},
    )
    assert found.exit_code == 0, confined.sandbox.log("job")
    assert confined.sandbox.log("job").split() == ["data", "runs", "output.json", "work"]
    assert (confined.sandbox.work("job") / "here").read_text() == "x\n"
    assert (data / "there").read_text() == "y\n"
    assert output.read_text() == "z\n"


def test_everything_else_can_only_be_read(confined: Confined) -> None:
    script = """
for folder in /etc /usr /home /var /sys/fs/cgroup/memory
do ! touch $folder/skafd-was-here 2>/dev/null || exit 9
done
mount -o remount,rw / 2>/dev/null && exit 8
umount /proc 2>/dev/null && exit 7
test -z "$(ls -A /run/user 2>/dev/null)"
"""
    found = confined.run_script("job", script)
    assert found.exit_code == 0, confined.sandbox.log("job")


def test_shared_memory_and_the_standard_streams_work(confined: Confined) -> None:
    found = confined.run_script("job", "echo x > /dev/shm/mine && echo out > /dev/stdout && echo err > /dev/stderr")
    assert found.exit_code == 0, confined.sandbox.log("job")
    assert confined.sandbox.log("job") == "out\nerr\n"
    assert not Path("/dev/shm/mine").exists()


def test_steps_follow_each_other_and_a_missing_program_is_named(confined: Confined) -> None:
    steps = (("sh", "-c", "echo one"), ("sh", "-c", "echo two; exit 3"), ("sh", "-c", "echo three"))
    found = confined.sandbox.run(confined.spec("job", *steps))
    assert (found.exit_code, found.step, confined.sandbox.log("job")) == (3, 1, "one\ntwo\n")
    found = confined.sandbox.run(confined.spec("missing", ("no-such-program",)))
    assert found.verdict is Verdict.NOT_STARTED
    assert "no-such-program" in found.reason


def test_a_job_that_leaves_temporary_folders_without_end_has_succeeded(confined: Confined) -> None:
    program = f"import os; os.chdir('/tmp'); [(os.mkdir('deep'), os.chdir('deep')) for _ in range({DEPTH})]"
    found = confined.sandbox.run(confined.spec("job", (python_for_all(), "-I", "-S", "-c", program)))
    assert (found.verdict, found.exit_code) == (Verdict.EXITED, 0), (found.reason, confined.sandbox.log("job"))
    assert not (confined.sandbox.home / "runs" / "job" / TEMPORARY).exists()


def test_a_request_to_end_reaches_the_job_first(confined: Confined) -> None:
    script = "trap 'echo ending; exit 5' TERM; touch ready; while :; do sleep 0.1; done"
    spec = confined.spec("job", ("sh", "-c", script))
    launched = confined.sandbox.start(spec)
    confined.sandbox.wait((confined.sandbox.work("job") / "ready").exists, "the job is ready")
    found = confined.sandbox.cancel(spec, launched)
    assert (found.verdict, found.exit_code) == (Verdict.CANCELLED, 5)
    assert "ending\n" in confined.sandbox.log("job")


def test_what_ignores_the_request_is_ended_whole(confined: Confined) -> None:
    script = "trap '' TERM; setsid sleep 600 & sleep 600 & touch ready; while :; do sleep 600; done"
    spec = confined.spec("job", ("sh", "-c", script), grace_seconds=0.2)
    launched = confined.sandbox.start(spec)
    confined.sandbox.wait((confined.sandbox.work("job") / "ready").exists, "the job is ready")
    family = children_of(launched.pid)
    found = confined.sandbox.cancel(spec, launched)
    assert (found.verdict, found.signal) == (Verdict.CANCELLED, signal.SIGKILL)
    assert not [pid for pid in family if is_alive(pid)]


def test_what_a_job_leaves_behind_is_ended_and_counted_however_soon_the_job_ends(confined: Confined) -> None:
    # Several, since their ends are told sometimes before and sometimes after the supervisor has heard that they began.
    specs = [confined.spec(f"job{number}", ("sh", "-c", "setsid sleep 600 & exit 4")) for number in range(8)]
    for spec in specs:
        confined.sandbox.launcher.launch(spec)
    for spec in specs:
        found = confined.sandbox.ended(spec)
        assert (found.verdict, found.exit_code, found.survivors_killed) == (Verdict.EXITED, 4, 1), (
            found,
            confined.sandbox.log(spec.name),
        )


def test_a_kill_from_outside_is_said_to_be_one(confined: Confined) -> None:
    spec = confined.spec("job", ("sleep", "600"))
    launched = confined.sandbox.start(spec)
    for pid in children_of(launched.pid):
        if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"sleep\0"):
            kill_by_force(pid)
    found = confined.sandbox.ended(spec)
    assert (found.verdict, found.signal) == (Verdict.SIGNALLED, signal.SIGKILL)


@pytest.mark.needs_root
@pytest.mark.usefixtures("enforcing")
def test_limits_hold_and_their_verdict_is_right(confined: Confined) -> None:
    hog = ("sh", "-c", "a=x; while :; do a=$a$a; done")
    found = confined.sandbox.run(confined.spec("hog", hog, limits=ResourceLimits(memory_bytes=48 * MIB)))
    assert (found.verdict, found.signal) == (Verdict.OOM_KILLED, signal.SIGKILL)
    late = confined.run_script("late", "sleep 600", timeout_seconds=0.3)
    assert late.verdict is Verdict.TIMED_OUT


def test_where_bubblewrap_cannot_do_it_the_job_is_not_started(confined: Confined, tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: no namespaces here' >&2\nexit 1\n")
    broken.chmod(0o755)
    found = confined.run_script("job", "true", confinement=Confinement(str(broken)))
    assert found.verdict is Verdict.NOT_STARTED
    assert "bubblewrap could not isolate it" in found.reason
    assert "no namespaces here" in confined.sandbox.log("job")
