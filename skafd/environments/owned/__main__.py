"""The program that a build in another user's name runs.

    python -m skafd.environments.owned REQUEST

It begins with skafd's rights, since the owner may not be able to read where skafd is installed; when all that it needs
is loaded, it becomes the owner's. What its tools say is printed, how far they are as lines of JSON. The result is
written to a file, with a message and a hint where it failed; the exit code is then 1.
"""

from __future__ import annotations

import codecs
import json
import os
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from skafd.environments import tool
from skafd.environments.base import Asked
from skafd.environments.build import Build
from skafd.environments.builder import Builder
from skafd.environments.interpreter import Interpreters
from skafd.environments.owned.wording import from_measure, wish_of
from skafd.environments.recipes import fitted, recipe_for
from skafd.environments.records import lock_from
from skafd.errors import BuildError
from skafd.model.environment import Lock

_ENCODINGS = ("ascii", "idna", "latin-1", "utf-8-sig")
"""Loaded when they are first needed, which is when that may not be possible any more."""


def main() -> int:
    """Returns the exit code."""
    for name in _ENCODINGS:
        codecs.lookup(name)
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    owner = Builder.from_json(request["owner"])
    kept = {name: os.environ[name] for name in request["cookies"] if name in os.environ}
    owner.become()
    os.environ.clear()
    os.environ.update({**dict(owner.variables), **kept})
    os.environ.setdefault("HOME", request["work"])
    tool.use_uv(request["uv"])
    result = Path(request["work"], "result.json")
    try:
        result.write_text(json.dumps({"result": asdict(_work(request))}), encoding="utf-8")
    except BuildError as error:
        result.write_text(json.dumps({"message": error.message, "hint": error.hint}), encoding="utf-8")
        return 1
    except OSError as error:
        result.write_text(json.dumps({"message": str(error), "hint": None}), encoding="utf-8")
        return 1
    return 0


def _work(request: dict[str, Any]) -> Lock:
    """Resolves what is asked for, or makes it in `target` from a lock. Raises BuildError, OSError."""
    variables = tuple((name, value) for name, value in request["variables"])
    asked = Asked(Path(request["folder"]), Path(request["source"]), wish_of(request["wish"]), variables)
    settings = tool.uv_variables(os.environ, asked.variables)
    interpreters = Interpreters()
    recipe = recipe_for(asked, interpreters, settings)
    build = Build(
        folder=Path(request["work"]),
        variables=settings,
        progress=lambda line: print(line, flush=True),
        cancelled=threading.Event(),
        timeout_seconds=request["timeout_seconds"],
        measured=lambda measure: print(from_measure(measure), flush=True),
    )
    if request["lock"] is None:
        return recipe.resolve(build)
    lock = lock_from(request["lock"])
    fitted(recipe, lock, interpreters, settings).make(lock, Path(request["target"]), build)
    return lock


if __name__ == "__main__":
    sys.exit(main())
