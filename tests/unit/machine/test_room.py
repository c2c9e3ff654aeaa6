"""What is short on a disk, in words."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from skafd.errors import DeployError
from skafd.machine.room import shortage_of
from skafd.no_room import is_for_want_of_room

FIELDS = "f_bsize f_frsize f_blocks f_bfree f_bavail f_files f_ffree f_favail f_flag f_namemax"


def disk(monkeypatch: pytest.MonkeyPatch, **values: int) -> None:
    known = {"f_frsize": 4096, "f_bavail": 10**6, "f_files": 10**6, "f_favail": 10**5} | values
    status = os.statvfs_result([known.get(name, 0) for name in FIELDS.split()])
    monkeypatch.setattr(os, "statvfs", lambda _: status)


def test_a_disk_with_room_is_short_of_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    disk(monkeypatch)
    assert shortage_of(Path("/state")) == ""


def test_a_file_system_without_a_number_of_inodes_is_short_of_none(monkeypatch: pytest.MonkeyPatch) -> None:
    disk(monkeypatch, f_files=0, f_favail=0)
    assert shortage_of(Path("/state")) == ""


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"f_bavail": 1024}, "room on the disk of /state: 4Mi free, 16Mi needed"),
        ({"f_favail": 7}, "room on the disk of /state: 7 more files fit, 200 needed"),
        ({"f_flag": os.ST_RDONLY}, "the disk of /state to be writable again: it is read-only"),
    ],
)
def test_what_is_short_is_said(monkeypatch: pytest.MonkeyPatch, values: dict[str, int], said: str) -> None:
    disk(monkeypatch, **values)
    assert shortage_of(Path("/state")) == said


def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    assert "No such file" in shortage_of(tmp_path / "gone")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EAGAIN, errno.EMFILE])
def test_the_disk_or_the_machine_is_to_blame_also_where_another_error_came_of_it(number: int) -> None:
    error = DeployError("no snapshot")
    error.__cause__ = OSError(number, os.strerror(number))
    assert is_for_want_of_room(error)


def test_the_disk_is_to_blame_where_another_program_says_so() -> None:
    assert is_for_want_of_room(DeployError("error: Failed to write: No space left on device (os error 28)"))


def test_the_machine_is_to_blame_where_it_has_no_thread() -> None:
    assert is_for_want_of_room(RuntimeError("can't start new thread"))
    assert not is_for_want_of_room(RuntimeError("threads can only be started once"))


def test_a_build_that_found_no_process_may_have_begun_too_many() -> None:
    assert not is_for_want_of_room(DeployError("fork: Resource temporarily unavailable"))


def test_the_disk_is_not_to_blame_for_anything_else() -> None:
    assert not is_for_want_of_room(OSError(errno.EACCES, "Permission denied"))
