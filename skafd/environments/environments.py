"""All environments of one state folder: `environments/<key>/`, each built once and shared."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from skafd import crash
from skafd.environments.base import Asked, Environment, Recipe
from skafd.environments.build import NEEDS_WHEELS, TIMEOUT_SECONDS, Build, BuildCancelled
from skafd.environments.builder import Builder
from skafd.environments.interpreter import Interpreters
from skafd.environments.key import inputs_key_of, key_of
from skafd.environments.owned.building import OwnersBuild
from skafd.environments.progress import Measure
from skafd.environments.recipes import fitted, recipe_for
from skafd.environments.records import Records, read_lock
from skafd.environments.runner import COOKIES, PlainRunner, Runner
from skafd.environments.shelf import MARKER, RECORDS, SCRATCH, Shelf
from skafd.environments.tool import index_settings, uv_variables, without_code
from skafd.errors import BuildError
from skafd.model.environment import Lock

_LOOK_SECONDS = 0.1

ProjectProgress = Callable[[Path, str], None]
"""Takes the project's folder and one line for people. Called from the builds' threads."""
ProjectMeasured = Callable[[Path, Measure], None]
"""Is told how far a step of a build for the project in the folder is."""


class Environments:
    """Finds environments by key and builds those that are missing, each once however many threads want it."""

    def __init__(
        self,
        folder: Path,
        progress: ProjectProgress = lambda _folder, _line: None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        runner: Runner | None = None,
        measured: ProjectMeasured = lambda _folder, _measure: None,
    ) -> None:
        self._measured = measured
        self._folder = folder
        self._shelf = Shelf(folder)
        self._records = Records(folder / RECORDS)
        self._progress = progress
        self._timeout_seconds = timeout_seconds
        self._runner = runner or PlainRunner()
        self._interpreters = Interpreters()
        self._condition = threading.Condition()
        self._in_work: set[str] = set()

    def inputs_of(self, asked: Asked) -> str:
        """The name of all that decides what will be resolved; reads files, looks nothing up. Raises BuildError."""
        return self._inputs_key(self._recipe(asked), asked)

    def find(self, key: str) -> Environment | None:
        """The environment, if it is complete and its interpreter is still on the machine."""
        path = self._folder / key
        return Environment(key, path, read_lock(path / MARKER)) if self._shelf.is_usable(key) else None

    def is_usable(self, key: str) -> bool:
        """Whether `find` would find it; costs a millisecond."""
        return self._shelf.is_usable(key)

    def discard_leftovers(self) -> None:
        """Puts away what was begun when the last daemon ended: before anything is built. Raises OSError."""
        self._shelf.discard_leftovers()

    def prepare(self, asked: Asked, cancelled: threading.Event | None = None, lock: Lock | None = None) -> Environment:
        """The environment that is asked for, resolved and built now if need be; with `lock`, what that says.

        Blocks for as long as that takes. Raises BuildError, and BuildCancelled soon after `cancelled` is set.
        """
        cancelled = cancelled or threading.Event()
        if lock is not None and lock.owner != (asked.owner and asked.owner.uid) and lock.owner is not None:
            raise BuildError(f"it was made for user {lock.owner}, whose the project is not any more", "save it again")
        try:
            if asked.owner is None:
                return self._prepare(asked, cancelled, lock)
            return self._prepare_for(asked.owner, asked, cancelled, lock)
        except OSError as error:
            raise BuildError(f"the environment could not be built: {error}") from error

    def _prepare_for(self, owner: Builder, asked: Asked, cancelled: threading.Event, lock: Lock | None) -> Environment:
        """With our rights and for all who want the same as long as no code is run for that, else as the owner."""
        if lock is not None:
            is_owners = lock.owner is not None
        else:
            recipe = self._recipe(asked)
            is_owners = recipe.runs_code or self._records.read(self._inputs_key(recipe, asked, owner)) is not None
        if not is_owners:
            try:
                return self._prepare(replace(asked, variables=without_code(asked.variables)), cancelled, lock)
            except BuildError as error:
                if error.hint != NEEDS_WHEELS or lock is not None:
                    raise
                self._progress(asked.folder, f"something has to be built from source: as user {owner.uid}")
        return self._prepare(replace(asked, as_owner=True), cancelled, lock)

    def _prepare(self, asked: Asked, cancelled: threading.Event, lock: Lock | None) -> Environment:
        recipe = self._recipe(asked)
        lock = lock or self._resolved(recipe, asked, cancelled)
        key = key_of(lock)
        with self._alone(key, cancelled):
            environment = self.find(key)
            if environment is None:
                environment = self._make(key, lock, recipe, asked, cancelled)
            else:
                self._shelf.touch(key)
            return replace(environment, warnings=recipe.warnings)

    def _inputs_key(self, recipe: Recipe, asked: Asked, owner: Builder | None = None) -> str:
        settings = index_settings(uv_variables(os.environ, asked.variables))
        return inputs_key_of(recipe, settings, owner.uid if owner else None)

    def _recipe(self, asked: Asked) -> Recipe:
        return recipe_for(asked, self._interpreters, uv_variables(os.environ, asked.variables))

    def _build(self, asked: Asked, folder: Path, cancelled: threading.Event) -> Build:
        return Build(
            folder=folder,
            variables=uv_variables(os.environ, asked.variables),
            progress=lambda line: self._progress(asked.folder, line),
            cancelled=cancelled,
            timeout_seconds=self._timeout_seconds,
            runner=self._runner,
            measured=lambda measure: self._measured(asked.folder, measure),
        )

    def _resolved(self, recipe: Recipe, asked: Asked, cancelled: threading.Event) -> Lock:
        inputs = self._inputs_key(recipe, asked, asked.owner if asked.as_owner else None)
        with self._alone(inputs, cancelled):
            known = None if asked.is_fresh else self._records.read(inputs)
            if known is not None:
                return known
            for note in (*recipe.notes, *recipe.warnings):
                self._progress(asked.folder, note)
            with self._scratch() as scratch:
                build = self._build(asked, scratch, cancelled)
                owners = self._owners(asked, build, scratch)
                lock = owners.resolve() if owners else recipe.resolve(build)
            self._records.write(inputs, lock)
            return lock

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        parent = self._folder / SCRATCH
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=parent) as folder:
            yield Path(folder)

    def _owners(self, asked: Asked, build: Build, scratch: Path) -> OwnersBuild | None:
        return OwnersBuild(asked, asked.owner, build, scratch, COOKIES) if asked.owner and asked.as_owner else None

    def _make(self, key: str, lock: Lock, recipe: Recipe, asked: Asked, cancelled: threading.Event) -> Environment:
        target = self._folder / key
        build = self._build(asked, asked.source, cancelled)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # Scripts in an environment contain its path, so it is built in its place and declared whole at the end.
            _clear(target)
            with self._scratch() as scratch:
                owners = self._owners(asked, build, scratch)
                if owners:
                    owners.make(lock, target)
                else:
                    fitted(recipe, lock, self._interpreters, build.variables).make(lock, target, build)
            self._shelf.declare_whole(key, lock)
        except (OSError, BuildError):
            _remove(target)
            raise
        return Environment(key, target, lock)

    @contextmanager
    def _alone(self, name: str, cancelled: threading.Event) -> Iterator[None]:
        with self._condition:
            while name in self._in_work:
                if cancelled.is_set():
                    raise BuildCancelled("nobody needs the environment any more")
                self._condition.wait(_LOOK_SECONDS)
            self._in_work.add(name)
        try:
            yield
        finally:
            with self._condition:
                self._in_work.discard(name)
                self._condition.notify_all()


@crash.around("environment.clear")
def _clear(target: Path) -> None:
    _remove(target)


def _remove(target: Path) -> None:
    if target.exists():
        shutil.rmtree(target)
