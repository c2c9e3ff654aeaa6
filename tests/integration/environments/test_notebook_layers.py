"""What notebooks need beside the environments of their jobs, resolved and built for real."""

from __future__ import annotations

import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from skafd.environments import Asked, Environment, Environments
from skafd.environments.notebook.layers import RUNNER, kernel_layer, packages_of, prepare_layers
from skafd.errors import BuildError
from skafd.model.environment import EnvironmentWish

UNREACHABLE = "cannot be reached"


@pytest.fixture
def environments(tmp_path: Path) -> Environments:
    return Environments(tmp_path / "environments")


def prepare(environments: Environments, folder: Path, *packages: str, python: str | None = None) -> Environment:
    """A project's environment; skips where there is no index."""
    try:
        return environments.prepare(Asked(folder, folder, EnvironmentWish(python=python, packages=packages)))
    except BuildError as error:
        if UNREACHABLE in (error.hint or ""):
            pytest.skip("the package index cannot be reached from here")
        raise


def layers(environments: Environments, folder: Path, *made: Environment) -> dict[str, Environment]:
    return prepare_layers(environments, folder, made, threading.Event(), {})


def version_in_kernel(environment: Environment, layer: Environment, package: str) -> str:
    """Of a package, as a kernel sees it."""
    code = (
        "import sys; sys.path.append(sys.argv[1]); import importlib.metadata as m, ipykernel.kernelapp;"
        " print(m.version(sys.argv[2]))"
    )
    command = [str(environment.python), "-c", code, str(packages_of(layer.path)), package]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_projects_share_the_kernel_of_their_interpreter(environments: Environments, tmp_path: Path) -> None:
    first, second = prepare(environments, tmp_path), prepare(environments, tmp_path, "six")
    found = layers(environments, tmp_path, first, second)
    assert found.keys() == {RUNNER, kernel_layer(first.key), kernel_layer(second.key)}
    assert found[kernel_layer(first.key)] == found[kernel_layer(second.key)]
    assert (found[RUNNER].bin / "papermill").exists()
    locks = {name: one.lock for name, one in found.items() if one.lock is not None}
    assert prepare_layers(environments, tmp_path, [first, second], threading.Event(), locks) == found


def test_a_kernel_goes_with_what_the_project_pins(environments: Environments, tmp_path: Path) -> None:
    environment = prepare(environments, tmp_path, "traitlets==5.9.0")
    layer = layers(environments, tmp_path, environment)[kernel_layer(environment.key)]
    assert layer.lock is not None
    assert layer.lock.versions["traitlets"] == "5.9.0"
    assert version_in_kernel(environment, layer, "traitlets") == "5.9.0"


def test_a_project_with_a_kernel_needs_no_other(environments: Environments, tmp_path: Path) -> None:
    assert layers(environments, tmp_path, prepare(environments, tmp_path, "ipykernel")).keys() == {RUNNER}


def test_a_kernel_for_an_interpreter_of_old(environments: Environments, tmp_path: Path) -> None:
    python = shutil.which("python3.6") or next(Path.home().glob(".pyenv/versions/3.6*/bin/python3.6"), None)
    if python is None:
        pytest.skip("there is no Python 3.6 on this machine")
    environment = prepare(environments, tmp_path, "six", python="3.6")
    layer = layers(environments, tmp_path, environment)[kernel_layer(environment.key)]
    assert layer.lock is not None
    assert layer.lock.versions["ipykernel"].startswith("5.")
