"""Runs on the cluster, in the unpacked working folder: the job's steps one after another, as a supervisor would here.

What the job publishes is printed in lines that begin with a mark of this attempt; the attendant takes them out of the
log.
"""

import base64
import json
import os
import signal
import subprocess
import sys
import tempfile
from typing import List  # noqa: F401 named in comments

_PIECE_BYTES = 3000
"""Ray passes a log on in pieces of whole lines, as long as these are short."""


def main():  # type: () -> int
    steps = json.loads(os.environ.pop("SKAFD_RAY_STEPS"))
    mark = os.environ.pop("SKAFD_RAY_MARK")
    here = os.getcwd()
    own = os.path.join(here, ".skafd")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), own]))
    # Ray tells the whole process group to end; how the job takes it is its own business.
    signal.signal(signal.SIGTERM, lambda *_: None)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SKAFD_OUTPUT"] = os.path.join(folder, "output.json")
        code = _run(steps)
        _publish(os.environ["SKAFD_OUTPUT"], mark)
    return code


def _run(steps):  # type: (List[List[str]]) -> int
    """The exit code of the first step that failed; of one that a signal ended as a shell says it."""
    for step in steps:
        command = [sys.executable if word == "{python}" else word for word in step]
        try:
            code = subprocess.call(command)
        except OSError as error:
            print(f"{command[0]} cannot be started: {error}", file=sys.stderr)
            return 127
        if code:
            return code if code > 0 else 128 - code
    return 0


def _publish(path, mark):  # type: (str, str) -> None
    try:
        with open(path, "rb") as file:
            text = base64.b64encode(file.read()).decode()
    except OSError:
        return
    sys.stdout.flush()
    for start in range(0, len(text), _PIECE_BYTES):
        print(f"{mark}+{text[start : start + _PIECE_BYTES]}")
    print(f"{mark}.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
