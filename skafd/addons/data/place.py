"""What the daemon knows of the data engine: how it is started, and nothing of what it does."""

from __future__ import annotations

import os

from skafd.addons.program import ServiceProgram, python_program
from skafd.home import Home
from skafd.model.limits import Capacity

SERVICE = "data"
_SHARE_OF_MEMORY = 0.5
_LEAST_BYTES = 512 * 2**20


def data_engine(home: Home, capacity: Capacity) -> ServiceProgram:
    """One for all projects; it ends by itself when nobody has asked anything for a while."""
    memory_bytes = max(int(capacity.memory_bytes * _SHARE_OF_MEMORY), _LEAST_BYTES)
    arguments = ("--home", str(home.path), "--memory-bytes", str(memory_bytes))
    return ServiceProgram(
        SERVICE,
        python_program("skafd.addons.data", *arguments),
        {"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC", "PYTHONUNBUFFERED": "1"},
        socket=home.data_socket,
        memory_bytes=memory_bytes,
    )
