"""Types commands, against a daemon of dictionaries on a real socket."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from skafd.commands.application import run
from tests.support.fake_backend import FakeBackend
from tests.support.served import serving


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Shell = Callable[..., Ended]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty state folder; the current folder is an empty one beside it."""
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("SKAFD_HOME", str(home))
    monkeypatch.chdir(tmp_path / "work")
    return home


@pytest.fixture
def shell(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Runs a command line in this process."""
    assert home.is_dir()

    def type_in(*arguments: str, typed: str = "") -> Ended:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = run(arguments)
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return type_in


@pytest.fixture
def daemon(home: Path) -> Iterator[FakeBackend]:
    """The daemon that the shell talks to."""
    backend = FakeBackend(home)
    with serving(backend, home / "api.sock"):
        yield backend


@pytest.fixture
def churn(daemon: FakeBackend, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeBackend:
    """The current folder is that of the project churn."""
    from tests.support.fake_backend import project

    folder = tmp_path / "churn"
    folder.mkdir()
    (folder / "metis.config.yml").write_text("name: churn\n")
    daemon.projects = [project(str(folder))]
    monkeypatch.chdir(folder)
    return daemon
