"""What a job can neither gain nor reach."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from skafd.sandbox.evidence import Verdict
from tests.support.sandboxed import Sandbox, python
from tests.support.users import needs_users, open_passage, some_user


def test_a_job_inherits_no_descriptor_but_the_standard_ones(sandbox: Sandbox) -> None:
    # One of ours that everything we start inherits: it must not come through launcher and supervisor either.
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    try:
        program = "import os; print(sorted(int(name) for name in os.listdir('/proc/self/fd'))[:-1])"
        spec = sandbox.spec("job", python(program), python(program))
        assert sandbox.run(spec).exit_code == 0
    finally:
        os.close(reading)
        os.close(writing)
    # The last of each list was that of the listed folder itself.
    assert sandbox.log("job") == "[0, 1, 2]\n[0, 1, 2]\n"


def test_no_program_of_a_job_gains_privileges(sandbox: Sandbox) -> None:
    found = sandbox.run_script("job", "grep NoNewPrivs /proc/self/status && sh -c 'grep NoNewPrivs /proc/self/status'")
    assert found.exit_code == 0
    assert sandbox.log("job").split() == ["NoNewPrivs:", "1"] * 2


@needs_users
@pytest.mark.needs_root
def test_a_job_of_another_user_is_that_user_and_no_more(sandbox: Sandbox, tmp_path: Path) -> None:
    open_passage(tmp_path)
    user = some_user()
    spec = sandbox.spec(
        "job",
        ("sh", "-c", "id -u; id -g; id -G; grep -E '^Cap(Prm|Eff|Amb)' /proc/self/status; echo said > /dev/stdout"),
        user=user,
    )
    found = sandbox.run(spec)
    assert (found.verdict, found.exit_code) == (Verdict.EXITED, 0)
    lines = sandbox.log("job").splitlines()
    assert lines[:3] == [str(user.uid), str(user.gid), str(user.gid)]
    assert all(int(line.split()[1], 16) == 0 for line in lines[3:6])
    assert lines[6] == "said"


@needs_users
@pytest.mark.needs_root
def test_the_working_folder_is_the_users_and_the_records_are_not(sandbox: Sandbox, tmp_path: Path) -> None:
    open_passage(tmp_path)
    user = some_user()
    snapshot = tmp_path / "snapshot"
    (snapshot / "code").mkdir(parents=True)
    (snapshot / "code" / "a.py").write_text("a")
    (snapshot / "link").symlink_to("code/a.py")
    script = (
        "echo more >> code/a.py && echo new > new && echo 1 > $OUT && ! echo x > ../log && ! ls .. && ! cat ../claim"
    )
    folder = tmp_path / "runs" / "job"
    spec = sandbox.spec(
        "job",
        ("sh", "-c", script),
        user=user,
        snapshot=str(snapshot),
        links={"deep/data": str(tmp_path)},
        writable=("output.json",),
        environment={"PATH": os.environ["PATH"], "OUT": str(folder / "output.json")},
    )
    assert sandbox.run(spec).exit_code == 0, sandbox.log("job")
    work = sandbox.work("job")
    assert {path.lstat().st_uid for path in (work, *work.rglob("*"))} == {user.uid}
    assert stat.S_IMODE(work.stat().st_mode) == 0o700
    assert (folder / "output.json").read_text() == "1\n"
    assert {(folder / name).stat().st_uid for name in ("log", "claim", "exit.json")} == {0}
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in ("log", "claim", "exit.json")} == {0o600}


@needs_users
@pytest.mark.needs_root
def test_a_program_that_the_user_cannot_reach_is_named_with_the_folder(sandbox: Sandbox, tmp_path: Path) -> None:
    open_passage(tmp_path)
    program = tmp_path / "closed" / "program"
    program.parent.mkdir(mode=0o700)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    found = sandbox.run(sandbox.spec("job", (str(program),), user=some_user()))
    assert found.verdict is Verdict.NOT_STARTED
    assert f"may not enter {program.parent})" in found.reason


@needs_users
@pytest.mark.needs_root
def test_another_users_job_is_ended_whole_and_with_its_supervisor(sandbox: Sandbox, tmp_path: Path) -> None:
    open_passage(tmp_path)
    spec = sandbox.spec("job", ("sh", "-c", "setsid sleep 600 & sleep 600"), user=some_user(), grace_seconds=0.1)
    launched = sandbox.start(spec)
    assert sandbox.cancel(spec, launched).verdict is Verdict.CANCELLED
