"""A real RabbitMQ of Debian's on a random port, in a folder of its own, ended by its process group."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
PATIENCE_SECONDS = 180.0


@contextmanager
def rabbitmq() -> Iterator[str]:
    """Its URL. Where the server is not installed the test is skipped, and that is said aloud."""
    if not PROGRAM.exists() or shutil.which("epmd") is None:
        warnings.warn(pytest.PytestWarning("NO rabbitmq-server HERE: the queue is not tried with it"), stacklevel=2)
        pytest.skip("rabbitmq-server is not installed on this machine; scripts/test does that as root")
    folder = Path(tempfile.mkdtemp(prefix="skafd-rabbitmq-", dir="/tmp"))
    port, distribution_port, epmd_port = _free_ports(3)
    # A server that finds no epmd starts one that outlives it.
    epmd = subprocess.Popen(["epmd", "-port", str(epmd_port), "-address", "127.0.0.1"])
    server = None
    try:
        _wait_for(epmd_port, epmd, folder)
        server = _start(folder, port, distribution_port, epmd_port)
        _wait_for(port, server, folder)
        yield f"amqp://guest:guest@127.0.0.1:{port}/"
    finally:
        if server is not None:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        epmd.kill()
        epmd.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, port: int, distribution_port: int, epmd_port: int) -> subprocess.Popen[bytes]:
    settings = {
        "HOME": folder,
        "RABBITMQ_NODENAME": f"skafd{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": port,
        "RABBITMQ_DIST_PORT": distribution_port,
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_MNESIA_BASE": folder / "mnesia",
        "RABBITMQ_LOG_BASE": folder / "log",
        "RABBITMQ_ENABLED_PLUGINS_FILE": folder / "plugins",
        "RABBITMQ_CONF_ENV_FILE": folder / "none",
        "RABBITMQ_CONFIG_FILE": folder / "none",
        "ERL_EPMD_PORT": epmd_port,
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }
    environment = {"PATH": os.environ["PATH"]} | {name: str(value) for name, value in settings.items()}
    with (folder / "out").open("wb") as out:
        return subprocess.Popen(
            [str(PROGRAM)], env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )


def _wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
            return
        out = folder / "out"
        said = out.read_text() if out.exists() else ""
        assert process.poll() is None, said
        assert time.monotonic() < until, said
        time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports
