"""What somebody sees who has just installed it, or comes from Skafos."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from skafd.commands import skafos
from skafd.config import load
from tests.support.fake_backend import FakeBackend, job
from tests.unit.commands.conftest import Shell


def test_in_an_empty_folder_skafd_says_how_to_begin(shell: Shell) -> None:
    ended = shell()
    assert ended.code == 0
    assert "No daemon runs" in ended.out
    assert "next: skafd init NAME" in ended.out


def test_in_a_project_it_says_what_it_sees_and_how_to_start(shell: Shell) -> None:
    shell("init", "fresh", "--template", "etl")
    os.chdir("fresh")
    said = shell().out
    assert "This is the project fresh: 3 jobs" in said
    assert "next: skafd up" in said


def test_in_a_broken_project_it_says_how_to_find_out(shell: Shell) -> None:
    Path("metis.config.yml").write_text("jobs: 1\n")
    assert "next: skafd validate" in shell().out


def test_in_a_deployed_project_it_says_what_failed(shell: Shell, churn: FakeBackend) -> None:
    Path("metis.config.yml").write_text("name: churn\njobs: [{name: train, entrypoint: 'true', language: any}]\n")
    churn.projects = [replace(churn.projects[0], jobs=[job("train", state="failed")], problem=None)]
    assert "next: skafd why churn/train" in shell().out


def test_elsewhere_it_counts(shell: Shell, daemon: FakeBackend) -> None:
    assert "1 project, " in shell().out
    daemon.projects = []
    assert "has no projects" in shell().out


@pytest.mark.parametrize("name", skafos.NAMES)
def test_an_old_command_without_a_meaning_explains_itself(shell: Shell, name: str) -> None:
    ended = shell(name, "info", "--set-default")
    assert (ended.code, len(ended.out.splitlines())) == (0, 1)
    assert ended.out.startswith(f"{name}: ")
    assert name not in shell("--help").out.split("Commands:")[1].split()


CONFIG = """\
# churn, by the growth team
name: churn   # short
jobs:
- name: "ingest"   # the first
  entrypoint: ingest.py
  # it reads a lot
  resources: {limits: {memory: 2Gi}}
"""


def test_create_job_adds_a_job_and_changes_nothing_else(shell: Shell) -> None:
    Path("metis.config.yml").write_text(CONFIG)
    Path("ingest.py").touch()
    ended = shell("create", "job", "train")
    text = Path("metis.config.yml").read_text()
    assert text.startswith(CONFIG)
    assert "entrypoint: train.py" in text.removeprefix(CONFIG)
    assert text.removeprefix(CONFIG).splitlines()[0] in ended.out
    assert "next: write" in ended.out
    Path("train.py").touch()
    project = load(Path("metis.config.yml")).project
    assert project is not None
    assert [job.name for job in project.jobs] == ["ingest", "train"]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (CONFIG, "has a job ingest already"),
        ("name: x\nentrypoint: x.py\n", "is one job itself"),
        ("jobs: 1\n", "has errors"),
        (None, "no metis.config.yml here"),
    ],
)
def test_create_job_refuses_and_leaves_the_file_alone(shell: Shell, config: str | None, said: str) -> None:
    Path("x.py").touch()
    Path("ingest.py").touch()
    if config is not None:
        Path("metis.config.yml").write_text(config)
    ended = shell("create", "job", "ingest")
    assert ended.code == 1
    assert said in ended.err
    if config is not None:
        assert Path("metis.config.yml").read_text() == config


def test_jobs_are_created_in_a_row_before_their_scripts_are_written(shell: Shell) -> None:
    assert shell("init", ".").code == 0
    assert shell("create", "job", "load data").code == 0
    assert shell("create", "job", "train").code == 0
    ended = shell("create", "job", "load data")
    assert (ended.code, "has a job load data already" in ended.err) == (1, True)
    assert Path("metis.config.yml").read_text().count("name:") == 4


def test_create_job_by_token_needs_no_daemon_in_the_projects_folder(shell: Shell) -> None:
    Path("metis.config.yml").write_text("project_token: 136056c2\n" + CONFIG.replace("name: churn", "name: x"))
    Path("ingest.py").touch()
    assert shell("create", "job", 'tra"in', "--project", "136056c2").code == 0
    assert shell("create", "job", "more", "--project", "136056c3").code == 3


def test_create_job_in_the_oldest_lists(shell: Shell) -> None:
    Path("one.py").touch()
    Path("metis.config.yml").write_text(
        "project_token: a1\nname: old\nproject_tasks:\n  - project_task_id: 1\n    name: one\n    entrypoint: one.py\n"
    )
    shell("create", "job", "two words", "--entrypoint", "one.py --fast")
    project = load(Path("metis.config.yml")).project
    assert project is not None
    assert [(job.name, job.entrypoint) for job in project.jobs] == [("one", "one.py"), ("two words", "one.py --fast")]


def test_edit_opens_the_config_and_checks_it(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell("init", "fresh")
    os.chdir("fresh")
    monkeypatch.setenv("EDITOR", "sed -i s/entrypoint/entrypont/")
    monkeypatch.delenv("VISUAL", raising=False)
    ended = shell("edit")
    assert ended.code == 1
    assert "did you mean `entrypoint`" in ended.out
    monkeypatch.setenv("VISUAL", "sed -i s/entrypont/entrypoint/")
    assert shell("edit").code == 0


@pytest.mark.parametrize(("editor", "said"), [("no-such-editor", "no editor"), ("false", "ended with 1")])
def test_an_editor_that_fails_is_said(shell: Shell, monkeypatch: pytest.MonkeyPatch, editor: str, said: str) -> None:
    Path("metis.config.yml").write_text("name: x\n")
    monkeypatch.setenv("VISUAL", editor)
    assert said in shell("edit").err


def test_edit_of_a_named_project(shell: Shell, churn: FakeBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    os.chdir("/")
    monkeypatch.setenv("VISUAL", "true")
    config = Path(churn.projects[0].path) / "metis.config.yml"
    config.write_text(json.dumps({"name": "churn", "jobs": [{"name": "a", "entrypoint": "true", "language": "any"}]}))
    assert shell("edit", "churn").code == 0
