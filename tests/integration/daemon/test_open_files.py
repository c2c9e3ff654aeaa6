"""A daemon has as many files open as it can, its jobs as many as it was given; and where that is little, it still
attends to more attempts than it could have a descriptor for.
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator

import psutil
import pytest

from skafd.torture.processes import PROGRAM
from tests.support.tortured import Tortured

FEW = 128
ATTEMPTS = 90
WIDE = f"  - {{name: wide, entrypoint: sh wait.sh, parallelism: {ATTEMPTS}, on_deploy: wait}}\n"
WAIT = "until [ -e %s ]; do sleep 0.5; done\n"
ASKS = "  - {name: asks, entrypoint: \"sh -c 'ulimit -Sn; ulimit -Hn'\", on_deploy: wait}\n"


def limited(soft: int, hard: int) -> Iterator[Tortured]:
    with Tortured(program=("prlimit", f"--nofile={soft}:{hard}", *PROGRAM)) as machine:
        machine.start()
        yield machine


@pytest.fixture
def narrow() -> Iterator[Tortured]:
    yield from limited(FEW, FEW)


@pytest.fixture
def ordinary() -> Iterator[Tortured]:
    """As a login shell has it: more is allowed than is given."""
    yield from limited(FEW, 2 * FEW)


def test_the_daemon_takes_what_it_can_and_its_jobs_have_what_it_was_given(ordinary: Tortured) -> None:
    ordinary.deploy(ordinary.write("limits", ASKS))
    run = ordinary.run("limits")
    ordinary.ended(run)
    assert psutil.Process(ordinary.pid).rlimit(resource.RLIMIT_NOFILE) == (2 * FEW, 2 * FEW)
    assert b"".join(ordinary.client.logs(f"{run}/asks")).split() == [b"%d" % FEW, b"%d" % (2 * FEW)]


def test_more_attempts_than_it_can_follow_at_once_all_come_to_their_ends(narrow: Tortured) -> None:
    gate = narrow.root / "gate"
    narrow.deploy(narrow.write("wide", WIDE, {"wait.sh": WAIT % gate}))
    run = narrow.run("wide")
    narrow.wait_for("all to run", lambda: _counts(narrow, run) == {"running": ATTEMPTS})
    victims = narrow.supervisors()
    for victim in (victims[0], victims[-1]):
        os.kill(victim, signal.SIGKILL)
    gate.touch()
    narrow.ended(run)
    assert _counts(narrow, run) == {"lost": 2, "succeeded": ATTEMPTS - 2}


def test_all_of_them_can_be_ended_also_by_the_next_daemon(narrow: Tortured) -> None:
    narrow.deploy(narrow.write("wide", WIDE, {"wait.sh": WAIT % (narrow.root / "gate")}))
    run = narrow.run("wide")
    narrow.wait_for("all to run", lambda: _counts(narrow, run) == {"running": ATTEMPTS})
    narrow.kill()
    narrow.start()
    narrow.client.kill(run)
    narrow.ended(run)
    assert _counts(narrow, run) == {"cancelled": ATTEMPTS}


def _counts(machine: Tortured, run: str) -> dict[str, int]:
    (group,) = machine.client.run(run)["groups"]
    return dict(group["counts"])
