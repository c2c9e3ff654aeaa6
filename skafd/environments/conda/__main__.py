"""The program that a build of a conda environment runs.

    python -m skafd.environments.conda solve REQUEST RESULT
    python -m skafd.environments.conda install REQUEST RESULT

Both are files of JSON. What goes on is printed, a line each. When it fails, `RESULT` says why, with a hint, and the
exit code is 1.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from rattler.exceptions import (
    GatewayError,
    InstallerError,
    InvalidChannelError,
    InvalidMatchSpecError,
    SolverError,
)

from skafd.environments.conda.installing import install
from skafd.environments.conda.solving import solve
from skafd.errors import BuildError

_HINTS = {
    SolverError: "correct the names and versions in environment.yml and save it",
    InvalidMatchSpecError: "write a package as `name`, `name=1.2` or `name>=1.2,<2`",
    InvalidChannelError: "write a channel as its name or its address",
    GatewayError: "correct the channel, or save again when it can be reached",
    InstallerError: "save again to go on: what was downloaded is kept",
}


def main() -> int:
    """Returns the exit code."""
    action, request_file, result_file = sys.argv[1:4]
    request = json.loads(Path(request_file).read_text(encoding="utf-8"))
    work = solve if action == "solve" else install
    try:
        result = asyncio.run(work(request))
    except BuildError as error:
        return _fail(Path(result_file), error.message, error.hint)
    except tuple(_HINTS) as error:
        hint = next(hint for kind, hint in _HINTS.items() if isinstance(error, kind))
        return _fail(Path(result_file), str(error).strip(), hint)
    Path(result_file).write_text(json.dumps({"result": result}), encoding="utf-8")
    return 0


def _fail(result: Path, message: str, hint: str | None) -> int:
    print(message, flush=True)
    result.write_text(json.dumps({"message": message, "hint": hint}), encoding="utf-8")
    return 1


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # Threads of rattler may still be there, and do not bear that the interpreter is taken down around them.
    os._exit(code)
