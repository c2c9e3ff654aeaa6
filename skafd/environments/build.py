"""Running a tool that builds: its lines passed on, a timeout, and a way to stop it."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from skafd.environments.runner import PlainRunner, Runner
from skafd.errors import BuildError
from skafd.units import format_duration

TIMEOUT_SECONDS = 30 * 60.0
_LOOK_SECONDS = 0.1
_LAST_LINES = 20
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")

NEEDS_WHEELS = (
    "root's skafd builds nothing from source for a project of another user, since that runs the package's code: ask "
    "for a version that has a wheel, or let that user run skafd: skafd service install --user"
)
Progress = Callable[[str], None]
"""Takes one line for people."""


class BuildCancelled(BuildError):
    """The build was stopped because nobody wants its result any more."""


@dataclass(frozen=True, slots=True)
class Build:
    """One build: where its tools run, what they find in their environment, who listens, and how it is stopped."""

    folder: Path
    variables: Mapping[str, str]
    progress: Progress
    cancelled: threading.Event
    timeout_seconds: float = TIMEOUT_SECONDS
    runner: Runner = PlainRunner()

    def run(self, command: Sequence[str], is_quiet: bool = False) -> tuple[str, ...]:
        """Runs a command to its end and returns its last lines; of a quiet one, only of its errors.

        Raises BuildError with those lines, BuildCancelled.
        """
        last: deque[str] = deque(maxlen=_LAST_LINES)
        process = self.runner.start(command, self.folder, self.variables, is_quiet)
        listener = threading.Thread(target=self._listen, args=(process, last), name="skafd-build")
        listener.start()
        try:
            stopped = self._wait(process)
        finally:
            reason = self.runner.end(process)
            listener.join()
        if stopped is not None:
            raise stopped
        if process.returncode != 0:
            lines = ("the environment could not be built:", *last, *((reason,) if reason else ()))
            raise BuildError("\n".join(lines), _hint(last))
        return tuple(last)

    def say(self, text: str) -> None:
        """Tells people what is being done."""
        self.progress(text)

    def _listen(self, process: subprocess.Popen[bytes], last: deque[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                text = mask_credentials(line.decode(errors="replace").rstrip())
                last.append(text)
                self.progress(text)

    def _wait(self, process: subprocess.Popen[bytes]) -> BuildError | None:
        ends_at = time.monotonic() + self.timeout_seconds
        while time.monotonic() < ends_at:
            if self.cancelled.is_set():
                return BuildCancelled("the build was stopped: a newer save or nobody needs it")
            try:
                process.wait(_LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            return None
        return BuildError(
            f"the environment was not built within {format_duration(self.timeout_seconds)}",
            "save again to go on: what was downloaded is kept",
        )


def mask_credentials(text: str) -> str:
    """The text without the names and passwords in its URLs."""
    return _CREDENTIALS.sub("****@", text)


def _hint(last: Sequence[str]) -> str | None:
    text = "\n".join(last)
    if re.search(r"dns error|error sending request|Network is unreachable|tcp connect", text, re.IGNORECASE):
        return "the package index cannot be reached: save again when it can"
    if re.search(r"[Bb]uilding source distributions is disabled|no usable wheels", text):
        return NEEDS_WHEELS
    if "not found in the package registry" in text or "No solution found" in text:
        return "correct the names and versions in requirements.txt and save it"
    return None
