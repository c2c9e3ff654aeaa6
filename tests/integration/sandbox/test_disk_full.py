"""A disk without room loses output, never the job or the record of its end."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from skafd.sandbox.adopt import Finished, inspect
from skafd.sandbox.evidence import Verdict
from skafd.sandbox.identity import boot_id
from tests.support.sandboxed import Sandbox, python

pytestmark = pytest.mark.needs_root
SIZE_BYTES = 2 * 2**20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if os.geteuid() != 0 or mounted.returncode != 0:
        pytest.skip(f"A FULL DISK IS NOT TESTED HERE: nothing may be mounted: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_output_beyond_the_disk_is_lost_and_counted(sandbox: Sandbox, small_disk: Path) -> None:
    spec = sandbox.spec("loud", python("for n in range(100_000): print(f'{n:059}')\nraise SystemExit(3)"))
    spec = replace(spec, directory=str(small_disk / "loud"))
    found = sandbox.run(spec)
    assert (found.verdict, found.exit_code) == (Verdict.EXITED, 3)
    assert found.log_bytes == 6_000_000
    log_size = (small_disk / "loud" / "log").stat().st_size
    assert log_size <= SIZE_BYTES
    assert found.log_bytes_dropped == pytest.approx(6_000_000 - log_size, abs=200)


def test_the_record_waits_for_room_and_the_daemon_is_told_at_once(sandbox: Sandbox, small_disk: Path) -> None:
    fill = "dd if=/dev/zero of=filler bs=64k 2> /dev/null; dd if=/dev/zero of=rest bs=1 count=8192 2> /dev/null; exit 3"
    spec = sandbox.spec("filler", ("sh", "-c", fill))
    spec = replace(spec, directory=str(small_disk / "filler"))
    told = sandbox.run(spec)
    assert (told.verdict, told.exit_code) == (Verdict.EXITED, 3)
    assert not (small_disk / "filler" / "exit.json").exists()
    (small_disk / "filler" / "work" / "filler").unlink()
    sandbox.wait(lambda: inspect(spec.directory, boot_id()) == Finished(told), "the record is written after all")
    sandbox.wait(sandbox.supervisors_are_gone, "the supervisor has ended")


def test_an_attempt_that_cannot_even_be_claimed_says_so(sandbox: Sandbox, small_disk: Path) -> None:
    with (small_disk / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space"):
        while True:
            filler.write(b"x" * 4096)
    spec = sandbox.spec("late", ("true",))
    spec = replace(spec, directory=str(small_disk / "late"))
    found = sandbox.run(spec)
    assert found.verdict is Verdict.NOT_STARTED
    assert "No space left" in found.reason
    assert not (small_disk / "late" / "exit.json").exists()
