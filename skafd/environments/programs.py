"""Whether the machine has what the steps of a job are executed by, asked before anything goes live."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from skafd.model.entrypoint import Command, Language, Notebook, Script, Step, first_word

_TIMEOUT_SECONDS = 10
_LONGEST_FIRST_LINE = 256
_LARGEST_NOTEBOOK_BYTES = 32 * 2**20
"""Larger ones are not looked into before they run."""
_DEBIAN_PACKAGES = {
    "Rscript": "r-base-core",
    "R": "r-base-core",
    "java": "default-jre-headless",
    "node": "nodejs",
    "npm": "npm",
    "psql": "postgresql-client",
    "mysql": "default-mysql-client",
    "g++": "g++",
}
_CONDA_PACKAGES = {"Rscript": "r-base", "R": "r-base", "java": "openjdk", "node": "nodejs", "julia": "julia"}


@dataclass(frozen=True, slots=True)
class Missing:
    """A program that is not there, and what to do about it."""

    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a job's programs are looked for."""

    project: Path
    """The project's files."""
    variables: Mapping[str, str]
    """The job's environment."""

    @property
    def path(self) -> str:
        """The folders of programs, in the order in which they are looked into."""
        return self.variables.get("PATH", os.defpath)


def find_missing(steps: tuple[Step, ...], there: Surroundings) -> Iterator[Missing]:
    """What the steps need and the job would not find."""
    for step in steps:
        match step:
            case Script(language=language, program=program) if language is not Language.PYTHON:
                if not shutil.which(program, path=there.path):
                    yield _not_here(program)
            case Notebook(path=path):
                yield from _missing_of_notebook(path, there.project / path)
            case Command(shell=shell):
                if not shutil.which(shell, path=there.path):
                    yield _not_here(shell)
                else:
                    yield from _missing_of_command(step, there)


def as_typed(command: Command, there: Surroundings) -> str:
    """The text for the shell: an executable file at the top of the project needs no `./`, unless another is meant."""
    word = first_word(command)
    if word is None or "/" in word or not _is_executable(there.project / word) or _is_known(word, command, there):
        return command.text
    return command.text.replace(word, f"./{word}", 1)


def _missing_of_notebook(path: str, file: Path) -> Iterator[Missing]:
    """A kernel for what the notebook is written in; there are kernels for Python alone."""
    if file.stat().st_size > _LARGEST_NOTEBOOK_BYTES:
        return
    try:
        about = json.loads(file.read_bytes())["metadata"]
        language = str(
            (about.get("language_info") or {}).get("name") or (about.get("kernelspec") or {}).get("language")
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        yield Missing(f"{path} is no notebook that can be read: {error}", "save it again with Jupyter")
        return
    if language.lower() not in ("python", "none"):
        hint = "export it as a script and name that, or write it in Python"
        yield Missing(f"there is no kernel for {language}, in which {path} is written", hint)


def _missing_of_command(command: Command, there: Surroundings) -> Iterator[Missing]:
    word = first_word(command)
    if word is None:
        return
    file = there.project / word
    if "/" not in word and _is_known(word, command, there):
        return
    if file.is_file():
        yield from _missing_of_file(word, file, there)
    elif "/" in word:
        yield Missing(f"there is no program {word}", "correct the path; relative ones begin at the project's folder")
    else:
        yield _not_here(word)


def _missing_of_file(word: str, file: Path, there: Surroundings) -> Iterator[Missing]:
    """What keeps a file of the project (or any with a path) from being executed."""
    if not _is_executable(file):
        yield Missing(f"{word} is not executable", f"`chmod +x {word}`, or name the program that runs it before it")
        return
    with file.open("rb") as content:
        first_line = content.readline(_LONGEST_FIRST_LINE).decode(errors="replace")
    words = first_line[2:].split() if first_line.startswith("#!") else []
    if not words:
        return
    if Path(words[0]).name == "env" and len(words) > 1:
        program = words[1] if words[1] != "-S" else words[2] if len(words) > 2 else "env"
        if not shutil.which(program, path=there.path):
            yield _not_here(program, f", which the first line of {word} names,")
    elif not _is_executable(Path(words[0])):
        hint = f"correct the first line, for example to `#!/usr/bin/env {Path(words[0]).name}`"
        yield Missing(f"{words[0]}, which the first line of {word} names, is not on this machine", hint)


def _is_known(word: str, command: Command, there: Surroundings) -> bool:
    """Whether the shell knows the word: a program on the path, or a word of its own."""
    if shutil.which(word, path=there.path):
        return True
    # The machine's own: what stands on the job's path may be anybody's, and is not to be run with our rights.
    shell = shutil.which(command.shell, path=os.defpath)
    if shell is None:
        return False
    question = [shell, "-c", 'command -v -- "$1"', shell, word]
    answer = subprocess.run(
        question,
        cwd="/",
        env={"PATH": there.path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    return answer.returncode == 0


def _is_executable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _not_here(program: str, why: str = "") -> Missing:
    package = _DEBIAN_PACKAGES.get(program, program)
    hint = f"install it (on Debian and Ubuntu `apt install {package}`)"
    if program in _CONDA_PACKAGES:
        hint += f", or add `{_CONDA_PACKAGES[program]}` to environment.yml"
    elif program not in _DEBIAN_PACKAGES:
        hint += ", or add the package that brings it to requirements.txt"
    return Missing(f"{program}{why} is not on this machine", hint)
