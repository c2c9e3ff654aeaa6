"""A virtual machine under QEMU's own processor: started, asked, and reset as by the button."""

from __future__ import annotations

import itertools
import json
import os
import queue
import shlex
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.vm.disk import VolatileDisk
from tests.vm.image import Image

PATIENCE_SECONDS = 600.0
"""An emulated processor is ten times slower than a real one, and the real one is shared."""
PROCESSOR = "Nehalem"
"""An old one: wide vectors are dear to emulate. With one of it the machine is twice as fast as with two."""
CHEAP_TO_EMULATE = "quiet mitigations=off tsc=reliable"
"""Few characters one by one; no page tables of its own for the kernel; the time from a register, not from a device."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command in the machine came to."""

    code: int
    output: str


class Machine:
    """One machine; `with` ends it. The folder takes its sockets and `console.log`."""

    def __init__(self, image: Image, payload: Path, folder: Path, seed: int) -> None:
        self._folder = folder
        self._ids = itertools.count(1)
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        self.acknowledged: list[str] = []
        """What the machine has written to its second port, line by line: it was promised to somebody."""
        self.disk = VolatileDisk(image.disk, folder / "disk.sock", seed)
        self._process = subprocess.Popen(self._command(image, payload))
        self._agent = _connect(folder / "agent.sock", self._process)
        self._acks = _connect(folder / "acks.sock", self._process)
        self._readers = [
            _read_lines(self._agent, self._take),
            _read_lines(self._acks, lambda line: self.acknowledged.append(line.decode(errors="replace"))),
        ]
        self._monitor = _Monitor(folder / "monitor.sock", self._process)
        self.boot_id = self._await_boot()

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        # With QEMU gone the streams have ended.
        for reader in self._readers:
            reader.join()
        for connection in (self._agent, self._acks):
            connection.close()
        self._monitor.close()
        self.disk.close()

    def run(self, *command: str, seconds: float = PATIENCE_SECONDS, user: str = "root") -> Answer:
        """Runs a command to its end, whatever its exit code."""
        words = list(command) if user == "root" else ["runuser", "-u", user, "--", *command]
        answer = self._ask({"command": words, "seconds": seconds}, seconds + 60)
        return Answer(answer["code"], answer["output"])

    def ok(self, *command: str, seconds: float = PATIENCE_SECONDS, user: str = "root") -> str:
        """Runs a command that has to succeed; returns what it printed."""
        done = self.run(*command, seconds=seconds, user=user)
        assert done.code == 0, f"`{shlex.join(command)}` ended with {done.code}\n{done.output}\n{self.tail()}"
        return done.output

    def shell(self, script: str, user: str = "root") -> str:
        """Runs a line of shell that has to succeed."""
        return self.ok("sh", "-ec", script, user=user)

    def write(self, path: str, text: str, owner: str = "root") -> None:
        """Makes a file and its folder."""
        answer = self._ask({"path": path, "text": text, "owner": owner}, PATIENCE_SECONDS)
        assert answer["code"] == 0, answer["output"]

    def wait_for(self, what: str, condition: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
        """Asks until the condition gives something true, and returns that."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if found := condition():
                return found
            time.sleep(0.3)
        journal = self.run("journalctl", "--no-pager", "--lines=60").output
        raise AssertionError(f"waited in vain for: {what}\n{self.tail()}\n--- journal\n{journal}")

    def reset(self) -> int:
        """Cuts the power, presses the button and waits until the agent is back; returns how many blocks were lost."""
        lost = self.disk.cut_power()
        self._monitor.reset()
        self.disk.restore_power()
        self.boot_id = self._await_boot()
        return lost

    def reboot(self) -> None:
        """Restarts in good order."""
        self._tell({"id": next(self._ids), "command": ["systemctl", "reboot"], "seconds": 60})
        before = self.boot_id
        while self.boot_id == before:
            self.boot_id = self._await_boot()

    def tail(self) -> str:
        """The end of what the machine printed on its console, for the message of a check that fails."""
        console = self._folder / "console.log"
        return f"--- console\n{console.read_text(errors='replace')[-3000:]}"

    def _command(self, image: Image, payload: Path) -> list[str]:
        folder = self._folder
        ports = [
            word
            for name in ("agent", "acks")
            for word in (
                *("-chardev", f"socket,id={name},path={folder / name}.sock,server=on,wait=off"),
                *("-device", f"virtserialport,chardev={name},name=skafd.{name}"),
            )
        ]
        return [
            *("qemu-system-x86_64", "-nodefaults", "-display", "none", "-accel", "tcg,thread=multi", "-cpu", PROCESSOR),
            *("-m", os.environ.get("SKAFD_VM_MEMORY", "1024"), "-smp", os.environ.get("SKAFD_VM_CPUS", "1")),
            *("-kernel", str(image.kernel), "-initrd", str(image.initrd)),
            *("-append", f"root=/dev/vda rw console=ttyS0 panic=5 {CHEAP_TO_EMULATE}"),
            *("-drive", f"file=nbd:unix:{folder / 'disk.sock'},format=raw,if=virtio,cache=writeback"),
            *("-drive", f"file={payload},format=raw,if=virtio,readonly=on"),
            *("-nic", "none", "-serial", f"file:{folder / 'console.log'}", "-device", "virtio-serial-pci", *ports),
            *("-qmp", f"unix:{folder / 'monitor.sock'},server=on,wait=off"),
        ]

    def _take(self, line: bytes) -> None:
        try:
            answer = json.loads(line)
        except ValueError:
            return  # A reset has cut it off; the command that it answers is gone as well.
        self._lines.put(answer)

    def _await_boot(self) -> str:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self._next_line(until)
            if "boot" in answer:
                return str(answer["boot"])

    def _ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        number = next(self._ids)
        self._tell({"id": number, **request})
        until = time.monotonic() + seconds
        while True:
            answer = self._next_line(until)
            assert "boot" not in answer, f"the machine was restarted meanwhile\n{self.tail()}"
            if answer["id"] == number:
                return answer

    def _tell(self, request: dict[str, Any]) -> None:
        self._agent.sendall(json.dumps(request).encode() + b"\n")

    def _next_line(self, until: float) -> dict[str, Any]:
        try:
            return self._lines.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            raise AssertionError(f"the machine does not answer\n{self.tail()}") from None


class _Monitor:
    """QEMU's own socket."""

    def __init__(self, path: Path, process: subprocess.Popen[bytes]) -> None:
        self._socket = _connect(path, process)
        self._stream = self._socket.makefile("rb")
        self._stream.readline()
        self._execute("qmp_capabilities")

    def reset(self) -> None:
        """Returns when the machine has been reset."""
        self._execute("system_reset")
        while json.loads(self._stream.readline()).get("event") != "RESET":
            pass

    def close(self) -> None:
        """Lets go of the socket."""
        self._stream.close()
        self._socket.close()

    def _execute(self, command: str) -> None:
        self._socket.sendall(json.dumps({"execute": command}).encode() + b"\n")
        while "return" not in json.loads(self._stream.readline()):
            pass


def _connect(path: Path, process: subprocess.Popen[bytes]) -> socket.socket:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            time.sleep(0.05)
            continue
        return connection
    raise AssertionError(f"QEMU does not open {path} (exit code {process.poll()})")


def _read_lines(connection: socket.socket, take: Callable[[bytes], object]) -> threading.Thread:
    reader = threading.Thread(target=lambda: [take(line) for line in _lines(connection)], daemon=True)
    reader.start()
    return reader


def _lines(connection: socket.socket) -> Iterator[bytes]:
    """Whole lines; a line that a reset has cut off is not one."""
    rest = b""
    while data := _received(connection):
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            if line.strip(b"\0\r "):
                yield line.strip(b"\0\r ")


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except ConnectionResetError:
        return b""
