"""The log of a job: all of it, or its head and its tail, and never much more on disk than the cap."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skafd.sandbox.output import Output, lost_marker, marker
from skafd.sandbox.redact import Redactor


class Pipe:
    """A pipe with nobody at the other end."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe2(os.O_NONBLOCK)

    def close(self) -> None:
        os.close(self.reading)
        os.close(self.writing)


@pytest.fixture(scope="module")
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.close()


def keep(folder: Path, pipe: Pipe, pieces: list[bytes], cap_bytes: int, redactor: Redactor | None = None) -> Output:
    output = Output(str(folder), redactor or Redactor(()), cap_bytes)
    for piece in pieces:
        os.write(pipe.writing, piece)
        assert output.copy(pipe.reading) == len(piece)
        assert (folder / "log").stat().st_size <= cap_bytes * 3 // 2 + 64 + len(piece)
    output.finish()
    return output


@settings(deadline=None)
@given(sizes=st.lists(st.integers(1, 300), max_size=40), cap_bytes=st.integers(2, 600))
def test_head_and_tail_are_kept_and_the_rest_is_counted(
    tmp_path_factory: pytest.TempPathFactory, pipe: Pipe, sizes: list[int], cap_bytes: int
) -> None:
    text = os.urandom(sum(sizes))
    edges = [sum(sizes[:count]) for count in range(len(sizes) + 1)]
    pieces = [text[start:end] for start, end in pairwise(edges)]
    folder = tmp_path_factory.mktemp("attempt")
    output = keep(folder, pipe, pieces, cap_bytes)
    log = (folder / "log").read_bytes()
    assert output.written_bytes == len(text)
    if len(text) <= cap_bytes:
        assert (log, output.dropped_bytes, output.head_bytes) == (text, 0, None)
        return
    half = cap_bytes // 2
    dropped = len(text) - 2 * half
    assert log == text[:half] + marker(dropped) + text[-half:]
    assert (output.dropped_bytes, output.head_bytes, output.lost_bytes) == (dropped, half, 0)


def test_a_log_can_be_read_while_it_grows(tmp_path: Path, pipe: Pipe) -> None:
    output = Output(str(tmp_path), Redactor(()), 1000)
    seen = []
    for number in range(300):
        os.write(pipe.writing, f"line {number:04}\n".encode())
        output.copy(pipe.reading)
        log = (tmp_path / "log").read_text()
        assert log.endswith(f"line {number:04}\n")
        assert log.startswith("line 0000\n")
        seen += re.findall(r"skafd: (\d+) bytes", log)
    output.finish()
    assert len(set(seen)) > 1
    assert [int(count) for count in seen] == sorted(int(count) for count in seen)


def test_secrets_are_masked_before_they_are_written(tmp_path: Path, pipe: Pipe) -> None:
    output = keep(tmp_path, pipe, [b"a sec", b"ret and sec"], 1000, Redactor(["secret"]))
    assert (tmp_path / "log").read_bytes() == b"a *** and sec"
    assert output.written_bytes == len(b"a *** and sec")


def test_nothing_to_read_is_no_trouble(tmp_path: Path, pipe: Pipe) -> None:
    output = Output(str(tmp_path), Redactor(()), 1000)
    assert output.copy(pipe.reading) == 0
    output.finish()


Refuse = Callable[[int], object]


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Refuse:
    """Lets the disk be full after so many bytes of a file."""
    real = os.pwrite

    def fill(room: int) -> None:
        def pwrite(descriptor: int, data: bytes, offset: int) -> int:
            if offset >= room:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(descriptor, data[: room - offset], offset)

        monkeypatch.setattr(os, "pwrite", pwrite)

    return fill


def test_a_full_disk_loses_output_and_says_how_much(tmp_path: Path, pipe: Pipe, refuse: Refuse) -> None:
    output = Output(str(tmp_path), Redactor(()), 1000)
    refuse(10)
    os.write(pipe.writing, b"0123456789 and more")
    output.copy(pipe.reading)
    refuse(1000)
    output.finish()
    assert output.lost_bytes == len(" and more")
    assert (tmp_path / "log").read_text() == "0123456789\n[skafd: the disk was full, 9 bytes were lost]\n"


