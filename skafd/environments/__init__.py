"""Environments: what jobs run in, one folder per key, built once and shared.

    environments = Environments(home / "environments", progress=lambda folder, line: ...)
    asked = Asked(folder, snapshot_folder, EnvironmentWish(python="3.11", packages=("pandas",)))
    environment = environments.prepare(asked, cancelled)          # resolved and built now, or found
    environment.path, environment.bin, environment.python
    environment.key, environment.lock                             # keep these
    environments.prepare(asked, cancelled, lock)                  # later: the very same packages, nothing looked up
    environments.find(key), environments.inputs_of(asked)         # read files, run nothing

`prepare` blocks for as long as the build takes: call it from a thread, and set `cancelled` (a threading.Event) to stop
it. Failures are `BuildError` with the tool's own last lines, credentials masked; `BuildCancelled` when it was stopped.

A kind of environment is one file with a `Recipe` (base.py); recipes.py chooses among them.
"""

from skafd.environments.base import Asked, Environment, Recipe
from skafd.environments.build import BuildCancelled, mask_credentials
from skafd.environments.environments import Environments

__all__ = ["Asked", "BuildCancelled", "Environment", "Environments", "Recipe", "mask_credentials"]
