"""On a terminal: the live status, and leaving it."""

from __future__ import annotations

import dataclasses
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from skafd.api.shapes import BuildInfo, DeploymentInfo, LogSource
from tests.support.fake_backend import FakeBackend, deployment, job, project
from tests.support.terminal import PATIENCE_SECONDS, Terminal

CTRL_C = "\x03"
Open = Callable[..., Terminal]


@pytest.fixture
def terminal(home: Path) -> Open:
    def open_with(*arguments: str, **environment: str) -> Terminal:
        return Terminal(list(arguments), {**os.environ, "TERM": "xterm-256color", **environment}, home.parent)

    return open_with


def test_the_screen_follows_every_change_until_ctrl_c(daemon: FakeBackend, terminal: Open) -> None:
    screen = terminal("status")
    screen.until("oom_killed")
    daemon.projects = [dataclasses.replace(project(), jobs=[job("ingest", state="running")])]
    daemon.announce()
    screen.until("● running")
    screen.press(CTRL_C)
    assert screen.ended() == 0


def test_up_shows_the_status_and_says_that_the_daemon_goes_on(daemon: FakeBackend, terminal: Open) -> None:
    screen = terminal("up")
    screen.until("churn #12 is live")
    screen.until("oom_killed")
    screen.press(CTRL_C)
    screen.until("the daemon goes on; `skafd down` stops it")
    assert screen.ended() == 0
    assert daemon.asked == [("up", [], True)]


@pytest.mark.usefixtures("daemon")
def test_up_detached_returns(terminal: Open) -> None:
    screen = terminal("up", "--detach")
    screen.until("churn #12 is live")
    assert screen.ended() == 0


def test_ctrl_c_while_waiting_ends_quietly(daemon: FakeBackend, terminal: Open, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("the log\n")
    daemon.sources = [LogSource("churn/42/train", str(tmp_path / "log"), False)]
    screen = terminal("logs", "churn/train", "-f")
    screen.until("the log")
    screen.press(CTRL_C)
    assert screen.ended() == 130
    assert screen.drawn.replace("^C", "").strip() == ""


@pytest.mark.usefixtures("daemon")
def test_colours_only_where_they_are_wanted(terminal: Open) -> None:
    coloured, plain = terminal("status", "--once"), terminal("status", "--once", NO_COLOR="1")
    assert (coloured.ended(), plain.ended()) == (0, 0)
    assert "\x1b[1;31m" in coloured.drawn
    assert "\x1b[1;31m" not in plain.drawn


def test_how_far_the_daemon_is_with_a_build_is_drawn(
    daemon: FakeBackend, terminal: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    def slowly(_: str, number: int | None) -> DeploymentInfo:
        assert released.wait(PATIENCE_SECONDS)
        return deployment(number or 11)

    monkeypatch.setattr(daemon, "rollback", slowly)
    screen = terminal("rollback", "churn", "11")
    screen.until("making a deployment of churn live")
    build = BuildInfo("installing", "2026-03-01T11:00:00+00:00", 12, 40, "packages", 30)
    daemon.projects = [dataclasses.replace(project(), activity="building environment: 12 of 40", build=build)]
    daemon.announce()
    screen.until("churn: building environment: 12 of 40")
    released.set()
    screen.until("churn #11 is live")
    assert screen.ended() == 0
