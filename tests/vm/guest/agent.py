"""The host's hand in the machine: runs the commands that come through a virtio port and says what became of them.

A request is a line of JSON: `{"id", "command", "seconds"}` (a list of words), or `{"id", "path", "text", "owner"}` for
a file. The answer is one too. The first line after a boot is `{"boot"}`. Standard library only.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, BinaryIO

PORT = Path("/dev/virtio-ports/skafd.agent")


def main() -> None:
    """Serves for ever."""
    port = _open_port()
    _say(port, {"boot": Path("/proc/sys/kernel/random/boot_id").read_text().strip()})
    while True:
        line = port.readline()
        if not line:
            # The host is not connected just now.
            time.sleep(0.1)
            continue
        request = json.loads(line)
        _say(port, {"id": request["id"], **_answer(request)})


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        if "path" in request:
            return _write(request)
        return _run(request)
    except Exception as error:
        return {"code": 255, "output": f"{type(error).__name__}: {error}"}


def _run(request: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        request["command"],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=request["seconds"],
    )
    return {"code": done.returncode, "output": done.stdout.decode(errors="replace")}


def _write(request: dict[str, Any]) -> dict[str, Any]:
    file = Path(request["path"])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(request["text"])
    for path in (file.parent, file):
        shutil.chown(path, request["owner"], request["owner"])
    return {"code": 0, "output": ""}


def _open_port() -> BinaryIO:
    while not PORT.exists():
        time.sleep(0.1)
    return PORT.open("r+b", buffering=0)


def _say(port: BinaryIO, answer: dict[str, Any]) -> None:
    # The line before may have been cut off by a reset: it ends here.
    line = b"\n" + json.dumps(answer).encode() + b"\n"
    while line:
        line = line[port.write(line) or 0 :]


if __name__ == "__main__":
    main()
