"""The socket of the api: there with the right mode, and nothing beside it, whoever was killed while making it."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from skafd.api.sockets import connect, listen_privately


def test_what_a_killed_daemon_left_of_it_is_taken_away(tmp_path: Path) -> None:
    left = tmp_path / ".api"
    left.mkdir()
    with socket.socket(socket.AF_UNIX) as unfinished:
        unfinished.bind(str(left / "s"))
    listener = listen_privately(tmp_path / "api.sock")
    assert [path.name for path in tmp_path.iterdir()] == ["api.sock"]
    assert stat.S_IMODE((tmp_path / "api.sock").stat().st_mode) == 0o600
    connect(tmp_path / "api.sock", 60).close()
    listener.close()


def test_one_that_could_not_be_made_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "api.sock").mkdir()
    with pytest.raises(OSError, match="directory"):
        listen_privately(tmp_path / "api.sock")
    assert [path.name for path in tmp_path.iterdir()] == ["api.sock"]
