"""Projects that say what they need in `pyproject.toml` and `uv.lock`, alone and beside a `requirements.txt`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from skafd.environments import Asked, Environments
from skafd.environments.tool import find_uv
from skafd.errors import BuildError
from skafd.model.environment import EnvironmentWish, Lock
from tests.support.package_index import PackageIndex, serving
from tests.support.pythons import need_python

PROJECT = (
    '[project]\nname = "churn"\nversion = "1.0"\nrequires-python = ">=3.8"\ndependencies = ["alpha", "skafossdk"]\n'
)


class Room:
    """A project and an index."""

    def __init__(self, folder: Path, index: PackageIndex) -> None:
        self.folder = folder / "churn"
        self.folder.mkdir()
        self.index = index
        self._environments = Environments(folder / "environments")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def resolve(self, wish: EnvironmentWish | None = None) -> Lock:
        variables = (("UV_DEFAULT_INDEX", self.index.url), ("UV_FIND_LINKS", ""))
        environment = self._environments.prepare(Asked(self.folder, self.folder, wish or EnvironmentWish(), variables))
        assert environment.lock is not None
        return environment.lock

    def uv_lock(self) -> None:
        variables = {**os.environ, "UV_DEFAULT_INDEX": self.index.url, "UV_PYTHON_DOWNLOADS": "never"}
        subprocess.run([find_uv(), "lock", "--quiet"], cwd=self.folder, env=variables, check=True)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with serving(tmp_path / "index") as index:
        index.publish("alpha", "1.0")
        index.publish("beta", "1.0")
        yield Room(tmp_path, index)


def test_dependencies_of_a_pyproject_are_installed(room: Room) -> None:
    room.write("pyproject.toml", PROJECT)
    assert room.resolve().versions == {"alpha": "1.0"}
    assert not [path for path in room.index.asked_for if "skafos" in path]


def test_both_files_count_together(room: Room) -> None:
    room.write("pyproject.toml", PROJECT)
    room.write("requirements.txt", "beta\n")
    assert room.resolve().versions == {"alpha": "1.0", "beta": "1.0"}


def test_requirements_that_the_config_names_count_alone(room: Room) -> None:
    room.write("pyproject.toml", PROJECT)
    assert room.resolve(EnvironmentWish(packages=("beta",))).versions == {"beta": "1.0"}


def test_a_pyproject_of_tools_alone_asks_for_nothing(room: Room) -> None:
    room.write("pyproject.toml", "[tool.ruff]\nline-length = 100\n")
    assert room.resolve().versions == {}


def test_what_uv_locked_is_what_is_installed(room: Room) -> None:
    room.write("pyproject.toml", PROJECT.replace(', "skafossdk"', ""))
    room.uv_lock()
    room.index.publish("alpha", "2.0")
    room.write("requirements.txt", "beta\n")
    assert room.resolve().versions == {"alpha": "1.0", "beta": "1.0"}


def test_a_lock_that_does_not_fit_any_more_is_refused(room: Room) -> None:
    room.write("pyproject.toml", PROJECT.replace(', "skafossdk"', ""))
    room.uv_lock()
    room.write("pyproject.toml", PROJECT.replace("skafossdk", "beta"))
    with pytest.raises(BuildError, match=r"uv\.lock does not fit pyproject\.toml") as caught:
        room.resolve()
    assert "uv lock" in (caught.value.hint or "")


def test_a_file_that_is_no_toml_is_refused(room: Room) -> None:
    room.write("pyproject.toml", "[project\n")
    with pytest.raises(BuildError, match=r"pyproject\.toml cannot be read"):
        room.resolve()


def test_requires_python_and_the_pin_choose_the_interpreter(room: Room) -> None:
    need_python("3.8")
    room.write("pyproject.toml", PROJECT.replace(">=3.8", ">=3.8,<3.9"))
    assert room.resolve().python.startswith("3.8.")
    room.write(".python-version", need_python("3.13") + "\n")
    room.write("pyproject.toml", PROJECT)
    assert room.resolve().python.startswith("3.13.")
