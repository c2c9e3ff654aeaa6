"""How an attempt ends by itself, and what is on disk then."""

from __future__ import annotations

import json
import os
import signal
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from skafd.sandbox import evidence
from skafd.sandbox.evidence import Verdict
from tests.support.sandboxed import PATIENCE_SECONDS, Sandbox, is_alive, python


@pytest.mark.parametrize("code", [0, 1, 2, 137, 255])
def test_the_exit_code_is_the_programs_own(sandbox: Sandbox, code: int) -> None:
    found = sandbox.run_script("job", f"exit {code}")
    assert (found.verdict, found.exit_code, found.signal) == (Verdict.EXITED, code, None)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGHUP, signal.SIGPIPE])
def test_a_signal_from_elsewhere_is_said_to_be_one(sandbox: Sandbox, number: signal.Signals) -> None:
    found = sandbox.run_script("job", f"kill -{number.value} $$; sleep 60")
    assert (found.verdict, found.exit_code, found.signal) == (Verdict.SIGNALLED, None, number)
    assert found.oom_kills == 0


def test_the_record_on_disk_is_what_the_daemon_was_told(sandbox: Sandbox) -> None:
    found = sandbox.run_script("job", "echo hello; exit 3")
    assert evidence.read(str(sandbox.home / "runs" / "job")) == found
    assert found.started_at is not None
    assert found.started_at <= found.ended_at
    assert found.log_bytes == len("hello\n")
    assert sandbox.log("job") == "hello\n"


def test_every_byte_of_output_arrives_in_order(sandbox: Sandbox) -> None:
    count = 200_000
    found = sandbox.run_python("job", f"for n in range({count}): print(n)")
    text = "".join(f"{number}\n" for number in range(count))
    assert sandbox.log("job") == text
    assert (found.log_bytes, found.log_bytes_dropped) == (len(text), 0)


def test_a_log_over_its_cap_keeps_head_and_tail(sandbox: Sandbox) -> None:
    found = sandbox.run_python("job", "for n in range(100000): print(f'{n:09}')", log_cap_bytes=64_000)
    log = sandbox.log("job")
    assert log.startswith("000000000\n000000001\n")
    assert log.endswith("000099998\n000099999\n")
    assert f"[skafd: {1_000_000 - 64_000} bytes left out here]" in log
    assert (found.log_bytes, found.log_bytes_dropped, found.log_head_bytes) == (1_000_000, 936_000, 32_000)


def test_secrets_never_reach_the_disk(sandbox: Sandbox) -> None:
    secret = "s3cr3t-value"
    program = f"""
import os, time
os.write(1, b"one {secret} two ")
for letter in b"{secret}":
    os.write(1, bytes([letter])); time.sleep(0.01)
os.write(2, b" three\\n")
"""
    sandbox.run_python("job", program, secrets=(secret,), environment={"TOKEN": secret})
    assert sandbox.log("job") == "one *** two *** three\n"
    # The working folder is the job's own business.
    for path in (sandbox.home / "runs" / "job").iterdir():
        assert path.is_dir() or secret not in path.read_text()


def test_a_secret_in_the_command_is_masked_in_the_reason(sandbox: Sandbox) -> None:
    found = sandbox.run(sandbox.spec("job", ("no-s3cr3t-program",), secrets=("s3cr3t",)))
    assert found.reason == "no such program: no-***-program"


def test_the_live_log_is_not_delayed(sandbox: Sandbox) -> None:
    spec = sandbox.spec("job", ("sh", "-c", "echo begun; sleep 60"), secrets=("secret",))
    launched = sandbox.start(spec)
    sandbox.wait(lambda: sandbox.log("job") == "begun\n", "the first line is in the log")
    sandbox.cancel(spec, launched)


def test_commands_run_one_after_another_until_one_fails(sandbox: Sandbox) -> None:
    commands = [("sh", "-c", f"echo {word}; exit {code}") for word, code in (("a", 0), ("b", 0), ("c", 7), ("d", 0))]
    found = sandbox.run(sandbox.spec("job", *commands))
    assert sandbox.log("job") == "a\nb\nc\n"
    assert (found.verdict, found.exit_code, found.step) == (Verdict.EXITED, 7, 2)


def test_all_commands_share_one_working_folder(sandbox: Sandbox) -> None:
    found = sandbox.run(sandbox.spec("job", ("sh", "-c", "echo made > file"), ("cat", "file")))
    assert (found.exit_code, found.step) == (0, 1)
    assert sandbox.log("job") == "made\n"


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("no-such-thing", "no such program: no-such-thing"),
        ("./missing.py", "no such program: ./missing.py"),
        ("./plain.txt", "not allowed to execute: ./plain.txt"),
        ("./bad-shebang", "the interpreter in the first line of ./bad-shebang does not exist"),
    ],
)
def test_a_program_that_cannot_be_executed_is_named(sandbox: Sandbox, program: str, reason: str) -> None:
    snapshot = sandbox.home / "snapshot"
    snapshot.mkdir()
    (snapshot / "plain.txt").write_text("text")
    (snapshot / "bad-shebang").write_text("#!/no/such/interpreter\n")
    (snapshot / "bad-shebang").chmod(0o755)
    found = sandbox.run(sandbox.spec("job", (program,), snapshot=str(snapshot)))
    assert (found.verdict, found.reason) == (Verdict.NOT_STARTED, reason)
    assert found.started_at is None


