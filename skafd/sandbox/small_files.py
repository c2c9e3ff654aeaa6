"""Reading and writing small files without the layers of `open`, whose first use costs every fork a millisecond."""

from __future__ import annotations

import os

_READ_BYTES = 4096


def read(path: str) -> bytes:
    """The whole content; raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return read_all(descriptor)
    finally:
        os.close(descriptor)


def read_all(descriptor: int) -> bytes:
    """Everything up to the end of a file or pipe."""
    content = os.read(descriptor, _READ_BYTES)
    while content and (piece := os.read(descriptor, _READ_BYTES)):
        content += piece
    return content


def write(path: str, content: bytes, durable: bool = False) -> None:
    """Makes the file or replaces its content, not atomically; `durable` waits for the disk. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        write_all(descriptor, content)
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, content: bytes) -> None:
    """Writes it however many pieces it takes."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def set_value(path: str, value: str) -> None:
    """Writes to a file of /proc or /sys, in one piece; raises OSError when the kernel refuses the value."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, value.encode())
    finally:
        os.close(descriptor)


def sync_folder(folder: str) -> None:
    """Makes the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folders(path: str) -> None:
    """Makes the folder and those above it: others may pass through them, if they may come there, but not list them."""
    try:
        os.mkdir(path, 0o711)
    except FileExistsError:
        return
    except FileNotFoundError:
        make_folders(os.path.dirname(path))
        make_folders(path)
