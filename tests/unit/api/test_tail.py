"""Reading logs from the end and in pieces."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from skafd.api import tail
from skafd.api.tail import LogReader


def read_all(reader: LogReader) -> bytes:
    blocks = []
    while block := reader.read():
        blocks.append(block)
    return b"".join(blocks) + reader.close()


def split(content: bytes) -> list[bytes]:
    """Lines with their ends, where only a newline ends a line."""
    lines = [line + b"\n" for line in content.split(b"\n")]
    return lines[:-1] + ([lines[-1][:-1]] if lines[-1] != b"\n" else [])


@settings(deadline=None)
@given(some.binary(max_size=60), some.integers(0, 9), some.integers(1, 9))
def test_the_last_lines_are_the_last_lines(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, wanted: int, block: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "log"
    path.write_bytes(content)
    reader = LogReader(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tail, "BLOCK_BYTES", block)
        reader.skip_to_last(wanted)
        assert read_all(reader) == b"".join(split(content)[-wanted:] if wanted else [])


@given(some.binary(max_size=60), some.integers(1, 9))
def test_a_prefix_stands_before_every_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, block: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "log"
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tail, "BLOCK_BYTES", block)
        said = read_all(LogReader(path, b"task | "))
    assert said == b"".join(b"task | " + line.removesuffix(b"\n") + b"\n" for line in split(content))


def test_a_huge_log_is_read_from_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log"
    with path.open("wb") as stream:
        stream.truncate(64 * 2**20)
        stream.seek(0, 2)
        stream.write(b"\nlast but one\nlast\n")
    read = []
    pread = tail.os.pread

    def counting(descriptor: int, size: int, offset: int) -> bytes:
        block = pread(descriptor, size, offset)
        read.append(len(block))
        return block

    monkeypatch.setattr(tail.os, "pread", counting)
    reader = LogReader(path)
    reader.skip_to_last(2)
    assert read_all(reader) == b"last but one\nlast\n"
    assert sum(read) < 2**20


def test_a_line_without_end_is_never_held_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * 3_000_000)
    reader = LogReader(path, b"task | ")
    blocks = []
    while block := reader.read():
        blocks.append(block)
    assert max(map(len, blocks)) < 2 * tail.BLOCK_BYTES
    assert (b"".join(blocks) + reader.close()).count(b"x") == 3_000_000


def test_growth_is_noticed_and_read(tmp_path: Path) -> None:
    path = tmp_path / "log"
    reader = LogReader(path)
    assert not reader.has_more()
    assert reader.read() == b""
    path.write_bytes(b"one\n")
    assert reader.has_more()
    assert reader.read() == b"one\n"
    assert not reader.has_more()


def test_a_log_that_was_cut_is_followed_from_its_new_end(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"a long beginning\n")
    reader = LogReader(path)
    reader.read()
    path.write_bytes(b"cut\n")
    assert reader.read() == b""
    with path.open("ab") as stream:
        stream.write(b"more\n")
    assert reader.read() == b"more\n"


def test_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    reader = LogReader(tmp_path / "none")
    reader.skip_to_last(5)
    assert read_all(reader) == b""
