"""What the daemon is told by its environment when it starts."""

from __future__ import annotations

import os
from collections.abc import Mapping

from skafd.errors import Refused

WEBHOOK_PORT = "SKAFD_WEBHOOK_PORT"
_LARGEST_PORT = 65535


def webhook_port(environment: Mapping[str, str] = os.environ) -> int | None:
    """Where webhooks are answered besides the socket; None where nobody wanted that. Raises Refused."""
    text = environment.get(WEBHOOK_PORT, "")
    if not text:
        return None
    if not text.isdigit() or not 1 <= int(text) <= _LARGEST_PORT:
        raise Refused(f"{WEBHOOK_PORT} says {text!r}", f"write a port from 1 to {_LARGEST_PORT}")
    return int(text)
