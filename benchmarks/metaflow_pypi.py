"""The same packages by Metaflow: a flow of one step with `@pypi`, run with `--environment=pypi`."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from skafd.environments.interpreter import own_interpreter
from skafd.environments.tool import find_uv, uv_variables

_PATIENCE_SECONDS = 45.0
_WORDS_LINES = 3
_FLOW = """\
from metaflow import FlowSpec, pypi, step

class Packages(FlowSpec):
    @pypi(packages={packages!r}, python={python!r})
    @step
    def start(self):
        import pandas, sklearn
        self.next(self.end)

    @pypi(packages={packages!r}, python={python!r})
    @step
    def end(self):
        pass

if __name__ == "__main__":
    Packages()
"""


@dataclass(frozen=True, slots=True)
class CannotRun(Exception):
    """Metaflow cannot make such an environment on this machine."""

    reason: str


class MetaflowPypi:
    """Metaflow in an environment of its own; what it downloads stays below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._python = folder / "metaflow" / "bin" / "python"

    def install(self) -> None:
        """Gets Metaflow. Raises CannotRun."""
        uv, variables = find_uv(), uv_variables(os.environ)
        python = str(own_interpreter().path)
        try:
            subprocess.run([uv, "venv", "--quiet", "--python", python, str(self._folder / "metaflow")], check=True)
            install = [uv, "pip", "install", "--quiet", "--python", str(self._python), "metaflow"]
            subprocess.run(install, check=True, env=variables, timeout=_PATIENCE_SECONDS)
        except (subprocess.SubprocessError, OSError) as error:
            raise CannotRun(f"Metaflow cannot be installed: {error}") from error

    def run(self, packages: dict[str, str]) -> float:
        """The seconds of a run with these packages, environment included. Raises CannotRun."""
        python = ".".join(map(str, own_interpreter().numbers))
        (self._folder / "flow.py").write_text(_FLOW.format(packages=packages, python=python))
        began = time.monotonic()
        try:
            done = subprocess.run(
                [str(self._python), "flow.py", "--no-pylint", "--environment=pypi", "run"],
                cwd=self._folder,
                env={**os.environ, "HOME": str(self._folder), "USERNAME": "benchmark", "METAFLOW_USER": "benchmark"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=_PATIENCE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise CannotRun(f"not ready after {_PATIENCE_SECONDS:g} s: it gets micromamba from the network") from error
        if done.returncode != 0:
            raise CannotRun(_last_words(done.stdout))
        return time.monotonic() - began


def _last_words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = next((number for number, line in enumerate(lines) if "rror" in line), max(len(lines) - 1, 0))
    return " ".join(lines[first : first + _WORDS_LINES]) or "it does not say why"
