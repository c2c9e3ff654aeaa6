from __future__ import annotations

from pathlib import Path

from skafd.environments.bare import BareRecipe
from skafd.environments.interpreter import Interpreter
from skafd.environments.key import key_of
from skafd.environments.requirements import Requirements
from skafd.environments.uv import UvRecipe

OURS = Interpreter(Path("/usr/bin/python3.11"), "3.11.7")


def key(
    *wanted: str, constraints: tuple[str, ...] = (), interpreter: Interpreter = OURS, snapshot: str = "/snapshots/a"
) -> str:
    return key_of(UvRecipe(interpreter, Requirements(list(wanted), list(constraints)), Path(snapshot)))


def test_equal_requirements_share_an_environment_whatever_else_changes() -> None:
    assert key("six", snapshot="/snapshots/a") == key("six", snapshot="/snapshots/b")


def test_each_requirement_constraint_and_interpreter_counts() -> None:
    keys = [
        key("six"),
        key("six==1.0"),
        key("six", "numpy"),
        key("six", constraints=("numpy",)),
        key("six", interpreter=Interpreter(OURS.path, "3.11.8")),
        key("six", interpreter=Interpreter(Path("/opt/python3.11"), "3.11.7")),
        key_of(BareRecipe(OURS)),
    ]
    assert len(set(keys)) == len(keys)


def test_where_code_of_the_project_is_installed_the_snapshot_counts() -> None:
    assert key("-e .", snapshot="/snapshots/a") != key("-e .", snapshot="/snapshots/b")


def test_a_key_is_fit_for_a_path() -> None:
    assert len(key("six")) == 32
    assert key("six").isalnum()
