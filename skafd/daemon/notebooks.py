"""The executed notebooks of attempts, as they were left or as HTML."""

from __future__ import annotations

import os
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from skafd.api.shapes import NotebookPage
from skafd.daemon.for_jobs.access import install_notebook_programs
from skafd.errors import NotFound, Refused
from skafd.home import Home

_LARGEST_BYTES = 256 * 2**20
_TIMEOUT_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Executed:
    """Where an attempt of a task has its notebooks."""

    task: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Converter:
    """What makes HTML of notebooks."""

    python: Path
    program: Path

    def convert(self, content: bytes, owner: int) -> bytes:
        """The notebook as a page, made with the rights of the user who wrote it. Raises Refused."""
        foreign = {"user": owner, "group": owner, "extra_groups": []} if os.geteuid() == 0 and owner != 0 else {}
        command = [str(self.python), "-I", str(self.program)]
        try:
            done = subprocess.run(
                command,
                input=content,
                capture_output=True,
                cwd="/",
                env={"PATH": os.defpath, "LANG": "C.UTF-8"},
                timeout=_TIMEOUT_SECONDS,
                check=False,
                **foreign,  # type: ignore[call-overload]
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Refused(f"the notebook cannot be shown as HTML: {error}", "ask for it as it is: --ipynb") from error
        if done.returncode != 0:
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no reason was given"]
            raise Refused(f"the notebook cannot be shown as HTML: {last[0]}", "ask for it as it is: --ipynb")
        return bytes(done.stdout)


def find_notebook(target: str, places: list[Executed], name: str | None) -> tuple[Executed, Path]:
    """The one notebook of that name, or of any. Raises NotFound; Refused when there are several."""
    found = [(place, file) for place in places for file in sorted(place.folder.glob("*.ipynb"))]
    wanted = [(place, file) for place, file in found if name in (None, file.name, file.name.partition("-")[2])]
    if not wanted:
        there = ", ".join(file.name for _, file in found)
        hint = f"there are: {there}" if there else "notebooks are kept of jobs whose entrypoint is an .ipynb file"
        raise NotFound(f"no notebook {name} in {target}" if name else f"{target} has executed no notebook", hint)
    if len(wanted) > 1:
        several = ", ".join(f"{place.task} {file.name}" for place, file in wanted)
        raise Refused(f"{target} has executed several notebooks: {several}", "name the task, and the file with --name")
    return wanted[0]


def read_page(place: Executed, file: Path, converter: Converter | None) -> NotebookPage:
    """The notebook, as HTML with a converter. Raises NotFound, Refused."""
    try:
        # Neither follows a link to what the job itself may not read, nor waits at a pipe for somebody to write.
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise NotFound(f"{file.name} of {place.task} cannot be read: {error.strerror}") from error
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size > _LARGEST_BYTES:
            raise Refused(f"{file.name} of {place.task} is no file, or too large to be shown", f"it is in {file}")
        with os.fdopen(descriptor, "rb", closefd=False) as content:
            text = content.read(_LARGEST_BYTES)
    finally:
        os.close(descriptor)
    page = converter.convert(text, about.st_uid) if converter else text
    return NotebookPage(place.task, file.name.partition("-")[2], page.decode("utf-8", "replace"))


def find_converter(home: Home, key: str | None) -> Converter:
    """What was deployed to show notebooks. Raises Refused when it is gone."""
    python = home.environments / (key or "none") / "bin" / "python"
    if not python.exists():
        hint = "ask for it as it is: --ipynb; or run the project again: it is made anew"
        raise Refused("the environment that shows notebooks as HTML was removed", hint)
    return Converter(python, install_notebook_programs(home) / "to_html.py")
