"""What every service that is a program of skafd's own does before anything else."""

from __future__ import annotations

import logging
import os
import signal
import threading


def begin() -> None:
    """Lets it log for its supervisor, and keeps what it writes from other users."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    os.umask(0o077)


def ending_by_signal() -> threading.Event:
    """Set once the process is asked to end. For the main thread."""
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    return ending
