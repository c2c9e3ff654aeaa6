"""A disk that is full: writes are refused so that they are asked again, and nothing that was acknowledged is lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from skafd.errors import DaemonUnreachable
from tests.support.embedded import PEOPLE, Embedded

pytestmark = [
    pytest.mark.needs_root,
    pytest.mark.skipif(os.geteuid() != 0, reason="NOT ROOT: no small disk can be made, the full disk is not tried"),
]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(tmp_path)], check=True)
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_full_disk_refuses_writes_and_loses_none(small_disk: Path) -> None:
    embedded = Embedded(small_disk)
    embedded.save(PEOPLE, *({"id": number, "name": "early"} for number in range(100)))
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space left"), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 65536)
    with pytest.raises(DaemonUnreachable, match="no room on the disk"):
        embedded.save(PEOPLE, *({"id": 1000 + number, "name": "x" * 1000} for number in range(3000)))
    filler.unlink()
    embedded.save(PEOPLE, {"id": 5000, "name": "late"})
    embedded.reopen()
    assert embedded.query("SELECT count(*) AS n FROM people") == [{"n": 101}]
    embedded.engine.close()
