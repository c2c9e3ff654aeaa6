"""Which files are kept of an attempt, and what is remarked of the rest."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from skafd.artifacts.content import ContentStore
from skafd.daemon.keeping import Keeping, Wanted
from skafd.daemon.reports import EndedWithFiles, Report
from skafd.model.decisions import AttemptEnded
from skafd.model.ids import AttemptKey, JobId, ProjectId, RunKey, TaskKey
from skafd.model.outcome import Exited
from skafd.threads import Threads
from tests.support.users import give_folder, needs_users, open_passage, some_user

ATTEMPT = AttemptKey(TaskKey(RunKey(ProjectId("churn"), 1), JobId("train"), 0), 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "work/model.bin",
        "work/reports/a.html",
        "work/reports/b.txt",
        "work/deep/x/y",
        "live/in.csv",
        "secret",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "work" / "data").symlink_to(tmp_path / "live")
    (tmp_path / "work" / "out").symlink_to(tmp_path / "secret")
    (tmp_path / "log").write_text("said\n")
    return tmp_path


def keep(folder: Path, *patterns: str, code: int = 0) -> tuple[list[str], str]:
    """The names of what was kept, and the log."""
    heard: list[Callable[[], list[Report]]] = []
    done = threading.Event()
    contents = ContentStore(folder / "artifacts")
    contents.folder.mkdir(exist_ok=True)
    keeping = Keeping(
        Threads("aside"), contents, lambda find_out: (heard.append(find_out), done.set())[0], lambda _: True
    )
    keeping.begin(AttemptEnded(ATTEMPT, Exited(code)), Wanted(patterns, (folder / "live",)), folder)
    assert done.wait(60)
    (report,) = heard[0]()
    assert isinstance(report, EndedWithFiles)
    for name, content in report.files:
        with contents.open(content.sha256) as file:
            assert file.read() == (folder / "work" / name).read_bytes()
    return [name for name, _ in report.files], (folder / "log").read_text()


def test_paths_patterns_and_folders_each_once(folder: Path) -> None:
    kept, log = keep(folder, "model.bin", "reports/*.html", "deep", "./model.bin", "**/y")
    assert kept == ["model.bin", "reports/a.html", "deep/x/y"]
    assert log == "said\n"


def test_live_data_of_the_job_counts_as_its_own(folder: Path) -> None:
    assert keep(folder, "data/in.csv")[0] == ["data/in.csv"]


def test_a_link_that_leads_elsewhere_is_not_followed(folder: Path) -> None:
    kept, log = keep(folder, "out", "model.bin")
    assert kept == ["model.bin"]
    assert log == "said\nskafd: outputs: out could not be kept: it leads out of the working folder\n"


def test_what_is_missing_is_remarked_where_the_job_succeeded(folder: Path) -> None:
    assert keep(folder, "nothing.pkl") == ([], "said\nskafd: outputs: no file fits 'nothing.pkl'\n")


def test_a_job_that_failed_keeps_what_it_has_written(folder: Path) -> None:
    assert keep(folder, "model.bin", "nothing.pkl", code=3) == (["model.bin"], "said\n")


def test_a_link_in_the_place_of_a_folder_is_not_followed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor one that is put there after it was looked at."""
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "a.html").write_text("none of the job's")
    resolve = os.path.realpath

    def swap(path: Path) -> str:
        real = resolve(path)
        if path == folder / "work" / "reports" / "a.html":
            (folder / "work" / "reports").rename(folder / "work" / "moved")
            (folder / "work" / "reports").symlink_to(folder / "elsewhere")
        return real

    monkeypatch.setattr(os.path, "realpath", swap)
    kept, log = keep(folder, "reports/a.html", "model.bin")
    assert kept == ["model.bin"]
    assert "reports/a.html could not be kept: " in log


@pytest.fixture
def of_a_user(folder: Path) -> Path:
    """The working folder and the live data are a user's, and the daemon is root's."""
    open_passage(folder)
    user = some_user()
    for name in ("work", "live"):
        give_folder(folder / name, user.uid)
    (folder / "closed").mkdir(mode=0o700)
    (folder / "closed" / "key").write_text("root's")
    (folder / "live").rename(folder / "hers")
    return folder


@needs_users
@pytest.mark.needs_root
def test_live_data_that_its_user_may_not_read_is_not_kept(of_a_user: Path) -> None:
    (of_a_user / "live").symlink_to(of_a_user / "closed")
    said = "said\n"
    for pattern in ("data/key", "data", "data/*", "**/key"):
        said += f"skafd: outputs: no file fits {pattern!r}\n"
        assert keep(of_a_user, pattern) == ([], said)
    (of_a_user / "closed").chmod(0o711)
    (of_a_user / "closed" / "key").chmod(0o600)
    kept, log = keep(of_a_user, "data/key", "model.bin")
    assert kept == ["model.bin"]
    assert "data/key could not be kept: [Errno 13] Permission denied" in log


@needs_users
@pytest.mark.needs_root
def test_live_data_that_its_user_may_read_is_kept_wherever_it_is(of_a_user: Path) -> None:
    (of_a_user / "live").symlink_to(of_a_user / "hers")
    assert keep(of_a_user, "data/in.csv", "model.bin") == (["data/in.csv", "model.bin"], "said\n")


@needs_users
@pytest.mark.needs_root
def test_nothing_of_the_daemon_itself_is_kept(of_a_user: Path) -> None:
    (of_a_user / "live").symlink_to("/proc/self")
    assert keep(of_a_user, "data/maps", "data/environ")[0] == []


def test_a_name_that_is_no_text_holds_up_nothing(folder: Path) -> None:
    """The database could not hold it, and would refuse the end of the attempt again and again."""
    (folder / "work" / "reports" / os.fsdecode(b"\xff.txt")).write_text("odd")
    kept, log = keep(folder, "reports")
    assert kept == ["reports/a.html", "reports/b.txt"]
    assert log == "said\nskafd: outputs: 'reports/\\udcff.txt' could not be kept: its name is no text\n"


def test_whatever_goes_wrong_the_end_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("nobody has thought of it")

    monkeypatch.setattr(ContentStore, "stage", fail)
    kept, log = keep(folder, "model.bin")
    assert kept == []
    assert log == "said\nskafd: outputs: they could not be kept: RuntimeError('nobody has thought of it')\n"
