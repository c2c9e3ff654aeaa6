"""The environment variables of a job: what it gets, in which order, and what stays with the daemon."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from skafd.daemon.surroundings import inherited_environment, job_environment
from skafd.machine.accounts import Account
from skafd.model.deployment import Deployment
from skafd.model.ids import AttemptKey, DeploymentNumber, ProjectId
from skafd.model.project import Job, Parameter
from skafd.model.run import Cause, CauseKind
from skafd.sandbox.user import User
from tests.support.stored import CONFIG, NOON, new_run

RUN = new_run(ProjectId("token"), 42)
INGEST = CONFIG.jobs[0]


def environment_of(
    job: Job = INGEST,
    run: object = RUN,
    variables: dict[str, str] | None = None,
    project: dict[str, str] | None = None,
    instance: int = 0,
) -> dict[str, str]:
    config = replace(CONFIG, token="136056", environment=tuple((project or {}).items()))
    deployment = Deployment(RUN.key.project, DeploymentNumber(12), "hash", config, "key", NOON)
    attempt = AttemptKey(RUN.tasks[0].key._replace(instance=instance), 2)
    return job_environment(attempt, run, deployment, job, "churn", Path("/envs/key"), variables or {})  # type: ignore[arg-type]


def test_a_job_knows_who_it_is() -> None:
    known = environment_of()
    assert known["SKAFD_RUN"] == "churn/42"
    assert known["SKAFD_TASK"] == "churn/42/ingest"
    assert (known["SKAFD_PROJECT"], known["SKAFD_JOB"], known["SKAFD_DEPLOYMENT"]) == ("churn", "ingest", "12")
    assert (known["SKAFD_ATTEMPT"], known["SKAFD_INSTANCE"], known["SKAFD_INSTANCES"]) == ("2", "0", "1")
    assert known["SKAFD_OCCURRENCE"] == "2030-01-01T12:00:00+00:00"
    assert (known["TASK_ID"], known["PROJECT_TOKEN"], known["SKAFOS_DEPLOYMENT_ID"]) == ("ingest", "136056", "12")


def test_an_instance_is_one_of_several() -> None:
    known = environment_of(replace(INGEST, parallelism=4), instance=3)
    assert (known["SKAFD_TASK"], known["SKAFD_INSTANCE"], known["SKAFD_INSTANCES"]) == ("churn/42/ingest[3]", "3", "4")


def test_a_run_by_hand_has_no_occurrence() -> None:
    assert "SKAFD_OCCURRENCE" not in environment_of(run=replace(RUN, cause=Cause(CauseKind.MANUAL)))


def test_its_own_environment_comes_first_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    known = environment_of()
    assert known["PATH"] == "/envs/key/bin:/usr/bin:/bin"
    assert known["VIRTUAL_ENV"] == "/envs/key"
    assert known["PYTHONUNBUFFERED"] == "1"


def test_what_belongs_to_the_daemon_stays_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {"HOME": "/home/ada", "LANG": "de_DE.UTF-8", "TZ": "UTC"}
    own = {
        "SKAFD_HOME": "/state",
        "SKAFD_CRASH_AT": "x",
        "SKAFD_OCCURRENCE": "never",
        "SKAFD_PARAM_X": "1",
        "PYTHONPATH": "/src",
        "PYTHONHOME": "/py",
        "PYTHONSTARTUP": "x",
        "VIRTUAL_ENV": "/daemon",
        "NOTIFY_SOCKET": "/run/x",
        "WATCHDOG_USEC": "1",
        "LISTEN_FDS": "3",
        "JOURNAL_STREAM": "8:9",
    }
    for name, value in {**kept, **own}.items():
        monkeypatch.setenv(name, value)
    known = environment_of(run=replace(RUN, cause=Cause(CauseKind.MANUAL)))
    assert {name: known.get(name) for name in kept} == kept
    assert not {name for name, value in own.items() if known.get(name) == value}


def test_later_layers_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEVEL", "daemon")
    assert environment_of()["LEVEL"] == "daemon"
    assert environment_of(project={"LEVEL": "project"})["LEVEL"] == "project"
    job = replace(INGEST, environment=(("LEVEL", "job"),))
    assert environment_of(job, project={"LEVEL": "project"})["LEVEL"] == "job"
    assert environment_of(job, variables={"LEVEL": "secret"})["LEVEL"] == "secret"


def test_nobody_can_pretend_to_be_another_run() -> None:
    forged = {"SKAFD_RUN": "other/1", "SKAFD_INSTANCE": "7", "SKAFD_PARAMS": "{}"}
    known = environment_of(variables=forged, project=forged)
    assert known["SKAFD_RUN"] == "churn/42"
    assert known["SKAFD_INSTANCE"] == "0"
    assert json.loads(known["SKAFD_PARAMS"]) == {"epochs": "3"}


def test_parameters_come_with_their_defaults() -> None:
    job = replace(INGEST, parameters=(Parameter("epochs", "int", "10"), Parameter("learning-rate", "float", "0.1")))
    known = environment_of(replace(job, parameters=(*job.parameters, Parameter("unset"))))
    assert known["SKAFD_PARAM_EPOCHS"] == "3"
    assert known["SKAFD_PARAM_LEARNING_RATE"] == "0.1"
    assert "SKAFD_PARAM_UNSET" not in known
    assert json.loads(known["SKAFD_PARAMS"]) == {"epochs": 3, "learning-rate": 0.1}


def test_another_user_inherits_what_a_login_gives_and_nothing_of_roots(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_SECRET_ACCESS_KEY": "x", "SSH_AUTH_SOCK": "/x", "XDG_RUNTIME_DIR": "/run/user/0"}.items():
        monkeypatch.setenv(name, value)
    for name, value in {"HOME": "/root", "LANG": "de_DE.UTF-8", "LC_ALL": "C", "https_proxy": "http://proxy:1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", "/usr/bin")
    ada = Account(User(1001, 1001, (1001,)), "ada", "/home/ada", "/bin/bash")
    found = inherited_environment(ada)
    expected = {"HOME": "/home/ada", "USER": "ada", "LOGNAME": "ada", "SHELL": "/bin/bash", "PATH": "/usr/bin"}
    assert expected | {"LANG": "de_DE.UTF-8", "LC_ALL": "C", "https_proxy": "http://proxy:1"} == {
        name: value for name, value in found.items() if name in expected or name in ("LANG", "LC_ALL", "https_proxy")
    }
    assert not {"AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR"} & set(found)


def test_a_user_without_a_home_has_the_working_folder_for_one() -> None:
    nobody = Account(User(54321, 54321), "54321")
    assert inherited_environment(nobody, Path("/state/work"))["HOME"] == "/state/work"
