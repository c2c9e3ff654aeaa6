"""A conda prefix with the packages of `environment.yml`, and on top of it what pip is to add, by uv."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from skafd.environments.build import Build, BuildCancelled
from skafd.environments.conda.file import CondaFile
from skafd.environments.conda.records import split, to_line, with_secrets, without_secret
from skafd.environments.interpreter import Interpreter
from skafd.environments.lines import SDK, local_path, url_of
from skafd.environments.tool import find_uv
from skafd.environments.wanted import Wanted
from skafd.errors import BuildError
from skafd.model.environment import EnvironmentKind, Lock

_VARIABLES = "--variables "
"""Begins the line of a lock that has the file's variables."""
_ADDED = re.compile(r" \+ (?P<name>\S+)==(?P<version>\S+)(?P<elsewhere> \(from .*)?")
_VERSION = re.compile(r"\d+(\.\d+)*")
_RANGE = re.compile(r"[<>=!~][\d.<>=!~*, ]+")
_NAME = re.compile(r"(?:[\w./:+-]*::)?(?P<name>[\w.-]+)")


@dataclass(frozen=True, slots=True)
class CondaRecipe:
    """What the file says, what pip is to add, and from which day packages count."""

    file: CondaFile
    pip: Wanted
    python: str | None = None
    kind: EnvironmentKind = EnvironmentKind.CONDA

    @property
    def interpreter(self) -> Interpreter:
        """None of this machine: Python is one of the packages."""
        return Interpreter(Path(sys.executable), "", "conda")

    @property
    def notes(self) -> tuple[str, ...]:
        """On what is provided otherwise."""
        return tuple(self.pip.requirements.notes)

    @property
    def warnings(self) -> tuple[str, ...]:
        """On what was understood otherwise than written."""
        return (*self.file.notes, *self.pip.requirements.warnings)

    @property
    def runs_code(self) -> bool:
        """Packages have scripts that run when they are installed and activated."""
        return True

    @property
    def _specs(self) -> list[str]:
        named = {name_of(spec): spec for spec in self.file.specs}
        specs = [spec for spec in self.file.specs if name_of(spec) != SDK]
        if self.python:
            specs.append(f"python {_conda_version(self.python)}")
        elif "python" not in named:
            specs.append("python")
        return specs

    def on(self, interpreter: Interpreter) -> CondaRecipe:  # noqa: ARG002 its own is one of the packages
        """This one."""
        return self

    def inputs(self) -> tuple[str, ...]:
        """All that the file and the requirements say."""
        channels = map(without_secret, self.file.channels)
        variables = json.dumps(self.file.variables, sort_keys=True)
        return (variables, *channels, "specs", *self._specs, "pip", *self.pip.inputs())

    @property
    def _pip_lines(self) -> list[str]:
        return [*self.pip.option_lines, *self.pip.requirements.wanted]

    def resolve(self, build: Build) -> Lock:
        """Asks the channels, and uv in a prefix that is thrown away. Raises BuildError, OSError."""
        request = {
            "channels": self.file.channels,
            "specs": self._specs,
            "before": self.pip.as_of and _end_of(self.pip.as_of),
        }
        records = _run_helper("solve", request, build)
        lines = sorted(map(to_line, records))
        if self.pip.requirements.wanted:
            prefix = build.folder / "prefix"
            _run_helper("install", {"prefix": str(prefix), "records": records, "variables": {}}, build)
            lines += self._resolve_pip(prefix, build)
        if self.file.variables:
            lines.append(_VARIABLES + json.dumps(self.file.variables, sort_keys=True))
        version = next(record["version"] for record in records if record["name"] == "python")
        return Lock(self.kind, version, sysconfig.get_platform(), tuple(lines), self.pip.code, self.pip.as_of)

    def make(self, lock: Lock, target: Path, build: Build) -> None:
        """Installs what is locked. Raises BuildError, OSError."""
        variables = next((line.removeprefix(_VARIABLES) for line in lock.packages if line.startswith(_VARIABLES)), "{}")
        records, pip = split(line for line in lock.packages if not line.startswith(_VARIABLES))
        named = [with_secrets(record, self.file.channels) for record in records]
        request = {"prefix": str(target), "records": named, "variables": json.loads(variables)}
        notes = target / "skafd"
        notes.mkdir(parents=True)
        _run_helper("install", request, replace(build, folder=notes))
        if pip:
            self._install_pip(pip, target, build)

    def _resolve_pip(self, prefix: Path, build: Build) -> list[str]:
        added: list[str] = []

        def listen(line: str) -> None:
            build.progress(line)
            match = _ADDED.fullmatch(line)
            if match and not match["elsewhere"]:
                added.append(f"{match['name']}=={match['version']}")

        options = ["--constraints", _write(build.folder / "constraints.txt", self.pip.requirements.constraints)]
        options += ["--overrides", _write(build.folder / "overrides.txt", [f"{SDK} ; python_version < '0'"])]
        options += ["--requirements", _write(build.folder / "requirements.txt", self._pip_lines)]
        there = self.pip.beside_the_code(build.folder / "source", build)
        _uv_install(prefix, ["--dry-run", *options], replace(there, progress=listen))
        return sorted(added) + [line for line in self.pip.requirements.wanted if local_path(line) or url_of(line)]

    def _install_pip(self, lines: list[str], target: Path, build: Build) -> None:
        file = target / "skafd" / "requirements.txt"
        options = ["--no-deps", "--requirements", _write(file, (*self.pip.option_lines, *lines))]
        there = self.pip.beside_the_code(target / "skafd" / "source", build)
        _uv_install(target, options, there)


