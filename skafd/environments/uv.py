"""A virtual environment with the packages that requirements lead to: by uv, and by pip where uv cannot."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from skafd.environments.bare import make_environment_with_pip, make_virtual_environment
from skafd.environments.build import Build, BuildCancelled
from skafd.environments.explain import explained
from skafd.environments.interpreter import Interpreter
from skafd.environments.lines import SDK, url_of
from skafd.environments.logins import with_logins, without_logins
from skafd.environments.older_python import Older
from skafd.environments.pip import install_by_pip, resolve_by_pip
from skafd.environments.pyproject import FILE
from skafd.environments.runner import Hears
from skafd.environments.tool import NO_PROGRESS, find_uv, only_wheels
from skafd.environments.wanted import Wanted, lines_of, text_of
from skafd.errors import BuildError
from skafd.model.environment import EnvironmentKind, Lock

# No requirement of this name, at whatever depth, is looked up on an index, where anybody might offer one.
_OVERRIDES = f"{SDK} ; python_version < '0'\n"
_RESOLVED = "resolved.txt"
_HASH = re.compile(r"--hash[= ](\S+)")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
SOURCE = "source"
"""A copy of the project, in which its own code is built."""
_OLDEST_OF_UV = (3, 7)
"""For older Pythons uv passes over versions whose metadata it cannot read, and silently takes still older ones."""
_UV_CANNOT = {
    r"invalid metadata|[Mm]etadata .* could not be parsed|after parsing `": "uv cannot read the metadata of a package",
    r"Failed to resolve requirements from": "what a package is built with is not there",
    r"No module named '(?:setuptools|pkg_resources|distutils)": "a package cannot be built without setuptools",
    r"Can't use Python|does not support Python|Python .* is not supported": "uv does not work with this Python",
}
_FLAGS = {"--pre": "--prerelease=allow", "--trusted-host": "--allow-insecure-host"}
"""Options of a requirements file that uv has on its command line."""


FindOlder = Callable[[Wanted, Interpreter, Mapping[str, str]], Older | None]


def _no_other(_wanted: Wanted, _ours: Interpreter, _variables: Mapping[str, str]) -> Older | None:
    return None


@dataclass(frozen=True, slots=True)
class UvRecipe:
    """The interpreter, and what is wanted."""

    interpreter: Interpreter
    wanted: Wanted
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    find_older: FindOlder = _no_other
    """Asked where nobody named a Python, when uv finds nothing for the one that it was given."""
    kind: EnvironmentKind = EnvironmentKind.UV

    @property
    def runs_code(self) -> bool:
        """Where code of the project is built, or of a repository; an archive of an index turns out later."""
        wanted = self.wanted
        pyproject = wanted.pyproject
        is_dynamic = pyproject is not None and (not pyproject.is_static or pyproject.has_local_sources)
        urls = (url for line in wanted.requirements.wanted if (url := url_of(line)))
        return wanted.requirements.builds_code or is_dynamic or any(not url.endswith(".whl") for url in urls)

    def inputs(self) -> tuple[str, ...]:
        """All that is wanted."""
        return self.wanted.inputs()

    def resolve(self, build: Build) -> Lock:
        """Asks uv which version of what; pip, where uv cannot. Raises BuildError, OSError."""
        build.say("resolving")
        there = self.wanted.beside_the_code(build.folder / SOURCE, build)
        try:
            lock = self._resolve(build.folder, there)
        except BuildCancelled:
            raise
        except BuildError as error:
            raise explained(error, self.wanted) from error
        packages = without_logins(lock.packages)
        return replace(lock, packages=packages, source=self.wanted.code, as_of=self.wanted.as_of)

    def make(self, lock: Lock, target: Path, build: Build) -> None:
        """Makes the virtual environment and installs what is locked. Raises BuildError, OSError."""
        build.say(f"installing {len(lock.packages)} packages")
        try:
            make_virtual_environment(self.interpreter, target, build)
            there, file = self._place(lock, target, build)
            options = ["--python", str(target / "bin" / "python"), "--no-deps", "--requirements", str(file)]
            install = [find_uv(), "pip", "install", *self._flags(), *only_wheels(there.variables), *options]
            drawing = {name: value for name, value in there.variables.items() if name != NO_PROGRESS}
            replace(there, variables=drawing).run(install, Hears.SCREEN)
        except BuildCancelled:
            raise
        except BuildError as error:
            # What pip resolved, uv can mostly install, in a fraction of the time: all is pinned.
            reason = _why_pip(error)
            if lock.kind is not EnvironmentKind.PIP and reason is None:
                raise explained(error, self.wanted) from error
            build.say(f"{reason or 'uv could not install them'}: pip is used")
            shutil.rmtree(target)
            make_environment_with_pip(self.interpreter, target, build)
            there, file = self._place(lock, target, build)
            install_by_pip(target, file, there)
        self._tidy(file)

    def _tidy(self, file: Path) -> None:
        """What was needed to install: it may hold passwords. Code that is installed as editable stays where it is."""
        file.unlink()
        source = file.with_name(SOURCE)
        if source.exists() and not any(
            line.startswith(("-e", "--editable")) for line in self.wanted.requirements.wanted
        ):
            shutil.rmtree(source)

    def _place(self, lock: Lock, target: Path, build: Build) -> tuple[Build, Path]:
        """Where to install from, and the file of what belongs into the environment."""
        notes = target / "skafd"
        notes.mkdir()
        packages = with_logins(lock.packages, self.wanted.inputs())
        file = notes / "requirements.txt"
        file.touch(mode=0o600)
        file.write_text(text_of((*self.wanted.option_lines, *packages)), encoding="utf-8")
        return self.wanted.beside_the_code(notes / SOURCE, build), file

    def on(self, interpreter: Interpreter) -> UvRecipe:
        """The same on another Python."""
        return replace(self, interpreter=interpreter, find_older=_no_other)

    def _resolve(self, folder: Path, there: Build) -> Lock:
        reason: str | None = "packages for this Python are older than what uv reads"
        if self.interpreter.numbers >= _OLDEST_OF_UV:
            try:
                return self._resolve_by_uv(folder, there)
            except BuildError as error:
                if isinstance(error, BuildCancelled):
                    raise
                older = self.find_older(self.wanted, self.interpreter, there.variables)
                if older is not None:
                    there.say(older.reason)
                    return self.on(older.interpreter)._resolve(folder, there)
                reason = _why_pip(error)
                if reason is None:
                    raise
        there.say(f"{reason}: pip is used")
        return resolve_by_pip(self.interpreter, self.wanted, folder, there)

    def _resolve_by_uv(self, folder: Path, there: Build) -> Lock:
        resolved, wanted = folder / _RESOLVED, folder / "requirements.txt"
        locked = self._locked_by_the_project(folder, there)
        files = [str(wanted)] + ([str(there.folder / FILE)] if self.wanted.pyproject and not locked else [])
        wanted.write_text(
            text_of((*self.wanted.option_lines, *self.wanted.requirements.wanted, *locked)), encoding="utf-8"
        )
        options = ["--python", str(self.interpreter.path), "--no-header", "--no-annotate", "--generate-hashes"]
        for option, text in (("constraints", text_of(self.wanted.requirements.constraints)), ("overrides", _OVERRIDES)):
            if not text:
                continue
            (folder / f"{option}.txt").write_text(text, encoding="utf-8")
            options += [f"--{option}", str(folder / f"{option}.txt")]
        if self.wanted.as_of:
            options += ["--exclude-newer", end_of(self.wanted.as_of)]
        options += [*only_wheels(there.variables), "--output-file", str(resolved)]
        command = [find_uv(), "pip", "compile", *self._flags(), *options, *files]
        there.run(command, Hears.ERRORS)
        found = lines_of(resolved.read_text(encoding="utf-8"))
        return self.interpreter.lock(self.kind, with_wanted_hashes(found, self.wanted.requirements.wanted))

    def _locked_by_the_project(self, folder: Path, there: Build) -> tuple[str, ...]:
        """What `uv.lock` says, where there is one: it was resolved already."""
        if self.wanted.pyproject is None or self.wanted.pyproject.lock_text is None:
            return ()
        exported = folder / "exported.txt"
        options = [
            "--frozen",
            "--no-emit-workspace",
            "--no-dev",
            "--no-header",
            "--no-annotate",
            "--no-emit-package",
            SDK,
        ]
        there.run([find_uv(), "export", *options, "--output-file", str(exported)], Hears.ERRORS)
        return lines_of(exported.read_text(encoding="utf-8"))

    def _flags(self) -> list[str]:
        found = ((_FLAGS.get(name), value) for name, value in self.wanted.requirements.options)
        return [word for flag, value in found if flag for word in (flag, value) if word]


def with_wanted_hashes(locked: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """The lines of a lock, where the project names hashes itself with those and no others: uv would take any."""
    hashes = {name: found for line in wanted if (found := _HASH.findall(line)) and (name := _name_of(line))}
    return tuple(
        " ".join([line.split(" --hash=")[0], *(f"--hash={one}" for one in hashes[name])])
        if (name := _name_of(line)) in hashes
        else line
        for line in locked
    )


def _name_of(line: str) -> str | None:
    found = _NAME.match(line)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else None


def end_of(day: str) -> str:
    """The first instant that no longer belongs to the day, UTC: what was published before it counts."""
    return f"{date.fromisoformat(day) + timedelta(days=1)}T00:00:00Z"


def _why_pip(error: BuildError) -> str | None:
    return next((reason for sign, reason in _UV_CANNOT.items() if re.search(sign, error.message)), None)
