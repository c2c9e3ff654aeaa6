"""How a service of skafd's is reached: by its socket here, from another machine through the daemon's relay."""

import os
import socket
from typing import Mapping, Optional, Tuple

from .exceptions import Unauthorized

RELAY = "SKAFD_RELAY"
"""`HOST:PORT`, where the daemon lets jobs on other machines in."""


def reach(path: str, seconds: "Optional[float]" = None, variables: "Mapping[str, str]" = os.environ) -> "socket.socket":
    """A connection to the service that has its socket at `path` on the daemon's machine. Raises OSError."""
    relay = variables.get(RELAY)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) if not relay else _tcp(relay, seconds)
    try:
        connection.settimeout(seconds)
        if relay:
            service = os.path.basename(path).partition(".")[0]
            connection.sendall(f"SKAFD-RELAY {service} {variables['SKAFD_TOKEN']}\n".encode())
            _understand(connection.recv(1))
        else:
            connection.connect(path)
    except BaseException:
        connection.close()
        raise
    return connection


def _understand(answer: bytes) -> None:
    if answer == b"-":
        raise ConnectionRefusedError("nobody listens behind the relay")
    if answer == b"!":
        raise Unauthorized("the daemon does not let this job in: its token is not one of this daemon's")
    if answer != b"+":
        raise ConnectionResetError("the relay closed the connection")


def _tcp(relay: str, seconds: "Optional[float]") -> "socket.socket":
    connection = socket.create_connection(_address(relay), seconds)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _address(relay: str) -> "Tuple[str, int]":
    host, _, port = relay.rpartition(":")
    return host.strip("[]"), int(port)
