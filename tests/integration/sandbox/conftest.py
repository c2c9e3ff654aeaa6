"""A sandbox with the real control groups of this machine, and one without any."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from skafd.sandbox.cgroup.base import CgroupKind, CgroupPlace
from skafd.sandbox.cgroup.detect import detect
from skafd.sandbox.strict import Confinement
from tests.support.sandboxed import Confined, Sandbox
from tests.support.users import open_passage, some_user


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """With whatever this machine has."""
    made = Sandbox(tmp_path, detect(tmp_path))
    yield made
    made.close()


@pytest.fixture(params=["skafd's user", "another user"])
def confined(sandbox: Sandbox, tmp_path: Path, request: pytest.FixtureRequest) -> Confined:
    """Strict isolation, as it is for skafd's own user and, with root, for another."""
    program = shutil.which("bwrap")
    if program is None:
        pytest.skip("STRICT ISOLATION IS NOT TESTED HERE: install bubblewrap, or run the tests as root")
    if request.param == "another user" and os.geteuid() != 0:
        pytest.skip("ONLY ROOT CAN BE OTHER USERS: run the tests as root")
    open_passage(tmp_path)
    user = some_user() if request.param == "another user" else None
    return Confined(sandbox, user, Confinement(program, hidden=(str(tmp_path),)))


@pytest.fixture
def enforcing(sandbox: Sandbox) -> Sandbox:
    """With limits that hold."""
    if os.geteuid() != 0 or sandbox.place.kind is CgroupKind.NONE:
        pytest.skip(f"LIMITS ARE NOT TESTED HERE: {'; '.join(sandbox.place.problems) or 'this user is not root'}")
    return sandbox


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Sandbox]:
    """Without control groups."""
    made = Sandbox(tmp_path, CgroupPlace(CgroupKind.NONE))
    yield made
    made.close()
