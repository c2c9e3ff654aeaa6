"""The environments that notebooks need beside those of their jobs: no project has to ask for them.

One holds papermill and nbconvert, for all notebooks of the machine. One for each interpreter holds a kernel; its
packages come after the project's own, so that those win. Where the project has another version of something that the
kernel needs, a kernel that goes with that version is resolved for it.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

from skafd.environments.base import Asked, Environment
from skafd.environments.builder import Builder, python_for
from skafd.environments.environments import Environments
from skafd.environments.interpreter import own_interpreter
from skafd.environments.notebook import PROGRAMS
from skafd.errors import BuildError
from skafd.model.environment import EnvironmentWish, Lock

RUNNER = "notebook"
"""The layer with papermill."""
_RUNNER_PACKAGES = ("papermill>=2.6,<3", "nbconvert>=7,<8", "ipython-pygments-lexers")
_KERNEL = "ipykernel"
_VERSION = re.compile(r"\d+(\.\d+)+")
_NO_PROJECT = PROGRAMS
"""A folder without requirements."""
_COMPILED = (("UV_COMPILE_BYTECODE", "1"),)
"""Jobs of other users could not keep what Python compiles."""


def kernel_layer(environment_key: str) -> str:
    """The name of the layer that belongs to an environment."""
    return f"kernel {environment_key}"


def prepare_layers(
    environments: Environments,
    folder: Path,
    made: Iterable[Environment],
    cancelled: threading.Event,
    locks: Mapping[str, Lock],
    owner: Builder | None = None,
) -> dict[str, Environment]:
    """What the notebooks of a project that run in the environments `made` need, by name; from `locks` where there are.

    `folder` is the project, for progress; `owner` who is to run them, if not skafd's user. Raises BuildError.
    """
    runner = Asked(
        folder, _NO_PROJECT, _wish(str(python_for(owner, own_interpreter().path)), _RUNNER_PACKAGES), _COMPILED
    )
    found = {RUNNER: environments.prepare(runner, cancelled, locks.get(RUNNER))}
    for environment in {one.key: one for one in made}.values():
        if _KERNEL not in _versions(environment):
            name = kernel_layer(environment.key)
            found[name] = _prepare_kernel(environments, folder, environment, cancelled, locks.get(name))
    return found


def packages_of(layer: Path) -> Path:
    """The folder with the packages of an environment. Raises BuildError when there is none."""
    folder = next(layer.glob("lib/python*/site-packages"), None)
    if folder is None:
        raise BuildError(f"{layer} has no packages", "save the project again")
    return folder


def _prepare_kernel(
    environments: Environments, folder: Path, environment: Environment, cancelled: threading.Event, lock: Lock | None
) -> Environment:
    python = os.path.realpath(environment.python)
    if environment.lock is not None and environment.lock.owner is not None:
        # What stands there is the owner's: it is not for us to run.
        python = _checked_version(environment.lock.python)
    # uv cannot compile for older ones.
    variables = _COMPILED if environment.lock and not environment.lock.python.startswith("3.6.") else ()
    usual = environments.prepare(Asked(folder, _NO_PROJECT, _wish(python, (_KERNEL,)), variables), cancelled, lock)
    if lock is not None:
        return usual
    pins = _pins(_versions(environment), _versions(usual))
    if not pins:
        return usual
    asked = Asked(folder, _NO_PROJECT, _wish(python, (_KERNEL, *pins)), variables)
    try:
        return environments.prepare(asked, cancelled)
    except BuildError as error:
        hint = f"add {_KERNEL} to the project's requirements, in a version that goes with them"
        raise BuildError(f"no kernel for notebooks goes with {', '.join(pins)}:\n{error.message}", hint) from error


def _pins(of_project: Mapping[str, str], of_kernel: Mapping[str, str]) -> tuple[str, ...]:
    """The project's versions of what both have in different ones."""
    shared = sorted(of_project.keys() & of_kernel.keys())
    return tuple(f"{name}=={of_project[name]}" for name in shared if of_project[name] != of_kernel[name])


def _versions(environment: Environment) -> dict[str, str]:
    return environment.lock.versions if environment.lock else {}


def _wish(python: str, packages: tuple[str, ...]) -> EnvironmentWish:
    return EnvironmentWish(python=python, packages=packages)


def _checked_version(text: str) -> str:
    if not _VERSION.fullmatch(text):
        raise BuildError(f"{text!r} is no version of Python")
    return text
