"""For a project that names no Python and pins packages of long ago: the newest Python here that they were made for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from skafd.environments.dated_index import fetch
from skafd.environments.indexes import index_urls
from skafd.environments.interpreter import Interpreter, Interpreters, installed_versions
from skafd.environments.wanted import Wanted

_PIN = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*==\s*(?P<version>[\w.!+]+)\s*(?:;.*|--hash.*)?")
_WHEEL = re.compile(r"[^-]+-(?P<version>[^-]+)-(?:\d[^-]*-)?(?P<pythons>[^-]+)-[^-]+-[^-]+\.whl")
_COMPILED = re.compile(r"cp3(\d+)")


@dataclass(frozen=True, slots=True)
class Older:
    """The Python to take, and why."""

    interpreter: Interpreter
    reason: str


def older_python(
    wanted: Wanted, ours: Interpreter, interpreters: Interpreters, variables: Mapping[str, str]
) -> Older | None:
    """An older Python than ours for which every pinned package has wheels; None where that is not the matter."""
    culprits: list[str] = []
    fitting: set[int] | None = None
    urls = index_urls(variables, wanted)
    for line in wanted.requirements.wanted:
        pin = _PIN.fullmatch(line)
        minors = _minors(urls, pin["name"], pin["version"]) if pin else None
        if minors is None:
            continue
        if ours.numbers[1] not in minors:
            culprits.append(line.split(" ")[0])
        fitting = minors if fitting is None else fitting & minors
    if not culprits or not fitting:
        return None
    reason = f"{', '.join(culprits)}: there are no wheels for Python {ours.version}"
    for version in installed_versions(variables):
        numbers = version.split(".")
        if numbers[0] == "3" and int(numbers[1]) in fitting:
            return Older(interpreters.find(version, variables), f"{reason}, so {version} is used")
    return None


def _minors(urls: Iterable[str], name: str, version: str) -> set[int] | None:
    """The minor versions of Python 3 that a release has compiled wheels for; None where any would do."""
    for url in urls:
        try:
            files = [file.name for file in fetch(url, name)]
        except (OSError, ValueError):
            continue
        wheels = [found for file in files if (found := _WHEEL.fullmatch(file)) and found["version"] == version]
        if any("py3" in wheel["pythons"] for wheel in wheels):
            return None
        minors = {int(minor) for wheel in wheels for minor in _COMPILED.findall(wheel["pythons"])}
        if minors:
            return minors
    return None
