"""R17: a disk that is full, has no inodes, or is read-only corrupts nothing and loses no run. What is new waits, and
says for what; when there is room again, skafd goes on by itself. Logs say what is missing.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from skafd.errors import SkafdError
from skafd.machine.room import LEAST_FREE_BYTES, LEAST_FREE_INODES
from skafd.torture import ledger, project
from tests.support.tortured import Tortured, scaled

pytestmark = [
    pytest.mark.needs_root,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk: run the tests as root"),
]

DISK_BYTES = 64 * 2**20
INODES = 1500
FILLINGS = scaled(1, 10)
JOBS = """\
  - {name: now, entrypoint: "echo done", on_deploy: wait}
  - {name: after, entrypoint: "echo done", dependencies: [now]}
"""
LOUD = "  - {name: loud, entrypoint: sh loud.sh, on_deploy: wait, env: {DONE: %s}}\n"
PRINTED_BYTES = 30_000_000
SCRIPT = (
    f"yes 'a line that is as long as many a line is' | head -c {PRINTED_BYTES}; touch $DONE; echo and the last line"
)
Fill = Callable[[Path], None]


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small disk, for the state folder alone."""
    yield from mounted(f"size={DISK_BYTES}")


@pytest.fixture
def disk_of_few_files() -> Iterator[Path]:
    """One on which room runs out of files before it runs out of bytes."""
    yield from mounted(f"nr_inodes={INODES}")


