"""What proves to the daemon and its services which attempt is talking: claims, signed with the state folder's key.

A token is good for one attempt of one project. Since it is signed, whoever has the key can check it without asking the
daemon, so services go on answering while the daemon restarts. Standard library only: the data engine and the queue load
this.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from skafd.errors import Refused
from skafd.files import write_whole

_KEY_BYTES = 32
_SIGNATURE_BYTES = 32


@dataclass(frozen=True, slots=True)
class JobToken:
    """Who is talking: one attempt of one task."""

    project: str
    """The project's id, as `ProjectId`."""
    run: int
    job: str
    """The job's id, as `JobId`."""
    instance: int
    attempt: int
    queries: str = ""
    """The service that answers its queries of tables, where that is not the data engine."""

    def sign(self, key: bytes) -> str:
        """The token as a job carries it, fit for an HTTP header and an environment variable."""
        values = {name: getattr(self, name) for name in self.__slots__}
        if not self.queries:
            # So that services of an earlier version read it.
            del values["queries"]
        claims = json.dumps(values, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(_signature(claims, key) + claims).decode()


def verify(text: str, key: bytes) -> JobToken:
    """Reads a token back. Raises Refused if it was not signed with this key."""
    try:
        decoded = base64.urlsafe_b64decode(text.encode())
    except ValueError:
        decoded = b""
    signature, claims = decoded[:_SIGNATURE_BYTES], decoded[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(claims, key)):
        raise Refused("this is not a token of a job of this skafd", "jobs find theirs in SKAFD_TOKEN")
    return JobToken(**json.loads(claims))


def load_key(path: Path) -> bytes:
    """The key of a state folder, made at the first call. Mode 0600: who can read it can pretend to be any job."""
    if not path.exists():
        write_whole(path, secrets.token_bytes(_KEY_BYTES))
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise Refused(
            f"{path} is not a key of skafd's: it has {len(key)} bytes", f"remove it and restart: rm {os.fspath(path)}"
        )
    return key


def _signature(claims: bytes, key: bytes) -> bytes:
    return hmac.digest(key, claims, hashlib.sha256)
