"""What an entrypoint says to execute: one step, or several one after another."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias

FLAT_DEFAULT = "index.py"
"""What runs where the oldest configs, which are one job themselves, name nothing."""

_NEEDS_SHELL = re.compile(r"[$;&|<>()*?\[\]{}~#!`\n]")
_VERBATIM = re.compile(r"""("(?:\\.|[^"\\])*"|\\.)|'[^']*'""", re.DOTALL)
"""What stands in single quotes; what they are no quotes in is the group."""
_CLOSING = {"'": "single quote", '"': "double quote", "`": "back-tick"}
_MODULE = re.compile(r"module:\s*", re.IGNORECASE)
_MODULE_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_NOTEBOOK = ".ipynb"


class Language(StrEnum):
    """What a job is written in: what is run where nothing is named, and what reads its commands."""

    PYTHON = "python"
    R = "r"
    BASH = "bash"
    ANY = "any"
    """Every step is a command, whatever its ending."""

    @property
    def default_entrypoint(self) -> str:
        """What runs where a job of a list names nothing."""
        return {Language.R: "main.R", Language.BASH: "main.sh"}.get(self, "main.py")


_ENDINGS = {".py": Language.PYTHON, ".R": Language.R, ".r": Language.R, ".sh": Language.BASH}
_PROGRAMS = {Language.PYTHON: "python", Language.R: "Rscript", Language.BASH: "bash"}
SCRIPT_ENDINGS = (*_ENDINGS, _NOTEBOOK)
"""Files with these endings are run without their interpreter being named."""


@dataclass(frozen=True, slots=True)
class Script:
    """A file of the project, run by the interpreter of its language; of Python, its own folder is importable."""

    path: str
    arguments: tuple[str, ...] = ()
    language: Language = Language.PYTHON

    @property
    def program(self) -> str:
        """What executes it."""
        return _PROGRAMS[self.language]


@dataclass(frozen=True, slots=True)
class Module:
    """A Python module, run as `python -m` does."""

    name: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook of the project."""

    path: str


@dataclass(frozen=True, slots=True)
class Command:
    """Anything else, for the shell."""

    text: str
    shell: str = "sh"


Step: TypeAlias = Script | Module | Notebook | Command


@lru_cache(maxsize=1024)
def parse_entrypoint(text: str, language: str = Language.PYTHON) -> tuple[Step, ...]:
    """The steps of an entrypoint, in order; each starts when the one before has succeeded.

    `|` outside quotes separates steps (`||` is left to the shell). If the language is `any`, all are commands.
    Raises ValueError, with a message for the user, for an empty step, for a quote that is never closed, for what is no
    name of a module, and for arguments of a notebook.
    """
    parts = [part.strip() for part in _split(text)]
    if parts == [""]:
        raise ValueError("the entrypoint is empty")
    if "" in parts:
        raise ValueError("there is nothing to run on one side of a `|`")
    return tuple(_parse_step(part, Language(language)) for part in parts)


def has_notebook(text: str, language: str) -> bool:
    """Whether a step of the entrypoint is a notebook; one that cannot be parsed has none."""
    try:
        return any(isinstance(step, Notebook) for step in parse_entrypoint(text, language))
    except ValueError:
        return False


@lru_cache(maxsize=1024)
def first_word(command: Command) -> str | None:
    """The program that a command begins with; None where the shell has yet to make it out of the text."""
    for word in _words(command.text):
        if re.match(r"\w+=", word):
            continue
        return None if _NEEDS_SHELL.search(word) else word
    return None


def _words(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|<>()")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError:  # quotes as only a shell can read them
        return []


def _split(text: str) -> Iterator[str]:
    """The parts between single `|` outside quotes. Raises ValueError when a quote stays open."""
    start, position, quote = 0, 0, ""
    while position < len(text):
        character = text[position]
        if character == "\\" and quote != "'":
            position += 1
        elif quote:
            quote = "" if character == quote else quote
        elif character in _CLOSING:
            quote = character
        elif text.startswith("||", position):
            position += 1
        elif character == "|":
            yield text[start:position]
            start = position + 1
        position += 1
    if quote:
        raise ValueError(f"a {_CLOSING[quote]} is opened and never closed")
    yield text[start:]


def _parse_step(text: str, language: Language) -> Step:
    shell = "bash" if language is Language.BASH else "sh"
    if language is Language.ANY:
        return Command(text, shell)
    if prefix := _MODULE.match(text):
        return _parse_module(text[prefix.end() :])
    words = shlex.split(text)
    first = words[0] if words else ""
    if first.endswith(_NOTEBOOK):
        if len(words) > 1:
            raise ValueError("a notebook takes no arguments: give it `params`")
        return Notebook(first)
    ending = next((ending for ending in _ENDINGS if first.endswith(ending)), None)
    if ending is None:
        return Command(text, shell)
    script = Script(first, tuple(words[1:]), _ENDINGS[ending])
    return Command(f"{script.program} {text}", shell) if _needs_shell(text) else script


def _needs_shell(text: str) -> bool:
    return bool(_NEEDS_SHELL.search(_VERBATIM.sub(lambda found: found[1] or "", text)))


def _parse_module(text: str) -> Module:
    words = shlex.split(text)
    if not words or not _MODULE_NAME.fullmatch(words[0]):
        raise ValueError("`module:` wants the name of a module, as in `module: package.main`")
    return Module(words[0], tuple(words[1:]))
