"""Who runs a step: its output goes on, is kept as Metaflow keeps logs, and it ends as its command does."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import skafd.metaflow

PROGRAM = Path(skafd.metaflow.__file__).parent / "inside" / "run_step.py"
LINE = re.compile(rb"\[MFLOG\|0\|(\S+)Z\|runtime\|([^]]+)\](.*)")


def run(command: list[str], logs: Path | None = None, **environment: str) -> subprocess.CompletedProcess[bytes]:
    options = [f"--logs={logs}"] if logs else []
    return subprocess.run(
        [sys.executable, "-I", "-S", str(PROGRAM), *options, "--", *command],
        capture_output=True,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )


def shell(text: str) -> list[str]:
    return ["/bin/sh", "-c", text]


def test_both_streams_go_on_and_are_kept_apart(tmp_path: Path) -> None:
    logs = tmp_path / "Flow" / "run" / "step" / "task" / "0"
    done = run(shell("echo one; echo two; printf 'no end'; echo wrong >&2"), logs)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"one\ntwo\nno end", b"wrong\n")
    kept = (logs.parent / "0.runtime_stdout.log").read_bytes().splitlines()
    assert [LINE.fullmatch(line)[3] for line in kept] == [b"one", b"two", b"no end"]  # type: ignore[index]
    assert b"]wrong\n" in (logs.parent / "0.runtime_stderr.log").read_bytes()


def test_no_two_lines_have_the_same_time_or_name(tmp_path: Path) -> None:
    run(shell("seq 20000"), tmp_path / "0")
    found = [LINE.fullmatch(line) for line in (tmp_path / "0.runtime_stdout.log").read_bytes().splitlines()]
    instants = [match[1] for match in found if match]
    assert len(instants) == 20000
    assert instants == sorted(set(instants))
    assert len({match[2] for match in found if match}) == 20000


@pytest.mark.parametrize(("text", "code"), [("exit 202", 202), ("kill -9 $$", -9), ("kill -SEGV $$", -11)])
def test_it_ends_as_its_command_does(text: str, code: int) -> None:
    assert run(shell(text)).returncode == code


def test_the_end_by_a_signal_is_said_below_what_was_printed(tmp_path: Path) -> None:
    run(shell("printf 'no end' >&2; kill -SEGV $$"), tmp_path / "0")
    kept = (tmp_path / "0.runtime_stderr.log").read_bytes().splitlines()
    assert [line.split(b"]", 1)[1] for line in kept] == [b"no end", b"Task failed with a segmentation fault."]


def test_what_cannot_be_executed_is_said() -> None:
    done = run(["/no/such/program"])
    assert done.returncode == 127
    assert b"/no/such/program" in done.stderr


def test_it_does_not_wait_for_whoever_else_holds_the_output() -> None:
    done = subprocess.Popen(
        [sys.executable, "-I", "-S", str(PROGRAM), "--", *shell("sleep 600 & echo $!")], stdout=subprocess.PIPE
    )
    assert done.wait(60) == 0
    assert done.stdout is not None
    os.kill(int(done.stdout.readline()), signal.SIGKILL)
    done.stdout.close()


def test_secrets_are_not_kept(tmp_path: Path) -> None:
    environment = {"API_KEY": "s3cret-value", "SHORT": "ab", "SKAFD_SECRET_NAMES": "API_KEY,SHORT,GONE"}
    run(shell("echo key is $API_KEY ab"), tmp_path / "0", **environment)
    assert b"]key is *** ab\n" in (tmp_path / "0.runtime_stdout.log").read_bytes()


FAR_AWAY = {
    "metaflow/datastore.py": """
import json
class FlowDataStore:
    def __init__(self, *arguments, storage_impl, ds_root):
        self.said = [arguments[0], storage_impl.TYPE, ds_root]
    def get_task_datastore(self, *arguments, mode):
        self.said += [*arguments, mode]
        return self
    def save_logs(self, source, contents):
        contents = {name: getattr(one, "path", None) is None and one.decode() for name, one in contents.items()}
        print(json.dumps([self.said, source, contents]))
""",
    "metaflow/plugins.py": "class Storage:\n    TYPE = 's3'\nDATASTORES = [Storage]\n",
    "metaflow/util.py": "class Path:\n    def __init__(self, path):\n        self.path = path\n",
    "metaflow/__init__.py": "",
}
"""As much of Metaflow as it takes to save a log far away."""


@pytest.mark.parametrize("lines", [1, 200_000])
def test_logs_of_a_datastore_elsewhere_are_saved_when_the_step_has_ended(tmp_path: Path, lines: int) -> None:
    for name, text in FAR_AWAY.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    options = ["--logs=2", "--save=s3", "--root=s3://b/mf", "--task=Churn/r1/fit/t7"]
    step = [sys.executable, "-c", f"import os; print('x\\n' * {lines}, end='', flush=True); os.kill(os.getpid(), 9)"]
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(PROGRAM), *options, "--", *step],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "TMPDIR": str(tmp_path)},
        timeout=60,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    said, source, contents = json.loads(done.stdout.splitlines()[-1])
    assert (said, source) == (["Churn", "s3", "s3://b/mf", "r1", "fit", "t7", 2, "w"], "runtime")
    assert lines > 1 or LINE.fullmatch(contents["stdout"].strip().encode())
    assert lines > 1 or contents["stderr"].endswith("Task failed with SIGKILL.\n")
    assert not list(tmp_path.glob("flow-logs-*"))


def test_a_log_that_cannot_be_saved_is_said_and_fails_nothing(tmp_path: Path) -> None:
    (tmp_path / "metaflow").mkdir()
    (tmp_path / "metaflow" / "__init__.py").write_text("raise RuntimeError('no bucket')")
    options = ["--logs=0", "--save=s3", "--root=s3://b/mf", "--task=Churn/r1/fit/t7"]
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(PROGRAM), *options, "--", sys.executable, "-c", ""],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"The log is not in the datastore: RuntimeError: no bucket\n")


def test_being_asked_to_end_is_for_the_command() -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-I",
            "-S",
            str(PROGRAM),
            "--",
            *shell("trap 'echo bye; exit 3' TERM; echo up; sleep 600 & wait"),
        ],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(60) == 3
    assert process.stdout.read() == b"bye\n"
    process.stdout.close()
