"""Resolving and installing by pip, inside the virtual environment: for what uv cannot read or build."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path

from skafd.environments.bare import make_environment_with_pip
from skafd.environments.build import NEEDS_WHEELS, Build
from skafd.environments.dated_index import DatedIndex
from skafd.environments.indexes import index_urls, pip_variables
from skafd.environments.interpreter import Interpreter
from skafd.environments.lines import local_path, url_of
from skafd.environments.tool import may_build
from skafd.environments.wanted import Wanted, text_of
from skafd.errors import BuildError
from skafd.model.environment import EnvironmentKind, Lock

_WHEEL = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+)-.*\.whl")
_SDIST = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)\.(?:tar\.gz|tar\.bz2|zip|tgz)")


def resolve_by_pip(interpreter: Interpreter, wanted: Wanted, scratch: Path, build: Build) -> Lock:
    """Lets pip download what it would install, and takes down what that is. Raises BuildError, OSError."""
    _refuse_unless_may_build(build)
    tools, files, downloads = scratch / "pip", scratch / "pip.txt", scratch / "downloads"
    if wanted.pyproject is not None:
        raise BuildError(
            "pip is needed for these requirements, and does not read the dependencies of pyproject.toml",
            "write them into requirements.txt",
        )
    make_environment_with_pip(interpreter, tools, build)
    lines = wanted.requirements
    # The indexes are asked for by us.
    options = [line for line in wanted.option_lines if not line.startswith(("--index-url", "--extra-index-url"))]
    files.write_text(text_of((*options, *lines.wanted)), encoding="utf-8")
    constraints = scratch / "pip-constraints.txt"
    constraints.write_text(text_of(lines.constraints), encoding="utf-8")
    with DatedIndex(index_urls(build.variables, wanted), wanted.as_of) as index:
        asking = replace(build, variables={**pip_variables(build.variables), **index.variables})
        command = [*_pip(tools), "download", "--dest", str(downloads), "--requirement", str(files)]
        try:
            asking.run([*command, "--constraint", str(constraints)])
        except BuildError as error:
            raise index.explain(error) from error
    return interpreter.lock(EnvironmentKind.PIP, _lock_lines(downloads, lines.wanted))


def install_by_pip(target: Path, requirements: Path, build: Build) -> None:
    """Installs what is locked into an environment that has pip. Raises BuildError."""
    _refuse_unless_may_build(build)
    installing = replace(build, variables=pip_variables(build.variables))
    installing.run(
        [*_pip(target), "install", "--no-deps", "--no-warn-script-location", "--requirement", str(requirements)]
    )


def _refuse_unless_may_build(build: Build) -> None:
    # It builds what lies in a folder whatever it is told.
    if not may_build(build.variables):
        raise BuildError("Building source distributions is disabled, and pip cannot do without", NEEDS_WHEELS)


def _pip(environment: Path) -> list[str]:
    return [str(environment / "bin" / "python"), "-m", "pip"]


def _lock_lines(downloads: Path, wanted: list[str]) -> list[str]:
    """Each file that pip chose, by name, version and hash; a requirement that is a place of its own stays as it was."""
    placed = [line for line in wanted if local_path(line) or url_of(line)]
    found = []
    for file in sorted(downloads.iterdir() if downloads.is_dir() else ()):
        match = _WHEEL.fullmatch(file.name) or _SDIST.fullmatch(file.name)
        if match is None or any(match["name"].lower() in line.lower() for line in placed):
            continue
        name = re.sub(r"[-_.]+", "-", match["name"]).lower()
        hashes = "" if placed else f" --hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
        found.append(f"{name}=={match['version']}{hashes}")
    return [*placed, *found]
