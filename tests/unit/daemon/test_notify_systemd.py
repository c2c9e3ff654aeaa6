from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from skafd.daemon.notify_systemd import Systemd


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(tmp_path / "notify"))
        made.setblocking(False)
        yield made


def _heard(listener: socket.socket) -> list[str]:
    messages = []
    while True:
        try:
            messages.append(listener.recv(4096).decode())
        except BlockingIOError:
            return messages


def test_systemd_hears_of_beginning_and_end(listener: socket.socket) -> None:
    systemd = Systemd(listener.getsockname())
    systemd.ready()
    systemd.stopping()
    assert _heard(listener) == ["READY=1", "STOPPING=1"]


def test_a_name_that_is_not_in_the_file_system_is_understood() -> None:
    name = f"skafd-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name}")
        Systemd(f"@{name}").ready()
        assert listener.recv(4096) == b"READY=1"


def test_the_variables_are_taken_so_that_no_child_has_them() -> None:
    environment = {"NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid()), "PATH": "/bin"}
    assert Systemd.take(environment) == Systemd("/n", 3.0)
    assert environment == {"PATH": "/bin"}


def test_a_watchdog_that_is_meant_for_another_process_is_not_ours() -> None:
    assert Systemd.take({"NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}) == Systemd("/n", None)


def test_without_systemd_nothing_is_said_and_nothing_wakes_up() -> None:
    systemd = Systemd.take({})
    systemd.ready()
    woken: list[str] = []
    asyncio.run(systemd.keep_watchdog(lambda: 0, lambda: woken.append("woken")))
    assert woken == []


def _watch(listener: socket.socket, turns: Callable[[], int], wakes: int) -> list[str]:
    """Lets the watchdog run until it has woken the orchestrator so often; returns what systemd heard."""
    systemd = Systemd(listener.getsockname(), watchdog_seconds=0.004)
    left = [wakes]

    async def run() -> None:
        task = asyncio.current_task()
        assert task is not None

        def wake() -> None:
            left[0] -= 1
            if left[0] == 0:
                task.cancel()

        await systemd.keep_watchdog(turns, wake)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run())
    return _heard(listener)


def test_systemd_hears_of_a_daemon_that_turns(listener: socket.socket) -> None:
    numbers = iter(range(1000))
    assert _watch(listener, lambda: next(numbers), wakes=5) == ["WATCHDOG=1"] * 5


def test_systemd_hears_no_more_of_a_daemon_whose_orchestrator_is_stuck(listener: socket.socket) -> None:
    assert _watch(listener, lambda: 7, wakes=5) == ["WATCHDOG=1"]
