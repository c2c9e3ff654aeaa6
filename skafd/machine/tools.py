"""The programs that projects need: uv, Pythons, Java."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from skafd.environments.interpreter import installed_versions
from skafd.environments.tool import find_uv, uv_variables
from skafd.errors import BuildError
from skafd.machine.findings import Finding, error, ok, warning

LOWEST_JAVA_FOR_SPARK = 17
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


def examine_java(environment: Mapping[str, str] = os.environ) -> Finding:
    """Whether Spark can be started."""
    advice = f"only for projects that use Spark: install a Java {LOWEST_JAVA_FOR_SPARK} runtime or set JAVA_HOME"
    tool = _java(environment)
    if tool is None:
        return warning("java", "there is no Java", advice)
    match = re.search(r'version "(?:1\.)?(\d+)([^"]*)"', _output([tool, "-version"]))
    if match is None:
        return warning("java", f"{tool} does not say its version", advice)
    says = f"Java {match[1]}{match[2]} ({tool})"
    return ok("java", says) if int(match[1]) >= LOWEST_JAVA_FOR_SPARK else warning("java", f"{says} is too old", advice)


def _java(environment: Mapping[str, str]) -> str | None:
    home = environment.get("JAVA_HOME")
    if home and Path(home, "bin", "java").is_file():
        return str(Path(home, "bin", "java"))
    return shutil.which("java", path=environment.get("PATH"))


def _output(command: list[str]) -> str:
    """What the program says on either stream; nothing when it does not run."""
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout + answer.stderr
