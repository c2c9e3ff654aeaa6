"""Running a tool that builds: its lines passed on, a timeout, and a way to stop it."""

from __future__ import annotations

import codecs
import os
import re
import select
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from skafd.environments.progress import Measure, Screen
from skafd.environments.runner import Hears, PlainRunner, Runner
from skafd.errors import BuildError
from skafd.units import format_duration

TIMEOUT_SECONDS = 30 * 60.0
_LOOK_MILLISECONDS = 100
_LAST_LINES = 20
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")

NEEDS_WHEELS = (
    "root's skafd builds nothing from source for a project of another user, since that runs the package's code: ask "
    "for a version that has a wheel, or let that user run skafd: skafd service install --user"
)
Progress = Callable[[str], None]
"""Takes one line for people."""
Measured = Callable[[Measure], None]
"""Is told how far a step is, whenever that changes."""


def _nobody_asks(_measure: Measure) -> None:
    pass


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
    measured: Measured = _nobody_asks

    def run(self, command: Sequence[str], hears: Hears = Hears.ALL) -> tuple[str, ...]:
        """Runs a command to its end and returns the last of its lines that are listened to.

        Raises BuildError with those lines, BuildCancelled.
        """
        last: deque[str] = deque(maxlen=_LAST_LINES)
        process = self.runner.start(command, self.folder, self.variables, hears)
        listener = threading.Thread(target=self._listen, args=(process, last), name="skafd-build")
        try:
            listener.start()
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
        screen = Screen()
        with process.stdout as ours:
            for said in (one for text in _texts(ours.fileno()) for one in screen.take(text)):
                if isinstance(said, Measure):
                    self.measured(said)
                else:
                    line = mask_credentials(said)
                    last.append(line)
                    self.progress(line)

    def _wait(self, process: subprocess.Popen[bytes]) -> BuildError | None:
        ends_at = time.monotonic() + self.timeout_seconds
        with _ending_of(process) as ending:
            while time.monotonic() < ends_at:
                if self.cancelled.is_set():
                    return BuildCancelled("the build was stopped: a newer save or nobody needs it")
                if ending.poll(_LOOK_MILLISECONDS):
                    process.wait()
                    return None
        return BuildError(
            f"the environment was not built within {format_duration(self.timeout_seconds)}",
            "save again to go on: what was downloaded is kept",
        )


def _texts(descriptor: int) -> Iterator[str]:
    """What comes from a pipe or a terminal, until all who write there have ended."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    while True:
        try:
            content = os.read(descriptor, 65536)
        except OSError:
            content = b""  # So a terminal ends.
        if not content:
            yield "\n"
            return
        yield decoder.decode(content)


@contextmanager
def _ending_of(process: subprocess.Popen[bytes]) -> Iterator[select.poll]:
    """Ready as soon as the process has ended."""
    descriptor = os.pidfd_open(process.pid)
    try:
        ending = select.poll()
        ending.register(descriptor, select.POLLIN)
        yield ending
    finally:
        os.close(descriptor)


def mask_credentials(text: str) -> str:
    """The text without the names and passwords in its URLs."""
    return _CREDENTIALS.sub("****@", text)


def _hint(last: Sequence[str]) -> str | None:
    text = "\n".join(last)
    if re.search(r"dns error|error sending request|Network is unreachable|tcp connect", text, re.IGNORECASE):
        return "the package index cannot be reached: save again when it can"
    if re.search(r"[Bb]uilding source distributions is disabled|no usable wheels", text):
        return NEEDS_WHEELS
    if re.search(r"Git operation failed|failed to (?:clone|fetch) into", text):
        return "correct the address of the repository, or save again when it can be reached"
    if "not found in the package registry" in text or "No solution found" in text:
        return "correct the names and versions in requirements.txt and save it"
    return None
