"""What the daemon is told by its environment when it starts."""

from __future__ import annotations

import os
from collections.abc import Mapping

from skafd.errors import Refused
from skafd.units import parse_duration

WEBHOOK_PORT = "SKAFD_WEBHOOK_PORT"
DATA_ENDPOINT = "SKAFD_DATA_ENDPOINT"
SPARK_IDLE = "SKAFD_SPARK_IDLE"
_SPARK_IDLE_SECONDS = 120.0
JOBS_ENDPOINT = "SKAFD_JOBS_ENDPOINT"
_LARGEST_PORT = 65535
_THIS_MACHINE = "127.0.0.1"


def data_endpoint(environment: Mapping[str, str] = os.environ) -> tuple[str, int] | None:
    """Where tables can be read over HTTP, written as `[HOST:]PORT`; None: nowhere. Raises Refused."""
    return _place(DATA_ENDPOINT, environment)


def jobs_endpoint(environment: Mapping[str, str] = os.environ) -> tuple[str, int] | None:
    """Where jobs on other machines reach the daemon, written as `[HOST:]PORT`; None: nowhere. Raises Refused."""
    return _place(JOBS_ENDPOINT, environment)


def _place(variable: str, environment: Mapping[str, str]) -> tuple[str, int] | None:
    text = environment.get(variable, "")
    if not text:
        return None
    host, _, port = text.rpartition(":")
    if not port.isdigit() or not 1 <= int(port) <= _LARGEST_PORT:
        raise Refused(f"{variable} says {text!r}", "write a port, or an address and a port: 127.0.0.1:8732")
    return host.strip("[]") or _THIS_MACHINE, int(port)


def webhook_port(environment: Mapping[str, str] = os.environ) -> int | None:
    """Where webhooks are answered besides the socket; None where nobody wanted that. Raises Refused."""
    text = environment.get(WEBHOOK_PORT, "")
    if not text:
        return None
    if not text.isdigit() or not 1 <= int(text) <= _LARGEST_PORT:
        raise Refused(f"{WEBHOOK_PORT} says {text!r}", f"write a port from 1 to {_LARGEST_PORT}")
    return int(text)


def spark_idle_seconds(environment: Mapping[str, str] = os.environ) -> float:
    """How long a worker of Spark's that nobody uses waits for another job, written as `2m`. Raises Refused."""
    text = environment.get(SPARK_IDLE, "")
    if not text:
        return _SPARK_IDLE_SECONDS
    try:
        return parse_duration(text)
    except ValueError as error:
        raise Refused(f"{SPARK_IDLE} says {text!r}", str(error)) from None
