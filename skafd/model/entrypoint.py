"""What an entrypoint says to execute: one step, or several one after another."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

FLAT_DEFAULT = "index.py"
"""What runs where the oldest configs, which are one job themselves, name nothing."""
DEFAULT = "main.py"
"""What runs where a job of a list names nothing."""

_NEEDS_SHELL = re.compile(r"[$;&|<>()*?\[\]{}~#!`\n]")
_CLOSING = {"'": "single quote", '"': "double quote", "`": "back-tick"}


@dataclass(frozen=True, slots=True)
class Script:
    """A Python file of the project, run by the job's interpreter; its own folder is importable."""

    path: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook of the project."""

    path: str


@dataclass(frozen=True, slots=True)
class Command:
    """Anything else, for the shell."""

    text: str


Step: TypeAlias = Script | Notebook | Command


def parse_entrypoint(text: str, language: str = "python") -> tuple[Step, ...]:
    """The steps of an entrypoint, in order; each starts when the one before has succeeded.

    `|` outside quotes separates steps (`||` is left to the shell). Unless the language is `python`, all are commands.
    Raises ValueError, with a message for the user, for an empty step and for a quote that is never closed.
    """
    parts = [part.strip() for part in _split(text)]
    if parts == [""]:
        raise ValueError("the entrypoint is empty")
    if "" in parts:
        raise ValueError("there is nothing to run on one side of a `|`")
    return tuple(_parse_step(part) if language == "python" else Command(part) for part in parts)


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


def _parse_step(text: str) -> Step:
    words = shlex.split(text)
    first = words[0] if words else ""
    if first.endswith(".ipynb") and len(words) == 1:
        return Notebook(first)
    if not first.endswith(".py"):
        return Command(text)
    if _NEEDS_SHELL.search(text):
        return Command(f"python {text}")
    return Script(first, tuple(words[1:]))
