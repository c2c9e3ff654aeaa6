"""Requirement lines that everybody once wrote and that cannot work: mended with a word, or explained."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from skafd.errors import BuildError

_NAME = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:[\[<>=!~;].*)?", re.DOTALL)
_ONE_EQUALS_SIGN = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*(?:\[[^\]]*\])?)\s*=\s*(?P<version>[^=\s]\S*)")
_JOINED_PYTHON = {
    "dataclasses": (3, 7),
    "contextvars": (3, 7),
    "zoneinfo": (3, 9),
    "graphlib": (3, 9),
    "tomllib": (3, 11),
}
"""Modules that were packages for older Pythons before they became part of it."""


@dataclass(frozen=True, slots=True)
class Mended:
    """What the line is taken for (None: left out), and why."""

    line: str | None
    note: str


def mend(line: str, place: str, python: tuple[int, ...]) -> Mended | None:
    """What is made of a dead line; None for one that is alive. `place` is said, `python` the version it is for.

    Raises BuildError for one that nobody can guess.
    """
    if wrong := _ONE_EQUALS_SIGN.fullmatch(line.split(";", maxsplit=1)[0].strip()):
        meant = f"{wrong['name']}=={wrong['version']}"
        raise BuildError(f"{place}: {line!r} has one `=` where two belong", f"write {meant}")
    found = _NAME.fullmatch(line)
    if found is None:
        return None
    if found["name"].lower() == "sklearn":
        note = f"{place}: {line!r} is an empty package that refuses to install; scikit-learn is installed instead"
        return Mended("scikit-learn", f"{note}: write that")
    if _is_part_of_python(found["name"], python):
        return Mended(None, f"{place}: {line!r} is left out: the module is a part of Python")
    return None


def _is_part_of_python(name: str, python: tuple[int, ...]) -> bool:
    return name in sys.stdlib_module_names and python >= _JOINED_PYTHON.get(name, (3,))
