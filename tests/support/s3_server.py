"""An S3 of our own: moto's server, in an environment that uv makes for it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_UV = Path(sys.executable).with_name("uv")
_PATIENCE_SECONDS = 120.0


@contextmanager
def s3_server(folder: Path, bucket: str) -> Iterator[dict[str, str]]:
    """The variables by which programs find it, with one bucket. Nothing of it is kept."""
    environment = folder / "moto"
    subprocess.run([str(_UV), "venv", "--quiet", "--python", sys.executable, str(environment)], check=True)
    python = environment / "bin" / "python"
    subprocess.run([str(_UV), "pip", "install", "--quiet", "--python", str(python), "moto[server]"], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [str(environment / "bin" / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))
    try:
        _make(f"{address}/{bucket}", server)
        secret = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "us-east-1"}
        yield {**secret, "AWS_ENDPOINT_URL": address}
    finally:
        server.terminate()
        server.wait()


def _make(bucket: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            urllib.request.urlopen(urllib.request.Request(bucket, method="PUT")).close()
            return
        except OSError:
            if server.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.2)
