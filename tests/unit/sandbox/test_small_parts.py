"""Identity, claims, notifications and the launcher's diet."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from skafd.errors import SandboxError
from skafd.sandbox import claim, evidence, identity, kill
from skafd.sandbox.cgroup.base import CgroupKind, CgroupPlace
from skafd.sandbox.evidence import Evidence, Verdict
from skafd.sandbox.notify import Notification, NotificationKind, NotificationSocket, encode, send

NOWHERE = CgroupPlace(CgroupKind.NONE)
HEARD = Notification(NotificationKind.STARTED, "job", "/somewhere", 7)


def test_a_process_is_known_by_its_start_time() -> None:
    own = identity.start_time(os.getpid())
    assert own is not None
    assert own == identity.start_time(os.getpid())
    assert identity.start_time(1) != own
    assert len(identity.boot_id()) == 36


def test_a_process_that_has_ended_has_no_start_time_even_before_it_is_reaped() -> None:
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert identity.start_time(pid) is None
    os.waitpid(pid, 0)
    assert identity.start_time(pid) is None
    assert kill.open_process(pid, 1) is None


def test_only_the_first_claim_counts(tmp_path: Path) -> None:
    first = claim.take(str(tmp_path), "leaf", NOWHERE)
    assert first is not None
    assert claim.take(str(tmp_path), "other", NOWHERE) is None
    assert claim.read(str(tmp_path)) == first
    assert (first.supervisor_pid, first.boot_id) == (os.getpid(), identity.boot_id())
    assert [path.name for path in tmp_path.iterdir()] == ["claim"]


def test_evidence_is_written_whole_and_private(tmp_path: Path) -> None:
    found = Evidence(Verdict.EXITED, exit_code=0)
    evidence.write(str(tmp_path), found)
    assert evidence.read(str(tmp_path)) == found
    assert [path.name for path in tmp_path.iterdir()] == ["exit.json"]
    assert stat.S_IMODE((tmp_path / "exit.json").stat().st_mode) == 0o600


def test_damaged_evidence_is_named(tmp_path: Path) -> None:
    (tmp_path / "exit.json").write_text('{"verdict": "exi')
    with pytest.raises(SandboxError, match=r"exit\.json is damaged"):
        evidence.read(str(tmp_path))


def test_a_wish_to_cancel_is_kept_with_its_reason(tmp_path: Path) -> None:
    assert kill.cancel_reason(str(tmp_path)) is None
    kill.request_cancel(str(tmp_path), "über\nzwei Zeilen")
    assert kill.cancel_reason(str(tmp_path)) == "über\nzwei Zeilen"


@pytest.mark.parametrize("depth", [0, 30])
def test_notifications_arrive_however_deep_the_folder_is(tmp_path: Path, depth: int) -> None:
    folder = tmp_path.joinpath(*["deeper"] * depth)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "supervisors.sock"
    listener = NotificationSocket(str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert send(str(path), HEARD, 1.0)
    assert listener.receive() == [HEARD]
    assert listener.receive() == []
    listener.close()
    assert not path.exists()


def test_a_socket_left_by_a_dead_daemon_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "supervisors.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as left:
        left.bind(str(path))
    assert not send(str(path), HEARD, 1.0)
    listener = NotificationSocket(str(path))
    assert send(str(path), HEARD, 1.0)
    assert listener.receive() == [HEARD]
    listener.close()


def test_an_absent_daemon_and_one_that_does_not_read_are_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "supervisors.sock"
    assert not send(str(path), HEARD, 1.0)
    listener = NotificationSocket(str(path))
    while send(str(path), HEARD, 0.01):
        pass
    assert listener.receive()
    listener.close()


@pytest.mark.parametrize("nonsense", [b"", b"{", b"{}", b"[]", b'"text"', b"\xff", encode(HEARD)[:-1]])
def test_what_no_supervisor_sends_is_passed_over(tmp_path: Path, nonsense: bytes) -> None:
    path = tmp_path / "supervisors.sock"
    listener = NotificationSocket(str(path))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(nonsense, str(path))
    assert send(str(path), HEARD, 1.0)
    assert listener.receive() == [HEARD]
    listener.close()


def test_the_launcher_loads_little() -> None:
    # Each of these is a megabyte, or ten milliseconds, for every launcher and page table of every supervisor.
    program = "import sys; import skafd.sandbox.launcher; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3]
    ).stdout.split()
    heavy = {"pathlib", "subprocess", "tempfile", "asyncio", "logging", "threading", "random", "hashlib", "urllib"}
    assert heavy & set(loaded) == set()
