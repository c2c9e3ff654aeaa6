"""Working folders of other users' jobs, made by root while those users do what they can about it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from skafd.errors import SandboxError
from skafd.sandbox import workspace
from skafd.sandbox.spec import AttemptSpec
from skafd.sandbox.user import User
from tests.support.users import needs_users, open_passage, some_user


class _Interrupted(Mapping[str, str]):
    """Links, before each of which the user runs a script in the working folder."""

    def __init__(self, links: dict[str, str], script: str, work: Path, user: User) -> None:
        self._links = links
        self._command = ("sh", "-c", f"cd {work} && {script}")
        self._user = user

    def __getitem__(self, path: str) -> str:
        subprocess.run(self._command, user=self._user.uid, group=self._user.gid, extra_groups=(), check=False)
        return self._links[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._links)

    def __len__(self) -> int:
        return len(self._links)


@pytest.fixture
def attempt(tmp_path: Path) -> Path:
    """The folder of an attempt, to which everybody comes."""
    folder = tmp_path / "attempt"
    folder.mkdir(mode=0o711)
    open_passage(tmp_path)
    return folder


def _spec(folder: Path, snapshot: Path, links: Mapping[str, str], user: User | None) -> AttemptSpec:
    return AttemptSpec("job", str(folder), (("true",),), {}, "job", snapshot=str(snapshot), links=links, user=user)


@needs_users
@pytest.mark.needs_root
def test_a_user_who_swaps_folders_meanwhile_has_nothing_made_elsewhere(attempt: Path, tmp_path: Path) -> None:
    snapshot, elsewhere, user = tmp_path / "snapshot", tmp_path / "elsewhere", some_user()
    (snapshot / "z").mkdir(parents=True)
    elsewhere.mkdir()
    links = {"z/data": "/data", "z/deep/data": "/data"}
    interrupted = _Interrupted(links, f"mv z y && ln -s {elsewhere} z", attempt / "work", user)
    workspace.prepare(_spec(attempt, snapshot, interrupted, user))
    assert list(elsewhere.iterdir()) == []
    assert (attempt / "work" / "z" / "deep" / "data").is_symlink()
    assert {path.lstat().st_uid for path in (attempt / "work").rglob("*")} == {user.uid}
    assert (attempt / "work").stat().st_uid == user.uid


def test_nothing_is_linked_through_a_link_of_the_project(attempt: Path, tmp_path: Path) -> None:
    snapshot, elsewhere = tmp_path / "snapshot", tmp_path / "elsewhere"
    snapshot.mkdir()
    elsewhere.mkdir()
    (snapshot / "z").symlink_to(elsewhere)
    with pytest.raises(SandboxError, match="z is a link itself"):
        workspace.prepare(_spec(attempt, snapshot, {"z/data": "/data"}, None))
    assert list(elsewhere.iterdir()) == []
