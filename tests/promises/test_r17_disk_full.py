"""R17: a full disk corrupts nothing and loses no run; when there is room again, skafd goes on by itself."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from skafd.errors import SkafdError
from skafd.torture import ledger, project
from tests.support.tortured import Tortured, scaled

pytestmark = [
    pytest.mark.needs_root,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk: run the tests as root"),
]

DISK_BYTES = 64 * 2**20
FILLINGS = 1


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small disk, for the state folder alone."""
    folder = Path(tempfile.mkdtemp(prefix="skafd-", dir="/tmp"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


def test_a_full_disk_loses_nothing(disk: Path, tmp_path: Path) -> None:
    noted = tmp_path / "ledger"
    with Tortured(root=disk) as machine:
        machine.start()
        folder = tmp_path / project.NAME
        project.write_project(folder, noted, is_scheduled=False)
        machine.deploy(folder)
        acknowledged = []
        for _ in range(scaled(FILLINGS)):
            acknowledged.append(machine.run(project.NAME, "source"))
            _fill(disk / "filler")
            acknowledged += _ask_in_vain(machine)
            assert machine.client.status()["projects"], "it still answers"
            (disk / "filler").unlink()
            for run in acknowledged:
                machine.ended(run)
        # By itself: nobody restarts anything.
        last = machine.ended(machine.run(project.NAME, "one"))
        assert last["summary"]["state"] in ("succeeded", "failed")
        machine.finish()
        verdict = ledger.check(ledger.Circumstances(machine.home.path, noted, acknowledged))
    # A log that had no room says so, and an attempt without a folder was never started.
    wrong = [text for _, text in verdict.violations if "its log" not in text and "not_started" not in text]
    assert wrong == []


def _ask_in_vain(machine: Tortured) -> list[str]:
    """More runs: some may be taken on, others are refused with a reason."""
    taken = []
    for _ in range(5):
        with contextlib.suppress(SkafdError):
            taken.append(machine.run(project.NAME, "source"))
    return taken


def _fill(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as stream:
        while stream.write(bytes(4096)):
            pass
