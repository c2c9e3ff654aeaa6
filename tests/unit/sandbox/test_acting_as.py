"""One thread of root's reads as a user, and no other does."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from skafd.sandbox.acting_as import acting_as
from skafd.sandbox.user import User
from tests.support.users import needs_users, open_passage, some_user

pytestmark = [needs_users, pytest.mark.needs_root]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """One of root's, one that only a group may read, and one of everybody's in a closed folder."""
    open_passage(tmp_path)
    for name, mode in (("roots", 0o600), ("groups", 0o040), ("closed/all", 0o644)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
        (tmp_path / name).chmod(mode)
    (tmp_path / "closed").chmod(0o700)
    return tmp_path


def can_read(path: Path) -> bool:
    try:
        return bool(path.read_text())
    except PermissionError:
        return False


def of_thread() -> list[str]:
    """Whose this thread is, in its groups, and with which rights."""
    lines = Path("/proc/thread-self/status").read_text().splitlines()
    return [line for line in lines if line.startswith(("Uid:", "Gid:", "Groups:", "Cap"))]


def test_the_thread_has_the_users_rights_and_then_its_own_again(files: Path) -> None:
    user, before = some_user(), of_thread()
    os.chown(files / "groups", 0, user.gid + 1)
    with acting_as(user):
        assert not can_read(files / "roots")
        assert not can_read(files / "groups")
        assert not can_read(files / "closed" / "all")
        assert not os.access("/proc/1/cwd", os.R_OK, effective_ids=True)
        with acting_as(None):
            assert not can_read(files / "roots")
    with acting_as(User(user.uid, user.gid, (user.gid, user.gid + 1))):
        assert can_read(files / "groups")
    assert of_thread() == before
    assert all(can_read(files / name) for name in ("roots", "groups", "closed/all"))


def test_what_goes_wrong_meanwhile_leaves_the_thread_as_it_was(files: Path) -> None:
    before = of_thread()
    with pytest.raises(PermissionError), acting_as(some_user()):
        (files / "roots").read_text()
    assert of_thread() == before


def test_other_threads_are_what_they_were(files: Path) -> None:
    before, acts, looked = of_thread(), threading.Event(), threading.Event()

    def act() -> bool:
        with acting_as(some_user()):
            acts.set()
            assert looked.wait(60)
            return can_read(files / "roots")

    with ThreadPoolExecutor() as threads:
        acting = threads.submit(act)
        assert acts.wait(60)
        assert of_thread() == before
        assert can_read(files / "roots")
        looked.set()
        assert not acting.result()
