"""Starting the daemon, and knowing that it is there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from skafd.api.client import Client
from skafd.errors import DaemonUnreachable
from skafd.home import ALREADY_RUNNING_EXIT_CODE, Home

LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 60
LAST_LINES = 10


def is_up(client: Client) -> bool:
    """A daemon answers."""
    try:
        client.changes(seconds=0)
    except DaemonUnreachable:
        return False
    return True


def start_daemon(home: Home, client: Client, settings: Mapping[str, str] = MappingProxyType({})) -> int:
    """Starts a daemon in a session of its own and waits until it answers; returns its pid.

    `settings` are variables of its environment, besides those that are there.

    Raises DaemonUnreachable with the end of its log if it ends instead.
    """
    home.create()
    log = home.logs / "daemon.log"
    with log.open("ab") as output:
        begin = output.tell()
        daemon = subprocess.Popen(
            [sys.executable, "-P", "-m", "skafd.daemon", "--home", str(home.path)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=home.path,
            start_new_session=True,
            env={**os.environ, **settings},
        )
    for _ in range(int(PATIENCE_SECONDS / LOOK_SECONDS)):
        if is_up(client):
            return int(client.status()["daemon"]["pid"])
        if daemon.poll() not in (None, ALREADY_RUNNING_EXIT_CODE):
            break
        # Where somebody else started one at the same moment, that one will answer.
        time.sleep(LOOK_SECONDS)
    raise DaemonUnreachable(_what_happened(daemon.poll(), log, begin), f"all of its log: {log}")


def _what_happened(code: int | None, log: Path, begin: int) -> str:
    ended = f"ended with exit code {code}" if code is not None else f"does not answer after {PATIENCE_SECONDS}s"
    with log.open("rb") as stream:
        stream.seek(begin)
        said = stream.read().decode(errors="replace").splitlines()[-LAST_LINES:]
    return "\n".join([f"the daemon {ended}", *(f"  | {line}" for line in said)])
