"""Which steps may share a fork server, and which start cold."""

from __future__ import annotations

from typing import Any

import pytest

from skafd.metaflow.warm_steps import COLD, ForkServer, fork_server_of
from skafd.sandbox.spec import AttemptSpec
from skafd.sandbox.strict import Confinement
from skafd.sandbox.user import User

PYTHON = "/env/bin/python"
ENVIRONMENT = {"PATH": "/bin", "HOME": "/home/ada", "SKAFD_METAFLOW_TASK": "t3", "SKAFD_TOKEN": "abc"}


def step(*own: str, variables: dict[str, str] | None = None, **more: Any) -> AttemptSpec:
    command = (PYTHON, "-I", "-S", "/sdk/inside/run_step.py", "--", PYTHON, *(own or ("-u", "flow.py", "step", "fit")))
    values = {"environment": {**ENVIRONMENT, **(variables or {})}, **more}
    return AttemptSpec("it", "/runs/it", (command,), cgroup_name="it", **values)


def server(spec: AttemptSpec) -> ForkServer:
    found = fork_server_of(spec)
    assert isinstance(found, ForkServer), found
    return found


def test_a_server_is_begun_with_what_all_its_steps_have() -> None:
    found = server(step(variables={"METAFLOW_RUN_ID": "skafd-1-a", "METAFLOW_PROFILE": "mine"}))
    assert (found.python, found.program) == (PYTHON, "/sdk/inside/serve_steps.py")
    assert found.settings == {"PATH": "/bin", "HOME": "/home/ada", "METAFLOW_PROFILE": "mine"}
    assert "mine" not in repr(found)


@pytest.mark.parametrize(
    "other", [{"SKAFD_METAFLOW_TASK": "t4", "SKAFD_TOKEN": "def"}, {"METAFLOW_RUN_ID": "skafd-2-b"}, {"TASK_ID": "x"}]
)
def test_what_is_of_one_attempt_or_run_makes_no_other_server(other: dict[str, str]) -> None:
    assert server(step(variables=other)).key == server(step()).key


@pytest.mark.parametrize(
    "other", [{"METAFLOW_USER": "grace"}, {"OMP_NUM_THREADS": "1"}, {"HOME": "/home/grace"}, {"PYTHONHASHSEED": "0"}]
)
def test_any_other_setting_makes_another_server(other: dict[str, str]) -> None:
    assert server(step(variables=other)).key != server(step()).key


def test_another_user_has_another_server() -> None:
    keys = {server(step(user=user)).key for user in (None, User(1, 1), User(2, 2))}
    assert len(keys) == 3


def test_users_without_a_home_share_one_all_the_same() -> None:
    first, second = (step(variables={"HOME": f"/runs/it/{name}"}) for name in ("work", "other"))
    assert server(first).key == server(second).key
    assert "HOME" not in server(first).settings


@pytest.mark.parametrize(
    ("variables", "more", "reason"),
    [
        ({COLD: "1"}, {}, f"{COLD} is set"),
        ({"CUDA_VISIBLE_DEVICES": "0"}, {}, "it has a GPU"),
        ({}, {"confinement": Confinement("/usr/bin/bwrap", ())}, "its isolation is strict"),
    ],
)
def test_in_doubt_a_step_starts_cold(variables: dict[str, str], more: dict[str, Any], reason: str) -> None:
    assert fork_server_of(step(variables=variables, **more)) == reason


def test_other_jobs_and_exit_hooks_are_nobodys_business() -> None:
    job = AttemptSpec("it", "/runs/it", (("python", "job.py"),), {"PATH": "/bin"}, "it")
    assert fork_server_of(job) is None
    assert fork_server_of(step("-u", "-m", "metaflow.plugins.exit_hook.exit_hook_script")) is None
