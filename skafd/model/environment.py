"""What a job asks of its environment, and what was resolved for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from skafd.model.ids import JobId

AUTO = "auto"
"""As `resolve_as_of`: the day of the last commit that touched the requirements."""


class EnvironmentKind(StrEnum):
    """By what an environment is made."""

    BARE = "bare"
    """Nothing but Python."""
    UV = "uv"
    PIP = "pip"
    CONDA = "conda"


@dataclass(frozen=True, slots=True)
class EnvironmentWish:
    """What a job or a project says of its environment. Paths are relative to the project's folder."""

    python: str | None = None
    """An interpreter as uv understands it; None: what the project's files say, else skafd's own."""
    requirements_file: str | None = None
    packages: tuple[str, ...] | None = None
    """Requirement lines in place of a file."""
    conda_file: str | None = None
    conda_packages: tuple[str, ...] | None = None
    """What conda is asked for in place of a file; `packages` are added by pip."""
    conda_channels: tuple[str, ...] = ()
    """For those; none: conda-forge."""
    resolve_as_of: str | None = None
    """An ISO date, or `auto`: only packages that had been published by the end of that day (UTC)."""

    @property
    def names_packages(self) -> bool:
        """Whether it says which packages; otherwise the files of the project do."""
        named = (self.requirements_file, self.packages, self.conda_file, self.conda_packages)
        return any(one is not None for one in named)

    def over(self, other: EnvironmentWish) -> EnvironmentWish:
        """This wish, and the other's where this one says nothing."""
        packages = self if self.names_packages else other
        return replace(
            packages,
            python=self.python or other.python,
            resolve_as_of=self.resolve_as_of or other.resolve_as_of,
        )


@dataclass(frozen=True, slots=True)
class Lock:
    """All that was resolved: from it the same environment can be made again. Holds no credentials."""

    kind: EnvironmentKind
    python: str
    """The version of the interpreter."""
    platform: str
    packages: tuple[str, ...] = ()
    """Of uv and pip: one requirement line each, pinned, with hashes where they are known; else as the kind has them."""
    source: str | None = None
    """A hash over the code of the project itself that is installed."""
    as_of: str | None = None
    """The day whose packages it was resolved with."""
    interpreter: str | None = None
    """What tells the interpreter from others of its version; a path, where a path was asked for."""
    owner: int | None = None
    """The user in whose name it was resolved and is made, since that runs code; None for skafd itself."""

    @property
    def versions(self) -> dict[str, str]:
        """Packages by name with their versions, as far as they are pinned to one."""
        pins = (line.split(" ")[0].split(";")[0].partition("==") for line in self.packages)
        return {name.lower(): version for name, pinned, version in pins if pinned}


@dataclass(frozen=True, slots=True)
class Drift:
    """One package that differs between two environments; None where one does not have it."""

    name: str
    before: str | None
    after: str | None


def drift(before: Lock, after: Lock) -> tuple[Drift, ...]:
    """What differs, by name; Python first."""
    old = {"python": before.python, **before.versions}
    new = {"python": after.python, **after.versions}
    names = dict.fromkeys(["python", *sorted(old.keys() | new.keys())])
    return tuple(Drift(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name))


@dataclass(frozen=True, slots=True)
class PreparedEnvironments:
    """Which environment each job of a deployment runs in, by key, and what was resolved for each key."""

    key: str
    """Of every job that is not in `others`."""
    others: tuple[tuple[JobId, str], ...] = ()
    """Ids of jobs with the keys of theirs."""
    locks: tuple[tuple[str, Lock], ...] = ()
    layers: tuple[tuple[str, str], ...] = ()
    """Names of what skafd adds for the jobs' sake, beside their environments, with the keys."""
    warnings: tuple[str, ...] = ()
    """What people should mend in what they asked for."""


def arrange(keys: Iterable[tuple[JobId, str]], locks: Iterable[tuple[str, Lock]]) -> PreparedEnvironments:
    """From each job's id and key: the most frequent key counts for all that do not differ from it."""
    found = tuple(keys)
    counted = [key for _, key in found]
    usual = max(dict.fromkeys(counted), key=counted.count)
    others = tuple((job, key) for job, key in found if key != usual)
    return PreparedEnvironments(usual, others, tuple(dict(locks).items()))
