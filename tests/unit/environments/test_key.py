from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from skafd.environments.bare import BareRecipe
from skafd.environments.interpreter import Interpreter
from skafd.environments.key import inputs_key_of, key_of
from skafd.environments.requirements import Requirements
from skafd.environments.uv import UvRecipe
from skafd.environments.wanted import Wanted
from skafd.model.environment import EnvironmentKind

OURS = Interpreter(Path("/usr/bin/python3.11"), "3.11.7", "cpython-311")
LOCK = OURS.lock(EnvironmentKind.UV, ["six==1.16.0"])


def inputs(
    *wanted: str, constraints: tuple[str, ...] = (), interpreter: Interpreter = OURS, snapshot: str = "/snapshots/a"
) -> str:
    requirements = Requirements(list(wanted), list(constraints))
    return inputs_key_of(UvRecipe(interpreter, Wanted(Path(snapshot), requirements)))


def test_equal_requirements_are_resolved_once_whatever_else_changes() -> None:
    assert inputs("six", snapshot="/snapshots/a") == inputs("six", snapshot="/snapshots/b")


def test_each_requirement_constraint_and_interpreter_counts() -> None:
    keys = [
        inputs("six"),
        inputs("six==1.0"),
        inputs("six", "numpy"),
        inputs("six", constraints=("numpy",)),
        inputs("six", interpreter=replace(OURS, version="3.11.8")),
        inputs("six", interpreter=replace(OURS, build="pypy311")),
        inputs_key_of(BareRecipe(OURS)),
    ]
    assert len(set(keys)) == len(keys)


def test_where_code_of_the_project_is_installed_its_content_counts(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "setup.py").write_text("one")
    before = inputs("-e lib", snapshot=str(tmp_path))
    (tmp_path / "main.py").write_text("of no concern")
    assert inputs("-e lib", snapshot=str(tmp_path)) == before
    (tmp_path / "lib" / "setup.py").write_text("two")
    assert inputs("-e lib", snapshot=str(tmp_path)) != before


def test_all_that_an_environment_is_made_of_counts_for_its_key() -> None:
    keys = [
        key_of(LOCK),
        key_of(replace(LOCK, kind=EnvironmentKind.PIP)),
        key_of(replace(LOCK, python="3.11.8")),
        key_of(replace(LOCK, platform="linux-aarch64")),
        key_of(replace(LOCK, packages=("six==1.17.0",))),
        key_of(replace(LOCK, source="abc")),
        key_of(replace(LOCK, interpreter="/opt/python/bin/python")),
    ]
    assert len(set(keys)) == len(keys)


def test_the_place_of_the_interpreter_and_the_day_do_not_count() -> None:
    elsewhere = replace(OURS, path=Path("/opt/python/bin/python")).lock(EnvironmentKind.UV, ["six==1.16.0"])
    assert key_of(elsewhere) == key_of(replace(LOCK, as_of="2018-11-01")) == key_of(LOCK)


def test_a_key_is_fit_for_a_path() -> None:
    assert len(key_of(LOCK)) == 32
    assert key_of(LOCK).isalnum()
