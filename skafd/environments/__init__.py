"""Environments: what a project's jobs run in, one folder per key, built once and shared.

    environments = Environments(home / "environments", progress=lambda folder, line: ...)
    key = environments.key_of(snapshot_folder, config)                           # reads files, runs nothing
    environment = environments.prepare(folder, snapshot_folder, config, cancelled)  # found, or built now
    environment.path, environment.bin, environment.python

`prepare` blocks for as long as the build takes: call it from a thread, and set `cancelled` (a threading.Event) to stop
it. Failures are `BuildError` with the tool's own last lines, credentials masked; `BuildCancelled` when it was stopped.

A kind of environment is one file with a `Recipe` (base.py); recipes.py chooses among them.
"""

from skafd.environments.base import Environment, Recipe
from skafd.environments.build import BuildCancelled, mask_credentials
from skafd.environments.environments import Environments

__all__ = ["BuildCancelled", "Environment", "Environments", "Recipe", "mask_credentials"]
