"""The programs that projects need: uv, Pythons, Java."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

from skafd.environments.interpreter import installed_versions
from skafd.environments.tool import find_uv, uv_variables
from skafd.errors import BuildError
from skafd.machine.findings import Finding, error, ok, warning
from skafd.machine.java import FOLDERS, first_java, how_to_install

_TIMEOUT_SECONDS = 20


def examine_uv() -> Finding:
    """Whether environments can be built."""
    try:
        tool = find_uv()
    except BuildError as problem:
        return error("uv", problem.message, problem.hint or "")
    return ok("uv", _output([tool, "--version"]).strip() or tool)


def examine_pythons(environment: Mapping[str, str] = os.environ) -> Finding:
    """Which versions `python:` may ask for."""
    try:
        versions = installed_versions(uv_variables(environment))
    except BuildError as problem:
        return warning("python", problem.message, "projects run on the Python that skafd runs on")
    return ok("python", f"projects can ask for {', '.join(versions)}")


def examine_java(environment: Mapping[str, str] = os.environ, folders: tuple[str, ...] = FOLDERS) -> Finding:
    """Whether Spark can be started."""
    found = first_java(environment, folders)
    if found is None:
        return warning("java", "there is no Java", f"only for projects that use Spark: {how_to_install()}")
    if found.version is None:
        return warning("java", f"{found.program} does not say its version", f"for Spark: {how_to_install()}")
    says = f"Java {found.text} ({found.program})"
    return ok("java", says) if found.is_fit else warning("java", f"{says} is too old", f"for Spark: {how_to_install()}")


def _output(command: list[str]) -> str:
    """What the program says on either stream; nothing when it does not run."""
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout + answer.stderr