def mounted(options: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="skafd-", dir="/tmp"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


class Ext4:
    """A disk that the kernel makes read-only at an error, as it does with most."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._image = folder.with_suffix(".img")
        self._image.touch()
        os.truncate(self._image, DISK_BYTES)
        _run("mkfs.ext4", "-q", "-F", str(self._image))
        self.mount()

    def mount(self) -> None:
        _run("mount", "-o", "loop,errors=remount-ro", str(self._image), str(self.folder))

    def fail(self) -> None:
        """From now on it takes nothing."""
        Path(f"/sys/fs/ext4/{Path(self._device()).name}/trigger_fs_error").write_text("1")

    def repair(self) -> bool:
        """What people do: unmounts it, checks it, mounts it again. False as long as somebody uses it."""
        if self.folder.is_mount() and not self._is_unmounted():
            return False
        # A strict job's mount namespace keeps what was mounted when it began, whoever unmounts it elsewhere.
        if self._device():
            return False
        subprocess.run(["e2fsck", "-f", "-y", str(self._image)], check=False, capture_output=True)
        self.mount()
        return True

    def unmount(self) -> None:
        _run("umount", str(self.folder))

    def _is_unmounted(self) -> bool:
        try:
            self.unmount()
        except subprocess.CalledProcessError:
            return False
        return True

    def _device(self) -> str:
        return _run("losetup", "--noheadings", "--output=NAME", "--associated", str(self._image)).strip()

    def remove(self) -> None:
        self.unmount()
        self.folder.rmdir()
        self._image.unlink()


def _run(*command: str) -> str:
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    return subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "PATH": path}).stdout


@pytest.fixture
def ext4() -> Iterator[Ext4]:
    try:
        disk = Ext4(Path(tempfile.mkdtemp(prefix="skafd-", dir="/tmp")))
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"A DISK THAT TURNS READ-ONLY IS NOT TESTED HERE: {error}")
    yield disk
    disk.remove()


def test_a_disk_that_turns_read_only_loses_nothing(ext4: Ext4, tmp_path: Path) -> None:
    with Tortured(root=ext4.folder) as machine:
        machine.start()
        folder = write(tmp_path / "small", JOBS)
        machine.deploy(folder)
        before = machine.ended(machine.run("small", "now"))
        ext4.fail()
        with pytest.raises(SkafdError, match="its disk is read-only"):
            machine.run("small", "now")
        assert machine.client.run(before["summary"]["run"]) == before, "it still answers"
        machine.wait_for("the reason", lambda: "database, which takes nothing" in machine.client.status()["trouble"])
        # The kernel lets go of such a disk only when nobody uses it.
        machine.kill()
        machine.wait_for("its processes to let go of it", ext4.repair)
        check_database(machine)
        machine.start()
        assert machine.client.run(before["summary"]["run"]) == before
        assert machine.ended(machine.run("small", "now"))["summary"]["state"] == "succeeded"
        machine.finish()
        machine.kill()


def test_a_full_disk_loses_nothing(disk: Path, tmp_path: Path) -> None:
    """Filled to its last byte at a random moment of a busy graph, and made room again."""
    dice = random.Random(17)
    noted = tmp_path / "ledger"
    with Tortured(root=disk) as machine:
        machine.start()
        folder = tmp_path / project.NAME
        project.write_project(folder, noted, is_scheduled=False)
        machine.deploy(folder)
        acknowledged = []
        for _ in range(FILLINGS):
            acknowledged.append(machine.run(project.NAME, "source"))
            wait_for_starts(machine, noted, dice.randint(1, 12))
            fill_bytes(disk / "filler")
            acknowledged += ask(machine)
            machine.wait_for("the reason", lambda: "room on the disk" in machine.client.status()["trouble"])
            (disk / "filler").unlink()
            for run in acknowledged:
                assert machine.ended(run)["summary"]["state"] == "succeeded"
        assert machine.client.status()["trouble"] == ""
        machine.finish()
        verdict = ledger.check(ledger.Circumstances(machine.home.path, noted, acknowledged))
        check_database(machine)
    # A log that had no room says so, and an attempt that found none was not started and is tried again.
    wrong = [text for _, text in verdict.violations if "its log" not in text and "not_started" not in text]
    assert wrong == []


def wait_for_starts(machine: Tortured, noted: Path, number: int) -> None:
    before = noted.read_text().count("start") if noted.exists() else 0
    machine.wait_for("jobs to start", lambda: noted.exists() and noted.read_text().count("start") >= before + number)


def ask(machine: Tortured) -> list[str]:
    """More runs: some may be taken on, and wait; others are refused with a reason."""
    taken = []
    for _ in range(3):
        with contextlib.suppress(SkafdError):
            taken.append(machine.run(project.NAME, "source"))
    return taken


def check_database(machine: Tortured) -> None:
    database = sqlite3.connect(f"file:{machine.home.database}?mode=ro", uri=True)
    try:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        database.close()


def fill_bytes(path: Path, leave: int = 0) -> None:
    """Takes every byte of the disk but these."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as stream:
        while stream.write(bytes(4096)):
            pass
    if leave:
        os.truncate(path, path.stat().st_size - leave)


def nearly_all_bytes(path: Path) -> None:
    """There is room for a record, though not for a run."""
    fill_bytes(path, LEAST_FREE_BYTES // 2)


def nearly_all_inodes(path: Path) -> None:
    """There is room for the files of a daemon that starts, though not for those of a run."""
    all_inodes(path)
    for file in list(path.iterdir())[: LEAST_FREE_INODES // 2]:
        file.unlink()


def all_inodes(path: Path) -> None:
    path.mkdir()
    with contextlib.suppress(OSError):
        for number in range(10**6):
            (path / str(number)).touch()


def remove(path: Path) -> None:
    if path.is_dir():
        for file in path.iterdir():
            file.unlink()
        path.rmdir()
    else:
        path.unlink()


@pytest.mark.parametrize(
    ("where", "fill", "reason"),
    [
        ("disk", nearly_all_bytes, "room on the disk of"),
        ("disk_of_few_files", nearly_all_inodes, "more files fit"),
    ],
)
def test_new_runs_wait_with_the_reason_and_go_on_by_themselves(
    where: str, fill: Fill, reason: str, request: pytest.FixtureRequest
) -> None:
    disk: Path = request.getfixturevalue(where)
    with Tortured(root=disk) as machine, tempfile.TemporaryDirectory() as elsewhere:
        machine.start()
        folder = write(Path(elsewhere) / "small", JOBS)
        machine.deploy(folder)
        machine.ended(machine.run("small", "now"))
        fill(disk / "filler")
        run = machine.wait_for("a run to be written down", lambda: ask_once(machine))
        waiting = machine.client.run(run)
        assert {task["state"] for task in waiting["tasks"]} == {"queued", "waiting"}
        assert reason in machine.client.why(f"{run}/now")["sentence"]
        assert reason in machine.client.status()["trouble"]
        # A daemon that is killed meanwhile comes back, and the run still waits.
        machine.kill()
        machine.start()
        machine.wait_for("the reason", lambda: reason in machine.client.status()["trouble"])
        assert machine.client.run(run)["summary"]["ended_at"] is None
        remove(disk / "filler")
        assert machine.ended(run)["summary"]["state"] == "succeeded"
        assert machine.client.status()["trouble"] == ""
        check_database(machine)


def write(folder: Path, jobs: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "metis.config.yml").write_text(f"name: {folder.name}\njobs:\n{jobs}")
    return folder


def ask_once(machine: Tortured) -> str | None:
    with contextlib.suppress(SkafdError):
        return machine.run("small", "now")
    return None


def test_a_daemon_that_finds_no_room_to_start_says_so(disk_of_few_files: Path) -> None:
    with Tortured(root=disk_of_few_files) as machine:
        machine.start()
        machine.stop()
        all_inodes(disk_of_few_files / "filler")
        with pytest.raises(SkafdError, match="does not come up"):
            machine.start()
        assert machine.wait_for_end() == 1
        said = machine.last_words()
        assert "Traceback" not in said
        assert f"(first make room on the disk of {machine.home.path}: " in said
        remove(disk_of_few_files / "filler")
        machine.start()


def test_a_save_that_found_no_room_goes_live_by_itself(disk: Path, tmp_path: Path) -> None:
    with Tortured(root=disk) as machine:
        machine.start()
        folder = write(tmp_path / "small", JOBS)
        machine.deploy(folder)
        fill_bytes(disk / "filler")
        (folder / "more.txt").write_text("x" * 100_000)
        refused = next(iter(machine.client.up([folder])))
        assert refused["outcome"] == "refused", refused
        assert machine.client.project("small")["deployment"]["number"] == 1, "the last good one stays live"
        (disk / "filler").unlink()
        # Nobody saves and nobody asks.
        machine.wait_for("it to go live", lambda: machine.client.project("small")["deployment"]["number"] == 2)
        assert machine.client.project("small")["problem"] is None


def test_a_log_says_what_it_had_no_room_for(disk: Path, tmp_path: Path) -> None:
    with Tortured(root=disk) as machine:
        machine.start()
        done = tmp_path / "done"
        folder = write(tmp_path / "small", LOUD % done)
        (folder / "loud.sh").write_text(SCRIPT)
        machine.deploy(folder)
        fill_bytes(disk / "filler", LEAST_FREE_BYTES + 2**20)
        run = machine.run("small", "loud")
        machine.wait_for("it to have printed all", done.exists)
        machine.wait_for("its end to be known, though it cannot be written down", lambda: knows_end(machine))
        (disk / "filler").unlink()
        assert machine.ended(run)["summary"]["state"] == "succeeded", "want of room for a log is no failure"
        (log,) = machine.home.runs.glob("small/*/*/1/log")
        assert log.stat().st_size < PRINTED_BYTES
        said = re.search(rb"the disk was full, (\d+) bytes were lost]\n$", log.read_bytes())
        assert said is not None, log.read_bytes()[-200:]
        assert int(said[1]) >= PRINTED_BYTES - log.stat().st_size


def knows_end(machine: Tortured) -> bool:
    """Its supervisor has begun with the record of its end."""
    return any(machine.home.runs.glob("small/*/*/1/*exit.json"))
