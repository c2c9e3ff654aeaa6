"""Finds out what a scope of systemd's offers, by making one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

from skafd.sandbox.cgroup.base import CgroupPlace
from skafd.sandbox.cgroup.scope import Scope, variables

_ANSWER_SECONDS = 60.0
_PROGRAM = """\
import json, sys
sys.path.append(sys.argv.pop())
from skafd.sandbox.cgroup.detect import detect_in_scope
print(json.dumps(detect_in_scope().to_json()))
"""


def ask(scope: Scope) -> CgroupPlace:
    """The place that a process finds in such a scope, which is gone again. Raises OSError when systemd refuses."""
    root = __file__.removesuffix("/skafd/sandbox/cgroup/ask_systemd.py")
    try:
        asked = subprocess.run(
            scope.command([sys.executable, "-I", "-S", "-c", _PROGRAM, root]),
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=_ANSWER_SECONDS,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), **variables()},
        )
    except subprocess.TimeoutExpired as error:
        raise OSError(f"systemd-run did not end within {_ANSWER_SECONDS:g} s") from error
    if asked.returncode != 0:
        raise OSError(asked.stderr.strip() or f"systemd-run ended with {asked.returncode}")
    return replace(CgroupPlace.from_json(json.loads(asked.stdout)), scope=scope)
