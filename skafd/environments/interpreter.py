"""Which Python an environment stands on."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from skafd.environments.build import mask_credentials
from skafd.environments.tool import find_uv, with_pyenv
from skafd.errors import BuildError
from skafd.model.environment import EnvironmentKind, Lock

_TIMEOUT_SECONDS = 60
_PROBE = """if True:
    import platform, sys, sysconfig
    print(platform.python_version(), sysconfig.get_config_var("SOABI") or sys.version)
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python on this machine, by its own path: no link, no shim."""

    path: Path
    version: str
    build: str
    """Tells it from others of its version: `cpython-311-x86_64-linux-gnu`; its path, where a path was asked for."""

    @property
    def numbers(self) -> tuple[int, ...]:
        """Major and minor version."""
        return tuple(int(part) for part in self.version.split(".")[:2])

    def identity(self) -> tuple[str, ...]:
        """What an environment depends on: not where it is, so that another of the same kind can take its place."""
        return (self.version, self.build, sysconfig.get_platform())

    def lock(self, kind: EnvironmentKind, packages: Iterable[str] = (), source: str | None = None) -> Lock:
        """A lock for this interpreter."""
        return Lock(kind, self.version, sysconfig.get_platform(), tuple(packages), source, interpreter=self.build)


def own_interpreter() -> Interpreter:
    """The Python that skafd runs on, without the virtual environment that skafd may be in."""
    path = getattr(sys, "_base_executable", None) or sys.executable
    return Interpreter(Path(os.path.realpath(path)), platform.python_version(), str(sysconfig.get_config_var("SOABI")))


class Interpreters:
    """Finds interpreters as uv does (and those of pyenv), and remembers them while they exist."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, Interpreter] = {}

    def find(self, wanted: str, variables: Mapping[str, str]) -> Interpreter:
        """The interpreter for `3.8`, `>=3.9`, `pypy`, a path... Never downloads. Raises BuildError."""
        with self._lock:
            known = self._found.get(wanted)
        if known is not None and known.path.exists():
            return known
        path = _ask_uv(wanted, variables)
        version, build = _probe(path)
        interpreter = Interpreter(path, version, str(path) if "/" in wanted else build)
        with self._lock:
            self._found[wanted] = interpreter
        return interpreter

    def of_lock(self, lock: Lock, variables: Mapping[str, str]) -> Interpreter:
        """The one that a lock was resolved for, else its successor of the same minor version. Raises BuildError."""
        if lock.interpreter is not None and "/" in lock.interpreter:
            return self.find(lock.interpreter, variables)
        try:
            return self.find(lock.python, variables)
        except BuildError:
            return self.find(lock.python.rpartition(".")[0], variables)

    def fitting(self, specifier: str, variables: Mapping[str, str]) -> Interpreter:
        """Our own where it fits a `requires-python`, else one that does. Raises BuildError."""
        ours_first = f"{own_interpreter().path.parent}:{variables.get('PATH', os.defpath)}"
        try:
            return self.find(specifier, {**variables, "PATH": ours_first})
        except BuildError as error:
            raise BuildError(f"requires-python of pyproject.toml: {error.message}", error.hint) from error


def _ask_uv(wanted: str, variables: Mapping[str, str]) -> Path:
    command = [find_uv(), "python", "find", "--no-project", "--no-config", "--resolve-links", "--", wanted]
    answer = _run(command, with_pyenv(variables))
    if answer.returncode != 0:
        reason = mask_credentials(answer.stderr.strip()).splitlines()
        there = ", ".join(installed_versions(variables)) or "none"
        why = reason[0].removeprefix("error: ") if reason else "uv does not say why"
        is_for_sale = "Invalid" not in why and "/" not in wanted
        install = f"install it, for example with `uv python install {wanted}`, or " if is_for_sale else ""
        raise BuildError(
            f"python: {wanted!r} is not on this machine ({why})", f"{install}ask for one that is here: {there}"
        )
    return Path(os.path.realpath(answer.stdout.strip()))


def installed_versions(variables: Mapping[str, str]) -> tuple[str, ...]:
    """The versions of the Pythons on this machine that uv can use, newest first. Raises BuildError."""
    command = [find_uv(), "python", "list", "--only-installed", "--no-config"]
    lines = _run(command, with_pyenv(variables)).stdout.splitlines()
    names = (line.split("-")[1] for line in lines if line.startswith("cpython-"))
    return tuple(dict.fromkeys(names))


def _probe(path: Path) -> tuple[str, str]:
    answer = _run([str(path), "-I", "-c", _PROBE], os.environ)
    if answer.returncode != 0:
        raise BuildError(f"{path} does not run: {answer.stderr.strip()}")
    version, _, build = answer.stdout.strip().partition(" ")
    return version, build


def _run(command: list[str], variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    try:
        # Not in the daemon's folder: a .python-version file there says nothing about the project.
        return subprocess.run(
            command, env=variables, cwd="/", capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"{command[0]} does not answer: {error}") from error
