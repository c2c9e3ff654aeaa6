"""What a job on the cluster prints, as it prints it: text messages of a websocket (RFC 6455), read only."""

import base64
import http.client
import os
import socket
import struct
from typing import Iterator, Tuple

from .jobs_api import JobsApi, RayError

_KEEP_ALIVE = ((socket.TCP_KEEPIDLE, 30), (socket.TCP_KEEPINTVL, 10), (socket.TCP_KEEPCNT, 3))
"""A job may be silent for days; a machine that is gone is noticed after a minute."""
_SWITCHING = 101
_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA
_FINAL, _MASKED = 0x80, 0x80
_SHORT, _LONG = 126, 127


class BrokenOff(Exception):
    """The connection ended before the job's output did."""


def tail(api: JobsApi, submission_id: str) -> "Iterator[str]":
    """From the first word to the last. Raises BrokenOff, RayError."""
    connection = api.connect()
    try:
        stream = _open(api, connection, submission_id)
        _listen(connection.sock)
        yield from _messages(stream, connection)
    except (OSError, http.client.HTTPException, struct.error) as error:
        raise BrokenOff(str(error)) from error
    finally:
        connection.close()


def _open(api: JobsApi, connection: http.client.HTTPConnection, submission_id: str) -> "http.client.HTTPResponse":
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    }
    connection.request("GET", f"{api.base}/api/jobs/{submission_id}/logs/tail", headers=dict(api.headers, **headers))
    answer = connection.getresponse()
    if answer.status != _SWITCHING:
        said = answer.read(1000).decode("utf-8", "replace")
        raise RayError(f"{api.address} does not show the log: {answer.status} {said}", answer.status)
    return answer


def _listen(connection: socket.socket) -> None:
    connection.settimeout(None)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEP_ALIVE:
        connection.setsockopt(socket.IPPROTO_TCP, option, value)


def _messages(answer: "http.client.HTTPResponse", connection: http.client.HTTPConnection) -> "Iterator[str]":
    whole = b""
    while True:
        kind, is_final, content = _frame(answer)
        if kind == _CLOSE:
            return
        if kind == _PING:
            connection.sock.sendall(_masked(_PONG, content))
        elif kind in (0, _TEXT):
            whole += content
            if is_final:
                yield whole.decode("utf-8", "replace")
                whole = b""


def _frame(answer: "http.client.HTTPResponse") -> "Tuple[int, bool, bytes]":
    first, length = struct.unpack("!BB", _exactly(answer, 2))
    length &= ~_MASKED
    if length == _SHORT:
        (length,) = struct.unpack("!H", _exactly(answer, 2))
    elif length == _LONG:
        (length,) = struct.unpack("!Q", _exactly(answer, 8))
    return first & 0x0F, bool(first & _FINAL), _exactly(answer, length)


def _exactly(answer: "http.client.HTTPResponse", count: int) -> bytes:
    # http.client calls an answer of 101 empty; what follows it is in the file that it read from.
    assert answer.fp is not None
    content = answer.fp.read(count)
    if len(content) < count:
        raise BrokenOff("the cluster closed the connection")
    return content


def _masked(kind: int, content: bytes) -> bytes:
    key = os.urandom(4)
    text = bytes(byte ^ key[place % 4] for place, byte in enumerate(content))
    return struct.pack("!BB", _FINAL | kind, _MASKED | len(content)) + key + text