def name_of(spec: str) -> str:
    """The package that a spec is about."""
    match = _NAME.match(spec)
    return match["name"].lower() if match else spec


def _conda_version(python: str) -> str:
    """Which Pythons `python:` of a config means, as conda writes it. Raises BuildError."""
    if _VERSION.fullmatch(python):
        return f"{python}.*"
    if _RANGE.fullmatch(python):
        return python.replace(" ", "")
    raise BuildError(
        f"python: {python!r} cannot be had from a conda channel",
        "write a version, such as 3.11, or leave it to environment.yml",
    )


def check_rattler() -> None:
    """Raises BuildError where skafd was installed without what conda environments need, or where we may not run it."""
    if not os.access(sys.executable, os.X_OK):
        raise BuildError(
            "this project has an environment.yml, and skafd is installed where its owner may not run it",
            "install skafd where all may run it, such as /opt, or let that user run it: skafd service install --user",
        )
    if importlib.util.find_spec("rattler") is None:
        raise BuildError(
            "this project has an environment.yml, and skafd was installed without support for conda",
            "pip install 'skafd[conda]'",
        )


def _uv_install(prefix: Path, options: list[str], build: Build) -> None:
    python = str(prefix / "bin" / "python")
    build.run([find_uv(), "pip", "install", "--python", python, "--break-system-packages", *options])


def _run_helper(action: str, request: dict[str, Any], build: Build) -> Any:
    """Runs what needs rattler as a program of its own, in the build's limits. Raises BuildError with its own words."""
    asked, answered = build.folder / f"{action}.json", build.folder / f"{action}.result.json"
    asked.write_text(json.dumps(request), encoding="utf-8")
    command = [sys.executable, "-I", "-m", "skafd.environments.conda", action, str(asked), str(answered)]
    try:
        build.run(command)
    except BuildCancelled:
        raise
    except BuildError as error:
        said = json.loads(answered.read_text(encoding="utf-8")) if answered.exists() else {}
        if "message" not in said:
            raise
        raise BuildError(f"the environment could not be built:\n{said['message']}", said["hint"]) from error
    asked.unlink()  # it may hold credentials
    answer = json.loads(answered.read_text(encoding="utf-8"))
    answered.unlink()
    return answer["result"]


def _write(file: Path, lines: Iterable[str]) -> str:
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(file)


def _end_of(day: str) -> str:
    return f"{day}T23:59:59+00:00"
