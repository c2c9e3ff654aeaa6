"""What the daemon knows of the broker: how it is started, and nothing of what it does."""

from __future__ import annotations

import os

from skafd.addons.program import ServiceProgram, python_program
from skafd.home import Home

SERVICE = "queue"


def queue_broker(home: Home) -> ServiceProgram:
    """One for all projects; it ends by itself when nobody was connected for a while."""
    return ServiceProgram(
        SERVICE,
        python_program("skafd.addons.queue", "--home", str(home.path)),
        {"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC", "PYTHONUNBUFFERED": "1"},
        socket=home.queue_socket,
    )
