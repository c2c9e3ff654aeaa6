"""A command that needs no shell ends, prints and sees what it would under one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from skafd.sandbox.evidence import Evidence, Verdict
from tests.support.sandboxed import Sandbox
from tests.support.users import needs_users, open_passage, some_user


def both(sandbox: Sandbox, text: str, program: str | None = None, mode: int = 0o755) -> tuple[Evidence, str]:
    """Runs it as a plain command and, for its blank, through the shell: `tool` is `program`. What both gave."""
    snapshot = sandbox.home / "snapshot"
    snapshot.mkdir()
    if program is not None:
        (snapshot / "tool").write_text(program)
        (snapshot / "tool").chmod(mode)
    found = []
    for name, command in (("plain", text), ("shell", f" {text}")):
        evidence = sandbox.run(sandbox.spec(name, ("/bin/sh", "-c", command), snapshot=str(snapshot)))
        found.append((evidence.verdict, evidence.exit_code, evidence.signal, evidence.reason, sandbox.log(name)))
    assert found[0] == found[1]
    return evidence, sandbox.log("plain")


def test_nobody_stands_between(sandbox: Sandbox) -> None:
    spec = sandbox.spec("job", ("/bin/sh", "-c", "/bin/cat /proc/self/stat"))
    assert sandbox.run(spec).exit_code == 0
    # The leader of the session is the program itself.
    pid, name, _, _, group, session, *_ = sandbox.log("job").split()
    assert (name, pid, pid) == ("(cat)", group, session)


@pytest.mark.parametrize(
    ("text", "code"),
    [("nosuch a", 127), ("./nosuch", 127), ("/nowhere/program", 127), ("/etc/passwd", 126), ("./", 126)],
)
def test_what_is_no_program_ends_as_under_a_shell(sandbox: Sandbox, text: str, code: int) -> None:
    found, log = both(sandbox, text)
    assert (found.verdict, found.exit_code) == (Verdict.EXITED, code)
    assert text.split(maxsplit=1)[0] in log


@pytest.mark.parametrize(
    ("program", "code", "log"),
    [
        ("#!/bin/sh\necho $0 $1 $#; exit 3\n", 3, "./tool a 2\n"),
        ("echo no first line: $1; exit 4\n", 4, "no first line: a\n"),
    ],
)
def test_a_script_runs_as_under_a_shell(sandbox: Sandbox, program: str, code: int, log: str) -> None:
    found, said = both(sandbox, "./tool a b", program)
    assert (found.exit_code, said) == (code, log)


def test_a_signal_that_ends_it_is_no_exit_code_as_some_shells_make_of_it(sandbox: Sandbox) -> None:
    snapshot = sandbox.home / "snapshot"
    snapshot.mkdir()
    (snapshot / "tool").write_text("#!/bin/sh\nkill -9 $$\n")
    (snapshot / "tool").chmod(0o755)
    found = sandbox.run(sandbox.spec("job", ("/bin/sh", "-c", "./tool"), snapshot=str(snapshot)))
    assert (found.verdict, found.signal, sandbox.log("job")) == (Verdict.SIGNALLED, 9, "")


@pytest.mark.parametrize(("program", "mode"), [("#!/nowhere/perl\n", 0o755), ("#!/bin/sh\n", 0o644)])
def test_a_script_that_cannot_run_is_complained_of_by_the_shell(sandbox: Sandbox, program: str, mode: int) -> None:
    found, log = both(sandbox, "./tool", program, mode)
    assert found.exit_code in (126, 127)
    assert "./tool" in log


def test_the_environment_says_where_it_is(sandbox: Sandbox) -> None:
    spec = sandbox.spec("job", ("/bin/sh", "-c", "/usr/bin/env"))
    environment = {**spec.environment, "PWD": "/where/skafd/was/started"}
    assert sandbox.run(sandbox.spec("job", *spec.commands, environment=environment)).exit_code == 0
    assert f"PWD={os.path.realpath(sandbox.work('job'))}\n" in sandbox.log("job")


@needs_users
@pytest.mark.needs_root
def test_another_user_gets_the_programs_of_that_user(sandbox: Sandbox, tmp_path: Path) -> None:
    open_passage(tmp_path)
    for folder, mode in (("closed", 0o700), ("open", 0o755)):
        (tmp_path / folder).mkdir(mode)
        (tmp_path / folder / "tool").write_text(f"#!/bin/sh\necho {folder}\n")
        (tmp_path / folder / "tool").chmod(mode)
    path = f"{tmp_path}/closed:{tmp_path}/open:{os.environ['PATH']}"
    found = sandbox.run(sandbox.spec("job", ("/bin/sh", "-c", "tool"), user=some_user(), environment={"PATH": path}))
    assert (found.exit_code, sandbox.log("job")) == (0, "open\n")
