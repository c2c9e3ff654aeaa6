"""The status as it is sent: the same as if all of it were written each time."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from skafd.api import status_writer
from skafd.api.shapes import Status
from skafd.api.status_writer import StatusWriter
from tests.support import scenes
from tests.support.fake_backend import FakeBackend


def _status(tmp_path: Path) -> Status:
    backend = FakeBackend(tmp_path)
    backend.projects = scenes.busy_projects()
    backend.trouble = 'a text with "projects":[] in it'
    return backend.status()


def test_it_is_the_same_as_written_at_once(tmp_path: Path) -> None:
    status = _status(tmp_path)
    writer = StatusWriter()
    assert json.loads(writer.dump(status)) == asdict(status)
    assert json.loads(writer.dump(status)) == asdict(status)
    assert json.loads(writer.dump(replace(status, projects=[]))) == asdict(replace(status, projects=[]))


def test_only_a_project_that_changed_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status = _status(tmp_path)
    writer = StatusWriter()
    writer.dump(status)
    written: list[object] = []
    adapter = status_writer.adapter
    monkeypatch.setattr(status_writer, "adapter", lambda kind: written.append(kind) or adapter(kind))
    changed = replace(status.projects[0], activity="preparing environment")
    status = replace(status, projects=[changed, *status.projects[1:]])
    assert json.loads(writer.dump(status)) == asdict(status)
    assert len([kind for kind in written if kind is not Status]) == 1


def test_a_project_that_is_gone_is_not_kept(tmp_path: Path) -> None:
    status = _status(tmp_path)
    writer = StatusWriter()
    writer.dump(status)
    writer.dump(replace(status, projects=[], names=["churn"]))
    assert set(writer._written) == {"churn"}
