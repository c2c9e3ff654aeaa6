"""Trees that a job may leave behind, and how they go."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from skafd.sandbox import removing
from skafd.sandbox.removing import remove
from tests.support.deep_folders import make_deep
from tests.support.users import needs_users, open_passage, some_user


def test_no_depth_is_too_much(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    make_deep(tmp_path / "run")
    remove(str(tmp_path / "run"))
    assert list(tmp_path.iterdir()) == []


def test_links_are_removed_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "kept" / "inner").mkdir(parents=True)
    (tmp_path / "run" / "inner").mkdir(parents=True)
    for folder in (tmp_path / "run", tmp_path / "run" / "inner"):
        (folder / "link").symlink_to(tmp_path / "kept")
    remove(str(tmp_path / "run"))
    assert [path.name for path in tmp_path.rglob("*")] == ["kept", "inner"]


def test_what_cannot_be_removed_is_told_and_holds_up_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a/b/file", "a/held/file", "c/file"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    take_away = os.rename

    def rename(source: str, target: str, **where: int) -> None:
        if source == "held":
            raise PermissionError("it is held")
        take_away(source, target, **where)

    monkeypatch.setattr(removing.os, "rename", rename)
    with pytest.raises(PermissionError, match="it is held"):
        remove(str(tmp_path))
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == ["a", "a/held", "a/held/file"]


@needs_users
@pytest.mark.needs_root
def test_what_a_user_puts_in_the_place_of_a_closed_folder_stays_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_passage(tmp_path)
    kept, run, user = tmp_path / "kept", tmp_path / "run", some_user()
    kept.mkdir()
    kept.chmod(0o500)
    (run / "closed").mkdir(parents=True, mode=0)
    for folder in (run, run / "closed"):
        os.chown(folder, user.uid, user.gid)
    open_up = removing._open_up

    def swap(name: str, parent: int | None = None) -> None:
        """The user is quicker than root: what was listed as a folder is a link by now."""
        if name == "closed":
            script = f"mv closed other && ln -s {kept} closed"
            subprocess.run(("sh", "-c", script), cwd=run, user=user.uid, group=user.gid, extra_groups=(), check=True)
        open_up(name, parent)

    monkeypatch.setattr(removing, "_open_up", swap)
    with pytest.raises(NotADirectoryError):
        remove(str(run))
    assert kept.stat().st_mode & 0o777 == 0o500