@pytest.mark.parametrize("room", [100, 70, 20])
def test_where_the_disk_is_still_full_the_last_bytes_make_room_for_saying_so(
    tmp_path: Path, pipe: Pipe, refuse: Refuse, room: int
) -> None:
    output = Output(str(tmp_path), Redactor(()), 1000)
    refuse(room)
    os.write(pipe.writing, b"0123456789" * 20)
    output.copy(pipe.reading)
    output.finish()
    log = (tmp_path / "log").read_bytes()
    kept = log.partition(b"\n")[0]
    assert (b"0123456789" * 20).startswith(kept)
    assert output.lost_bytes == 200 - len(kept)
    assert len(log) <= room
    assert lost_marker(output.lost_bytes).startswith(log[len(kept) :])


@pytest.fixture
def turn_read_only(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], object]:
    """From now on the disk takes nothing into open files either, nor lets any of it be cut off."""

    def turn(error_number: int) -> None:
        def refuse(*_: object) -> int:
            raise OSError(error_number, os.strerror(error_number))

        for name in ("pwrite", "ftruncate"):
            monkeypatch.setattr(os, name, refuse)

    return turn


READ_ONLY = pytest.mark.parametrize("error_number", [errno.EROFS, errno.EIO])


@READ_ONLY
def test_a_disk_that_turns_read_only_loses_output_and_not_the_job(
    tmp_path: Path, pipe: Pipe, turn_read_only: Callable[[int], object], error_number: int
) -> None:
    output = Output(str(tmp_path), Redactor(()), 1000)
    os.write(pipe.writing, b"before")
    output.copy(pipe.reading)
    turn_read_only(error_number)
    os.write(pipe.writing, b" and after")
    assert output.copy(pipe.reading) == len(b" and after")
    output.finish()
    assert (output.written_bytes, output.lost_bytes) == (len(b"before and after"), len(b" and after"))
    assert (tmp_path / "log").read_bytes() == b"before"


@READ_ONLY
def test_a_log_too_long_on_a_disk_that_is_read_only_stays_as_it_is(
    tmp_path: Path, pipe: Pipe, turn_read_only: Callable[[int], object], error_number: int
) -> None:
    output = Output(str(tmp_path), Redactor(()), 100)
    os.write(pipe.writing, b"x" * 130)
    output.copy(pipe.reading)
    turn_read_only(error_number)
    output.finish()
    assert (tmp_path / "log").read_bytes() == b"x" * 130
    assert (output.dropped_bytes, output.lost_bytes, output.head_bytes) == (0, 0, None)


def test_a_log_whose_middle_could_not_be_taken_out_is_whole_once_the_disk_writes_again(
    tmp_path: Path, pipe: Pipe
) -> None:
    output = Output(str(tmp_path), Redactor(()), 100)
    text = bytes(range(32, 112)) * 3
    os.write(pipe.writing, text[:140])
    output.copy(pipe.reading)
    with pytest.MonkeyPatch.context() as meanwhile:
        meanwhile.setattr(os, "ftruncate", _refused)
        os.write(pipe.writing, text[140:])
        output.copy(pipe.reading)
    output.finish()
    assert (tmp_path / "log").read_bytes() == text[:50] + marker(140) + text[-50:]


def test_what_a_disk_refuses_while_the_middle_is_taken_out_is_counted_as_lost(tmp_path: Path, pipe: Pipe) -> None:
    output = Output(str(tmp_path), Redactor(()), 100)
    text = bytes(range(32, 112)) * 3
    end = 50 + len(marker(140))
    real = os.pwrite

    def refuse_the_end(descriptor: int, data: bytes, offset: int) -> int:
        if offset == end:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(descriptor, data, offset)

    with pytest.MonkeyPatch.context() as meanwhile:
        meanwhile.setattr(os, "pwrite", refuse_the_end)
        os.write(pipe.writing, text)
        output.copy(pipe.reading)
    output.finish()
    assert (output.written_bytes, output.dropped_bytes, output.lost_bytes) == (240, 140, 50)
    assert (tmp_path / "log").read_bytes() == text[:50] + marker(140) + lost_marker(50)


def _refused(*_: object) -> None:
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))
