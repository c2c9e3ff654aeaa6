"""Saves as real programs make them: each ends in exactly one settled set of changes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.deploy.conftest import Watched

NEW = "print('saved')\n"


def write_and_sync(path: Path, text: str) -> None:
    with path.open("w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def vim(file: Path) -> None:
    """Tries the folder, renames the old file to a backup, writes a new one, removes the backup."""
    probe, backup = file.with_name("4913"), file.with_name(f"{file.name}~")
    file.with_name(f".{file.name}.swp").write_bytes(b"b0VIM")
    probe.touch()
    probe.unlink()
    file.rename(backup)
    write_and_sync(file, NEW)
    file.chmod(0o644)
    backup.unlink()
    file.with_name(f".{file.name}.swp").unlink()


def vs_code(file: Path) -> None:
    """Truncates the file and writes it."""
    descriptor = os.open(file, os.O_WRONLY | os.O_TRUNC)
    os.write(descriptor, NEW.encode())
    os.close(descriptor)


def vs_code_atomic(file: Path) -> None:
    """Writes beside it and renames."""
    beside = file.with_name(f"{file.name}.vsctmp")
    write_and_sync(beside, NEW)
    beside.rename(file)


def nano(file: Path) -> None:
    """Locks by a swap file, makes a backup copy, then writes in place."""
    lock = file.with_name(f".{file.name}.swp")
    lock.write_bytes(b"nano")
    shutil.copy2(file, file.with_name(f"{file.name}~"))
    file.write_text(NEW)
    lock.unlink()


def pycharm(file: Path) -> None:
    """Writes ___jb_tmp___, moves the old file to ___jb_old___, renames, removes the old one."""
    new, old = (file.with_name(f"{file.name}___jb_{kind}___") for kind in ("tmp", "old"))
    write_and_sync(new, NEW)
    file.rename(old)
    new.rename(file)
    old.unlink()


def rsync(file: Path) -> None:
    """Writes a hidden temporary file in pieces, sets its mode and time, and renames."""
    temporary = file.with_name(f".{file.name}.Xa81bC")
    with temporary.open("w") as stream:
        for character in NEW:
            stream.write(character)
            stream.flush()
    temporary.chmod(0o644)
    os.utime(temporary, ns=(10**18, 10**18))
    temporary.rename(file)


def sed(file: Path) -> None:
    """The real `sed -i`."""
    subprocess.run(["sed", "-i", f"s/.*/{NEW.strip()}/", str(file)], check=True)


def slow_cat(file: Path) -> None:
    """`cat > file`, with pauses longer than the quiet period between the pieces."""
    pieces = 'printf "print(\'sa"; sleep 0.25; printf "ved\')"; sleep 0.25; echo'
    subprocess.run(["sh", "-c", f"({pieces}) | cat > '{file}'"], check=True)


def real_vim(file: Path) -> None:
    """The real vim, as it comes, with backups on."""
    if shutil.which("vim") is None:
        pytest.skip("vim is not installed")
    command = ["vim", "-u", "NONE", "-i", "NONE", "-N", "-es", "-c", "set backup writebackup backupcopy=no", "-c"]
    subprocess.run([*command, f"%s/.*/{NEW.strip()}/", "-c", "wq", str(file)], check=True, stdin=subprocess.DEVNULL)


PATTERNS = [vim, vs_code, vs_code_atomic, nano, pycharm, rsync, sed, slow_cat, real_vim]


@pytest.mark.parametrize("save", PATTERNS, ids=lambda save: save.__name__)
def test_a_save_settles_once_with_the_new_content(watched: Watched, save: Callable[[Path], None]) -> None:
    file = watched.project / "main.py"
    save(file)
    assert file.read_text() == NEW
    assert watched.settle_count() == 1


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize("is_inside_repository", [False, True], ids=["repository", "folder of a repository"])
def test_switching_to_a_branch_that_differs_in_500_files_settles_once(
    tmp_path: Path, watched: Watched, is_inside_repository: bool
) -> None:
    root = tmp_path if is_inside_repository else watched.project
    git(root, "init", "-b", "main")
    git(root, "add", "churn" if is_inside_repository else ".")
    git(root, "commit", "-m", "first")
    git(root, "switch", "-c", "other")
    for number in range(500):
        path = watched.project / f"package{number % 7}" / f"module{number}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"x = {number}\n")
    (watched.project / "main.py").write_text(NEW)
    git(root, "add", "churn" if is_inside_repository else ".")
    git(root, "commit", "-m", "second")
    before = watched.settle_count()
    git(root, "switch", "main")
    assert watched.settle_count() == before + 1
    git(root, "switch", "other")
    assert watched.settle_count() == before + 2


def test_git_commit_and_status_settle_nothing(watched: Watched) -> None:
    git(watched.project, "init", "-b", "main")
    git(watched.project, "add", ".")
    git(watched.project, "commit", "-m", "first")
    git(watched.project, "status")
    assert watched.settle_count() == 0


def test_running_and_reading_the_code_settles_nothing(watched: Watched) -> None:
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, "-c", "import main"], cwd=watched.project, check=True, env=variables)
    (watched.project / "main.py").read_bytes()
    assert (watched.project / "__pycache__").exists()
    assert watched.settle_count() == 0
