"""A jobs socket over a backend of the test's own, and the SDK's way to it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from skafd.job_token import JobToken
from skafd.jobs.server import JobsServer
from skafd.sdk.skafossdk.transport import Service

KEY = b"k" * 32
TOKEN = JobToken("churn-token", 42, "train", 0, 1)


@contextmanager
def short_folder() -> Iterator[Path]:
    """The path of a unix socket has at most 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="skafd-", dir="/tmp") as folder:
        yield Path(folder)


@contextmanager
def answering(backend: Any, path: Path) -> Iterator[JobsServer]:
    """A server that is gone at the end."""
    server = JobsServer(path, backend, KEY)
    try:
        yield server
    finally:
        server.close()


def service_at(path: Path, token: str | None = None, patience_seconds: float = 60.0) -> Service:
    """What the SDK talks through."""
    return Service(str(path), TOKEN.sign(KEY) if token is None else token, patience_seconds)
