"""The daemon, the launcher or a supervisor is killed: what goes on, what is found, what is left."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

import pytest

from skafd.sandbox.adopt import (
    Alive,
    Finished,
    Orphaned,
    Unclaimed,
    end_orphan,
    inspect,
    open_supervisor,
)
from skafd.sandbox.claim import MACHINE_RESTARTED
from skafd.sandbox.client import LauncherGone
from skafd.sandbox.evidence import Verdict
from skafd.sandbox.identity import boot_id
from skafd.sandbox.spec import AttemptSpec
from tests.support.sandboxed import PATIENCE_SECONDS, Sandbox, children_of, is_alive, kill_by_force

LONG = f"{10 * PATIENCE_SECONDS:.0f}"


def waiting_job(sandbox: Sandbox, name: str = "job") -> AttemptSpec:
    """A job that ends with 3 when the file `go` appears in its folder."""
    script = "echo begun; while [ ! -e go ]; do sleep 0.01; done; echo ended; exit 3"
    return sandbox.spec(name, ("sh", "-c", script))


def let_go(sandbox: Sandbox, name: str = "job") -> None:
    (sandbox.work(name) / "go").touch()


def test_two_supervisors_for_one_attempt_exec_once(sandbox: Sandbox) -> None:
    spec = sandbox.spec("job", ("sh", "-c", "echo $$ >> ../ran; while [ ! -e go ]; do sleep 0.01; done"))
    for _ in range(5):
        sandbox.launcher.launch(spec)
    sandbox.wait(lambda: len(sandbox.events) == 5, "five supervisors were forked")
    sandbox.wait(lambda: (sandbox.work("job")).is_dir(), "one of them is at work")
    let_go(sandbox)
    assert sandbox.ended(spec).exit_code == 0
    sandbox.wait(sandbox.supervisors_are_gone, "all have ended")
    assert len((Path(spec.directory) / "ran").read_text().splitlines()) == 1
    assert [heard.kind.value for heard in sandbox.heard] == ["started", "ended"]


def test_an_attempt_of_which_nothing_began_is_unclaimed(sandbox: Sandbox) -> None:
    assert inspect(str(sandbox.home / "runs" / "never"), boot_id()) == Unclaimed()


def test_a_running_attempt_is_found_alive_and_then_finished(sandbox: Sandbox) -> None:
    spec = waiting_job(sandbox)
    launched = sandbox.start(spec)
    finding = inspect(spec.directory, boot_id())
    assert isinstance(finding, Alive)
    assert finding.pid == launched.pid
    supervisor = open_supervisor(finding.claim)
    assert supervisor is not None
    os.close(supervisor)
    let_go(sandbox)
    evidence = sandbox.ended(spec)
    assert inspect(spec.directory, boot_id()) == Finished(evidence)
    sandbox.wait(lambda: open_supervisor(finding.claim) is None, "the supervisor is gone")


@pytest.mark.parametrize("kind", ["sandbox", "bare"])
def test_a_killed_supervisor_leaves_an_orphan_that_can_be_ended(kind: str, request: pytest.FixtureRequest) -> None:
    sandbox: Sandbox = request.getfixturevalue(kind)
    script = f"setsid sleep {LONG} & trap '' TERM; echo ready; while :; do sleep 0.01; done"
    spec = sandbox.spec("job", ("sh", "-c", script))
    launched = sandbox.start(spec)
    sandbox.wait(lambda: len(children_of(launched.pid)) >= 3, "the job has all its processes")
    tree = children_of(launched.pid)
    kill_by_force(launched.pid)
    sandbox.wait(lambda: not is_alive(launched.pid), "the supervisor is dead")
    finding = inspect(spec.directory, boot_id())
    assert isinstance(finding, Orphaned)
    assert finding.reason == "its supervisor was killed"
    end_orphan(finding)
    assert [pid for pid in tree if is_alive(pid)] == []
    # A daemon that died between this and its commit does it again.
    assert end_orphan(finding) == 0


def test_the_main_process_dies_with_its_supervisor_though_no_daemon_is_there(bare: Sandbox) -> None:
    spec = bare.spec("job", ("sleep", LONG))
    launched = bare.start(spec)
    [job] = children_of(launched.pid)
    kill_by_force(launched.pid)
    bare.wait(lambda: not is_alive(job), "the kernel ended the job")


def test_after_a_restart_of_the_machine_nothing_is_adopted_or_killed(sandbox: Sandbox) -> None:
    spec = waiting_job(sandbox)
    sandbox.start(spec)
    claim_file = Path(spec.directory) / "claim"
    values = json.loads(claim_file.read_text())
    finding = inspect(spec.directory, "another boot")
    assert isinstance(finding, Orphaned)
    assert finding.reason == "the machine was restarted"
    # The same pids, in the eyes of a daemon of the next boot, are somebody else's.
    claim_file.write_text(json.dumps(values | {"boot_id": "the boot before"}))
    earlier = inspect(spec.directory, boot_id())
    assert isinstance(earlier, Orphaned)
    assert end_orphan(earlier) == 0
    let_go(sandbox)
    assert sandbox.ended(spec).exit_code == 3


def test_a_pid_that_was_used_again_is_not_the_supervisor(sandbox: Sandbox) -> None:
    spec = waiting_job(sandbox)
    sandbox.start(spec)
    claim_file = Path(spec.directory) / "claim"
    original = claim_file.read_text()
    values = json.loads(original)
    claim_file.write_text(json.dumps(values | {"start_time": values["start_time"] - 1}))
    assert isinstance(inspect(spec.directory, boot_id()), Orphaned)
    claim_file.write_text(original)
    assert isinstance(inspect(spec.directory, boot_id()), Alive)
    let_go(sandbox)
    sandbox.ended(spec)


@pytest.mark.parametrize("damage", ["", "{", "null", "[]", '{"verdict": "unheard of"}', '{"verdict": "exited"}'])
def test_a_damaged_record_is_no_record(sandbox: Sandbox, damage: str) -> None:
    spec = sandbox.spec("job", ("true",))
    sandbox.run(spec)
    sandbox.wait(sandbox.supervisors_are_gone, "the supervisor has ended")
    (Path(spec.directory) / "exit.json").write_text(damage)
    finding = inspect(spec.directory, boot_id())
    assert isinstance(finding, Orphaned)
    assert end_orphan(finding) == 0


@pytest.mark.parametrize("damage", ["", "{", "{}", "7"])
def test_a_damaged_claim_is_still_a_claim(sandbox: Sandbox, damage: str) -> None:
    folder = sandbox.home / "runs" / "job"
    folder.mkdir(parents=True)
    (folder / "claim").write_text(damage)
    finding = inspect(str(folder), boot_id())
    assert isinstance(finding, Orphaned)
    assert end_orphan(finding) == 0
    spec = sandbox.spec("job", ("true",))
    sandbox.launch(spec)
    sandbox.wait(sandbox.supervisors_are_gone, "the supervisor has given up")
    assert sorted(path.name for path in folder.iterdir()) == ["claim"]


@pytest.mark.parametrize("content", [b"", bytes(200)])
def test_what_a_power_cut_left_of_a_claim_and_a_record_says_that_the_machine_was_restarted(
    tmp_path: Path, content: bytes
) -> None:
    """The files have their names, and their lengths or not; their content had not reached the disk."""
    (tmp_path / "claim").write_bytes(content)
    assert inspect(str(tmp_path), boot_id()) == Orphaned(MACHINE_RESTARTED, None)
    (tmp_path / "exit.json").write_bytes(content)
    assert inspect(str(tmp_path), boot_id()) == Orphaned(MACHINE_RESTARTED, None)


def test_a_record_that_a_power_cut_damaged_says_that_the_machine_was_restarted(sandbox: Sandbox) -> None:
    spec = sandbox.spec("job", ("true",))
    sandbox.run(spec)
    (Path(spec.directory) / "exit.json").write_text("")
    finding = inspect(spec.directory, "another boot")
    assert isinstance(finding, Orphaned)
    assert finding.reason == MACHINE_RESTARTED


def test_supervisors_go_on_when_the_launcher_is_killed(sandbox: Sandbox) -> None:
    specs = [waiting_job(sandbox, f"job{number}") for number in range(3)]
    for spec in specs:
        sandbox.start(spec)
    kill_by_force(sandbox.launcher.pid)
    sandbox.wait(lambda: LauncherGone(()) in sandbox.events, "the launcher is missed")
    sandbox.launcher.restart()
    for number, spec in enumerate(specs):
        let_go(sandbox, f"job{number}")
        assert sandbox.ended(spec).exit_code == 3
        assert sandbox.log(spec.name) == "begun\nended\n"
    assert sandbox.run_script("after", "exit 9").exit_code == 9


def test_what_a_dead_launcher_did_not_answer_is_named(sandbox: Sandbox) -> None:
    kill_by_force(sandbox.launcher.pid)
    sandbox.wait(lambda: not is_alive(sandbox.launcher.pid), "the launcher is dead")
    spec = sandbox.spec("job", ("true",))
    sandbox.launcher.launch(spec)
    sandbox.wait(lambda: LauncherGone(("job",)) in sandbox.events, "the launcher is missed")
    assert inspect(spec.directory, boot_id()) == Unclaimed()
    sandbox.launcher.restart()
    assert sandbox.run(spec).exit_code == 0


def test_an_attempt_ends_as_usual_when_no_daemon_listens(sandbox: Sandbox) -> None:
    spec = sandbox.spec("job", ("sh", "-c", "echo done; exit 3"), notify_socket=str(sandbox.home / "nobody"))
    sandbox.launch(spec)
    sandbox.wait(lambda: isinstance(inspect(spec.directory, boot_id()), Finished), "the attempt has ended")
    finding = inspect(spec.directory, boot_id())
    assert isinstance(finding, Finished)
    assert finding.evidence.exit_code == 3
    assert sandbox.log("job") == "done\n"


def test_an_attempt_ends_as_usual_when_the_daemon_has_gone_meanwhile(sandbox: Sandbox) -> None:
    spec = waiting_job(sandbox)
    sandbox.start(spec)
    sandbox.socket_path.unlink()
    sandbox.launcher.close()
    let_go(sandbox)
    while not isinstance(finding := inspect(spec.directory, boot_id()), Finished):
        assert isinstance(finding, Alive)
    assert finding.evidence.verdict is Verdict.EXITED
    sandbox.launcher.restart()


def test_a_request_that_makes_no_sense_hurts_nobody(sandbox: Sandbox) -> None:
    spec = sandbox.spec("job", ("true",))
    object.__setattr__(spec, "commands", ())
    launched = sandbox.launch(spec)
    sandbox.wait(lambda: not is_alive(launched.pid), "its supervisor has ended")
    assert isinstance(inspect(spec.directory, boot_id()), Unclaimed)
    assert sandbox.run_script("after", "exit 0").exit_code == 0


def test_the_launcher_keeps_no_zombies_and_no_descriptors(sandbox: Sandbox) -> None:
    def descriptors() -> int:
        return sum(1 for _ in Path(f"/proc/{sandbox.launcher.pid}/fd").iterdir())

    sandbox.run_script("first", "true")
    sandbox.wait_for_spare()
    before = descriptors()
    specs = [sandbox.spec(f"job{number}", ("true",)) for number in range(20)]
    for spec in specs:
        sandbox.launcher.launch(spec)
    for spec in specs:
        assert sandbox.ended(spec).exit_code == 0
    children = Path(f"/proc/{sandbox.launcher.pid}/task/{sandbox.launcher.pid}/children")
    sandbox.wait(lambda: len(children.read_text().split()) == 1, "every child is reaped but the spare one")
    sandbox.wait_for_spare()
    assert descriptors() == before


def test_nothing_of_the_daemons_environment_shows_in_its_processes(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAEMON_SECRET", "canary-in-the-daemon")
    sandbox.launcher.restart()
    spec = sandbox.spec("job", ("sleep", LONG), environment={"PATH": os.environ["PATH"], "T": "canary-in-the-job"})
    launched = sandbox.start(spec)
    for pid in (sandbox.launcher.pid, launched.pid):
        for name in ("environ", "cmdline"):
            assert b"canary" not in Path(f"/proc/{pid}/{name}").read_bytes()
    [job] = children_of(launched.pid)
    assert b"canary-in-the-daemon" not in Path(f"/proc/{job}/environ").read_bytes()
    sandbox.cancel(spec, launched)
    assert not any("canary" in path.read_text() for path in (tmp_path / "runs" / "job").iterdir() if path.is_file())


def test_supervisors_keep_nothing_of_the_daemons_open(sandbox: Sandbox) -> None:
    launched = sandbox.start(spec := waiting_job(sandbox))

    def held() -> set[str]:
        names = set()
        for entry in Path(f"/proc/{launched.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                names.add(str(entry.readlink()))
        assert len([name for name in names if name.startswith("socket")]) <= 2, "more than to launcher and daemon"
        return {name.split(":")[0].removeprefix(str(sandbox.home)) for name in names if "/cgroup/" not in name}

    # The socket is the one on which it says to the launcher that it is free again.
    its_own = {"/dev/null", "pipe", "socket", "/runs/job/log"}
    sandbox.wait(lambda: held() == its_own, f"only its own is open: {held()}")
    let_go(sandbox)
    sandbox.ended(spec)
