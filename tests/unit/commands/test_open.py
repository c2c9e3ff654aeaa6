"""`skafd open`, where nobody can see a browser."""

from __future__ import annotations

from tests.support.fake_backend import FakeBackend
from tests.unit.commands.conftest import Shell


def test_it_prints_where_the_pages_are_and_closes_them(shell: Shell, daemon: FakeBackend) -> None:
    ended = shell("open")
    assert (ended.code, ended.out) == (0, "http://127.0.0.1:4711/token/\n")
    assert shell("open", "--close").out == "the pages are closed\n"
    assert daemon.asked == [("open_pages",), ("close_pages",)]
