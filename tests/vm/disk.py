"""A disk with a volatile write cache, for tests of power loss: an NBD server over a read-only image.

What the guest writes is in the cache until it asks for a flush (or writes with FUA). When the power is cut, each block
of the cache is on the disk or lost, by the seed: real disks keep any part of what they were not told to flush.
What was overwritten since is kept in memory; the image is never touched.
"""

from __future__ import annotations

import os
import random
import socket
import struct
import threading
from pathlib import Path

BLOCK_BYTES = 4096
MOST_WRITES_TO_CUT = 40
PATIENCE_SECONDS = 60.0
"""For the write at which the power is cut, where there is hardly any."""
_EIO = 5

_FLAG_FIXED, _FLAG_NO_ZEROES = 1, 2
_HAS_FLAGS, _SEND_FLUSH, _SEND_FUA = 1, 4, 8
_OPTION_EXPORT_NAME, _OPTION_ABORT, _OPTION_GO = 1, 2, 7
_REPLY_ACK, _REPLY_INFO, _REPLY_UNSUPPORTED = 1, 3, 2**31 + 1
_OPTION_REPLY_MAGIC = 0x3E889045565A9
_REQUEST_MAGIC, _REPLY_MAGIC = 0x25609513, 0x67446698
_READ, _WRITE, _DISCONNECT, _FLUSH = 0, 1, 2, 3
_COMMAND_FLAG_FUA = 1


class VolatileDisk:
    """Serves one disk on a unix socket in a thread of its own."""

    def __init__(self, image: Path, socket_path: Path, seed: int) -> None:
        self._image = os.open(image, os.O_RDONLY | os.O_CLOEXEC)
        self._size = image.stat().st_size
        self._safe: dict[int, bytes] = {}
        self._cache: dict[int, bytes] = {}
        self._has_power = True
        self._chance = random.Random(seed)
        self._lock = threading.Condition()
        self._writes_to_cut = 0
        """After how many more writes the power is cut; 0 for never."""
        self.flushes = 0
        self.lost_blocks = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(socket_path))
        self._listener.listen()
        threading.Thread(target=self._listen, name="volatile-disk", daemon=True).start()

    def cut_power(self) -> int:
        """Loses a random part of the cache, and answers with errors until `restore_power`; returns how many blocks.

        It waits for one of the next writes, since at most moments the cache has nothing that could be lost.
        """
        with self._lock:
            before = self.lost_blocks
            self._writes_to_cut = self._chance.randint(1, MOST_WRITES_TO_CUT)
            self._lock.wait_for(lambda: not self._has_power, PATIENCE_SECONDS)
            if self._has_power:
                self._lose_power()
            return self.lost_blocks - before

    def restore_power(self) -> None:
        """Serves again."""
        with self._lock:
            self._has_power = True

    def close(self) -> None:
        """Ends the service."""
        # A mere close does not wake the thread that waits on it.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        os.close(self._image)

    # --- the protocol -----------------------------------------------------------------------------------

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            self._negotiate(connection)
            while self._answer(connection):
                pass
        except (ConnectionError, OSError):
            return

    def _negotiate(self, connection: socket.socket) -> None:
        connection.sendall(b"NBDMAGICIHAVEOPT" + struct.pack(">H", _FLAG_FIXED | _FLAG_NO_ZEROES))
        (client_flags,) = struct.unpack(">I", _receive(connection, 4))
        export = struct.pack(">QH", self._size, _HAS_FLAGS | _SEND_FLUSH | _SEND_FUA)
        while True:
            _, option, length = struct.unpack(">8sII", _receive(connection, 16))
            _receive(connection, length)
            if option == _OPTION_EXPORT_NAME:
                connection.sendall(export + (b"" if client_flags & _FLAG_NO_ZEROES else bytes(124)))
                return
            if option == _OPTION_GO:
                _reply_to_option(connection, option, _REPLY_INFO, struct.pack(">H", 0) + export)
                _reply_to_option(connection, option, _REPLY_ACK)
                return
            if option == _OPTION_ABORT:
                raise ConnectionAbortedError
            _reply_to_option(connection, option, _REPLY_UNSUPPORTED)

    def _answer(self, connection: socket.socket) -> bool:
        magic, flags, command, handle, offset, length = struct.unpack(">IHH8sQI", _receive(connection, 28))
        if magic != _REQUEST_MAGIC or command == _DISCONNECT:
            return False
        data = _receive(connection, length) if command == _WRITE else b""
        with self._lock:
            error, answer = self._carry_out(command, offset, length, data, bool(flags & _COMMAND_FLAG_FUA))
        connection.sendall(struct.pack(">II8s", _REPLY_MAGIC, error, handle) + answer)
        return True

    # --- the disk ---------------------------------------------------------------------------------------

    def _carry_out(self, command: int, offset: int, length: int, data: bytes, is_durable: bool) -> tuple[int, bytes]:
        if not self._has_power:
            return _EIO, b""
        if command == _READ:
            return 0, self._read(offset, length)
        if command == _WRITE:
            blocks = self._write(offset, data)
            if self._is_cut():
                return _EIO, b""
            if is_durable:
                self._safe |= {block: self._cache.pop(block) for block in blocks}
        elif command == _FLUSH:
            self._safe |= self._cache
            self._cache.clear()
            self.flushes += 1
        return 0, b""

    def _lose_power(self) -> None:
        lost = {block for block in self._cache if self._chance.random() < 0.5}
        self._safe |= {block: content for block, content in self._cache.items() if block not in lost}
        self._cache.clear()
        self._has_power = False
        self._writes_to_cut = 0
        self.lost_blocks += len(lost)
        self._lock.notify_all()

    def _is_cut(self) -> bool:
        """Whether the write that has just come is the one at which the power goes."""
        if self._writes_to_cut == 0:
            return False
        self._writes_to_cut -= 1
        if self._writes_to_cut == 0:
            self._lose_power()
        return not self._has_power

    def _read(self, offset: int, length: int) -> bytes:
        first = offset // BLOCK_BYTES
        count = -(-(offset + length) // BLOCK_BYTES) - first
        content = bytearray(os.pread(self._image, count * BLOCK_BYTES, first * BLOCK_BYTES))
        content.extend(bytes(count * BLOCK_BYTES - len(content)))
        for number in range(count):
            written = self._cache.get(first + number) or self._safe.get(first + number)
            if written is not None:
                content[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES] = written
        begin = offset - first * BLOCK_BYTES
        return bytes(content[begin : begin + length])

    def _write(self, offset: int, data: bytes) -> list[int]:
        first = offset // BLOCK_BYTES
        last = -(-(offset + len(data)) // BLOCK_BYTES)
        begin = offset - first * BLOCK_BYTES
        content = bytearray(data)
        if begin or len(data) % BLOCK_BYTES:
            content = bytearray(self._read(first * BLOCK_BYTES, (last - first) * BLOCK_BYTES))
            content[begin : begin + len(data)] = data
        for block in range(first, last):
            self._cache[block] = bytes(content[(block - first) * BLOCK_BYTES : (block - first + 1) * BLOCK_BYTES])
        return list(range(first, last))


def _reply_to_option(connection: socket.socket, option: int, reply: int, data: bytes = b"") -> None:
    connection.sendall(struct.pack(">QIII", _OPTION_REPLY_MAGIC, option, reply, len(data)) + data)


def _receive(connection: socket.socket, length: int) -> bytes:
    content = bytearray()
    while len(content) < length:
        part = connection.recv(length - len(content))
        if not part:
            raise ConnectionResetError
        content += part
    return bytes(content)
