"""All environments of one state folder: `environments/<key>/`, each built once and shared."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from skafd import crash
from skafd.environments.base import Environment, Recipe
from skafd.environments.build import TIMEOUT_SECONDS, Build, BuildCancelled
from skafd.environments.interpreter import Interpreters
from skafd.environments.key import key_of
from skafd.environments.recipes import recipe_for
from skafd.environments.tool import uv_variables
from skafd.errors import BuildError
from skafd.files import sync_file_system, write_whole
from skafd.model.project import Project

MARKER = "skafd-ready"
"""Written last into an environment: without it, it is half-built and made anew."""
_LOOK_SECONDS = 0.1

ProjectProgress = Callable[[Path, str], None]
"""Takes the project's folder and one line for people. Called from the builds' threads."""


class Environments:
    """Finds environments by key and builds those that are missing, each once however many threads want it."""

    def __init__(
        self,
        folder: Path,
        progress: ProjectProgress = lambda _folder, _line: None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._folder = folder
        self._progress = progress
        self._timeout_seconds = timeout_seconds
        self._interpreters = Interpreters()
        self._condition = threading.Condition()
        self._in_work: set[str] = set()

    def key_of(self, snapshot_folder: Path, config: Project) -> str:
        """The key of the environment that the snapshot asks for. Raises BuildError."""
        return key_of(self._recipe(snapshot_folder, config))

    def find(self, key: str) -> Environment | None:
        """The environment, if it is complete and its interpreter is still on the machine."""
        environment = Environment(key, self._folder / key)
        is_usable = (environment.path / MARKER).is_file() and environment.python.exists()
        return environment if is_usable else None

    def prepare(
        self, folder: Path, snapshot_folder: Path, config: Project, cancelled: threading.Event | None = None
    ) -> Environment:
        """The environment that the snapshot asks for, built now if need be. `folder` is the project, for progress.

        Raises BuildError, and BuildCancelled soon after `cancelled` is set.
        """
        cancelled = cancelled or threading.Event()
        recipe = self._recipe(snapshot_folder, config)
        key = key_of(recipe)
        environment = self.find(key)
        if environment is not None:
            return environment
        variables = uv_variables(os.environ, config.environment)
        build = Build(
            snapshot_folder, variables, lambda line: self._progress(folder, line), cancelled, self._timeout_seconds
        )
        with self._alone(key, cancelled):
            return self.find(key) or self._make(key, recipe, build)

    def _recipe(self, snapshot_folder: Path, config: Project) -> Recipe:
        return recipe_for(snapshot_folder, config, self._interpreters, uv_variables(os.environ, config.environment))

    def _make(self, key: str, recipe: Recipe, build: Build) -> Environment:
        target = self._folder / key
        for note in recipe.notes:
            build.progress(note)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # Scripts in an environment contain its path, so it is built in its place and declared whole at the end.
            _remove(target)
            recipe.make(target, build)
            _declare_whole(target, recipe.kind)
        except OSError as error:
            _remove(target)
            raise BuildError(f"the environment could not be built: {error}") from error
        except BuildError:
            _remove(target)
            raise
        return Environment(key, target)

    @contextmanager
    def _alone(self, key: str, cancelled: threading.Event) -> Iterator[None]:
        with self._condition:
            while key in self._in_work:
                if cancelled.is_set():
                    raise BuildCancelled("nobody needs the environment any more")
                self._condition.wait(_LOOK_SECONDS)
            self._in_work.add(key)
        try:
            yield
        finally:
            with self._condition:
                self._in_work.discard(key)
                self._condition.notify_all()


@crash.around("environment.declare")
def _declare_whole(target: Path, kind: str) -> None:
    sync_file_system(target)
    write_whole(target / MARKER, f"{kind}\n".encode(), mode=0o644)


def _remove(target: Path) -> None:
    if target.exists():
        shutil.rmtree(target)