def test_a_later_command_that_cannot_be_executed_fails_as_in_a_shell(sandbox: Sandbox) -> None:
    found = sandbox.run(sandbox.spec("job", ("true",), ("no-such-thing",)))
    assert (found.verdict, found.exit_code, found.step) == (Verdict.EXITED, 127, 1)
    assert found.reason == "no such program: no-such-thing"


def test_a_missing_snapshot_is_said(sandbox: Sandbox) -> None:
    found = sandbox.run(sandbox.spec("job", ("true",), snapshot=str(sandbox.home / "nothing")))
    assert found.verdict is Verdict.NOT_STARTED
    assert "working folder" in found.reason
    assert "nothing" in found.reason


def test_the_end_of_the_main_process_is_the_end(sandbox: Sandbox) -> None:
    # The grandchild would hold the pipe far longer than this test waits.
    found = sandbox.run_script("job", f"sleep {10 * PATIENCE_SECONDS:.0f} & echo $!; exit 4")
    assert (found.verdict, found.exit_code, found.survivors_killed) == (Verdict.EXITED, 4, 1)
    assert not is_alive(int(sandbox.log("job")))


def test_last_words_of_a_child_are_kept(sandbox: Sandbox) -> None:
    found = sandbox.run_script("job", "(sleep 0.05; echo last words) & exit 0")
    assert (found.exit_code, found.survivors_killed) == (0, 0)
    assert sandbox.log("job") == "last words\n"


def test_what_a_job_finds_around_it(sandbox: Sandbox) -> None:
    program = """
import json, os, signal
ignored = [n for n in signal.valid_signals() if signal.getsignal(n) == signal.SIG_IGN]
blocked = list(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
print(json.dumps({
    "folder": os.getcwd(), "leader": os.getsid(0) == os.getpid(), "fds": sorted(map(int, os.listdir("/proc/self/fd"))),
    "input": os.readlink("/proc/self/fd/0"), "mask": os.umask(0), "environment": dict(os.environ),
    "ignored": ignored, "blocked": blocked, "oom": open("/proc/self/oom_score_adj").read().strip(),
}))
"""
    sandbox.run_python("job", program, environment={"ONE": "1"})
    seen = json.loads(sandbox.log("job"))
    assert seen["folder"] == str(sandbox.work("job"))
    assert seen["leader"]
    # The fourth is that of the listing itself.
    assert seen["fds"] == [0, 1, 2, 3]
    assert seen["input"] == "/dev/null"
    assert seen["mask"] == 0o022
    assert {key: seen["environment"][key] for key in seen["environment"] if key != "LC_CTYPE"} == {
        "ONE": "1",
        "SKAFD_SANDBOX": sandbox.cgroup_name("job"),
    }
    # Python itself ignores these two.
    assert seen["ignored"] == [signal.SIGPIPE, signal.SIGXFSZ]
    assert seen["blocked"] == []
    assert int(seen["oom"]) >= 0


def test_the_working_folder_is_a_writable_copy_with_links_to_what_is_live(sandbox: Sandbox) -> None:
    snapshot, live = sandbox.home / "snapshot", sandbox.home / "live"
    (snapshot / "code").mkdir(parents=True)
    (live / "data").mkdir(parents=True)
    (live / "data" / "x.csv").write_text("1,2\n")
    (snapshot / "code" / "run.sh").write_text("#!/bin/sh\ncat ../data/x.csv; echo more >> run.sh\n")
    (snapshot / "code" / "run.sh").chmod(0o555)
    (snapshot / "short").symlink_to("code/run.sh")
    links = {"data": str(live / "data"), "code": "/never/used", "deep/er": str(live)}
    beside = sandbox.home / "beside"
    for name in (".hidden", "code", "words.txt"):
        (beside / name).mkdir(parents=True)
    spec = sandbox.spec("job", ("sh", "-c", "cd code && ./run.sh"), snapshot=str(snapshot), links=links)
    found = sandbox.run(replace(spec, beside=str(beside)))
    assert found.exit_code == 0
    assert sandbox.log("job") == "1,2\n"
    work = sandbox.work("job")
    assert (work / "code" / "run.sh").read_text().endswith("more\n")
    assert "more\n" not in (snapshot / "code" / "run.sh").read_text().splitlines(keepends=True)
    assert stat.S_IMODE((work / "code" / "run.sh").stat().st_mode) == 0o755
    assert (work / "short").readlink() == Path("code/run.sh")
    assert (work / "deep" / "er").resolve() == live
    assert (work / "words.txt").resolve() == beside / "words.txt"
    assert not (work / ".hidden").exists()
    assert not (work / "code").is_symlink()


def test_a_link_out_of_the_working_folder_is_refused(sandbox: Sandbox) -> None:
    found = sandbox.run(sandbox.spec("job", ("true",), links={"../escape": "/etc"}))
    assert found.verdict is Verdict.NOT_STARTED
    assert "../escape" in found.reason
    assert not (sandbox.home / "runs" / "job" / "escape").exists()


def test_an_environment_too_large_to_exec_is_said(sandbox: Sandbox) -> None:
    found = sandbox.run(sandbox.spec("job", python("pass"), environment={"HUGE": "x" * 4_000_000}))
    assert found.verdict is Verdict.NOT_STARTED
    assert "Argument list too long" in found.reason


def test_bytes_that_are_no_text_survive(sandbox: Sandbox) -> None:
    argument = os.fsdecode(b"caf\xe9")
    sandbox.run(sandbox.spec("job", ("printf", "%s", argument)))
    assert Path(sandbox.home / "runs" / "job" / "log").read_bytes() == b"caf\xe9"
